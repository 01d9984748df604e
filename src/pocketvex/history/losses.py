"""Whether files of the history may take away what a server holds."""

from __future__ import annotations

from collections.abc import Sequence

from pocketvex.history.position import Position
from pocketvex.paths import ThingPath
from pocketvex.plan.make import make_plan
from pocketvex.schema.model import Schema
from pocketvex.steps.header import managed_by
from pocketvex.target.target import Target
from pocketvex.versions import NEWEST


def takes_away(
    target: Target, position: Position, names: Sequence[str], live: Schema, *, down: bool = False
) -> bool:
    """Whether these files, run up or `down`, may remove or rewrite rows that the server has.

    Of a hand-written step nobody can tell: only on a server on which nothing was done yet, it takes nothing.
    """
    recorded = position.recorded
    tables = [c for c in live.collections if c.type != "view"]
    if not position.applied and not any(target.client.count(c.name) for c in tables if not c.system):
        return False
    losing: set[str] = set()
    for name in names:
        file = position.history.file(name)
        if file is None or not managed_by(file.text):
            return True
        at = recorded.names.index(name)
        before, after = (at + 1, at) if down else (at, at + 1)
        losing |= _losing(*(Schema.from_json(recorded.snapshots[number]) for number in (before, after)))
    touched = {c.name for c in position.here.schema.collections if c.id in losing}
    there = [c.name for c in tables if c.id in losing or c.name in touched]
    return any(target.client.count(name) for name in there)


def _losing(before: Schema, after: Schema) -> set[str]:
    """The ids of the collections in which one state is not simply more than the other."""
    plan = make_plan(after, before, version=NEWEST)
    changed = {change.operation.collection for change in plan.unsafe}
    changed |= {ThingPath.parse(question.id).collection for question in plan.questions}
    both = [*before.collections, *after.collections]
    return {collection.id for collection in both if collection.name in changed}
