"""Declaring collections as Python classes.

    class Posts(Base):
        title = field.text(required=True, max=200)
        author = field.relation(Users, cascade_delete=True)
        rules = Rules(list=Rules.public(), view=Rules.public())
        indexes = [index("author", "created DESC")]

A class is turned into plain values here; `schema.build` makes models of them and checks them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

from pocketvex.findings import Location
from pocketvex.schema.rules import RULE_NAMES, Rules

declared: list[type[Base]] = []
"""The concrete collections of this interpreter, in the order in which they were declared."""


class FieldDeclaration:
    """A field as it was written: its type, its options, and the line."""

    def __init__(self, type_: str, options: dict[str, Any], source: Location) -> None:
        self.type = type_
        self.options = options
        self.source = source

    def as_dict(self, name: str) -> dict[str, Any]:
        return {"type": self.type, "name": name, "source": self.source, **self.options}


class IndexDeclaration(NamedTuple):
    columns: tuple[str, ...]
    unique: bool
    where: str
    name: str | None
    source: Location


class Env(NamedTuple):
    """The value of an environment variable, read when it is needed and never stored."""

    name: str


def env(name: str) -> Env:
    """A secret that is read from the environment variable `name` when it is written to a server."""
    return Env(name)


def index(*columns: str, unique: bool = False, where: str = "", name: str | None = None) -> IndexDeclaration:
    """An index over columns (`"author"`, `"created DESC"`) or expressions (`"lower(title)"`).

    Without a name it is called `idx_<collection>_<columns>`.
    """
    return IndexDeclaration(columns, unique, where, name, caller(2))


def caller(depth: int) -> Location:
    """The place of the call `depth` frames up."""
    frame = sys._getframe(depth)
    return Location(frame.f_code.co_filename, frame.f_lineno)


def _class_statement() -> Location:
    """Where the class is written whose `__init_subclass__` runs; a mixin may have one of its own."""
    frame = sys._getframe(2)
    while frame.f_code.co_name in ("__init_subclass__", "__new__") and frame.f_back:
        frame = frame.f_back
    return Location(frame.f_code.co_filename, frame.f_lineno)


def snake_case(name: str) -> str:
    """`BlogPosts` is `blog_posts`, `APIKeys` is `api_keys`."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


class Base:
    """A collection of records. Class arguments: `name`, `id`, `renamed_from`, `abstract`."""

    collection_type: ClassVar[str] = "base"
    collection_name: ClassVar[str]
    collection_id: ClassVar[str]
    collection_renamed_from: ClassVar[str | None]
    collection_source: ClassVar[Location]

    def __init_subclass__(
        cls,
        *,
        name: str | None = None,
        id: str = "",
        renamed_from: str | None = None,
        abstract: bool = False,
        **kwargs: Any,
    ) -> None:
        try:
            super().__init_subclass__(**kwargs)
        except TypeError as error:
            if kwargs and "takes no keyword arguments" in str(error):
                takes = "a collection takes name, id, renamed_from and abstract"
                raise TypeError(f"{takes}, not {', '.join(kwargs)}") from None
            raise
        cls.collection_name = name or snake_case(cls.__name__)
        cls.collection_id = id
        cls.collection_renamed_from = renamed_from
        cls.collection_source = _class_statement()
        if not abstract:
            declared.append(cls)


class Auth(Base, abstract=True):
    """A collection of accounts: the fields email, password, verified and so on are there already."""

    collection_type = "auth"


class View(Base, abstract=True):
    """A read-only collection made by a SELECT: `query = "SELECT …"`."""

    collection_type = "view"


_AUTH_ATTRIBUTES = (
    "auth_rule", "manage_rule", "password_auth", "oauth2", "mfa", "otp", "auth_alert", "tokens", "templates",
)  # fmt: skip
# Passed over, a rename would be a removal and something new.
_IN_THE_HEAD = ("name", "id", "renamed_from")
_MISSPELLED = {
    "rule": "rules", "index": "indexes", "indices": "indexes", "sql": "query", "view_query": "query",
    "viewQuery": "query", "oauth": "oauth2", "token": "tokens", "template": "templates",
    "authRule": "auth_rule", "manageRule": "manage_rule", "passwordAuth": "password_auth",
    "authAlert": "auth_alert",
}  # fmt: skip


def as_values(cls: type[Base]) -> dict[str, Any]:
    """The declaration of one class as plain values; the class itself is not checked here."""
    attributes: dict[str, Any] = {}
    for ancestor in reversed(cls.__mro__):
        if ancestor in (Base, Auth, View, object):
            continue
        own = dict(vars(ancestor))
        if isinstance(own.get("fields"), dict) and isinstance(attributes.get("fields"), dict):
            own["fields"] = {**attributes["fields"], **own["fields"]}
        attributes.update(own)
    # A field may have any name, that of an option too.
    options = {name: value for name, value in attributes.items() if not _is_field(value)}
    values: dict[str, Any] = {
        "name": cls.collection_name,
        "type": cls.collection_type,
        "id": cls.collection_id,
        "renamed_from": cls.collection_renamed_from,
        "source": cls.collection_source,
        "fields": _fields(attributes),
        "indexes": _indexes(options.get("indexes", ())),
        "auth": {name: options[name] for name in _AUTH_ATTRIBUTES if name in options},
    }
    rules = options.get("rules", Rules())
    if isinstance(rules, Rules):
        values.update(zip(RULE_NAMES, rules, strict=True))
    else:
        values["rules"] = rules
    if "query" in options:
        values["viewQuery"] = options["query"]
    values["strays"] = list(_strays(attributes))
    return values


def _indexes(written: Any) -> Any:
    # One index without the list around it; an IndexDeclaration is a tuple itself.
    alone = isinstance(written, IndexDeclaration | str)
    return [written] if alone else list(written) if isinstance(written, list | tuple) else written


def _strays(attributes: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Attributes that were surely meant as something else, with what to write instead."""
    for name, value in sorted(attributes.items()):
        if (
            name != "fields"
            and isinstance(value, list | tuple)
            and any(isinstance(item, FieldDeclaration) for item in value)
        ):
            yield name, (
                "holds several fields: unpack them, `created, updated = …`" if len(value) > 1
                else "is a field in a list, or with a comma after it: take the field alone"
            )  # fmt: skip
        elif isinstance(value, Rules) and name != "rules" and "rules" not in attributes:
            yield name, "holds Rules: the attribute is called `rules`"
        elif name != "indexes" and "indexes" not in attributes and _holds_indexes(value):
            yield name, "holds indexes: the attribute is called `indexes`"
        elif name in _MISSPELLED and _MISSPELLED[name] not in attributes and not _is_field(value):
            yield name, f"means nothing here: did you mean `{_MISSPELLED[name]}`?"
        elif name in _IN_THE_HEAD and isinstance(value, str):
            yield name, f"means nothing here: it is an argument of the class, `class …(…, {name}={value!r})`"
    if "fields" in attributes and not isinstance(attributes["fields"], dict | FieldDeclaration):
        yield "fields", 'takes {"name": field.text(), …}'


def _holds_indexes(value: object) -> bool:
    items = value if isinstance(value, list | tuple) and not isinstance(value, IndexDeclaration) else [value]
    return any(isinstance(item, IndexDeclaration) for item in items)


def _is_field(value: object) -> bool:
    """Whether it is a field, or one of the functions that make them, not called."""
    return isinstance(value, FieldDeclaration) or (
        callable(value) and getattr(value, "__module__", "") == "pocketvex.schema.field"
    )


def _fields(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields in the order in which they are written, those in `fields` where that stands."""
    found: dict[str, Any] = {}
    for name, value in attributes.items():
        if _is_field(value):
            found.setdefault(name, value)
        elif name == "fields" and isinstance(value, dict):
            found.update({str(key): field for key, field in value.items()})
    return [
        value.as_dict(name)
        if isinstance(value, FieldDeclaration)
        else {"name": name, "type": "", "broken": value}
        for name, value in found.items()
    ]
