"""Counting again, right before a write, what makes a change harmless: rows may have come since the plan."""

from __future__ import annotations

from collections.abc import Sequence

from pocketvex.errors import NotAsIntended
from pocketvex.evidence.facts import Fact
from pocketvex.plan.make import Change
from pocketvex.schema.model import Schema
from pocketvex.target.target import Target


def recount(target: Target, changes: Sequence[Change], live: Schema) -> None:
    """Raises NotAsIntended, before anything is written, where one of the changes touches a row by now."""
    resting: dict[Fact, list[Change]] = {}
    for change in changes:
        for fact in change.judgement.rests_on:
            resting.setdefault(fact, []).append(change)
    counted = target.count(frozenset(resting), live)
    came = {
        change.path: counted[fact] for fact, own in resting.items() if counted[fact] != 0 for change in own
    }
    if came:
        rows = ", ".join(
            f"{path}: {'an unknown number of' if n is None else n} row{'s' * (n != 1)}"
            for path, n in sorted(came.items())
        )
        raise NotAsIntended(
            f"{', '.join(sorted(came))} touched no row when the plan was made, and does now",
            why=f"{rows}. Nothing was written.",
            todo="Run the command again to see what has changed.",
        )
