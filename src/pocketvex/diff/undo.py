"""What undoes a list of operations: each undone by itself, under the names that were there before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from pocketvex.diff.operations import (
    AddField,
    ChangeField,
    CreateCollection,
    DropCollection,
    DropField,
    Operation,
    RenameCollection,
    RenameField,
    ReplaceField,
)
from pocketvex.schema.fields import FieldBase, RelationField

OfField = TypeVar("OfField", bound=FieldBase)


def undo(operations: Sequence[Operation]) -> list[Operation]:
    """The operations that take these back, in the same order; `settle` has filled in the ids they hold."""
    renames = [o for o in operations if isinstance(o, RenameCollection)]
    homes = {o.collection: o.old for o in renames}
    targets = {o.id: o.old for o in renames}
    replaced = {o.path: o.after.id for o in operations if isinstance(o, ReplaceField)}
    found: list[Operation] = []
    for operation in operations:
        back = operation.undo()
        if isinstance(back, RenameField):
            # What got another type with its name got another id as well.
            back = replace(back, id=replaced.get(operation.path, back.id))
        if back is not None:
            found.append(_at_home(back, homes, targets))
    return found


def _at_home(operation: Operation, homes: Mapping[str, str], targets: Mapping[str, str]) -> Operation:
    match operation:
        case CreateCollection() | DropCollection() | RenameCollection():
            return operation  # named as in their own state
        case _:
            home = homes.get(operation.collection, operation.collection)
            return pointing(replace(operation, collection=home), targets)


def pointing(operation: Operation, targets: Mapping[str, str]) -> Operation:
    """The same with relations to these collections, by their ids, under these names."""
    match operation:
        case AddField() | DropField():
            return replace(operation, field=retargeted(operation.field, targets))
        case ChangeField() | ReplaceField():
            before, after = (retargeted(field, targets) for field in (operation.before, operation.after))
            return replace(operation, before=before, after=after)
        case _:
            return operation


def retargeted(field: OfField, targets: Mapping[str, str]) -> OfField:
    """A relation with its target under the name that is given for its id."""
    if not isinstance(field, RelationField) or field.collection_id not in targets:
        return field
    return field.model_copy(update={"target": targets[field.collection_id]})
