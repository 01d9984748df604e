"""What became of the draft, and how it becomes a migration, in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pocketvex.run.draft import DraftState


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
