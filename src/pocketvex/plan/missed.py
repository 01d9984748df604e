"""Changes after which a rule, a view or an index compares with what is no choice any more: they say so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pocketvex.diff.operations import (
    ChangeField,
    ChangeIndex,
    ChangeQuery,
    ChangeRule,
    CreateCollection,
    Operation,
    ReplaceField,
)
from pocketvex.findings import Finding
from pocketvex.paths import ThingPath
from pocketvex.plan.changes import Change
from pocketvex.plan.verdicts import Access
from pocketvex.rules.check import names_of
from pocketvex.rules.choices import missed_choices
from pocketvex.rules.meaning import Meaning
from pocketvex.rules.misspelt import silent_names
from pocketvex.schema.fields import SelectField
from pocketvex.schema.model import Schema
from pocketvex.versions import NEWEST

_MAKING = (ChangeField, ChangeIndex, ChangeQuery, ChangeRule, CreateCollection, ReplaceField)


def with_missed(changes: list[Change], desired: Schema, live: Schema) -> list[Change]:
    """The changes, each with what is compared in vain once it is done (PV711, PV712)."""
    if not any(isinstance(change.operation, _MAKING) for change in changes):
        return changes
    missed = list(_missed(desired, live))
    return [_saying(change, [m for m in missed if _makes(change.operation, m[0])]) for change in changes]


def missed_by(operations: Iterable[Operation], after: Schema, before: Schema) -> list[str]:
    """What is compared in vain once these operations have made `after` of `before`."""
    making = [operation for operation in operations if isinstance(operation, _MAKING)]
    if not making:
        return []
    found = [problem for problem, _ in _missed(after, before)]
    return [_said(problem) for problem in found if any(_makes(o, problem) for o in making)]


def _missed(desired: Schema, live: Schema) -> Iterator[tuple[Finding, bool]]:
    names = names_of(desired, NEWEST, live)
    yield from missed_choices(desired, names)
    accounts = any(c.type == "auth" for c in desired.collections)
    for silent in silent_names(desired, Meaning(names), accounts=accounts):
        if not silent.of_body:
            yield silent.finding(), True


def _makes(operation: Operation, problem: Finding) -> bool:
    """Whether it is this operation that makes a comparison a vain one."""
    path = ThingPath.parse(problem.path)
    collection, at = path.collection, path.field
    match operation:
        case CreateCollection():
            return operation.collection == collection
        case ChangeRule(rule=rule):
            return problem.code == "PV712" and (operation.collection, rule) == (collection, at)
        case ChangeQuery():
            return (operation.collection, "query") == (collection, at)
        case ChangeIndex():
            return operation.path == problem.path
        case (
            ChangeField(before=SelectField() as before, after=after)
            | ReplaceField(before=SelectField() as before, after=after)
        ):
            value = problem.message.partition("' is no choice of ")
            column = value[2].partition(",")[0].rpartition(".")[2]
            gone = [v for v in before.values if v not in getattr(after, "values", ())]
            return value[0][1:] in gone and column in (before.name, after.name)
        case _:
            return False


def _said(problem: Finding) -> str:
    return f"{problem.path}: {problem.message} ({problem.code})"


def _saying(change: Change, missed: list[tuple[Finding, bool]]) -> Change:
    if not missed:
        return change
    judged = change.judgement
    said = "; ".join(_said(problem) for problem, _ in missed)
    opens = any(not never and not ThingPath.parse(problem.path).index for problem, never in missed)
    access = Access.OPENS if opens and not isinstance(change.operation, CreateCollection) else judged.access
    reason = f"{judged.reason}; {said}" if judged.reason else said
    return replace(change, judgement=judged._replace(reason=reason, access=access))
