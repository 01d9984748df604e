"""Operations settled on a state: what they find there, what they leave, and the ids of all of it.

A plan's operations say what the code asks for. Which ids new things get, what an index is called after a
rename, and whether something is done already, only the state tells on which they are carried out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, assert_never

from pocketvex.diff.compare import compare, same_index, same_option
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
    changed_options,
)
from pocketvex.diff.simulate import apply_operations
from pocketvex.diff.transition import Order, Pairs, Transition, position_of, there
from pocketvex.diff.undo import pointing
from pocketvex.schema.auth import flat_options
from pocketvex.schema.fields import FieldBase
from pocketvex.schema.model import Collection, Schema
from pocketvex.schema.rules import spelled
from pocketvex.schema.views import normal_query
from pocketvex.versions import NEWEST

_MAPPED = "oauth2.mappedFields."
_SAID = ("backfill", "remap", "keep")


def between(before: Schema, after: Schema) -> Transition:
    """The way between two states that both hold ids, of one history: for want of a plan, compared."""
    return Transition(compare(after, before, version=NEWEST, ask=False).operations, before, after)


def settle(
    operations: Sequence[Operation],
    collections: Sequence[Mapping[str, Any]],
    before: Schema | None = None,
) -> Transition:
    """The operations as they are carried out on these collections, and what is there after them.

    `before` is what the collections say, where it was read already. What changes nothing here is left out;
    what follows from a rename (indexes, what OAuth2 maps to a field) is an operation of its own.
    Raises UsageError for a change of a collection's type, which no server can do.
    """
    before = Schema.from_json(collections) if before is None else before
    after = _saying(Schema.from_json(apply_operations(collections, operations)), operations)
    settling = _Settling(operations, before, after)
    order = Order(before, after)
    return Transition(sorted(settling.all(), key=order.place), before, after)


class _Settling(Pairs):
    def __init__(self, operations: Sequence[Operation], before: Schema, after: Schema) -> None:
        super().__init__(before, after)
        self.operations = operations
        self.old_names = {o.path.lower(): o.old for o in operations if isinstance(o, RenameField)}
        renames = [o for o in operations if isinstance(o, RenameCollection)]
        self.targets = {self.old(o.collection).id: self.new(o.collection).name for o in renames}

    def all(self) -> Iterator[Operation]:
        named = {o.path.lower() for o in self.operations}
        following = [o for o in self.following() if o.path.lower() not in named]
        for operation in [*self.operations, *following]:
            settled = self.settled(operation)
            if settled is not None:
                yield pointing(settled, self.targets)

    def following(self) -> Iterator[Operation]:
        """What may be another because fields have other names, or are gone."""
        fields = [o for o in self.operations if isinstance(o, RenameField | DropField)]
        for name in dict.fromkeys(o.collection for o in fields):
            was, now = self.old(name), self.new(name)
            for index in was.indexes:
                yield ChangeIndex(name, index, now.index(index.name))
            for option in flat_options(was.auth):
                if option.startswith(_MAPPED):
                    yield ChangeOption(name, option, None, None)

    def settled(self, operation: Operation) -> Operation | None:
        """The operation with what this state has, and gets; None where that is the same."""
        match operation:
            case DropCollection(collection=name):
                gone = there(self.before.collection(name))
                return DropCollection(gone.name, gone)
            case CreateCollection(collection=name):
                made = self.new(name)
                return CreateCollection(made.name, made)
            case ChangeType():
                return operation  # refused before: nothing is after it
            case RenameCollection(collection=name):
                was, now = self.old(name), self.new(name)
                return None if was.name == now.name else RenameCollection(now.name, was.name, was.id)
            case AddField() | DropField() | RenameField() | ChangeField() | ReplaceField():
                return self.field(operation, self.old(operation.collection), self.new(operation.collection))
            case ChangeIndex() | ChangeRule() | ChangeOption() | ChangeQuery():
                return _part(operation, self.old(operation.collection), self.new(operation.collection))
            case _:
                assert_never(operation)

    def field(
        self,
        operation: AddField | DropField | RenameField | ChangeField | ReplaceField,
        was: Collection,
        now: Collection,
    ) -> Operation | None:
        match operation:
            case AddField(field=said):
                made = there(now.field(said.name))
                return AddField(now.name, made, _behind(made, now))
            case DropField(field=said):
                gone = there(was.field(said.name))
                return DropField(now.name, gone, _behind(gone, was))
            case RenameField():
                old, new = there(was.field(operation.old)), there(now.field(operation.new))
                return None if old.name == new.name else RenameField(now.name, old.id, old.name, new.name)
            case ChangeField(after=said) | ReplaceField(after=said):
                old = there(was.field(self.old_names.get(operation.path.lower(), said.name)))
                new = there(now.field(said.name))
                if isinstance(operation, ReplaceField):
                    return ReplaceField(now.name, old, new)
                return ChangeField(now.name, old, new) if changed_options(old, new) else None


def _part(
    operation: ChangeIndex | ChangeRule | ChangeOption | ChangeQuery, was: Collection, now: Collection
) -> Operation | None:
    match operation:
        case ChangeIndex(name=name):
            old, new = was.index(name), now.index(name)
            same = old is new if old is None or new is None else same_index(new, old)
            return None if same else ChangeIndex(now.name, old, new)
        case ChangeRule(rule=rule):
            before, after = was.rules()[rule], now.rules()[rule]
            return None if spelled(before) == spelled(after) else ChangeRule(now.name, rule, before, after)
        case ChangeOption(option=option):
            known, stated = flat_options(was.auth), flat_options(now.auth).get(option)
            if same_option(option, stated, known.get(option)):
                return None
            return ChangeOption(now.name, option, known.get(option), stated, option in known)
        case ChangeQuery():
            same = normal_query(was.view_query) == normal_query(now.view_query)
            return None if same else ChangeQuery(now.name, was.view_query, now.view_query)


def _behind(field: FieldBase, collection: Collection) -> str:
    """The name of the field before it; "" at the beginning."""
    position = position_of(field.name, collection.fields)
    return collection.fields[position - 1].name if position else ""


def _saying(after: Schema, operations: Sequence[Operation]) -> Schema:
    """The schema with what the code says about the values of the fields that are new, or others."""
    said: dict[tuple[str, str], FieldBase] = {}
    for operation in operations:
        match operation:
            case AddField(field=field) | ChangeField(after=field) | ReplaceField(after=field):
                said[operation.collection.lower(), field.name.lower()] = field

    def told(home: Collection, field: FieldBase) -> FieldBase:
        code = said.get((home.name.lower(), field.name.lower()))
        values = {name: getattr(code, name) for name in _SAID if hasattr(code, name)}
        return field.model_copy(update=values) if values else field

    return after.with_collections(
        c.with_fields(told(c, field) for field in c.fields) for c in after.collections
    )
