"""Commands that write to one project take turns."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pocketvex.errors import Locked
from pocketvex.store.files import LOCAL, local_dir, write_atomically
from pocketvex.store.lockfile import FileLock


class Holder(NamedTuple):
    """Who has the lock, by its own account; `since` in ISO 8601, UTC."""

    pid: int
    what: str
    since: str

    def __str__(self) -> str:
        who = f" (process {self.pid}, since {self.since})" if self.pid else ""
        return f"`{self.what}`{who}"


@contextmanager
def project_lock(root: Path, *, wait: float, what: str) -> Iterator[None]:
    """Hold the project's lock; waits up to `wait` seconds, then raises Locked with the holder's name.

    The operating system keeps the lock, so it ends with its holder, however that ends.
    """
    lock = FileLock(local_dir(root) / "lock")
    if not lock.acquire(timeout=max(wait, 0)):
        holder = holder_of(root)
        raise Locked(
            f"Another command works on this project: {holder}"
            if holder
            else "Another command works on this project",
            todo="Wait until it is done, or end it; then try again.",
        )
    try:
        _write(_side_file(root), what)
        yield
    finally:
        # Before the release: after it the file may be the next holder's.
        with suppress(OSError):
            _side_file(root).unlink()
        lock.release()


@contextmanager
def watching(root: Path, what: str) -> Iterator[Holder | None]:
    """Be known as who watches this project; yields who does already. Nobody waits, and nobody is kept out."""
    lock = FileLock(local_dir(root) / "dev.lock")
    side = root / LOCAL / "dev.json"
    if not lock.acquire(timeout=0):
        yield _read(side) or Holder(0, "pocketvex dev", "")
        return
    try:
        _write(side, what)
        yield None
    finally:
        with suppress(OSError):
            side.unlink()
        lock.release()


def holder_of(root: Path) -> Holder | None:
    """Who took the lock last, as far as is known; says nothing of whether it is still held."""
    return _read(_side_file(root))


def _write(side: Path, what: str) -> None:
    me = Holder(os.getpid(), what, datetime.now(UTC).isoformat(timespec="seconds"))
    write_atomically(side, json.dumps(me._asdict()) + "\n", mode=0o600)


def _read(side: Path) -> Holder | None:
    try:
        content = json.loads(side.read_bytes())
        return Holder(int(content["pid"]), str(content["what"]), str(content["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _side_file(root: Path) -> Path:
    return root / LOCAL / "lock.json"
