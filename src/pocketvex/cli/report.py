"""What a pass did, in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pocketvex.cli import output
from pocketvex.render.text import change_lines, plan_lines, totals

if TYPE_CHECKING:
    from pocketvex.run.draft import DraftState
    from pocketvex.run.sync import Outcome


def tell_outcome(outcome: Outcome, *, totals_line: bool = True) -> None:
    """What was done on stdout, what waits after it."""
    for name in outcome.ran:
        output.data(f"ran {name}")
    for change in outcome.applied:
        output.plan([f"{line}" for line in change_lines(change, width=output.width())])
        if change.opens:
            output.note(output.styled(f"warning: {change.path} opens access", "red", "bold", err=True))
    for path in outcome.kept_aside:
        output.note(f"note: the values are kept in {path}")
    if outcome.applied:
        output.data(f"applied {len(outcome.applied)} change{'s' if len(outcome.applied) != 1 else ''}")
    if outcome.plan or outcome.plan.kept:
        output.plan(plan_lines(outcome.plan, width=output.width()))
    for name in outcome.secrets:
        output.note(f"note: secret missing: {name} is not set, so its provider was left out")
    for name in outcome.waiting:
        output.note(f"waiting: {name} is not run on this server: `pocketvex migrate up`, or its restart")
    if totals_line and not outcome.waiting:
        output.data(output.styled(totals(outcome.plan), "bold"))


def draft_lines(draft: DraftState) -> list[str]:
    """What became of the draft, where something did."""
    name = "pb_migrations/drafts/next.js"
    if draft.edited:
        return [f"draft {name} was edited by hand: it is left alone"]
    if draft.error is not None:
        return [f"draft {name} cannot be proven: {draft.error.what}", f"    {draft.error.why}"]
    if draft.written and draft.exists:
        return [f"draft {name} written, {draft.proof}: `pocketvex migrate up` seals and runs it"]
    return [f"draft {name} is not needed any more: removed"] if draft.written else []
