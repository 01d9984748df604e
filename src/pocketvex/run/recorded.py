"""The history and a server: which files it has run, which it lacks, and running them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pocketvex.diff.compare import compare
from pocketvex.errors import HistoryError, NotAsIntended
from pocketvex.plan.ownership import touched_paths
from pocketvex.render.migration import managed_by
from pocketvex.run.session import Session, native_dir
from pocketvex.run.shadow import Recorded, replay
from pocketvex.schema.model import Schema
from pocketvex.store.history import History, read_history


class Position(NamedTuple):
    """Where a server stands in the history."""

    history: History
    recorded: Recorded
    """What the whole history builds."""
    here: Recorded
    """What the files build that this server has run."""
    applied: tuple[str, ...]
    pending: tuple[str, ...]
    """Files that the server lacks and that may be run."""
    held: tuple[str, ...]
    """Files that `down` reverted on this server: only `migrate up` runs them again."""
    known: bool
    """Whether somebody could tell what the server has run."""

    @property
    def managed(self) -> frozenset[str]:
        """The collections that the headers of the files list."""
        entries = {entry for file in self.history.files for entry in managed_by(file.text)}
        return frozenset(entry.partition("[")[0] for entry in entries)

    def held_paths(self) -> frozenset[str]:
        """What the files change that are not to be run on this server now."""
        if self.here.names == self.recorded.names:
            return frozenset()
        diff = compare(self.recorded.schema, self.here.schema, ask=False)
        return frozenset(path for operation in diff.operations for path in touched_paths(operation))


def locate(session: Session, live: Schema | None = None) -> Position:
    """Read the history and what the server has of it."""
    history = read_history(session.config.migrations)
    recorded = replay(session.binary, history.pairs(), session.shadow_cache)
    said = session.applied()
    known = said is not None
    if said is None:
        said = tuple(session.state.applied) or (_by_structure(recorded, live) if live else ())
        known = bool(said) or not history.files
    applied = tuple(name for name in said if history.file(name) is not None)
    # A file that ran again, whoever ran it, is held back no longer.
    session.state.held_back = [
        n for n in session.state.held_back if n not in applied and history.file(n) is not None
    ]
    held = tuple(session.state.held_back)
    pending = tuple(name for name in history.names if name not in applied and name not in held)
    here = recorded
    if set(applied) != set(history.names):
        here = replay(session.binary, history.pairs(applied), session.shadow_cache)
    return Position(history, recorded, here, applied, pending, held, known)


def _by_structure(recorded: Recorded, live: Schema) -> tuple[str, ...]:
    """A server that equals the shadow after a file has run the files up to it."""
    for number in range(len(recorded.names), 0, -1):
        wanted = Schema.from_json(recorded.snapshots[number])
        before = Schema.from_json(recorded.snapshots[number - 1])
        touched = compare(wanted, before, ask=False)
        names = {operation.collection for operation in touched.operations}
        left = [o for o in compare(wanted, live, ask=False).operations if o.collection in names]
        if names and not left:
            return recorded.names[:number]
    return ()


def run_files(session: Session, position: Position, names: Sequence[str]) -> None:
    """Run these files on the server by PocketBase's own `migrate up`: all of them, or none.

    Raises ServerProcessError with PocketBase's words where one throws, and NotAsIntended where the
    server does not have afterwards what the files make.
    """
    from pocketvex.server import scratch

    if not names:
        return
    data_dir = native_dir(session)
    files = dict(position.history.pairs(names))
    try:
        scratch.migrate_up(session.binary, data_dir, files, env=session.environ)
    except scratch.MigrationFailed as error:
        raise NotAsIntended(
            f"{error.file} fails on {session.client.url}, and no file was run",
            why=error.reason,
            todo="The server is as it was. Mend the rows or the file, then run `pocketvex migrate up` again.",
        ) from error
    session.refresh()
    session.state.applied = list(session.applied() or [])
    session.state.held_back = [name for name in session.state.held_back if name not in names]
    session.save()
    check_reached(session, position, names)


def check_reached(session: Session, position: Position, names: Sequence[str]) -> None:
    """Whether the server has what the named files make: everything that they touch, as recorded."""
    applied = [name for name in position.history.names if name in set(position.applied) | set(names)]
    after = replay(session.binary, position.history.pairs(applied), session.shadow_cache)
    live = Schema.from_json(session.fetch())
    touched = {
        path
        for operation in compare(after.schema, position.here.schema, ask=False).operations
        for path in touched_paths(operation)
    }
    left = [
        operation.path
        for operation in compare(after.schema, live, version=session.version, ask=False).operations
        if touched_paths(operation) & touched
    ]
    missing = [name for name in names if name not in session.state.applied]
    if left or missing:
        raise NotAsIntended(
            f"{session.client.url} did not end in the state that the migrations describe",
            why="Still different: " + ", ".join([*missing, *left][:8]),
            todo="`pocketvex schema diff` shows all of it.",
        )


def check_history(history: History) -> None:
    """Raise HistoryError for sealed files that were edited or deleted."""
    if history.edited or history.missing:
        what = [f"{name} was edited" for name in history.edited]
        what += [f"{name} is gone" for name in history.missing]
        raise HistoryError(
            f"sealed migrations were changed: {', '.join(what)}",
            why="A server that ran the file before will never see the edit.",
            todo="Restore the file from version control, or accept it by deleting its line in pocketvex.sum.",
        )
