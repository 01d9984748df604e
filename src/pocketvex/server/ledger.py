"""The table `_migrations` of a data directory, read and written through SQLite, with or without a server.

It is the only thing that can be believed about what ran: up to 0.39, PocketBase exits with 0 after a failure.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pocketvex.errors import ServerProcessError

# A row of ours that a killed run left behind: never part of a history.
ONE_OFF = "pocketvex_oneoff_"


def applied(data_dir: Path, *, one_offs: bool = False) -> tuple[str, ...]:
    """The user's files that ran here, in the order in which they ran; empty without a database."""
    if not (data_dir / "data.db").is_file():
        return ()
    with reading(data_dir) as database:
        try:
            rows = database.execute(
                "SELECT file FROM _migrations WHERE file LIKE '%.js' OR file LIKE '%.ts'"
                " ORDER BY applied, file"
            ).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return ()
            raise
    return tuple(name for (name,) in rows if one_offs or not name.startswith(ONE_OFF))


def forget(data_dir: Path, names: Iterable[str]) -> None:
    """Take these files out of `_migrations`; what they did stays."""
    with writing(data_dir) as database:
        database.executemany("DELETE FROM _migrations WHERE file = ?", [(name,) for name in names])


def mark(data_dir: Path, names: Sequence[str], at: datetime) -> None:
    """Record these files as applied from `at` on, a microsecond apart, without running them."""
    start = int(at.timestamp()) * 1_000_000 + at.microsecond
    with writing(data_dir) as database:
        database.executemany(
            "INSERT OR IGNORE INTO _migrations (file, applied) VALUES (?, ?)",
            [(name, start + index) for index, name in enumerate(names)],
        )


@contextmanager
def reading(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection to `data.db`, also beside a running server."""
    # Without a -wal file nobody has the database open, and `immutable` keeps SQLite from leaving one behind.
    idle = not (data_dir / "data.db-wal").exists()
    uri = f"{(data_dir / 'data.db').absolute().as_uri()}?mode=ro{'&immutable=1' if idle else ''}"
    with _spoken(data_dir):
        database = sqlite3.connect(uri, uri=True, timeout=30)
        try:
            yield database
        finally:
            database.close()


@contextmanager
def writing(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """A connection to an existing `data.db`, committed at the end unless an error left the block."""
    uri = f"{(data_dir / 'data.db').absolute().as_uri()}?mode=rw"
    with _spoken(data_dir):
        database = sqlite3.connect(uri, uri=True, timeout=30)
        try:
            with database:
                yield database
        finally:
            database.close()


@contextmanager
def _spoken(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise ServerProcessError(
            f"the database in {data_dir} cannot be used",
            why=f"SQLite: {error}.",
            todo="Check that it is a PocketBase data directory, that it is writable, and the disk.",
        ) from error
