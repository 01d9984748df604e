"""What one import over the API cannot do, so that it waits for a migration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pocketvex.diff.operations import (
    ChangeIndex,
    ChangeQuery,
    CreateCollection,
    Operation,
    RenameCollection,
)
from pocketvex.plan.changes import Change
from pocketvex.plan.references import words_of
from pocketvex.plan.verdicts import Verdict
from pocketvex.schema.indexes import Index
from pocketvex.schema.model import Schema


def waiting(change: Change, verdict: Verdict, why: str) -> Change:
    reason = f"{change.judgement.reason} ({why})" if change.judgement.reason else why
    return replace(change, judgement=change.judgement._replace(verdict=verdict, reason=reason))


class OneImport:
    """What one import cannot do, since it saves new things first and the others by their age: take a name
    that is not free yet when it comes to it, or a column that a view does not show yet."""

    def __init__(self, changes: Sequence[Change], live: Schema) -> None:
        operations = [change.operation for change in changes]
        self.live = live
        self.old = {
            o.collection.lower(): o.old.lower() for o in operations if isinstance(o, RenameCollection)
        }
        # One migration changes all views together.
        together = any(change.judgement.by_migration for change in changes)
        self.queries = [o for o in operations if isinstance(o, ChangeQuery) and not together]
        self.indexes = {i.name.lower(): c.name for c in live.collections for i in c.indexes}

    def blocked(self, change: Change) -> Change:
        why = next(self.why(change.operation), "") if change.safe else ""
        return waiting(change, Verdict.UNSAFE, why) if why else change

    def why(self, operation: Operation) -> Iterator[str]:
        was = self.old.get(operation.collection.lower(), operation.collection.lower())
        indexes: list[Index] = []
        match operation:
            case CreateCollection() | RenameCollection():
                there = self.live.collection(operation.collection)
                if there and (isinstance(operation, CreateCollection) or there.name.lower() != was):
                    yield f"the name {there.name} is not free before another goes"
                if isinstance(operation, CreateCollection):
                    indexes = operation.definition.indexes
                    yield from self.shown(operation.definition.view_query)
            case ChangeQuery():
                yield from self.shown(operation.after)
            case ChangeIndex(after=Index() as index):
                indexes = [index]
            case _:
                return
        for index in indexes:
            if (holder := self.indexes.get(index.name.lower(), was)).lower() != was:
                yield f"the index {index.name} is still one of {holder}"

    def shown(self, query: str) -> Iterator[str]:
        """What the query takes from a view that only the same import makes show it."""
        words = words_of(query)
        for other in self.queries:
            new = words_of(other.after) - words_of(other.before)
            if other.collection.lower() in words and words & new:
                yield f"{other.collection} does not show {', '.join(sorted(words & new))} yet"
