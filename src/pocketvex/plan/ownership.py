"""Whose is it? What a command may change on a server, and what it must keep.

`base` is what the server should have according to the history that was run on it (*recorded*) and to
what this project wrote to it since (*written*, from the state of the host). Where the server differs
from the base, somebody else changed it: drift, kept and listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as default
from typing import Any, Final

from pocketvex.diff.compare import Diff
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
from pocketvex.paths import ThingPath, home_of, is_setting
from pocketvex.schema.auth import flat_options, without_secrets
from pocketvex.schema.fields import FIELD, FieldBase
from pocketvex.schema.indexes import Index
from pocketvex.schema.model import SYSTEM_FIELDS, Collection, Schema
from pocketvex.schema.rules import RULE_NAMES, spelled
from pocketvex.schema.system import STANDARD
from pocketvex.schema.views import normal_query

Items = dict[str, Any]
"""Every single thing of a schema by its path, as a plain value that can be compared and stored."""

_ABSENT: Final = object()


def items_of(schema: Schema) -> Items:
    """The schema taken apart: `{"posts.title": {...}, "posts@idx": [...], "posts:listRule": None, …}`."""
    found: Items = {}
    for collection in schema.collections:
        if not collection.system and not collection.is_private:
            found.update(_items_of(collection))
    return found


def _items_of(collection: Collection) -> Items:
    name = collection.name
    found: Items = {name: collection.type}
    if collection.type == "view":
        found[f"{name}:query"] = normal_query(collection.view_query)
    else:
        found.update({f"{name}.{field.name}": field_item(field) for field in collection.fields})
        found.update({f"{name}@{index.name}": index_item(index) for index in collection.indexes})
    found.update({f"{name}:{rule}": spelled(text) for rule, text in collection.rules().items()})
    found.update(
        {
            f"{name}:{option}": value
            for option, value in flat_options(without_secrets(collection.auth)).items()
        }
    )
    return found


def _by_itself(collection: Collection) -> Items:
    """What every server puts into a collection of this type without being asked."""
    name = collection.name
    fields = [FIELD.validate_python(raw) for raw in STANDARD[collection.type]]
    implied = [index for index in collection.indexes if collection.is_implied(index)]
    return {
        **{f"{name}.{field.name}": field_item(field) for field in fields},
        **{f"{name}@{index.name}": index_item(index) for index in implied},
    }


def renamed_items(items: Mapping[str, Any], names: Mapping[str, str]) -> Items:
    """The items with collections, and the targets of relations, under their new names (old to new)."""
    if not names:
        return dict(items)

    def retargeted(value: Any) -> Any:
        if isinstance(value, dict) and value.get("target") in names:
            return {**value, "target": names[value["target"]]}
        return value

    def moved(path: str) -> str:
        old = home_of(path)
        return names.get(old, old) + path[len(old) :]

    return {moved(path): retargeted(value) for path, value in items.items()}


def field_item(field: FieldBase) -> dict[str, Any]:
    options = field.options()
    if options.get("max_select") == 0:
        options["max_select"] = 1
    return {"type": field.type, "target": getattr(field, "target", ""), **options}


def index_item(index: Index) -> str:
    return repr(index.meaning())


@dataclass(frozen=True)
class Ownership:
    """What a plan may touch. The default owns everything that the code names: a plain comparison."""

    recorded: Schema | None = None
    """What the history builds that was run on this server; None: there is no history to judge by."""
    written: Mapping[str, Any] = default(default_factory=dict)
    """Items that this project wrote to the server and no file has; None marks one that it removed."""
    managed: frozenset[str] | None = None
    """The collections that sealed files and the host's state list; None: all that the code declares."""
    foreign: Mapping[str, Any] = default(default_factory=dict)
    """What others changed by files of the history that the code has not agreed with, as it was before."""
    met: frozenset[str] = frozenset()
    """Collections that the server had before a file of this project made them."""
    held: frozenset[str] = frozenset()
    """Paths that a reverted file changes: they wait until it is run again."""

    def base(self, items: Items) -> Items:
        """The items that the server should have: recorded by us, then what was written since."""
        merged = {**items, **self.foreign, **self.written}
        return {path: value for path, value in merged.items() if value is not None or is_setting(path)}

    def renamed(self, names: Mapping[str, str]) -> Ownership:
        """The same with collections under their new names (old to new); `recorded` stays as it is."""
        if not names:
            return self
        managed = None if self.managed is None else frozenset(names.get(name, name) for name in self.managed)
        written, foreign = renamed_items(self.written, names), renamed_items(self.foreign, names)
        met = frozenset(names.get(name, name) for name in self.met)
        return replace(self, written=written, foreign=foreign, managed=managed, met=met)

    def manages(self, collection: str) -> bool:
        return self.managed is None or collection in self.managed


class _Lazy:
    """The items of a schema, taken apart where somebody asks; `over` says otherwise of some."""

    def __init__(self, schema: Schema | None, renamed: Mapping[str, str], over: Mapping[str, Any]) -> None:
        self.collections = {renamed.get(c.name, c.name): c for c in schema.collections} if schema else {}
        self.renamed = renamed
        self.over = over
        self.known: dict[str, Items] = {}

    def get(self, path: str, default: Any = None) -> Any:
        if path in self.over:
            value = self.over[path]
            return value if value is not None or is_setting(path) else default
        name = home_of(path)
        if name not in self.known:
            collection = self.collections.get(name)
            alone = Schema.model_construct(collections=[collection] if collection else [])
            self.known[name] = renamed_items(items_of(alone), self.renamed)
        return self.known[name].get(path, default)

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and self.get(path, _ABSENT) is not _ABSENT


class Owner:
    """Answers for single operations; made once for a plan."""

    def __init__(self, ownership: Ownership, diff: Diff | None = None) -> None:
        renamed = {old: new for new, old in diff.renamed.items()} if diff else {}
        self.ownership = ownership = ownership.renamed(renamed)
        recorded = ownership.recorded
        self.recorded = _Lazy(recorded, renamed, {})
        over = {**ownership.foreign, **ownership.written}
        self.base = None if recorded is None else _Lazy(recorded, renamed, over)
        # Names that the same diff gives away are free.
        self.given_away = {o.old_path for o in (diff.operations if diff else ())}

    def is_leftover(self, operation: Operation) -> bool:
        """Whether what is removed or changed was written by this project and is in no file yet."""
        path = operation.takes_away
        if path is None and isinstance(operation, AddField | ChangeIndex):
            path = operation.collection
        return path is not None and path in self.ownership.written and path not in self.recorded

    def kept_because(self, operation: Operation) -> str:
        """Why an operation must not touch the server ("" where it may): drift, or a first contact."""
        if (operation.touches | _comes_from(operation)) & self.ownership.held:
            return "held"
        if self.base is None:
            return ""
        managed = self.ownership.manages(operation.collection)
        managed = managed and operation.collection not in self.ownership.met
        match operation:
            case DropCollection():
                if operation.collection in self.ownership.met:
                    return "first contact"
                return "" if managed and operation.collection in self.base else "unmanaged"
            case DropField():
                return self._unknown(operation.path, managed)
            case ChangeIndex() if operation.after is None:
                return self._unknown(operation.path, managed)
            case CreateCollection():
                return "drift" if operation.path in self.base else ""
            case AddField():
                free = operation.path in self.given_away or operation.path not in self.base
                return "" if free else "drift"
            case RenameField() | RenameCollection() | ChangeType():
                return ""
            case ChangeField() | ReplaceField():
                return self._field(operation)
            case ChangeIndex():
                before = index_item(operation.before) if operation.before else _ABSENT
                return self._moved(operation.path, before)
            case ChangeRule():
                return self._moved(operation.path, operation.before)
            case ChangeOption():
                return self._moved(operation.path, without_secrets(operation.before))
            case ChangeQuery():
                return self._moved(operation.path, normal_query(operation.before))

    def changed_in(self, operation: DropCollection) -> list[str]:
        """What somebody else made or changed in a collection that is to go."""
        if self.base is None:
            return []
        by_itself = _by_itself(operation.definition)
        return [
            path
            for path, value in _items_of(operation.definition).items()
            if not _is_option(path) and self.base.get(path, by_itself.get(path, _ABSENT)) != value
        ]

    def _unknown(self, path: str, managed: bool) -> str:
        """A thing that only the server has: ours if we know where it comes from."""
        assert self.base is not None
        if path in self.base:
            return "" if managed or path in self.ownership.written else "first contact"
        return "drift" if managed else "first contact"

    def _moved(self, path: str, before: Any) -> str:
        assert self.base is not None
        expected = self.base.get(path, _ABSENT)
        if expected is _ABSENT:
            # Nobody ever said what it should be, unless the server has it where nothing was.
            parsed = ThingPath.parse(path)
            collection_known = parsed.collection in self.base and parsed.index
            return "drift" if collection_known and before is not _ABSENT else ""
        return "" if expected == before else "drift"

    def _field(self, operation: ChangeField | ReplaceField) -> str:
        assert self.base is not None
        expected = self.base.get(f"{operation.collection}.{operation.before.name}")
        if expected is None:
            return ""
        now = field_item(operation.before)
        if isinstance(operation, ReplaceField):
            return "" if (expected["type"], expected["target"]) == (now["type"], now["target"]) else "drift"
        same = all(
            expected.get(option) in (before, _ABSENT) or expected.get(option) == now.get(option)
            for option, (before, _) in operation.changed().items()
        )
        return "" if same else "drift"


def _is_option(path: str) -> bool:
    """Whether this is an auth option: their defaults are those of the version that a server was born on."""
    option = ThingPath.parse(path).option
    return bool(option) and option not in (*RULE_NAMES, "query")


def _comes_from(operation: Operation) -> set[str]:
    """What a thing was called that is missing: while a reverted file has that, it is no new one."""
    match operation:
        case CreateCollection(definition=made) if made.renamed_from:
            return {made.renamed_from}
        case AddField(collection=collection, field=field) if field.renamed_from:
            return {f"{collection}.{field.renamed_from}"}
        case _:
            return set()


def is_untouched_users(collection: Collection) -> bool:
    """Whether this is the `users` collection as every server is born with it (0.23 to 0.40)."""
    names = {f.name for f in collection.fields} - set(SYSTEM_FIELDS["auth"])
    return (
        collection.name == "users"
        and collection.type == "auth"
        and names == {"name", "avatar", "created", "updated"}
        and not [i for i in collection.indexes if not collection.is_implied(i)]
    )
