"""Dropping a migration that nobody needs: it is held back, the last one, and no server has it."""

from __future__ import annotations

from pathlib import Path

from pocketvex.errors import UsageError
from pocketvex.history.folder import History, read_history, unseal
from pocketvex.store.files import local_dir
from pocketvex.store.state import remembered
from pocketvex.target.session import Session


def discard(session: Session, name: str) -> Path:
    """Take the file out of the folder, the sum and the list of held ones; where it is kept instead.

    Raises UsageError where a server that this machine knows has run it, or may have.
    """
    history = read_history(session.config.migrations)
    _require_last(history, name)
    state = session.memory.state
    ran = session.target.applied()
    host = session.target.host.name
    if name in ran or name in state.applied:
        raise UsageError(
            f"{name} ran on {host}", todo="Take it back first: `pocketvex migrate down`, then discard it."
        )
    if others := _ran_elsewhere(session, name):
        raise UsageError(
            f"{name} ran on {', '.join(others)}, as this machine remembers",
            why="A server that has run a file keeps what it did, and the file is what takes it back.",
            todo="Run `pocketvex migrate down --host` there first, or keep the file.",
        )
    if name in history.sealed and name not in state.held_back:
        raise UsageError(
            f"{name} is not held back: it may have run on a server that this machine does not know",
            why="A file is held back by its `down`, or because it failed.",
            todo="`pocketvex migrate status` shows which are. A pending one runs with `migrate up`.",
        )
    return _drop(session, history, name)


def _require_last(history: History, name: str) -> None:
    if history.file(name) is None:
        # Here, not at the top: mostly nothing is misspelt.
        from difflib import get_close_matches

        near = get_close_matches(name, history.names, n=1)
        raise UsageError(
            f"there is no {name} in {history.folder.name}/" + (f": did you mean {near[0]}?" if near else ""),
            todo="`pocketvex migrate status` lists the files.",
        )
    if name != history.names[-1]:
        raise UsageError(
            f"{name} is not the last file: {history.names[-1]} was written on top of it",
            todo="Discard the later ones first.",
        )


def _ran_elsewhere(session: Session, name: str) -> list[str]:
    """The other servers of which this machine remembers that they ran it."""
    return [
        str(content.get("url") or file.stem)
        for file, content in remembered(session.root).items()
        if file != session.memory.file and name in (content.get("applied") or [])
    ]


def _drop(session: Session, history: History, name: str) -> Path:
    file = history.file(name)
    assert file is not None
    kept = local_dir(session.root) / "discarded" / name
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(file.text, encoding="utf-8", newline="")
    unseal(history, [file])
    held = [other for other in session.memory.state.held_back if other != name]
    session.memory.save(held_back=held)
    return kept
