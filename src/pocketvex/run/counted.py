"""What a file changes, judged by the rows of a server that has not run it, nor those before it.

On a scratch server the shadow shows what a file makes of collections. What it does to values stands in its
steps: what is filled in, and what rows hold instead of a choice that goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pocketvex.diff.compare import compare
from pocketvex.diff.operations import AddField, ChangeField, ReplaceField
from pocketvex.errors import HistoryError
from pocketvex.evidence.facts import Duplicates, Fact, RowCount
from pocketvex.paths import ThingPath
from pocketvex.plan.changes import Change
from pocketvex.plan.make import NeedsFacts, make_plan
from pocketvex.plan.questions import Question
from pocketvex.plan.verdicts import Judgement, Verdict
from pocketvex.run.draft import THROWS
from pocketvex.schema.fields import FieldBase
from pocketvex.schema.model import Collection, Schema
from pocketvex.steps.migration import Step, read_migration
from pocketvex.target.session import Session


def changes_of(session: Session, text: str, after: Schema, before: Schema, live: Schema) -> list[Change]:
    """The changes of a file of ours that makes `after` of `before`, with what is counted in `live`.

    Names are those of `before`: what files that are to run first have renamed is counted under its old name.
    """
    version = session.target.version
    wanted = as_said(after, _steps(text))
    renames: dict[str, str] = {}
    known: dict[Fact, int | None] = {}
    while True:
        plan = make_plan(wanted, before, facts=known, version=version, renames=renames)
        if isinstance(plan, NeedsFacts):
            known |= _count(session, plan.facts, before, live)
            continue
        unanswered = [q for q in plan.questions if q.kind == "value"]
        # What a file renames keeps its id: whatever else looks like it is two changes.
        if names := {q.id: "" for q in plan.questions if q.kind == "rename" and q.id not in renames}:
            renames |= names
            continue
        operations = compare(wanted, before, version=version, renames=renames).operations
        open_ = [_open(q, o) for q in unanswered for o in operations if o.path == ThingPath.parse(q.id).thing]
        return [*plan.changes, *{change.path: change for change in open_}.values()]


def _open(question: Question, operation: Any) -> Change:
    """A choice goes that rows hold, and nothing in the file says what they hold instead: it throws."""
    gone = ThingPath.parse(question.id).choice
    reason = f"the choice {gone!r} goes, and the file puts nothing in its place"
    return Change(operation, Judgement(Verdict.UNSAFE, "PV203", reason, evidence=question.evidence))


def failing(changes: Sequence[Change]) -> list[Change]:
    """The changes for which a file counts rows, and throws, as there are such rows now."""
    return [
        change
        for change in changes
        if change.judgement.code in THROWS
        and change.judgement.evidence is not None
        and change.judgement.evidence.rows
        and not fills(change)
    ]


def fills(change: Change) -> bool:
    """Whether the file fills what it makes required."""
    match change.operation:
        case AddField(field=field) | ChangeField(after=field) | ReplaceField(after=field):
            return field.backfill is not None
        case _:
            return False


def as_said(after: Schema, steps: Sequence[Step]) -> Schema:
    """What a file makes, with what its code said of values; a server stores nothing of that."""
    said: dict[str, dict[str, Any]] = {}
    for name, *arguments in steps:
        match name, arguments:
            case "remap", [_, {"id": id}, mapping, *_]:
                said.setdefault(id, {})["remap"] = mapping
            case "fill", [_, {"id": id}, value, *_]:
                said.setdefault(id, {})["backfill"] = value
            case "setField", [_, {"id": id}, _, _, *more] if "first" in more:
                said.setdefault(id, {})["keep"] = "first"
    if not said:
        return after

    def told(field: FieldBase) -> FieldBase:
        return field.model_copy(update=said[field.id]) if field.id in said else field

    return after.with_collections(c.with_fields(map(told, c.fields)) for c in after.collections)


def _steps(text: str) -> Sequence[Step]:
    try:
        found = read_migration(text)
    except HistoryError:
        return ()
    return found.up if found else ()


def _count(session: Session, facts: frozenset[Fact], before: Schema, live: Schema) -> dict[Fact, int | None]:
    """What the server says of these facts, under the names that it has for what they are about."""
    found: dict[Fact, int | None] = {}
    asked: dict[Fact, list[Fact]] = {}
    for fact in facts:
        there = _there(fact, before, live)
        if there is None or isinstance(there, int):
            found[fact] = there
        else:
            asked.setdefault(there, []).append(fact)
    answers = session.count(frozenset(asked), live)
    return found | {fact: answers[there] for there, same in asked.items() for fact in same}


def _there(fact: Fact, before: Schema, live: Schema) -> Fact | int | None:
    """The same fact as the server would put it; 0 where it has no such collection; None: nobody can tell."""
    ours = before.collection(fact.collection)
    theirs = _same_collection(ours, live) if ours else None
    if ours is None or theirs is None:
        return 0
    moved: Fact = fact._replace(collection=theirs.name)
    if isinstance(fact, RowCount):
        return moved
    if isinstance(fact, Duplicates):
        names = [field.name for field in ours.fields if fact.unique.mentions(field.name)]
        same = all(theirs.field(name) == _same_field(ours.field(name), theirs) for name in names)
        return moved if same else None
    field = ours.field(fact.field)
    there = _same_field(field, theirs)
    if there is None or field is None or there.type != field.type:
        return None
    if isinstance(moved, RowCount | Duplicates):
        return moved
    return moved._replace(field=there.name)


def _same_collection(ours: Collection, live: Schema) -> Collection | None:
    """By its id, which a rename leaves; a server that made it in another way has its name."""
    by_id = next((c for c in live.collections if c.id and c.id == ours.id), None)
    return by_id or live.collection(ours.name)


def _same_field(ours: FieldBase | None, theirs: Collection) -> FieldBase | None:
    if ours is None:
        return None
    by_id: Iterator[FieldBase] = (f for f in theirs.fields if f.id and f.id == ours.id)
    return next(by_id, None) or theirs.field(ours.name)
