"""The roads to a server that only HTTP reaches: `sql` from PocketBase 0.39 on, `rest` before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pocketvex.errors import ConsentNeeded, PocketVexError, ServerProcessError
from pocketvex.remote.begun import as_before
from pocketvex.remote.files import NeedsPause, Refused, States, Throws, migration_of
from pocketvex.remote.record import Entry, entries
from pocketvex.server.scratch import MigrationFailed
from pocketvex.steps.migration import Migration
from pocketvex.target.begun import has_run, noted
from pocketvex.target.carrier import Carrier, Stopped
from pocketvex.target.rehearsal import rehearsed_on
from pocketvex.target.roads import RoadName
from pocketvex.target.session import Session
from pocketvex.versions import SQL_OVER_HTTP

Json = dict[str, Any]
WAYS_OUT = (
    "Say where its data is on this machine (--data-dir PATH), or restart it with the migrations as its "
    "--migrationsDir: then it runs them itself. `pocketvex migrate route` writes a hook that runs every file "
    "over HTTP."
)


class CannotCarry(ServerProcessError):
    """A file that no road over HTTP can run: nothing was sent."""

    def __init__(self, file: str, what: str, *, why: str, todo: str) -> None:
        super().__init__(what, why=why, todo=todo)
        self.file = file


class OverHttp:
    """`states` are what a scratch server has before and after each file, `found` the files that ran there and
    are not known to have done so over HTTP, each with the id of its migration.

    With `pause`, somebody agreed to it that applications are kept from writing for a while.
    """

    def __init__(
        self, session: Session, states: States, found: Sequence[tuple[str, str]], *, pause: bool = False
    ) -> None:
        self._session = session
        self._target = session.target
        self._states = states
        self._found = [Entry(name, id, natively=True) for name, id in found]
        self._pause = pause
        self._seen: frozenset[str] = frozenset()
        self.name: RoadName = "sql" if self._target.version >= SQL_OVER_HTTP else "rest"

    def require(self, files: Mapping[str, str], *, down: bool = False) -> None:
        """Raise CannotCarry, before anything is sent, for a file that cannot be run this way."""
        raw = self._collections()
        self._seen = frozenset(entry.name for entry in entries(raw))
        try:
            for _ in self._carrier().passages(self._migrations(files), _way(down), raw):
                pass
        except Refused as error:
            raise self._refused(error, down) from error
        except Throws as error:
            raise MigrationFailed(error.file, error.why, "") from error

    def run(self, files: Mapping[str, str]) -> None:
        self._travel(files, down=False)

    def take_back(self, files: Mapping[str, str]) -> None:
        self._travel(files, down=True)

    def run_once(self, steps: Sequence[tuple[str, str]]) -> None:
        raise ServerProcessError(
            f"{self._target.url} is reached over HTTP only: what is no file cannot be run from here",
            todo=WAYS_OUT,
        )

    def try_out(self, files: Mapping[str, str]) -> None:
        """Run these files on a scratch server that has the collections of this one, and no rows."""
        self.require(files)
        self._rehearse(self._migrations(files), "up")

    def _travel(self, files: Mapping[str, str], *, down: bool) -> None:
        self.require(files, down=down)
        migrations = self._migrations(files)
        self._rehearse(migrations, _way(down))
        try:
            self._carrier().run(migrations, _way(down))
        except Stopped as error:
            raise MigrationFailed(error.file, error.reason, "", ran=error.ran) from error
        except KeyboardInterrupt:
            self._session.reporter.note(
                f"`pocketvex migrate status` says where {self._target.url} stands; the next run ends "
                "what was begun, or takes it back"
            )
            raise
        finally:
            self._session.reporter.progress("")

    def _rehearse(self, migrations: Sequence[tuple[str, Migration]], way: str) -> None:
        session = self._session
        session.reporter.progress("rehearsing on a scratch server")
        raw = self._collections()
        kept = self._carrier().kept(migrations, raw)
        try:
            with rehearsed_on(session.binary, raw, session.root / ".pocketvex" / "rehearsal") as client:
                carrier = Carrier(
                    client, session.binary.version, self._target.environ, lambda _: None, self._found, kept,
                    pause=True,
                )  # fmt: skip
                carrier.run(migrations, way)
        except Stopped as error:
            raise MigrationFailed(
                error.file, f"{error.reason} (in the rehearsal, on a scratch server)", ""
            ) from error
        finally:
            session.reporter.progress("")

    def _carrier(self) -> Carrier:
        target, reporter = self._target, self._session.reporter
        return Carrier(
            target.client, target.version, target.environ, reporter.progress, self._found,
            pause=self._pause, seen=self._seen,
        )  # fmt: skip

    def _collections(self) -> list[Json]:
        """Those of the server, without what a run that is at work, or was cut off, has made of them."""
        raw = self._target.fetch()
        open_ = [one.begun for one in noted(self._target.client, raw) if not has_run(raw, one.begun)]
        return as_before(raw, open_)

    def _migrations(self, files: Mapping[str, str]) -> list[tuple[str, Migration]]:
        try:
            found = [(name, migration_of(name, text, self._states)) for name, text in files.items()]
        except Refused as error:
            raise self._refused(error, False) from error
        return found

    def _refused(self, error: Refused, down: bool) -> PocketVexError:
        what = "taken back" if down else "run"
        if isinstance(error, NeedsPause):
            return ConsentNeeded(
                f"{error.file} is not {what} without a yes: nothing was sent",
                why=f"{error.why[:1].upper()}{error.why[1:]}.",
                todo="Say it when little is written. From PocketBase 0.39 on, there is no such pause.",
            )
        return CannotCarry(
            error.file,
            f"{error.file} cannot be {what} over HTTP: nothing was sent",
            why=f"{error.why[:1].upper()}{error.why[1:]}.",
            todo=WAYS_OUT,
        )


def _way(down: bool) -> str:
    return "down" if down else "up"
