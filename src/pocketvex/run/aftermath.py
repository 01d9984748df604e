"""What a `down` leaves behind: values that stay in the ledger, and records that nobody can update."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pocketvex.diff.compare import compare
from pocketvex.diff.operations import AddField, ChangeField, ReplaceField
from pocketvex.evidence.facts import Fact, Violating
from pocketvex.evidence.violations import Limit, limits, stricter
from pocketvex.history.position import Position
from pocketvex.schema.model import Schema
from pocketvex.schema.words import counted
from pocketvex.steps.migration import read_migration
from pocketvex.target.kept import groups
from pocketvex.target.target import Target


def not_given_back(target: Target, texts: Mapping[str, str]) -> Iterator[str]:
    """What these files had kept on their way up and is not in its records again."""
    files = {made.id: name for name, text in texts.items() if (made := read_migration(text)) is not None}
    mine = [group for group in groups(target) or () if group.migration in files and group.way == "up"]
    for group in mine:
        newest = max(g.generation for g in mine if g.migration == group.migration)
        missing = group.rows - group.back
        if group.generation == newest and missing:
            what = f"{group.name}: {counted(missing, 'value')} that {files[group.migration]} kept"
            one = "is not given back: its record holds another one now, or is gone"
            some = "are not given back: their records hold others now, or are gone"
            yield f"{what} {one if missing == 1 else some}; `pocketvex migrate prune` lists what is kept"


def cannot_be_updated(target: Target, live: Schema, before: Schema, position: Position) -> Iterator[str]:
    """Records that came since, and that break a limit which is in force again."""
    facts: dict[Fact, tuple[str, str]] = {}
    for operation in compare(before, position.here.schema, version=target.version, ask=False).operations:
        found: tuple[Limit, ...] = ()
        match operation:
            case AddField(field=field) | ReplaceField(after=field):
                found = limits(field)
            case ChangeField(before=old, after=field):
                found = stricter(old, field)
            case _:
                continue
        there = live.collection(operation.collection)
        if found and there is not None and there.field(field.name) is not None:
            facts[Violating(there.name, field.name, field.type, found)] = (there.name, field.name)
    for fact, rows in target.count(frozenset(facts), live).items():
        if rows:
            collection, field_name = facts[fact]
            who = f"{collection}: {counted(rows, 'record')} cannot be updated"
            held = "it holds" if rows == 1 else "they hold"
            yield f"{who} until {field_name} is changed: what {held} there is not allowed any more"
