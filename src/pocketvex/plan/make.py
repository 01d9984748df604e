"""The plan: every difference with its verdict, what it waits for, and what is kept.

Planning does no I/O. It returns a plan, or the facts that it needs first; the shell counts them and
asks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import overload

from pocketvex.diff.compare import compare
from pocketvex.diff.operations import DropField, Operation
from pocketvex.plan.changes import Change, Kept, NeedsAnswers, NeedsFacts, Plan
from pocketvex.plan.facts import Fact, Facts, RowCount
from pocketvex.plan.judge import Judge, Judgement, Needs, Verdict
from pocketvex.plan.ownership import Owner, Ownership, is_untouched_users
from pocketvex.plan.waits import with_waiting
from pocketvex.schema.model import Schema

__all__ = ["Change", "Kept", "NeedsAnswers", "NeedsFacts", "Plan", "make_plan"]


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
    owner = Owner(ownership or Ownership(), diff)
    counted = _Unknown() if facts is None else facts
    judge = Judge(diff, live, counted)
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
        answer = judge.judge(operation)
        if default_users and isinstance(answer, Judgement):
            answer = _for_default_users(answer, counted)
        if isinstance(answer, Needs):
            needed += answer.facts
        else:
            changes.append(Change(operation, answer, owner.is_leftover(operation)))
    if needed:
        return NeedsFacts(frozenset(needed))
    changes = with_waiting(changes, [item.operation for item in kept], diff.ambiguous, live)
    return Plan(tuple(changes), tuple(diff.ambiguous), tuple(kept), diff.renamed)


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
