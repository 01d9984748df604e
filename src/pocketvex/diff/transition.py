"""The way from one state of a history to another, as operations, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from pocketvex.diff.operations import (
    AddField,
    ChangeField,
    ChangeIndex,
    ChangeOption,
    ChangeRule,
    DropCollection,
    DropField,
    Operation,
    RenameCollection,
    RenameField,
    ReplaceField,
)
from pocketvex.diff.undo import undo
from pocketvex.schema.auth import flat_options
from pocketvex.schema.model import Collection, Schema
from pocketvex.schema.rules import RULE_NAMES

T = TypeVar("T")


class Transition(NamedTuple):
    """The way from one state to another. The operations hold ids, and stand in the order of the states."""

    operations: list[Operation]
    before: Schema
    after: Schema
    """What the code says of values (`backfill`, `remap`, `keep`) is on the fields that change."""

    def undone(self) -> Transition:
        """The way back."""
        order = Order(self.after, self.before)
        return Transition(sorted(undo(self.operations), key=order.place), self.after, self.before)


class Pairs:
    """Two states of one history, whose collections go by their names after."""

    def __init__(self, before: Schema, after: Schema) -> None:
        self.before = before
        self.after = after
        self._homes = {c.id: c for c in before.collections}

    def new(self, name: str) -> Collection:
        return there(self.after.collection(name))

    def old(self, name: str) -> Collection:
        return self._homes[self.new(name).id]


class Order(Pairs):
    """The order of the states: collections as they stand after, then those that are gone, and so within."""

    def place(self, operation: Operation) -> tuple[int, ...]:
        match operation:
            case DropCollection(collection=name):
                return 2, position_of(name, self.before.collections)
            case RenameCollection(collection=name):
                return 0, position_of(name, self.after.collections)
            case _:
                home = position_of(operation.collection, self.after.collections)
                return 1, home, *self.within(operation)

    def within(self, operation: Operation) -> tuple[int, ...]:
        match operation:
            case RenameField(new=name):
                return 0, position_of(name, self.new(operation.collection).fields), 0
            case ChangeField(after=field) | ReplaceField(after=field):
                return 0, position_of(field.name, self.new(operation.collection).fields), 1
            case AddField(field=field):
                return 1, position_of(field.name, self.new(operation.collection).fields)
            case DropField(field=field):
                return 2, position_of(field.name, self.old(operation.collection).fields)
            case ChangeIndex(after=None):
                return 4, position_of(operation.name, self.old(operation.collection).indexes)
            case ChangeIndex():
                return 3, position_of(operation.name, self.new(operation.collection).indexes)
            case ChangeRule(rule=rule):
                return 5, RULE_NAMES.index(rule)
            case ChangeOption(option=option):
                return 6, list(flat_options(self.new(operation.collection).auth)).index(option)
            case _:
                return (0,)


def position_of(name: str, things: Sequence[Any]) -> int:
    return next(n for n, thing in enumerate(things) if thing.name.lower() == name.lower())


def there(thing: T | None) -> T:
    assert thing is not None
    return thing
