"""Removals in a plan: which of them may be made, and which one round can make."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from typing import Any

from pocketvex.diff.operations import (
    AddField,
    DropCollection,
    DropField,
    Operation,
    RenameField,
)
from pocketvex.diff.simulate import apply_operations
from pocketvex.plan.dependencies import with_waiting
from pocketvex.plan.make import Change, Kept, Plan
from pocketvex.plan.ownership import items_of
from pocketvex.schema.model import Schema
from pocketvex.target.target import Json


def keep_what_no_migration_removes(
    plan: Plan, recorded: Schema, written: Container[str]
) -> tuple[Plan, list[str]]:
    """On a server elsewhere only migrations take away, and none knows what neither file nor `dev` made.

    The plan that keeps it, and what a person can do about it.
    """
    removals = [c for c in plan.changes if isinstance(c.operation, DropCollection | DropField)]
    known = items_of(recorded) if removals else {}
    stuck = [c for c in removals if c.path not in known and c.path not in written]
    changes = tuple(change for change in plan.changes if change not in stuck)
    kept = (*plan.kept, *(Kept(change.operation, "drift") for change in stuck))
    return replace(plan, changes=changes, kept=kept), [
        f"{change.path} is in no migration, and a server elsewhere loses things by migrations only: "
        f"`pocketvex schema pull {change.path}`, `pocketvex migrate generate`, then take it out of the code"
        for change in stuck
    ]


def doable_in_one_round(raw: Sequence[Json], changes: Sequence[Change]) -> list[Change]:
    """The changes that one round can make: without what takes a name that a removal of this round frees,
    and without removals of collections that a relation, which stays for now, still points at."""
    left = _in_turn(list(changes), Schema.from_json(raw))
    while True:
        drops = {c.operation.definition.id for c in left if isinstance(c.operation, DropCollection)}
        if not drops:
            return left
        after = apply_operations(raw, [change.operation for change in left])
        pointed = {field.get("collectionId") for item in after for field in item["fields"]} & drops
        if not pointed:
            return left
        left = [c for c in left if not _drops(c.operation, pointed)]


def _in_turn(changes: list[Change], live: Schema) -> list[Change]:
    """Without what takes a name that only a removal frees, and what needs it: removals come last."""
    freed = {c.path.lower() for c in changes if isinstance(c.operation, DropField)}
    takers: list[Operation] = []
    while True:
        more = [c.operation for c in changes if _takes(c.operation, freed) and c.operation not in takers]
        if not more:
            break
        takers += more
        freed |= {o.old_path.lower() for o in more if o.old_path}
    if not takers:
        return changes
    rest = [change for change in changes if change.operation not in takers]
    settled = with_waiting(rest, takers, (), live)
    return [change for change, now in zip(rest, settled, strict=True) if now is change]


def _takes(operation: Operation, freed: set[str]) -> bool:
    return isinstance(operation, AddField | RenameField) and operation.path.lower() in freed


def _drops(operation: Operation, ids: set[Any]) -> bool:
    return isinstance(operation, DropCollection) and operation.definition.id in ids
