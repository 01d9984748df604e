"""A backup by PocketBase itself, before something is done that takes values away."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pocketvex.api.client import Client
from pocketvex.errors import BackupFailed, PocketVexError, ServerError, Unreachable
from pocketvex.store.files import slug
from pocketvex.target.reporter import Reporter
from pocketvex.target.road import native_dir
from pocketvex.target.target import Target

LEFT_OUT = "without migrations, hooks, files in S3 storage and environment variables"
"""What PocketBase's backups do not contain (0.23 to 0.40)."""
_LOOKS, _PAUSE = 60, 2.0
"""How often, and after how many seconds, a backup is looked for whose answer was lost."""


def back_up(
    target: Target, reporter: Reporter, what: str, *, sleep: Callable[[float], None] = time.sleep
) -> str:
    """Make a backup that is named after what is to be done, see that it is there, and return its name.

    Raises BackupFailed where it is not: then nothing has been written, and nothing must be.
    """
    reporter.progress("making a backup (--no-backup does without)")
    data_dir = None if target.data_dir is None else native_dir(target)
    try:
        name = _name(what, target.client.backups())
        if data_dir is None:
            size = _asked_for(target.client, name, sleep)
        else:
            size = _packed(target, reporter, data_dir, name)
    except ServerError as error:
        raise _failed(target, error) from error
    finally:
        reporter.progress("")
    reporter.say(f"backup {name} made, {_readable(size)} ({LEFT_OUT})")
    return name


def _name(what: str, there: dict[str, int]) -> str:
    stem = f"pv_{datetime.now(UTC):%Y%m%dt%H%M%Sz}_{slug(what)}"
    name, number = f"{stem}.zip", 1
    while name in there:
        number += 1
        name = f"{stem}_{number}.zip"
    return name


def _packed(target: Target, reporter: Reporter, data_dir: Path, name: str) -> int:
    """Make it beside the server, and the size that it has there."""
    from pocketvex.server.archive import archive

    path = archive(data_dir, name)
    size = path.stat().st_size
    if target.client.backups().get(name) != size:
        reporter.say(f"the server keeps its own backups elsewhere, and does not list this one: {path}")
    return size


def _asked_for(client: Client, name: str, sleep: Callable[[float], None]) -> int:
    """Have the server make it, and the size that it lists."""
    try:
        client.create_backup(name)
    except Unreachable:
        # A proxy gives up sooner than PocketBase, which goes on: it lists what is complete.
        for _ in range(_LOOKS):
            if size := client.backups().get(name):
                return size
            sleep(_PAUSE)
        raise
    size = client.backups().get(name, 0)
    if not size:
        raise ServerError(f"{client.url} says that it made {name}, and lists it nowhere")
    return size


def _failed(target: Target, error: PocketVexError) -> BackupFailed:
    why = " ".join(filter(None, [error.what, error.why, *map(str, error.problems)]))
    if "another backup" in why:
        todo = "Wait until it has ended, then run the command again."
    else:
        todo = "Mend it (free disk space, S3 settings), or say --no-backup to go on without one."
    return BackupFailed(f"no backup of {target.url} could be made: nothing was written", why=why, todo=todo)


def _readable(size: int) -> str:
    value, units = float(size), ["bytes", "KB", "MB", "GB"]
    while value >= 1000 and len(units) > 1:
        value /= 1000
        del units[0]
    return f"{value:.{0 if value >= 10 or units[0] == 'bytes' else 1}f} {units[0]}"
