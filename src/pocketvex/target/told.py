"""What is said of the errors that a run over HTTP meets: what they mean for the file that was on its way."""

from __future__ import annotations

from pocketvex.errors import DISK_FULL, Locked, NotAsIntended, PocketVexError, Rejected
from pocketvex.remote.passage import GUARD, Guard, Passage


def not_ended(error: PocketVexError, url: str, going: Passage) -> NotAsIntended:
    """The switch is through; what it needed beside it is still there."""
    did = "ran on" if going.way == "up" else "is taken back on"
    return NotAsIntended(
        f"{going.entries[-1].name} {did} {url}, and what was made for it is not cleared away yet",
        why="\n".join(filter(None, [error.what, *map(str, error.problems), error.why])),
        todo=f"{_first(error)}Run the command again: it does that first, and goes on behind this file.",
    )


def not_taken_back(second: PocketVexError, first: Exception, url: str, going: Passage) -> NotAsIntended:
    """The switch was refused, and so was what takes back what it needed beside it."""
    return NotAsIntended(
        f"{going.entries[-1].name} did not run on {url}, and what was begun for it could not be taken back",
        why="\n".join(dict.fromkeys([told(first, going), second.what, *map(str, second.problems)])),
        todo=f"{_first(second)}Run the command again in a minute: it takes that back first. Until then, "
        "hidden columns (`_pv_…`) stay, and rules that were locked for a pause.",
    )


def add_state(error: PocketVexError, name: str) -> None:
    """Have an error say what it means for the file that was on its way."""
    if not isinstance(error, NotAsIntended | Locked):
        error.why = "\n".join(filter(None, [error.why, f"{name} was on its way there."]))
        error.todo = f"{_first(error)}Run the command again: it ends what was begun, or takes it back."


def _first(error: PocketVexError) -> str:
    """What is to be done before anything is tried again."""
    if DISK_FULL in "; ".join([error.what, *map(str, error.problems)]):
        return "Make room on the disk of the server. "
    return f"{error.todo} " if error.todo else ""


def guard_of(error: Rejected, going: Passage) -> Guard | None:
    """The guard that a refusal is about."""
    said = "; ".join([error.what, *(str(problem) for problem in error.problems)])
    if GUARD not in said or "malformed JSON" not in said:
        return None
    return going.guards[int(said.partition(GUARD)[2].partition("_")[0])]


def told(error: Exception, going: Passage) -> str:
    """What the server says; of a guard, what it guards."""
    if not isinstance(error, Rejected):
        return str(error)
    guard = guard_of(error, going)
    if guard is not None:
        return guard.says
    return "; ".join(dict.fromkeys([error.what, *(str(problem) for problem in error.problems)]))
