"""What the files do that a server has not run yet, as the shadow shows it."""

from __future__ import annotations

from collections.abc import Sequence

from pocketvex.history.position import Position
from pocketvex.plan.changes import Change, PendingFile
from pocketvex.plan.make import make_plan
from pocketvex.schema.model import Schema
from pocketvex.steps.header import is_written_by_us
from pocketvex.versions import Version


def pending_files(position: Position, version: Version) -> tuple[PendingFile, ...]:
    """Each pending file with the changes that it makes to collections, judged by their kind."""
    return tuple(pending_file(position, name, version) for name in position.pending)


def pending_file(position: Position, name: str, version: Version) -> PendingFile:
    """One file with the changes that it makes to collections, judged by their kind."""
    recorded = position.recorded
    at = recorded.names.index(name)
    before, after = (Schema.from_json(snapshot) for snapshot in recorded.snapshots[at : at + 2])
    file = position.history.file(name)
    by_hand = file is None or not is_written_by_us(file.text)
    return PendingFile(name, tuple(_changes(before, after, version)), by_hand)


def _changes(before: Schema, after: Schema, version: Version) -> Sequence[Change]:
    renames: dict[str, str] = {}
    while True:
        plan = make_plan(after, before, version=version, renames=renames)
        if not plan.questions:
            return plan.changes
        # What a file renames keeps its id: the rest is two changes.
        renames |= {question.id: "" for question in plan.questions}
