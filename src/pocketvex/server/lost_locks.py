"""Whether a running server still holds its database files.

Up to 0.39, PocketBase packs the open files themselves into a backup, and a POSIX system drops all locks of a
process on a file when the process closes it once. A second process that writes then believes to be alone: it
deletes the log from under the server, and what the server writes afterwards is lost. (Seen on 0.23.12,
0.28.4, 0.36.9 and 0.39.11; not on 0.40.6.)
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

_IN_USE = 128
"""The byte of the -shm file that SQLite locks as long as it has the database open."""


def has_lost_hold(data_dir: Path) -> bool:
    """Whether the database is in use by a process that has no lock on it any more."""
    if sys.platform == "win32":
        return False  # there, locks belong to what was opened
    log, shared = data_dir / "data.db-wal", data_dir / "data.db-shm"
    try:
        return log.exists() and not _is_locked(shared)
    except OSError:
        return False  # not ours to open: then nothing of ours writes there either


def _is_locked(file: Path) -> bool:
    import fcntl

    # struct flock, as the system lays it out.
    mac = sys.platform == "darwin"
    layout = "qqihh" if mac else "hhqqi"
    wanted = (
        (_IN_USE, 1, 0, fcntl.F_WRLCK, os.SEEK_SET) if mac else (fcntl.F_WRLCK, os.SEEK_SET, _IN_USE, 1, 0)
    )
    descriptor = os.open(file, os.O_RDWR)
    try:
        answer = fcntl.fcntl(descriptor, fcntl.F_GETLK, struct.pack(layout, *wanted))
    finally:
        os.close(descriptor)
    return bool(struct.unpack(layout, answer)[3 if mac else 0] != fcntl.F_UNLCK)
