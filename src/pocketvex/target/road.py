"""How migrations come onto a server: by PocketBase's own `migrate up` where its data directory is at hand,
else over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pocketvex.errors import ServerProcessError
from pocketvex.render.migration.server_route import HOOK_KEY
from pocketvex.server.binaries import Binary
from pocketvex.store.temporary import temporary
from pocketvex.target.roads import RoadName
from pocketvex.target.session import Session
from pocketvex.target.target import Target

if TYPE_CHECKING:
    from pocketvex.remote.files import States


class Road(Protocol):
    """A way to run migrations. Each call does all that it is given, or nothing.

    What fails is raised as `server.scratch.MigrationFailed`, with the name of the file.
    """

    name: RoadName

    def require(self, files: Mapping[str, str], *, down: bool = False) -> None:
        """Raise ServerProcessError, before anything is written, for a file that this road cannot run."""

    def run(self, files: Mapping[str, str]) -> None:
        """Run these files, by name and text, in the order of their names; the server remembers them."""

    def take_back(self, files: Mapping[str, str]) -> None:
        """Run what takes these files back, in this order; the server forgets that they ran."""

    def run_once(self, steps: Sequence[tuple[str, str]]) -> None:
        """Run these in this order; the server does not remember that it did."""

    def try_out(self, files: Mapping[str, str]) -> None:
        """Run these files on a copy of the rows, of which nothing is left."""


class Native:
    """PocketBase's own binary, run beside the server on its data directory."""

    name: RoadName = "native"

    def __init__(self, target: Target, binary: Binary, data_dir: Path) -> None:
        self._target = target
        self._binary = binary
        self._data_dir = data_dir

    def require(self, files: Mapping[str, str], *, down: bool = False) -> None:
        """It runs every file."""

    def run(self, files: Mapping[str, str]) -> None:
        self._run(self._data_dir, files)
        self._target.refresh()

    def take_back(self, files: Mapping[str, str]) -> None:
        from pocketvex.render.migration.one_off import down_step

        self.run_once([(name, down_step(name, text)) for name, text in files.items()])

    def run_once(self, steps: Sequence[tuple[str, str]]) -> None:
        from pocketvex.server import scratch

        names = {f"{scratch.ONE_OFF}{number:04}_{name}": name for number, (name, _) in enumerate(steps)}
        # What a killed run left behind would keep its step from being run again.
        scratch.forget(self._data_dir, list(names))
        try:
            self._run(self._data_dir, dict(zip(names, (text for _, text in steps), strict=True)))
        except scratch.MigrationFailed as error:
            error.file = names.get(error.file, error.file)
            raise
        scratch.forget(self._data_dir, list(names))
        self._target.refresh()

    def try_out(self, files: Mapping[str, str]) -> None:
        from pocketvex.server import scratch

        with temporary("check") as folder:
            copy = folder / "data"
            scratch.copy(self._data_dir, copy, files=False)
            self._run(copy, files)

    def _run(self, data_dir: Path, files: Mapping[str, str]) -> None:
        from pocketvex.server import scratch

        scratch.migrate_up(self._binary, data_dir, files, around=self._target.around)


def road_to(
    session: Session,
    states: States | None = None,
    found: Sequence[tuple[str, str]] = (),
    *,
    pause: bool = False,
) -> Road:
    """The road to a server. Raises ServerProcessError where none leads there.

    `states` are what a scratch server has before and after each file, and `found` the files that are known to
    have run there, with the ids of their migrations: over HTTP, that is all that there is to go by.

    With `pause`, applications may be kept from writing where the road asks for it.
    """
    target = session.target
    if target.data_dir is not None:
        return Native(target, session.binary, native_dir(target))
    from pocketvex.target.hooks_road import Hooks, offers_hooks

    if offers_hooks(target):
        return Hooks(target)
    if target.environ.get(HOOK_KEY):
        session.reporter.note_once(f"{HOOK_KEY} is set here, and {target.url} has no route that takes it")
    from pocketvex.target.over_http import OverHttp

    return OverHttp(session, states or {}, found, pause=pause)


def native_dir(target: Target) -> Path:
    """The data directory that a second process may write to; raises where it is not at hand."""
    if target.data_dir is None:
        raise ServerProcessError(
            f"{target.url} is reached over HTTP only: its migrations cannot be run from here",
            todo="Say where its data is on this machine (--data-dir PATH), or restart it with the "
            "migrations as its --migrationsDir: then it runs them itself. `pocketvex migrate route` writes a "
            f"hook for it that runs them over HTTP, with {HOOK_KEY} here and there.",
        )
    _require_hold(target, target.data_dir)
    return target.data_dir


def _require_hold(target: Target, data_dir: Path) -> None:
    """No second process may write where the server has lost its locks: its own writes would be lost."""
    from pocketvex.server.lost_locks import has_lost_hold

    if not has_lost_hold(data_dir):
        return
    if target.lease is not None:
        target.lease.restart()
        return
    raise ServerProcessError(
        f"{target.url} has lost its locks on {data_dir}: nothing was run",
        why="Up to 0.39, a PocketBase that makes a backup loses them. A second process that writes there now "
        "would cut off what the server writes after it. Across a network drive or the edge of a virtual "
        "machine no locks are seen at all, and nobody should write from here.",
        todo="Restart that server, then run the command again.",
    )
