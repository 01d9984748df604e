"""What a pass did and what it left, in lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from shlex import quote
from typing import TYPE_CHECKING

from pocketvex.cli.terminal import output
from pocketvex.cli.terminal.shorten import compact, fitted
from pocketvex.plan.verdicts import Verdict
from pocketvex.render.report.text import change_lines, pending_lines, plan_lines, totals
from pocketvex.schema.words import counted

if TYPE_CHECKING:
    from pocketvex.plan.changes import Pending
    from pocketvex.plan.make import Change, Plan
    from pocketvex.run.draft import DraftState
    from pocketvex.run.sync import Outcome

MANY = 40
"""So many applied changes are listed; of more the rest is counted."""
_RESTART = "its restart with this folder of migrations runs it, or `migrate up --data-dir PATH`"
HELD = "held since its `down`, or since it failed: `migrate up` runs it"


def tell_outcome(outcome: Outcome) -> None:
    """What was done on stdout, what waits after it, and the totals."""
    tell_done(outcome)
    output.plan(left_lines(outcome))
    tell_missing(outcome)
    tell_unknown(outcome)
    if not outcome.waiting:
        output.data(output.styled(totals(outcome.plan), "bold"))


def tell_done(outcome: Outcome) -> None:
    """What was written to the server."""
    for name in outcome.ran:
        output.data(f"ran {name}")
    for change in outcome.applied[:MANY]:
        output.plan(change_shown(change))
    if len(outcome.applied) > MANY:
        output.data(f"… and {len(outcome.applied) - MANY} more")
    tell_warnings(outcome)
    if outcome.applied:
        output.data(f"applied {counted(len(outcome.applied))}")


def tell_warnings(outcome: Outcome) -> None:
    """What nobody may overlook of what was written."""
    for change in outcome.applied:
        if change.opens:
            output.note(output.styled(f"warning: {change.path} opens access", "red", "bold", err=True))
    for path in outcome.kept_aside:
        output.note(f"note: the values are kept in {path}")


def tell_unknown(outcome: Outcome) -> None:
    """What was agreed to and is not there to be done."""
    for text in outcome.unknown:
        output.note(f"note: --confirm {text}")


def tell_missing(outcome: Outcome) -> None:
    """What keeps this server from being whole."""
    for name in outcome.secrets:
        output.note(f"note: secret missing: {name} is not set, so its provider was left out")
    for name in outcome.waiting:
        way = "`pocketvex migrate up`, or its restart" if outcome.native else _RESTART
        output.note(f"waiting: {name} is not run on this server: {way}")


def left_lines(outcome: Outcome) -> list[str]:
    """What waits, with the way on where it is not the draft; and what is kept."""
    lines: list[str] = []
    agreeable = {id(change) for change in outcome.wants_consent}
    for change in outcome.plan.changes:
        lines += [*change_shown(change), *_way_on(change, agreeable=id(change) in agreeable)]
    lines += plan_lines(_without_changes(outcome.plan))
    lines += [f"= {name}: {HELD}" for name in outcome.position.held]
    return fitted(lines, output.width())


def shown(plan: Plan) -> list[str]:
    """A plan as a person reads it in this terminal."""
    from dataclasses import replace

    short = replace(plan, changes=tuple(map(compact, plan.changes)))
    return fitted(plan_lines(short, width=output.width()), output.width())


def pending_shown(pending: Iterable[Pending]) -> list[str]:
    """Migrations that are not run yet, as a person reads them in this terminal."""
    from dataclasses import replace

    short = [replace(file, changes=tuple(map(compact, file.changes))) for file in pending]
    return fitted(pending_lines(short, width=output.width()), output.width())


def _without_changes(plan: Plan) -> Plan:
    from dataclasses import replace

    return replace(plan, changes=())


def change_shown(change: Change) -> list[str]:
    """One change as a person reads it in this terminal."""
    return change_lines(compact(change), width=output.width())


def _way_on(change: Change, *, agreeable: bool) -> Iterator[str]:
    if change.judgement.verdict is Verdict.IMPOSSIBLE:
        yield f"    → pocketvex explain {change.judgement.code}"
    elif change.judgement.code in ("PV121", "PV301") and change.leftover and not agreeable:
        yield "    → no --confirm does it over HTTP: say its --data-dir, or give the field a new name"
    elif change.leftover and change.judgement.verdict is Verdict.UNSAFE:
        agree = f"--confirm {quote(change.path)} agrees; lost values are kept aside"
        yield f"    → the history does not know it: {agree}"
    elif agreeable:
        yield f"    → --confirm {quote(change.path)} agrees to it"


def way_to_run(*, native: bool) -> str:
    """How what waits becomes a migration and runs, on this server."""
    if native:
        return "`pocketvex migrate up` seals and runs it"
    return (
        "`pocketvex migrate generate` seals it; the server runs it at its next start with this folder of "
        "migrations, or `migrate up --data-dir PATH` where its data is on this machine"
    )


def draft_lines(draft: DraftState, name: str, *, native: bool) -> list[str]:
    """What became of the draft, where something did."""
    if draft.edited:
        return [f"draft {name} was edited by hand: it is left alone"]
    if draft.asks:
        return [f"draft {name} is written once that is answered"]
    if draft.written and draft.exists and draft.stops and native:
        way = "`pocketvex migrate up --check` says whether these rows let it run"
        return [f"draft {name} written: {way}"]
    if draft.written and draft.exists:
        return [f"draft {name} written: {way_to_run(native=native)}"]
    return [f"draft {name} is not needed any more: removed"] if draft.written else []


def proof_lines(draft: DraftState) -> list[str]:
    """What came of its proof."""
    if draft.error is not None:
        return [f"draft cannot be proven: {draft.error.what}", *(f"    {line}" for line in _why(draft.error))]
    return [f"draft {draft.proof}"] if draft.proof else []


def _why(error: Exception) -> list[str]:
    return str(getattr(error, "why", "")).splitlines()
