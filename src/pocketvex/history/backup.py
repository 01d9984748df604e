"""A backup by PocketBase itself, before something is done that takes values away."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pocketvex.errors import BackupFailed, PocketVexError, ServerError, Unreachable
from pocketvex.history.folder import slug
from pocketvex.history.position import Position
from pocketvex.paths import ThingPath
from pocketvex.plan.make import make_plan
from pocketvex.schema.model import Schema
from pocketvex.steps.header import managed_by
from pocketvex.target.road import native_dir
from pocketvex.target.session import Session
from pocketvex.versions import NEWEST

LEFT_OUT = "without migrations, hooks, files in S3 storage and environment variables"
"""What PocketBase's backups do not contain (0.23 to 0.40)."""
_LOOKS, _PAUSE = 60, 2.0
"""How often, and after how many seconds, a backup is looked for whose answer was lost."""


def back_up(session: Session, what: str, *, sleep: Callable[[float], None] = time.sleep) -> str:
    """Make a backup that is named after what is to be done, see that it is there, and return its name.

    Raises BackupFailed where it is not: then nothing has been written, and nothing must be.
    """
    if session.progress is not None:
        session.progress("making a backup (--no-backup does without)")
    data_dir = None if session.data_dir is None else native_dir(session)
    try:
        name = _name(what, session.client.backups())
        size = _asked_for(session, name, sleep) if data_dir is None else _packed(session, data_dir, name)
    except ServerError as error:
        raise _failed(session, error) from error
    finally:
        if session.progress is not None:
            session.progress("")
    session.say(f"backup {name} made, {_readable(size)} ({LEFT_OUT})")
    return name


def takes_away(
    session: Session, position: Position, names: Sequence[str], live: Schema, *, down: bool = False
) -> bool:
    """Whether these files, run up or `down`, may remove or rewrite rows that the server has.

    Of a hand-written step nobody can tell: only on a server on which nothing was done yet, it takes nothing.
    """
    recorded = position.recorded
    tables = [c for c in live.collections if c.type != "view"]
    if not position.applied and not any(session.client.count(c.name) for c in tables if not c.system):
        return False
    losing: set[str] = set()
    for name in names:
        file = position.history.file(name)
        if file is None or not managed_by(file.text):
            return True
        at = recorded.names.index(name)
        before, after = (at + 1, at) if down else (at, at + 1)
        losing |= _losing(*(Schema.from_json(recorded.snapshots[number]) for number in (before, after)))
    touched = {c.name for c in position.here.schema.collections if c.id in losing}
    there = [c.name for c in tables if c.id in losing or c.name in touched]
    return any(session.client.count(name) for name in there)


def _losing(before: Schema, after: Schema) -> set[str]:
    """The ids of the collections in which one state is not simply more than the other."""
    plan = make_plan(after, before, version=NEWEST)
    changed = {change.operation.collection for change in plan.unsafe}
    changed |= {ThingPath.parse(question.id).collection for question in plan.questions}
    both = [*before.collections, *after.collections]
    return {collection.id for collection in both if collection.name in changed}


def named(file: str) -> str:
    """The name of a migration without its time stamp and its ending."""
    return file.partition("_")[2].rpartition(".")[0]


def _name(what: str, there: dict[str, int]) -> str:
    stem = f"pv_{datetime.now(UTC):%Y%m%dt%H%M%Sz}_{slug(what)}"
    name, number = f"{stem}.zip", 1
    while name in there:
        number += 1
        name = f"{stem}_{number}.zip"
    return name


def _packed(session: Session, data_dir: Path, name: str) -> int:
    """Make it beside the server, and the size that it has there."""
    from pocketvex.server.archive import archive

    path = archive(data_dir, name)
    size = path.stat().st_size
    if session.client.backups().get(name) != size:
        session.say(f"the server keeps its own backups elsewhere, and does not list this one: {path}")
    return size


def _asked_for(session: Session, name: str, sleep: Callable[[float], None]) -> int:
    """Have the server make it, and the size that it lists."""
    client = session.client
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


def _failed(session: Session, error: PocketVexError) -> BackupFailed:
    why = " ".join(filter(None, [error.what, error.why, *map(str, error.problems)]))
    if "another backup" in why:
        todo = "Wait until it has ended, then run the command again."
    else:
        todo = "Mend it (free disk space, S3 settings), or say --no-backup to go on without one."
    return BackupFailed(
        f"no backup of {session.client.url} could be made: nothing was written", why=why, todo=todo
    )


def _readable(size: int) -> str:
    value, units = float(size), ["bytes", "KB", "MB", "GB"]
    while value >= 1000 and len(units) > 1:
        value /= 1000
        del units[0]
    return f"{value:.{0 if value >= 10 or units[0] == 'bytes' else 1}f} {units[0]}"
