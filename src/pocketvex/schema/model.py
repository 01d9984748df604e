"""A schema: collections with fields, indexes, rules and options, as the code or a server has them."""

# Without `from __future__ import annotations`: pydantic would have to evaluate them, for every class anew.

from collections.abc import Callable, Iterable, Mapping
from operator import is_
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic import Field as option

from pocketvex.errors import UnsupportedServer
from pocketvex.schema.auth import OPTION_NAMES, stated_options, without_secrets
from pocketvex.schema.fields import Declared, Field, FieldBase, RelationField, _alias
from pocketvex.schema.ids import USERS_ID, collection_id, field_id
from pocketvex.schema.indexes import Index, parse_index
from pocketvex.schema.rules import RULE_NAMES, Rule
from pocketvex.schema.system import SYSTEM_COLLECTIONS

IndexOption = Annotated[Index, BeforeValidator(lambda v: parse_index(v) if isinstance(v, str) else v)]

PRIVATE_PREFIX = "_pv_"
"""Collections and tables that PocketVex keeps values in: invisible to diff, types and pull."""

RECORD_NAME = "_pocketvex"
"""The collection in which a server that only HTTP reaches has what ran there: invisible as well."""

GOING_PREFIX = f"{PRIVATE_PREFIX}going_"
"""What is being removed over HTTP, fields as well: hidden under that name until it is gone, or put back."""

SYSTEM_FIELDS: Mapping[str, tuple[str, ...]] = {
    "base": ("id",),
    "view": ("id",),
    "auth": ("id", "password", "tokenKey", "email", "emailVisibility", "verified"),
}
"""The fields that the server adds by itself, by the type of the collection (0.23 to 0.40)."""


class Collection(Declared):
    """One collection. `auth` holds the auth options that are stated, in the server's spelling."""

    model_config = ConfigDict(
        alias_generator=_alias, populate_by_name=True, extra="ignore", defer_build=True, frozen=True
    )

    id: str = ""
    name: str
    type: Literal["base", "auth", "view"] = "base"
    system: bool = False
    """Whether it is one of PocketBase's own: anybody may set that flag of a collection."""
    list_rule: Rule = None
    view_rule: Rule = None
    create_rule: Rule = None
    update_rule: Rule = None
    delete_rule: Rule = None
    fields: list[Field] = []
    indexes: list[IndexOption] = []
    view_query: str = ""
    auth: dict[str, Any] = option(default_factory=dict, exclude=True)
    rule_sources: dict[str, Any] = option(default_factory=dict, exclude=True)

    _raw: dict[str, Any] = PrivateAttr(default_factory=dict)

    @field_validator("system")
    @classmethod
    def _is_the_servers(cls, value: bool, info: ValidationInfo) -> bool:
        return value and info.data.get("name") in SYSTEM_COLLECTIONS

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """The collection that a server, or an export, describes; see `Schema.from_json`."""
        values = {**raw, "fields": raw.get("fields") or [], "indexes": raw.get("indexes") or []}
        if raw.get("type") == "view":
            # Their ids are random and change on every save; the query says what they are.
            values["fields"] = [{**field, "id": ""} for field in values["fields"]]
        if raw.get("type") == "auth":
            stated = {key: value for key, value in raw.items() if key in OPTION_NAMES}
            values["auth"] = without_secrets(stated_options(stated), keep_env=True)
        collection = cls.model_validate(values)
        collection._raw = dict(raw)
        return collection

    @property
    def raw(self) -> dict[str, Any]:
        """What the server said, untouched; empty for a collection that the code declares."""
        return self._raw

    def to_json(self) -> dict[str, Any]:
        """The server's own form, without time stamps and secrets."""
        values = self.model_dump(by_alias=True, exclude={"fields", "indexes", "view_query"})
        values["fields"] = [field.to_json() for field in self.fields]
        values["indexes"] = [index.sql(self.name) for index in self.indexes]
        if self.type == "view":
            values["viewQuery"] = self.view_query
        return {**values, **self.auth}

    def with_fields(self, fields: Iterable[FieldBase]) -> Self:
        """The collection with these fields; itself where they are its own."""
        made = list(fields)
        same = len(made) == len(self.fields) and all(map(is_, made, self.fields))
        return self if same else self.model_copy(update={"fields": made})

    def fields_with_ids(self) -> list[FieldBase]:
        """The fields, each with the id that PocketBase would give it where it has none."""
        if self.type == "view":
            return [*self.fields]
        taken = {field.id for field in self.fields}
        found: list[FieldBase] = []
        for field in self.fields:
            # The server takes `id` for text even where the type is left out.
            found.append(field if field.id else field.with_id(field_id(field.type, field.name, taken)))
            taken.add(found[-1].id)
        return found

    def rules(self) -> dict[str, Rule]:
        """The rules by the server's names for them."""
        return dict(
            zip(
                RULE_NAMES,
                (self.list_rule, self.view_rule, self.create_rule, self.update_rule, self.delete_rule),
                strict=True,
            )
        )

    def field(self, name: str) -> FieldBase | None:
        """The field of that name. The server tells names apart without regard to case."""
        wanted = name.lower()
        return next((f for f in self.fields if f.name.lower() == wanted), None)

    def index(self, name: str) -> Index | None:
        return next((i for i in self.indexes if i.name.lower() == name.lower()), None)

    def is_system_field(self, name: str) -> bool:
        return name in SYSTEM_FIELDS[self.type]

    def is_implied(self, index: Index) -> bool:
        """Whether the server keeps this index by itself: an auth collection's tokenKey and email."""
        return (
            self.type == "auth"
            and index.unique
            and (index.covers_only("tokenKey") or index.covers_only("email"))
        )

    @property
    def is_private(self) -> bool:
        return self.name.startswith(PRIVATE_PREFIX) or self.name == RECORD_NAME


class Schema(BaseModel):
    """A set of collections; relations name their target, ids are resolved when something is written.

    Nothing of it is changed: what makes it another makes another one.
    """

    model_config = ConfigDict(defer_build=True, frozen=True)

    collections: list[Collection] = []

    @classmethod
    def from_json(cls, raw: Iterable[Mapping[str, Any]]) -> Self:
        """The schema that LIST, an export, or `findAllCollections` describes, PocketVex's own left out."""
        collections = [_read(item) for item in raw]
        names = {c.id: c.name for c in collections if c.id}
        schema = cls.model_construct(
            collections=[
                c.with_fields(f for f in c.fields if not f.name.startswith(PRIVATE_PREFIX))
                for c in collections
                if not c.is_private
            ]
        )
        return schema.with_targets(lambda _, field: names.get(field.collection_id, field.collection_id))

    def to_json(self) -> list[dict[str, Any]]:
        """The server's own form, every id filled in."""
        return [collection.to_json() for collection in self.with_ids().collections]

    def with_ids(self) -> Self:
        """The same schema with PocketBase's own ids wherever none is declared."""
        taken = {c.id for c in self.collections}
        ids: dict[str, str] = {}
        for c in self.collections:
            ids[c.name.lower()] = id = c.id or default_collection_id(c, taken)
            taken.add(id)

        def pointing(field: FieldBase) -> FieldBase:
            if not isinstance(field, RelationField):
                return field
            target = ids.get(field.target.lower()) or field.collection_id or system_id(field.target)
            return field.model_copy(update={"collection_id": target})

        return self.with_collections(
            c.model_copy(update={"id": ids[c.name.lower()], "fields": [*map(pointing, c.fields_with_ids())]})
            for c in self.collections
        )

    def with_collections(self, collections: Iterable[Collection]) -> Self:
        return self.model_copy(update={"collections": list(collections)})

    def with_targets(self, target: Callable[[Collection, RelationField], str]) -> Self:
        """The schema with its relations pointing at what `target` says of each."""

        def pointing(home: Collection, field: FieldBase) -> FieldBase:
            if not isinstance(field, RelationField) or (to := target(home, field)) == field.target:
                return field
            return field.model_copy(update={"target": to})

        return self.with_collections(
            c.with_fields(pointing(c, field) for field in c.fields) for c in self.collections
        )

    def relations(self) -> list[RelationField]:
        return [f for c in self.collections for f in c.fields if isinstance(f, RelationField)]

    def collection(self, name: str) -> Collection | None:
        wanted = name.lower()
        return next((c for c in self.collections if c.name.lower() == wanted), None)

    def names(self) -> set[str]:
        return {c.name for c in self.collections}

    @property
    def may_have_rules(self) -> bool:
        """Whether there may be a rule that is neither locked nor public: only then there is one to check."""
        return any(c.auth or any(c.rules().values()) for c in self.collections)


def _read(item: Mapping[str, Any]) -> Collection:
    try:
        return Collection.from_json(item)
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError) as error:
        found = error.errors() if isinstance(error, ValidationError) else []
        told = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found[:3]]
        raise UnsupportedServer(
            f"the collection {item.get('name')} is described in a way that PocketVex cannot read",
            why="\n".join(told) or f"{type(error).__name__}: {error}",
            todo="Update PocketVex, if the server is newer; else check what stands in front of it.",
        ) from None


def default_collection_id(collection: Collection, taken: Iterable[str] = ()) -> str:
    """PocketBase's own id for a collection; `users` has the one that it is born with."""
    if collection.name == "users" and collection.type == "auth" and USERS_ID not in set(taken):
        return USERS_ID
    return collection_id(collection.type, collection.name, set(taken))


def system_id(name: str) -> str:
    """The id of a system collection, which its name gives on every server (0.23 to 0.40)."""
    if name.lower() == "users":
        return USERS_ID
    return collection_id("auth" if name == "_superusers" else "base", name)
