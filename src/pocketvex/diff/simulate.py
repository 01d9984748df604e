"""Operations carried out on the server's own JSON: what an import sends, and what a model of it becomes.

Everything that the operations do not name stays as the server said it, options unknown to us included.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, assert_never

from pocketvex.diff.operations import (
    AddField,
    ChangeField,
    ChangeIndex,
    ChangeOption,
    ChangeQuery,
    ChangeRule,
    ChangeType,
    CreateCollection,
    DropCollection,
    DropField,
    Operation,
    RenameCollection,
    RenameField,
    ReplaceField,
)
from pocketvex.errors import UsageError
from pocketvex.schema.fields import FIELD, FieldBase, RelationField
from pocketvex.schema.ids import field_id
from pocketvex.schema.indexes import parse_index
from pocketvex.schema.model import (
    PRIVATE_PREFIX,
    SYSTEM_FIELDS,
    Collection,
    default_collection_id,
    system_id,
)
from pocketvex.schema.system import STANDARD
from pocketvex.schema.views import tables_read

Json = dict[str, Any]


def apply_operations(collections: Iterable[Mapping[str, Any]], operations: Sequence[Operation]) -> list[Json]:
    """The collections after the operations, in LIST's shape; the input is not touched.

    What no operation names shares its parts with the input: copy the result, never change it.
    A provider's secret stands as `{"env": "NAME"}`.
    Raises UsageError for a change of a collection's type, which no server can do.
    """
    return _State(collections).run(operations)


def changed_collections(before: Sequence[Mapping[str, Any]], after: Sequence[Json]) -> list[Json]:
    """Those of `after` that are new or different: tables first, and each view behind the views it reads."""
    known = {item["id"]: item for item in before}
    changed = [item for item in after if item != known.get(item["id"])]
    views = {item["name"]: item for item in changed if item["type"] == "view"}
    order = view_order({name: item["viewQuery"] for name, item in views.items()})
    return [*(item for item in changed if item["type"] != "view"), *(views[name] for name in order)]


def view_order(queries: Mapping[str, str]) -> list[str]:
    """The views, each behind those that it reads."""
    placed: dict[str, None] = {}

    def place(name: str, above: frozenset[str]) -> None:
        for other in sorted(tables_read(queries[name], set(queries) - above - {name})):
            place(other, above | {name})
        placed[name] = None

    for name in queries:
        place(name, frozenset())
    return list(placed)


_ORDER = (DropField, RenameField, ReplaceField, ChangeField, AddField)
"""The order in which the fields of a collection change, so that all names are those that they will have."""


class _State:
    def __init__(self, collections: Iterable[Mapping[str, Any]]) -> None:
        self.items: list[Json] = [dict(item) for item in collections]
        self.own: set[int] = set()
        """Those that were copied, or made, and may be changed; as `id` tells them apart."""
        self.gone: dict[str, set[str]] = {"": set()}
        """The ids of what was dropped: fields by their collection, collections under ""."""

    def run(self, operations: Sequence[Operation]) -> list[Json]:
        # All new names and ids first, so that relations may point at what comes later.
        for drop in [op for op in operations if isinstance(op, DropCollection)]:
            item = self.named(drop.collection)
            self.items.remove(item)
            self.gone[""].add(item["id"])
        renamed = [
            (self.named(op.old), op.collection) for op in operations if isinstance(op, RenameCollection)
        ]
        for item, name in renamed:
            item["name"] = name
        created = [op for op in operations if isinstance(op, CreateCollection)]
        for operation in created:
            self.create(operation.definition)
        for operation in created:
            self.fill(operation.definition)
        fields: dict[str, list[RenameField]] = {}
        for op in operations:
            if isinstance(op, RenameField):
                fields.setdefault(op.collection, []).append(op)
        for kind in _ORDER:
            if kind is RenameField:
                for collection, group in fields.items():
                    self.rename(collection, group)
            for op in operations:
                if isinstance(op, kind):
                    self.step(op)
        for op in operations:
            if not isinstance(op, _ORDER):
                self.step(op)
        return self.items

    def step(self, operation: Operation) -> None:
        match operation:
            case CreateCollection() | RenameCollection() | DropCollection() | RenameField():
                pass  # done in `run`
            case ChangeType():
                raise UsageError(
                    f"{operation.collection} cannot become {operation.after}: it is {operation.before}",
                    why="PocketBase cannot change the type of a collection.",
                )
            case AddField():
                self.add(operation.collection, operation.field, operation.after)
            case DropField():
                self.drop(operation.collection, operation.field)
            case ReplaceField():
                fields = self.named(operation.collection)["fields"]
                position = fields.index(self.field(operation.collection, operation.after.name))
                old = fields.pop(position)
                fields.insert(position, self.new_field(operation.collection, operation.after, old["id"]))
            case ChangeField():
                target = self.field(operation.collection, operation.after.name)
                for option, (_, value) in operation.changed().items():
                    target[wire_name(operation.after, option)] = deepcopy(value)
            case ChangeIndex():
                self.index(operation)
            case ChangeRule():
                self.named(operation.collection)[operation.rule] = operation.after
            case ChangeOption():
                set_option(self.named(operation.collection), operation.option, operation.after)
            case ChangeQuery():
                self.named(operation.collection)["viewQuery"] = operation.after
            case _:
                assert_never(operation)

    def named(self, name: str) -> Json:
        """The collection, to be changed."""
        wanted = name.lower()
        position = next(n for n, item in enumerate(self.items) if item["name"].lower() == wanted)
        item = self.items[position]
        if id(item) not in self.own:
            self.items[position] = item = deepcopy(item)
            self.own.add(id(item))
        return item

    def field(self, collection: str, name: str) -> Json:
        """By name: ids of another server mean nothing here."""
        fields: list[Json] = self.named(collection)["fields"]
        return next(item for item in fields if item["name"].lower() == name.lower())

    def create(self, definition: Collection) -> None:
        item = definition.to_json()
        # With the id of what goes, it would be that.
        taken = {other["id"] for other in self.items} | self.gone[""]
        if not item["id"] or item["id"] in taken:
            item["id"] = default_collection_id(definition, taken)
        self.own.add(id(item))
        self.items.append(item)

    def fill(self, definition: Collection) -> None:
        """The fields with their ids: first those that the server would add by itself."""
        item = self.named(definition.name)
        system = {f["name"]: FIELD.validate_python(f) for f in STANDARD[definition.type]}
        stated = {field.name: field for field in definition.fields}
        whole = definition.with_fields({**system, **stated}.values())
        item["fields"] = [self.resolve(field).to_json() for field in whole.fields_with_ids()]

    def resolve(self, field: FieldBase) -> FieldBase:
        if not isinstance(field, RelationField):
            return field
        names = {item["name"].lower(): item["id"] for item in self.items}
        target = names.get(field.target.lower()) or system_id(field.target)
        return field.model_copy(update={"collection_id": target})

    def new_field(self, collection: str, field: FieldBase, avoid: str = "") -> Json:
        item = self.named(collection)
        taken = {other["id"] for other in item["fields"]} | {avoid} | self.gone.get(item["id"], set())
        if not field.id or field.id in taken:
            field = field.with_id(field_id(field.type, field.name, taken))
        return self.resolve(field).to_json()

    def add(self, collection: str, field: FieldBase, after: str) -> None:
        item = self.named(collection)
        fields: list[Json] = item["fields"]
        names = [f["name"].lower() for f in fields]
        # Where nothing stands before it, it still comes behind the fields that the server adds itself.
        system = [n for n, name in enumerate(names) if name in _SYSTEM[item["type"]]]
        position = names.index(after.lower()) if after.lower() in names else max(system, default=-1)
        if after and after.lower() not in names:
            position = len(fields) - 1
        fields.insert(position + 1, self.new_field(collection, field))

    def drop(self, collection: str, field: FieldBase) -> None:
        item = self.named(collection)
        going = self.field(collection, field.name)
        item["fields"].remove(going)
        self.gone.setdefault(item["id"], set()).add(going["id"])
        _remap(item, {field.name: ""})

    def rename(self, collection: str, group: Sequence[RenameField]) -> None:
        """All at once: names may be handed on from one field to the next."""
        item = self.named(collection)
        by_id = {field["id"]: field for field in item["fields"]}
        pairs = []
        for op in group:
            known = by_id.get(op.id)
            exact = known is not None and known["name"].lower() == op.old.lower()
            pairs.append((known if known and exact else self.field(collection, op.old), op))
        for field, op in pairs:
            field["name"] = op.new
        names = {op.old: op.new for op in group}
        _remap(item, names)
        item["indexes"] = [_following(text, names, item["name"]) for text in item["indexes"] or []]

    def index(self, operation: ChangeIndex) -> None:
        item = self.named(operation.collection)
        texts: list[str] = item["indexes"] or []
        name = operation.name.lower()
        kept = [text for text in texts if parse_index(text).name.lower() != name]
        if operation.after is not None:
            kept.append(operation.after.sql(item["name"]))
        item["indexes"] = kept


def _following(text: str, names: Mapping[str, str], table: str) -> str:
    """An index with the new names of its columns, at once: they may be handed on from one to the next."""
    index = parse_index(text)
    moved = {old: new for old, new in names.items() if index.mentions(old)}
    for number, old in enumerate(moved):
        index = index.renamed(old, f"{PRIVATE_PREFIX}{number}_")
    for number, new in enumerate(moved.values()):
        index = index.renamed(f"{PRIVATE_PREFIX}{number}_", new)
    return index.sql(table) if moved else text


def _remap(collection: Json, names: Mapping[str, str]) -> None:
    """OAuth2 maps its values to fields by name; the server blanks the name of a field that is gone."""
    mapped = (collection.get("oauth2") or {}).get("mappedFields") or {}
    for key, name in mapped.items():
        mapped[key] = names.get(name, name)


_SYSTEM = {type_: {name.lower() for name in names} for type_, names in SYSTEM_FIELDS.items()}


def wire_name(field: FieldBase, option: str) -> str:
    """An option's name as the server spells it."""
    info = type(field).model_fields[option]
    return info.alias or option


def set_option(collection: Json, path: str, value: Any) -> None:
    """Set an auth option by its dotted name."""
    *groups, last = path.split(".")
    for group in groups:
        inner = collection.get(group)
        collection[group] = collection = dict(inner) if isinstance(inner, dict) else {}
    collection[last] = deepcopy(value)
