"""Beginning again with an empty embedded server; nothing is deleted."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from pocketvex.errors import Locked
from pocketvex.server.state import State
from pocketvex.store.config import EMBEDDED
from pocketvex.store.files import LOCAL
from pocketvex.store.lockfile import FileLock


def set_data_aside(root: Path) -> Path | None:
    """Move the embedded server's data, and what is remembered of it, away; where to, None without data.

    Raises Locked while a command uses the server.
    """
    home = root / LOCAL / "embedded"
    if not (home / "data").is_dir():
        return None
    # Its file may stay behind when it is killed; the lock never does.
    supervisor = FileLock(State(home).supervisor_lock)
    if not supervisor.acquire(0):
        raise Locked("the embedded server is in use", todo="End the other `pocketvex` first.")
    with supervisor:
        return _move(root, home)


def _move(root: Path, home: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    aside = home / "backups" / f"fresh-{stamp}"
    aside.parent.mkdir(parents=True, exist_ok=True)
    os.replace(home / "data", aside)
    (root / LOCAL / "hosts" / f"{EMBEDDED}.json").unlink(missing_ok=True)
    return aside
