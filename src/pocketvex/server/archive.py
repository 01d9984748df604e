"""A backup in PocketBase's own form, made from the data directory beside a running server.

Its own API is not used where the directory is at hand: up to 0.39 it costs the server its locks (see
`hold`), right before another process writes there.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pocketvex.errors import ServerProcessError

FOLDER = "backups"
_DATABASES = ("data.db", "auxiliary.db")
_COPIES = ".pb_temp_to_delete"
"""Where PocketBase itself puts what it packs: in no backup, and emptied at each start."""


def archive(data_dir: Path, name: str) -> Path:
    """Write the databases and the uploaded files to `backups/NAME`, where PocketBase lists it.

    The databases are copied as they are at one moment; whoever writes meanwhile goes on.
    """
    target = data_dir / FOLDER / name
    part = target.with_name(f"{name}.part")
    try:
        target.parent.mkdir(exist_ok=True)
        (data_dir / _COPIES).mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=data_dir / _COPIES) as copies:
            try:
                with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
                    for database in _copied(data_dir, Path(copies)):
                        packed.write(database, database.name)
                    for file in _uploaded(data_dir / "storage"):
                        packed.write(file, file.relative_to(data_dir).as_posix())
                os.replace(part, target)
            finally:
                part.unlink(missing_ok=True)
    except (OSError, sqlite3.Error, zipfile.BadZipFile) as error:
        raise ServerProcessError(f"{target} could not be written", why=f"{error}.") from error
    return target


def _copied(data_dir: Path, to: Path) -> Iterator[Path]:
    for name in _DATABASES:
        source = data_dir / name
        if source.is_file():
            copy = to / name
            uri = f"{source.absolute().as_uri()}?mode=ro"
            with (
                closing(sqlite3.connect(uri, uri=True, timeout=30)) as live,
                closing(sqlite3.connect(copy)) as own,
            ):
                live.backup(own)
            yield copy
            copy.unlink()


def _uploaded(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path
