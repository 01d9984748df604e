"""A data directory without a server, changed only by short runs of `pocketbase migrate up` (15 ms each)."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from pocketvex.errors import ServerProcessError
from pocketvex.findings import Location
from pocketvex.server.binaries import Binary, require_supported
from pocketvex.server.ledger import ONE_OFF, applied, forget, mark
from pocketvex.server.surroundings import Surroundings, lay_out
from pocketvex.store.temporary import temporary

__all__ = [
    "NOWHERE",
    "ONE_OFF",
    "BatchRun",
    "Clock",
    "MigrationFailed",
    "Surroundings",
    "applied",
    "collections",
    "copy",
    "forget",
    "mark",
    "mark_step",
    "migrate_up",
    "run_once",
    "snapshot_step",
]

NOWHERE = Surroundings()

# 0.23: "Error: Failed to apply migration X.js: why"; later "failed to apply…", since 0.40 behind a date;
# a file that does not parse is a panic of every command: "failed to run migration X.js: SyntaxError: …".
_FAILURE = re.compile(r"failed to (?:apply|run) migration ", re.I)
# SQLite's words, and those of the system.
_FULL = re.compile(r"database or disk is full|no space left on device|disk quota exceeded", re.I)
_JS_PLACE = re.compile(r" at \S+?:(\d+):(\d+)\(\d+\)\s*$")
# Where the part of our files that refuses throws says nothing to anybody.
_IN_FAIL = re.compile(r" at fail \(\S+?:\d+:\d+\(\d+\)\)\s*$")
_PARSE_PLACE = re.compile(r"^(?:SyntaxError: )+\S+: Line (\d+):(\d+) ")


class BatchRun(NamedTuple):
    """What one run of `migrate up` did: the files in the order in which they ran, and its console output."""

    applied: tuple[str, ...]
    output: str


class MigrationFailed(ServerProcessError):
    """A file of a batch failed, so nothing of the batch is in the database.

    `output` is PocketBase's whole console output. Over HTTP, files may have run before it (`ran`).
    """

    def __init__(self, file: str, reason: str, output: str, ran: Sequence[str] = ()) -> None:
        place = _JS_PLACE.search(reason) or _PARSE_PLACE.search(reason)
        where = Location(file, int(place[1]), int(place[2])) if file and place else None
        reason = _PARSE_PLACE.sub("SyntaxError: ", _JS_PLACE.sub("", _IN_FAIL.sub("", reason))).strip()
        super().__init__(
            f"{file or 'a migration'} failed: {reason}",
            where=where,
            why="Nothing of the whole run was applied: PocketBase runs pending files in one transaction.",
        )
        self.file = file
        self.reason = reason
        self.output = output
        self.ran = tuple(ran)


def migrate_up(
    binary: Binary,
    data_dir: Path,
    files: Mapping[str, str],
    *,
    env: Mapping[str, str] | None = None,
    hooks_dir: Path | None = None,
    around: Surroundings = NOWHERE,
    running: Callable[[], str] | None = None,
) -> BatchRun:
    """Run exactly these files (name to text), all or none; the directory may be new, or in use by a server.

    A server up to 0.37 must be restarted afterwards. `env` is added to this process's environment and to
    what is `around`. Success means that `_migrations` holds the names; PocketBase's exit status is not
    trusted. A file that does not call `migrate` leaves no name there. `running` names the file that runs at
    the moment: then the limit is for each, else for all of them together.
    """
    require_supported(binary)
    _check_names(files, before := applied(data_dir))
    with temporary("scratch") as folder:
        places = lay_out(around, folder)
        for name, text in files.items():
            (places.migrations / name).write_text(text, encoding="utf-8", newline="")
        output = _run(
            binary,
            (
                *("migrate", "up", "--dir", str(data_dir.absolute())),
                *("--migrationsDir", str(places.migrations)),
                *("--hooksDir", str(hooks_dir or places.hooks), "--automigrate=false"),
            ),
            places.start,
            {**around.env, **(env or {})},
            Clock(around.limit, list(files), running),
        )
    ran = tuple(name for name in applied(data_dir, one_offs=True) if name in files and name not in before)
    # A batch is one transaction: where one file ran, those that did not call nothing, which is harmless.
    if len(ran) != len(files) and not ran and "No new migrations to apply" not in output:
        raise _failure(output, files, data_dir)
    return BatchRun(ran, output)


def run_once(binary: Binary, data_dir: Path, up: str, *, env: Mapping[str, str] | None = None) -> str:
    """Run the statements `up` (which see `app`) as a migration that leaves no trace in `_migrations`.

    Returns the console output. The `file` of a MigrationFailed is then a made-up name.
    """
    # PocketBase runs files in byte order: letters come behind its own migrations, which begin with digits.
    name = f"{ONE_OFF}{secrets.token_hex(8)}.js"
    output = migrate_up(binary, data_dir, {name: _migration(up)}, env=env).output
    forget(data_dir, [name])
    return output


def collections(binary: Binary, data_dir: Path) -> list[dict[str, Any]]:
    """Every collection, system ones included, as `GET /api/collections` shows it (so without secrets)."""
    with temporary("scratch") as folder:
        target = folder / "collections.json"
        run_once(binary, data_dir, _snapshot(target))
        found: list[dict[str, Any]] = json.loads(target.read_text(encoding="utf-8"))
    return found


def snapshot_step(path: Path) -> str:
    """The text of a migration that writes what `collections` returns to `path`, as it is when the file runs.

    Between real files (`1_a.js`, `1_a.js.snap.js`, `2_b.js`: byte order) it shows every state of one run.
    """
    return _migration(_snapshot(path))


def mark_step(path: Path) -> str:
    """The text of a migration that only leaves a file, by which is seen how far a run is."""
    return _migration(f'$os.writeFile({json.dumps(str(path))}, "{{}}", 0o600);')


def copy(data_dir: Path, to: Path, *, files: bool = True) -> None:
    """Copy the databases and the files of records (`files`), consistently even while a server uses them."""
    try:
        to.mkdir(parents=True, exist_ok=True)
        for name in ("data.db", "auxiliary.db"):
            source = data_dir / name
            if not source.is_file():
                continue
            if _has_log(source):
                _back_up(source, to / name)
            else:
                shutil.copyfile(source, to / name)
        if files and (data_dir / "storage").is_dir():
            shutil.copytree(data_dir / "storage", to / "storage", dirs_exist_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise ServerProcessError(
            f"{data_dir} could not be copied to {to}",
            why=f"{error}.",
            todo="Check the free space and the permissions there.",
        ) from error


def _migration(up: str) -> str:
    return f"migrate((app) => {{\n{up}\n}}, (app) => {{}});\n"


def _snapshot(path: Path) -> str:
    return f"$os.writeFile({json.dumps(str(path))}, JSON.stringify(app.findAllCollections()), 0o600);"


def _check_names(files: Mapping[str, str], before: tuple[str, ...]) -> None:
    for name in files:
        if Path(name).name != name or not name.endswith((".js", ".ts")):
            raise ValueError(f"not the name of a migration: {name!r}")
        if name in before:
            raise ValueError(f"{name} is recorded as applied already")


class Clock:
    """How long a run may go on: so many seconds for each file, or for all of them together."""

    def __init__(self, limit: float, names: Sequence[str], running: Callable[[], str] | None) -> None:
        self._running = running
        self.total = limit if running is not None else limit * max(1, len(names))
        self._since = time.monotonic()
        self.at = names[0] if len(names) == 1 else "`pocketbase migrate up`"

    def is_up(self) -> bool:
        if self._running is not None and (at := self._running()) != self.at:
            self.at, self._since = at, time.monotonic()
        return time.monotonic() - self._since > self.total


_LOOK = 0.5
"""Seconds between two looks at how far a run is."""


def _run(
    binary: Binary, arguments: tuple[str, ...], start: Path, env: Mapping[str, str], clock: Clock
) -> str:
    try:
        with subprocess.Popen(
            [str(binary.path.absolute()), *arguments],
            cwd=start,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            try:
                return _output(process, clock).decode(errors="replace")
            except BaseException:
                process.kill()
                raise
    except OSError as error:
        raise ServerProcessError(
            f"{binary.path} could not be run",
            why=f"{error.strerror or error}.",
            todo="Check the path of the PocketBase binary.",
        ) from error


def _output(process: subprocess.Popen[bytes], clock: Clock) -> bytes:
    while True:
        try:
            return process.communicate(timeout=min(_LOOK, clock.total))[0]
        except subprocess.TimeoutExpired as error:
            if clock.is_up():
                raise ServerProcessError(
                    f"{clock.at} did not end within {clock.total:g} seconds: nothing was applied",
                    why=_tail(error.output),
                    todo="If it is only slow here, allow it more: `migration_timeout` in the configuration. "
                    "Else look for a loop without an end, or for a process that holds the database.",
                ) from None


def _failure(output: str, files: Mapping[str, str], data_dir: Path) -> ServerProcessError:
    if full := _FULL.search(output):
        # Before all else: it is the fault of no file, whichever was running.
        return ServerProcessError(
            f"the disk is full: PocketBase could not work on {data_dir}",
            why=f"It says: {full[0]}.",
            todo=f"Make room there, and in {tempfile.gettempdir()}; then try again. Nothing was changed.",
        )
    # The last one: a migration may have printed anything before.
    for match in reversed(list(_FAILURE.finditer(output))):
        rest = output[match.end() :].split("\n\ngoroutine ")[0]
        file = next((name for name in files if rest.startswith(f"{name}: ")), None)
        if file is not None:
            return MigrationFailed(file, rest[len(file) + 2 :].strip().removeprefix("Error: "), output)
    if "database is locked" in output:
        return ServerProcessError(
            f"another process holds the database in {data_dir}: nothing was run",
            why=_tail(output),
            todo="End that process, or wait until it is done; then run the command again.",
        )
    return ServerProcessError(
        f"PocketBase could not work on {data_dir}",
        why=_tail(output),
        todo="Check that the directory is writable and the disk not full.",
    )


def _tail(output: str | bytes | None) -> str:
    text = output.decode(errors="replace") if isinstance(output, bytes) else output or ""
    head = text.split("\n\ngoroutine ")[0].strip().splitlines()
    return "\n".join(head[-10:]) or "It said nothing."


def _has_log(database: Path) -> bool:
    log = database.with_name(f"{database.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _back_up(source: Path, target: Path) -> None:
    uri = f"{source.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as live, closing(sqlite3.connect(target)) as duplicate:
        live.backup(duplicate)
