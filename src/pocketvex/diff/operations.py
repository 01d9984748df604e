"""The one vocabulary of changes, from the diff to the migration: one class a kind.

An operation says what it touches, what it takes away, and what undoes it. Names of collections are those
after the renames of the same diff; a list is undone by `diff.undo`, which knows the names of before.

Paths: `posts` (a collection), `posts.title` (a field), `posts@idx_title` (an index),
`posts:listRule`, `posts:query`, `posts:otp.enabled` (rules, a view's query, auth options).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from pocketvex.findings import Location
from pocketvex.schema.fields import FieldBase
from pocketvex.schema.indexes import Index
from pocketvex.schema.model import Collection
from pocketvex.schema.rules import Rule


@dataclass(frozen=True)
class _Change(ABC):
    """What all operations have: a collection, a kind, and the path of what they are about."""

    kind: ClassVar[str]
    is_removal: ClassVar[bool] = False
    """Whether a collection or a column goes, which no import can do."""
    collection: str

    @property
    def path(self) -> str:
        return self.collection

    @property
    def old_path(self) -> str | None:
        """What a thing was called that has another name after it."""
        return None

    @property
    def touches(self) -> frozenset[str]:
        """Every path that it makes, changes or takes away."""
        return frozenset(filter(None, (self.path, self.old_path)))

    @property
    def takes_away(self) -> str | None:
        """The path of what goes, or becomes another; None where nothing does."""
        return None

    @property
    def loses(self) -> tuple[FieldBase, ...]:
        """The columns that go, with whatever they hold."""
        return ()

    @abstractmethod
    def undo(self) -> Operation | None:
        """What takes it back, by the names that it has itself; None where nobody knows what was there."""


@dataclass(frozen=True)
class CreateCollection(_Change):
    kind: ClassVar[str] = "create_collection"
    definition: Collection

    def undo(self) -> DropCollection:
        return DropCollection(self.collection, self.definition)


@dataclass(frozen=True)
class DropCollection(_Change):
    kind: ClassVar[str] = "drop_collection"
    is_removal: ClassVar[bool] = True
    definition: Collection

    @property
    def takes_away(self) -> str:
        return self.path

    @property
    def loses(self) -> tuple[FieldBase, ...]:
        return () if self.definition.type == "view" else tuple(self.definition.fields)

    def undo(self) -> CreateCollection:
        return CreateCollection(self.collection, self.definition)


@dataclass(frozen=True)
class RenameCollection(_Change):
    """`collection` is the new name."""

    kind: ClassVar[str] = "rename_collection"
    old: str
    id: str

    @property
    def old_path(self) -> str:
        return self.old

    def undo(self) -> RenameCollection:
        return RenameCollection(self.old, self.collection, self.id)


@dataclass(frozen=True)
class ChangeType(_Change):
    """A collection that should be of another type: no version of PocketBase can do it in place."""

    kind: ClassVar[str] = "change_type"
    before: str
    after: str

    def undo(self) -> ChangeType:
        return ChangeType(self.collection, self.after, self.before)


@dataclass(frozen=True)
class AddField(_Change):
    kind: ClassVar[str] = "add_field"
    field: FieldBase
    after: str
    """The name of the field that stands before it; "" at the beginning."""

    @property
    def path(self) -> str:
        return f"{self.collection}.{self.field.name}"

    def undo(self) -> DropField:
        return DropField(self.collection, self.field, self.after)


@dataclass(frozen=True)
class DropField(_Change):
    kind: ClassVar[str] = "drop_field"
    is_removal: ClassVar[bool] = True
    field: FieldBase
    after: str

    @property
    def path(self) -> str:
        return f"{self.collection}.{self.field.name}"

    @property
    def takes_away(self) -> str:
        return self.path

    @property
    def loses(self) -> tuple[FieldBase, ...]:
        return (self.field,)

    def undo(self) -> AddField:
        return AddField(self.collection, self.field, self.after)


@dataclass(frozen=True)
class RenameField(_Change):
    kind: ClassVar[str] = "rename_field"
    id: str
    old: str
    new: str

    @property
    def path(self) -> str:
        return f"{self.collection}.{self.new}"

    @property
    def old_path(self) -> str:
        return f"{self.collection}.{self.old}"

    def undo(self) -> RenameField:
        return RenameField(self.collection, self.id, self.new, self.old)


@dataclass(frozen=True)
class ChangeField(_Change):
    """Options of a field, changed in place."""

    kind: ClassVar[str] = "change_field"
    before: FieldBase
    after: FieldBase

    @property
    def path(self) -> str:
        return f"{self.collection}.{self.after.name}"

    def changed(self) -> dict[str, tuple[Any, Any]]:
        """What differs: option, value before, value after."""
        return changed_options(self.before, self.after)

    @property
    def takes_away(self) -> str:
        return f"{self.collection}.{self.before.name}"

    def undo(self) -> ChangeField:
        return ChangeField(self.collection, self.after, self.before)


@dataclass(frozen=True)
class ReplaceField(_Change):
    """A field of another type, or with another relation target: a new column under the same name."""

    kind: ClassVar[str] = "replace_field"
    is_removal: ClassVar[bool] = True
    before: FieldBase
    after: FieldBase

    @property
    def path(self) -> str:
        return f"{self.collection}.{self.after.name}"

    @property
    def takes_away(self) -> str:
        return f"{self.collection}.{self.before.name}"

    @property
    def loses(self) -> tuple[FieldBase, ...]:
        return (self.before,)

    def undo(self) -> ReplaceField:
        return ReplaceField(self.collection, self.after, self.before)


@dataclass(frozen=True)
class ChangeIndex(_Change):
    """An index made (`before` is None), removed (`after` is None), or defined anew."""

    kind: ClassVar[str] = "change_index"
    before: Index | None
    after: Index | None

    @property
    def name(self) -> str:
        index = self.after or self.before
        return index.name if index else ""

    @property
    def path(self) -> str:
        return f"{self.collection}@{self.name}"

    @property
    def takes_away(self) -> str | None:
        return None if self.before is None else self.path

    def undo(self) -> ChangeIndex:
        return ChangeIndex(self.collection, self.after, self.before)


@dataclass(frozen=True)
class ChangeRule(_Change):
    kind: ClassVar[str] = "change_rule"
    rule: str
    before: Rule
    after: Rule

    @property
    def path(self) -> str:
        return f"{self.collection}:{self.rule}"

    def undo(self) -> ChangeRule:
        return ChangeRule(self.collection, self.rule, self.after, self.before)


@dataclass(frozen=True)
class ChangeOption(_Change):
    """An auth option, by its dotted name."""

    kind: ClassVar[str] = "change_option"
    option: str
    before: Any
    after: Any
    known: bool = True
    """Whether anybody said what it was; an export need not state every option."""

    @property
    def path(self) -> str:
        return f"{self.collection}:{self.option}"

    def undo(self) -> ChangeOption | None:
        return ChangeOption(self.collection, self.option, self.after, self.before) if self.known else None


@dataclass(frozen=True)
class ChangeQuery(_Change):
    kind: ClassVar[str] = "change_query"
    before: str
    after: str

    @property
    def path(self) -> str:
        return f"{self.collection}:query"

    def undo(self) -> ChangeQuery:
        return ChangeQuery(self.collection, self.after, self.before)


Operation = (
    CreateCollection
    | DropCollection
    | RenameCollection
    | ChangeType
    | AddField
    | DropField
    | RenameField
    | ChangeField
    | ReplaceField
    | ChangeIndex
    | ChangeRule
    | ChangeOption
    | ChangeQuery
)


@dataclass(frozen=True)
class Ambiguous:
    """A field (or collection) gone and another of its type new: a rename, or two changes? Nobody guesses."""

    collection: str
    old: str
    """The name that is gone; of a collection where `collection` is ""."""
    candidates: tuple[str, ...]
    where: Location | None = None
    taken: bool = False
    """The code says that the candidate was renamed from it, and both are there."""

    @property
    def path(self) -> str:
        return f"{self.collection}.{self.old}" if self.collection else self.old


def changed_options(before: FieldBase, after: FieldBase) -> dict[str, tuple[Any, Any]]:
    """The options in which two fields of one type differ, by name.

    0 and 1 both mean a single value (0.23 to 0.40), so they are one option value.
    """
    if type(before).VALUES(before) == type(after).VALUES(after):
        return {}
    old, new = before.options(), after.options()
    for values in (old, new):
        if values.get("max_select") == 0:
            values["max_select"] = 1
    return {name: (old[name], new[name]) for name in new if old[name] != new[name]}
