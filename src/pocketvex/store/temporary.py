"""Folders for the length of a piece of work; those of commands that were killed go with the next one."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from pocketvex.store.lockfile import FileLock

_PREFIX = "pocketvex-"
_HELD = ".held"
"""The lock of whoever works in a folder. The system gives it back, however its holder ends."""
_SETTLED = 60
"""Seconds: a folder that is younger may belong to somebody who has not locked it yet."""


@contextmanager
def temporary(what: str) -> Iterator[Path]:
    """A new folder that is removed afterwards; `what` it is for stands in its name."""
    _remove_left(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{what}-") as name:
        folder = Path(name)
        with FileLock(folder / _HELD) as lock:
            lock.acquire(timeout=0)
            yield folder


@cache
def _remove_left(parent: Path) -> None:
    """Once for a process: what SIGKILL left here, copies of somebody's rows among it."""
    with suppress(OSError):
        for entry in os.scandir(parent):
            if entry.name.startswith(_PREFIX) and _is_left(entry):
                shutil.rmtree(entry.path, ignore_errors=True)


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


def _is_left(entry: os.DirEntry[str]) -> bool:
    try:
        found = entry.stat(follow_symlinks=False)
        if not entry.is_dir(follow_symlinks=False) or found.st_uid != _user():
            return False
        if time.time() - found.st_mtime < _SETTLED or not os.path.exists(os.path.join(entry.path, _HELD)):
            return False
        lock = FileLock(Path(entry.path, _HELD))
        free = lock.acquire(timeout=0)
        lock.release()
        return free
    except OSError:
        return False
