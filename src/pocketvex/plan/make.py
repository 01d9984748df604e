"""The plan: every difference with its verdict, what it waits for, and what is kept.

Planning does no I/O. It returns a plan, or the facts that it needs first; the shell counts them and
asks again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as default
from typing import overload

from pocketvex.diff.compare import compare
from pocketvex.diff.operations import (
    Ambiguous,
    ChangeIndex,
    ChangeQuery,
    ChangeRule,
    CreateCollection,
    DropField,
    Operation,
)
from pocketvex.plan.facts import Fact, Facts, RowCount
from pocketvex.plan.judge import Access, Judgement, Needs, Verdict, judge
from pocketvex.plan.ownership import Owner, Ownership, is_untouched_users
from pocketvex.schema.indexes import Index
from pocketvex.schema.model import Schema


@dataclass(frozen=True)
class Change:
    """One operation with the verdict on it."""

    operation: Operation
    judgement: Judgement
    leftover: bool = False
    """It undoes what this project wrote and no file has yet."""

    @property
    def path(self) -> str:
        return self.operation.path

    @property
    def safe(self) -> bool:
        return self.judgement.verdict is Verdict.SAFE

    @property
    def opens(self) -> bool:
        return self.judgement.access is Access.OPENS


@dataclass(frozen=True)
class Kept:
    """A difference that nobody may touch: `why` is "drift", "first contact", "unmanaged" or "held"."""

    operation: Operation
    why: str

    @property
    def path(self) -> str:
        return self.operation.path


@dataclass(frozen=True)
class NeedsFacts:
    """The plan depends on these counts."""

    facts: frozenset[Fact]


@dataclass(frozen=True)
class NeedsAnswers:
    """The plan leaves these things as they are until somebody says what is meant."""

    questions: tuple[Ambiguous, ...]


@dataclass(frozen=True)
class Plan:
    """What to do, what waits for an answer, and what is kept."""

    changes: tuple[Change, ...] = ()
    questions: tuple[Ambiguous, ...] = ()
    kept: tuple[Kept, ...] = ()
    renamed: Mapping[str, str] = default(default_factory=dict)

    @property
    def safe(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.safe)

    @property
    def unsafe(self) -> tuple[Change, ...]:
        """What may lose data, break rows, or fail; what is harmless on this data included."""
        return tuple(change for change in self.changes if not change.safe)

    @property
    def needs(self) -> NeedsAnswers | None:
        return NeedsAnswers(self.questions) if self.questions else None

    @property
    def drift(self) -> tuple[Kept, ...]:
        return tuple(kept for kept in self.kept if kept.why == "drift")

    def __bool__(self) -> bool:
        return bool(self.changes or self.questions)


@overload
def make_plan(
    desired: Schema,
    live: Schema,
    *,
    facts: None = None,
    ownership: Ownership | None = None,
    renames: Mapping[str, str] | None = None,
    confirmed: Iterable[str] = (),
    version: tuple[int, ...] = (0, 40, 6),
) -> Plan: ...


@overload
def make_plan(
    desired: Schema,
    live: Schema,
    *,
    facts: Facts | None,
    ownership: Ownership | None = None,
    renames: Mapping[str, str] | None = None,
    confirmed: Iterable[str] = (),
    version: tuple[int, ...] = (0, 40, 6),
) -> Plan | NeedsFacts: ...


def make_plan(
    desired: Schema,
    live: Schema,
    *,
    facts: Facts | None = None,
    ownership: Ownership | None = None,
    renames: Mapping[str, str] | None = None,
    confirmed: Iterable[str] = (),
    version: tuple[int, ...] = (0, 40, 6),
) -> Plan | NeedsFacts:
    """The plan that brings `live` to `desired`, or the facts that it needs first.

    Without `facts`, nothing is asked: what depends on a count is unsafe, its evidence unknown.
    `confirmed` are paths that a person named: drift there may be written over.
    """
    diff = compare(desired, live, renames=renames, version=version)
    owner = Owner(ownership or Ownership())
    counted = _Unknown() if facts is None else facts
    named = set(confirmed)
    changes: list[Change] = []
    kept: list[Kept] = []
    needed: list[Fact] = []
    for operation in diff.operations:
        why = owner.kept_because(operation)
        default_users = why == "first contact" and _makes_default_users(operation, live)
        if why == "held" or (why and operation.path not in named and not default_users):
            kept.append(Kept(operation, why))
            continue
        answer = judge(operation, live, diff.renamed, counted)
        if default_users and isinstance(answer, Judgement):
            answer = _for_default_users(answer, counted)
        if isinstance(answer, Needs):
            needed += answer.facts
        else:
            changes.append(Change(operation, answer, owner.is_leftover(operation)))
    if needed:
        return NeedsFacts(frozenset(needed))
    return Plan(
        tuple(_dependants_wait(changes, diff.ambiguous)), tuple(diff.ambiguous), tuple(kept), diff.renamed
    )


class _Unknown(dict[Fact, int | None]):
    """Facts where every count is unknown."""

    def __contains__(self, fact: object) -> bool:
        return True

    def __missing__(self, fact: Fact) -> None:
        return None


def _makes_default_users(operation: Operation, live: Schema) -> bool:
    if operation.collection != "users" or not isinstance(operation, DropField):
        return False
    users = live.collection("users")
    return users is not None and is_untouched_users(users)


def _for_default_users(judgement: Judgement, facts: Facts) -> Judgement | Needs:
    """An empty `users` as the server made it is simply made what the code says."""
    fact = RowCount("users")
    if fact not in facts:
        return Needs((fact,))
    if facts[fact] == 0:
        return judgement._replace(verdict=Verdict.SAFE, reason=f"{judgement.reason} (of the default users)")
    return judgement


def _dependants_wait(changes: list[Change], questions: Iterable[Ambiguous]) -> list[Change]:
    """An index, a rule or a query over a field that is itself waiting waits with it."""
    waiting = {
        c.path.split(".")[-1]
        for c in changes
        if not c.safe and c.operation.kind in ("add_field", "replace_field")
    }
    waiting |= {name for question in questions for name in question.candidates}
    if not waiting:
        return changes
    word = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(waiting)))})\b")
    return [_waiting(change) if change.safe and word.search(_text(change)) else change for change in changes]


def _waiting(change: Change) -> Change:
    judgement = change.judgement._replace(
        verdict=Verdict.UNSAFE, reason="waits for a field that it names and that is not safe to add"
    )
    return Change(change.operation, judgement, change.leftover)


def _text(change: Change) -> str:
    """What an operation says in the server's languages."""
    match change.operation:
        case ChangeIndex(after=Index() as index):
            return index.sql("")
        case ChangeRule(after=str() as rule):
            return rule
        case ChangeQuery(after=query):
            return query
        case CreateCollection(definition=definition):
            return " ".join([definition.view_query, *filter(None, definition.rules().values())])
        case _:
            return ""
