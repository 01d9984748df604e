"""What the types are made of: the collections with every field that the server has, in one form.

Classes leave the server's own fields out and exported JSON states them: here both are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pocketvex.schema.fields import (
    AutodateField,
    BoolField,
    EmailField,
    FieldBase,
    PasswordField,
    TextField,
)
from pocketvex.schema.model import SYSTEM_FIELDS, Collection, Schema
from pocketvex.schema.rules import Rule
from pocketvex.schema.system import SYSTEM_COLLECTIONS
from pocketvex.schema.views import tables_read

# The defaults of a new collection, 0.23 to 0.40.
_DEFAULTS: Mapping[str, FieldBase] = {
    "id": TextField.model_construct(name="id", required=True, autogenerate_pattern="[a-z0-9]{15}"),
    "password": PasswordField.model_construct(name="password", required=True, hidden=True, min=8),
    "tokenKey": TextField.model_construct(name="tokenKey", required=True, hidden=True),
    "email": EmailField.model_construct(name="email", required=True),
    "emailVisibility": BoolField.model_construct(name="emailVisibility"),
    "verified": BoolField.model_construct(name="verified"),
}
SUPERUSERS = "_superusers"
_OUTER = re.compile(r"\b(?:left|right|full|outer|union|intersect|except)\b", re.IGNORECASE)
_SELECT = re.compile(r"\bselect\b", re.IGNORECASE)
_AGGREGATE = re.compile(
    r"\b(?:count|sum|total|avg|min|max|group_concat|string_agg|json_group_\w+)\s*\(", re.IGNORECASE
)
_GROUPED = re.compile(r"\bgroup\s+by\b", re.IGNORECASE)


class Shape(NamedTuple):
    """One collection as the types see it."""

    name: str
    kind: str
    system: tuple[FieldBase, ...]
    """The server's own fields except `id`, `password` and `tokenKey`."""
    fields: tuple[FieldBase, ...]
    id: FieldBase
    password: FieldBase | None
    unique: Mapping[str, str]
    """The condition of the unique index on a field, by the field's name; "" where there is none."""
    columns_known: bool
    always: bool
    """Whether a required field has a value in every row: not so in all views."""
    rules: Mapping[str, Rule]
    """By `list`, `view`, `create` and `update`."""

    @property
    def all_fields(self) -> tuple[FieldBase, ...]:
        return self.system + self.fields


def shapes(schema: Schema, view_fields: Mapping[str, Sequence[FieldBase]]) -> list[Shape]:
    """The collections in the order of their names; of those that every server has, only `_superusers`."""
    ours = [c for c in schema.collections if not c.is_private and c.name not in SYSTEM_COLLECTIONS]
    ours.append(_superusers())
    ours.sort(key=lambda collection: collection.name)
    loose = _loose({c.name: c.view_query for c in ours if c.type == "view"})
    return [_shape(collection, view_fields, collection.name not in loose) for collection in ours]


def _shape(collection: Collection, view_fields: Mapping[str, Sequence[FieldBase]], always: bool) -> Shape:
    fields: Sequence[FieldBase] = collection.fields
    if collection.type == "view":
        # A schema read from a server has the columns; one that the code declares has only the query.
        fields = view_fields.get(collection.name) or fields
    stated = {field.name: field for field in fields}
    own = SYSTEM_FIELDS[collection.type]
    filled = {name: _forced(stated.get(name, _DEFAULTS[name])) for name in own}
    return Shape(
        name=collection.name,
        kind=collection.type,
        system=tuple(filled[name] for name in own if name not in ("id", "password", "tokenKey")),
        fields=tuple(field for field in fields if field.name not in own),
        id=filled["id"],
        password=filled.get("password"),
        unique=_unique(collection),
        columns_known=collection.type != "view" or bool(fields),
        always=always,
        rules={
            "list": collection.list_rule,
            "view": collection.view_rule,
            "create": collection.create_rule,
            "update": collection.update_rule,
        },
    )


def _forced(field: FieldBase) -> FieldBase:
    """With what the server gives its own fields, whatever it is sent."""
    if field.name not in ("id", "password", "tokenKey"):
        return field
    hidden = field.name != "id"
    return field.model_copy(update={"required": True, "hidden": hidden})


def _superusers() -> Collection:
    created = AutodateField(name="created", on_create=True)
    updated = AutodateField(name="updated", on_create=True, on_update=True)
    return Collection(name=SUPERUSERS, type="auth", fields=[created, updated])


def _loose(queries: Mapping[str, str]) -> set[str]:
    """The views with rows in which a required field may be empty.

    PocketBase copies `required` from the column, whatever the query does: an outer join has rows without
    one side, an aggregate without GROUP BY has a row even of no rows. And what one of them reads from
    another. Observed on 0.23.12, 0.28.4, 0.36.9, 0.39.11 and 0.40.6.
    """
    found = {name for name, query in queries.items() if not _every_row_is_whole(query)}
    size = -1
    while size != len(found):
        size = len(found)
        found |= {name for name, query in queries.items() if tables_read(query, found)}
    return found


def _every_row_is_whole(query: str) -> bool:
    if _AGGREGATE.search(query) and not _GROUPED.search(query):
        return False
    return not _OUTER.search(query) and len(_SELECT.findall(query)) == 1


def _unique(collection: Collection) -> dict[str, str]:
    found: dict[str, str] = {"email": ""} if collection.type == "auth" else {}
    for field in collection.fields:
        conditions = [i.where for i in collection.indexes if i.unique and i.covers_only(field.name)]
        # "where it is not empty" is how an optional field is unique at all.
        filled = re.compile(rf"[`\"\[]?{re.escape(field.name)}[`\"\]]?\s*(?:!=|<>)\s*''")
        if any(not condition or filled.fullmatch(condition) for condition in conditions):
            found[field.name] = ""
        elif conditions:
            found.setdefault(field.name, min(conditions))
    return found
