"""The one vocabulary of changes, from the diff to the migration: one class a kind.

An operation says what it touches (`path`); what undoes it is the diff the other way round. Names of
collections are those after the renames of the same diff.

Paths: `posts` (a collection), `posts.title` (a field), `posts@idx_title` (an index),
`posts:listRule`, `posts:query`, `posts:otp.enabled` (rules, a view's query, auth options).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pocketvex.findings import Location
from pocketvex.schema.fields import FieldBase, RelationField
from pocketvex.schema.indexes import Index
from pocketvex.schema.model import Collection
from pocketvex.schema.rules import Rule


@dataclass(frozen=True)
class _Change:
    """What all operations have: a collection, a kind, and the path of what they touch."""

    kind: ClassVar[str]
    collection: str

    @property
    def path(self) -> str:
        return self.collection


@dataclass(frozen=True)
class CreateCollection(_Change):
    kind: ClassVar[str] = "create_collection"
    definition: Collection


@dataclass(frozen=True)
class DropCollection(_Change):
    kind: ClassVar[str] = "drop_collection"
    definition: Collection


@dataclass(frozen=True)
class RenameCollection(_Change):
    """`collection` is the new name."""

    kind: ClassVar[str] = "rename_collection"
    old: str
    id: str


@dataclass(frozen=True)
class ChangeType(_Change):
    """A collection that should be of another type: no version of PocketBase can do it in place."""

    kind: ClassVar[str] = "change_type"
    before: str
    after: str


@dataclass(frozen=True)
class AddField(_Change):
    kind: ClassVar[str] = "add_field"
    field: FieldBase
    after: str
    """The name of the field that stands before it; "" at the beginning."""

    @property
    def path(self) -> str:
        return f"{self.collection}.{self.field.name}"


@dataclass(frozen=True)
class DropField(_Change):
    kind: ClassVar[str] = "drop_field"
    field: FieldBase
    after: str

    @property
    def path(self) -> str:
        return f"{self.collection}.{self.field.name}"


@dataclass(frozen=True)
class RenameField(_Change):
    kind: ClassVar[str] = "rename_field"
    id: str
    old: str
    new: str

    @property
    def path(self) -> str:
        return f"{self.collection}.{self.new}"


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


@dataclass(frozen=True)
class ReplaceField(_Change):
    """A field of another type, or with another relation target: a new column under the same name."""

    kind: ClassVar[str] = "replace_field"
    before: FieldBase
    after: FieldBase

    @property
    def path(self) -> str:
        return f"{self.collection}.{self.after.name}"


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


@dataclass(frozen=True)
class ChangeRule(_Change):
    kind: ClassVar[str] = "change_rule"
    rule: str
    before: Rule
    after: Rule

    @property
    def path(self) -> str:
        return f"{self.collection}:{self.rule}"


@dataclass(frozen=True)
class ChangeOption(_Change):
    """An auth option, by its dotted name; `before` is None where it is not known."""

    kind: ClassVar[str] = "change_option"
    option: str
    before: Any
    after: Any

    @property
    def path(self) -> str:
        return f"{self.collection}:{self.option}"


@dataclass(frozen=True)
class ChangeQuery(_Change):
    kind: ClassVar[str] = "change_query"
    before: str
    after: str

    @property
    def path(self) -> str:
        return f"{self.collection}:query"


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


def same_kind(before: FieldBase, after: FieldBase) -> bool:
    """Whether one can become the other in place: same type, and for relations the same target."""
    if before.type != after.type:
        return False
    if isinstance(before, RelationField) and isinstance(after, RelationField):
        return before.target.lower() == after.target.lower()
    return True
