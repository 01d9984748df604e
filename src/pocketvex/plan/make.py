"""The plan: every difference with its verdict, what it waits for, and what is kept.

Planning does no I/O. It returns a plan, or the facts that it needs first; the shell counts them and
asks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, overload

from pocketvex.diff.compare import compare
from pocketvex.diff.operations import ChangeField, DropCollection, DropField, Operation
from pocketvex.evidence.facts import Fact, Facts, RowCount
from pocketvex.plan.changes import Change, Kept, NeedsFacts, Plan
from pocketvex.plan.ownership import Owner, Ownership, is_untouched_users
from pocketvex.plan.questions import Question, about_name, about_values
from pocketvex.plan.verdicts import Judgement, Needs, Verdict
from pocketvex.schema.fields import SelectField
from pocketvex.schema.model import Schema
from pocketvex.versions import Version

if TYPE_CHECKING:
    from pocketvex.plan.judge import Judge

__all__ = ["Change", "Kept", "NeedsFacts", "Plan", "make_plan"]


@overload
def make_plan(
    desired: Schema,
    live: Schema,
    *,
    facts: None = None,
    ownership: Ownership | None = None,
    renames: Mapping[str, str] | None = None,
    confirmed: Iterable[str] = (),
    version: Version,
    by_kind: bool = False,
    migrates: bool = False,
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
    version: Version,
    by_kind: bool = False,
    migrates: bool = False,
) -> Plan | NeedsFacts: ...


def make_plan(
    desired: Schema,
    live: Schema,
    *,
    facts: Facts | None = None,
    ownership: Ownership | None = None,
    renames: Mapping[str, str] | None = None,
    confirmed: Iterable[str] = (),
    version: Version,
    by_kind: bool = False,
    migrates: bool = False,
) -> Plan | NeedsFacts:
    """The plan that brings `live` to `desired`, or the facts that it needs first.

    Without `facts`, nothing is asked: what depends on a count is unsafe, its evidence unknown.
    `by_kind` is for a file: what is safe only because of the rows that were counted is harmless here.
    `migrates`: a migration can be run here for what the API cannot do.
    `confirmed` are paths that a person named: drift there may be written over.
    """
    diff = compare(desired, live, renames=renames, version=version)
    owner = Owner(ownership or Ownership(), diff)
    counted = _Unknown() if facts is None else facts
    judge: Judge | None = None
    named = set(confirmed)
    changes: list[Change] = []
    kept: list[Kept] = []
    needed: list[Fact] = []
    questions = [about_name(found) for found in diff.ambiguous]
    unanswered: list[Operation] = []
    for operation in diff.operations:
        why = owner.kept_because(operation)
        default_users = why == "first contact" and _makes_default_users(operation, live)
        if why == "held" or (why and operation.path not in named and not default_users):
            kept.append(Kept(operation, why))
            continue
        if judge is None:
            # Here, not at the top: mostly nothing differs, and then there is nothing to judge.
            from pocketvex.plan import judge as judging

            drops = [o for o in diff.operations if isinstance(o, DropCollection)]
            stay = [o.collection for o in drops if owner.kept_because(o) and o.path not in named]
            judge = judging.Judge(diff, live, counted, desired, version, stay, by_kind, migrates)
        answer = judge.judge(operation)
        if facts is not None and isinstance(operation, ChangeField) and isinstance(answer, Judgement):
            asked = list(_open_choices(operation, answer))
            if asked:
                questions += asked
                unanswered.append(operation)
                continue
            answer = _for_remap(operation, answer)
        if isinstance(operation, DropCollection) and isinstance(answer, Judgement):
            answer = _unless_changed(answer, owner.changed_in(operation))
        if default_users and isinstance(answer, Judgement):
            answer = _for_default_users(answer, counted)
        if isinstance(answer, Needs):
            needed += answer.facts
        else:
            changes.append(Change(operation, answer, owner.is_leftover(operation)))
    if needed:
        return NeedsFacts(frozenset(needed))
    if changes:
        from pocketvex.plan.dependencies import with_waiting
        from pocketvex.plan.missed import with_missed

        left = [*(item.operation for item in kept), *unanswered]
        changes = with_missed(with_waiting(changes, left, diff.ambiguous, live), desired, live)
    return Plan(tuple(changes), tuple(questions), tuple(kept), diff.renamed)


class _Unknown(dict[Fact, int | None]):
    """Facts where every count is unknown."""

    def __contains__(self, fact: object) -> bool:
        return True

    def __missing__(self, fact: Fact) -> None:
        return None


def _open_choices(operation: ChangeField, judged: Judgement) -> Iterator[Question]:
    """What has to be answered about the choices that go, where rows hold them."""
    harmless = judged.verdict in (Verdict.SAFE, Verdict.HARMLESS)
    return iter(()) if harmless else about_values(operation, judged.evidence)


def _for_remap(operation: ChangeField, judged: Judgement) -> Judgement:
    """The verdict where it is said what rows hold instead of the choices that go."""
    before, after = operation.before, operation.after
    if not isinstance(before, SelectField) or not isinstance(after, SelectField):
        return judged
    used = dict(judged.evidence.values) if judged.evidence else {}
    said = {o: n for o, n in after.remap.items() if o in before.values and (not used or o in used)}
    if not said or judged.verdict is not Verdict.UNSAFE:
        return judged
    words = ", ".join(f"{old} → {new or 'nothing'}" for old, new in said.items())
    return judged._replace(code="PV121", reason=f"{judged.reason}; in rows {words}")


def _unless_changed(judged: Judgement, paths: Sequence[str]) -> Judgement:
    """Nothing goes by itself with what somebody else put into it, rows or none."""
    if not paths or judged.verdict is not Verdict.HARMLESS:
        return judged
    some = ", ".join(paths[:4]) + (f" and {len(paths) - 4} more" if len(paths) > 4 else "")
    return judged._replace(
        verdict=Verdict.UNSAFE, reason=f"{judged.reason}, which somebody else changed: {some}"
    )


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
