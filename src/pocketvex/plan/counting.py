"""What was counted on a server, and what a verdict still has to know."""

from __future__ import annotations

from collections.abc import Mapping

from pocketvex.evidence.facts import (
    Fact,
    Facts,
    NonZeroCount,
    RowCount,
)
from pocketvex.schema.fields import FieldBase
from pocketvex.schema.model import Schema


class Missing(Exception):
    """Facts that are not there yet."""

    def __init__(self, facts: tuple[Fact, ...]) -> None:
        self.facts = facts


class Counting:
    """Answers from facts that were counted on `live`, which knows collections by their `old_names`."""

    def __init__(self, live: Schema, old_names: Mapping[str, str], facts: Facts) -> None:
        self.live = {collection.name.lower(): collection for collection in live.collections}
        self.old_names = old_names
        self.facts = facts
        self.nothing: list[Fact] = []
        """The facts that a verdict rests on because nothing was counted there."""

    def ask(self, *facts: Fact) -> None:
        """What is going to be counted, asked for in one round."""
        if missing := tuple(fact for fact in facts if fact not in self.facts):
            raise Missing(missing)

    def count(self, fact: Fact) -> int | None:
        self.ask(fact)
        found = self.facts[fact]
        if found == 0:
            self.nothing.append(fact)
        return found

    def rows(self, collection: str) -> int | None:
        name = self.old_names.get(collection, collection)
        return self.count(RowCount(name)) if self.live.get(name.lower()) else 0

    def values(self, collection: str, field: FieldBase) -> int | None:
        rows = self.rows(collection)
        if rows == 0:
            return 0
        return self.count(NonZeroCount(self.old_names.get(collection, collection), field.name))
