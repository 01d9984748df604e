"""Files that a server's automigrate writes for what we do to it: they are not part of the history.

Automigrate is on by default on a server that a person runs. An import makes it write nothing; a PATCH or
a DELETE does, into the project's own folder where that is the server's. The row in `_migrations` stays: a
row without its file means nothing to PocketBase.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pocketvex.store.files import LOCAL
from pocketvex.target.session import Session

_WRITTEN = re.compile(r"[0-9]+_(?:created|updated|deleted)_\w+\.js")


@contextmanager
def put_aside(session: Session, ids: Iterable[str]) -> Iterator[None]:
    """Move what appears during the block and is about these collections to `.pocketvex/automigrated/`."""
    if not session.target.local or session.target.lease is not None:
        yield
        return
    folder = session.config.migrations
    before = set(_names(folder))
    try:
        yield
    finally:
        ours = tuple(ids)
        for name in sorted(_names(folder) - before):
            text = (folder / name).read_text(encoding="utf-8", errors="replace")
            if any(f'"{id}"' in text for id in ours):
                _move(session, folder / name)


def _names(folder: Path) -> set[str]:
    if not folder.is_dir():
        return set()
    return {path.name for path in folder.iterdir() if _WRITTEN.fullmatch(path.name)}


def _move(session: Session, path: Path) -> None:
    aside = session.root / LOCAL / "automigrated" / path.name
    aside.parent.mkdir(exist_ok=True)
    os.replace(path, aside)
    session.reporter.note(
        f"automigrate of {session.target.url} wrote {path.name} for our own change: moved to "
        f"{LOCAL}/{aside.parent.name}/"
    )
