"""What comes from the server while nothing is saved: what it says, whether somebody changed it, new hooks."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from pocketvex.errors import PocketVexError
from pocketvex.server.console import Console
from pocketvex.store.files import LOCAL
from pocketvex.target.session import Session

EVERY = 2.0
"""Seconds between two looks at the collections in a data directory: it asks nothing of the server."""
EVERY_OVER_HTTP = 5.0
"""The same where the server is asked: it writes down every request."""

State = frozenset[tuple[str, str]]
"""The id of each collection, and when it was changed last."""


class News:
    """Of one session. Only a server that is local is asked: nobody wants requests all day at another."""

    def __init__(self, session: Session) -> None:
        target = session.target
        self._target = target
        self._config = session.config
        self._every = EVERY if target.data_dir else EVERY_OVER_HTTP
        self._next = 0.0
        self._known: tuple[State, ...] = ()
        folder = session.config.root / LOCAL / "embedded"
        started = target.lease is not None and target.lease.started
        self.console = Console(folder, from_start=started) if target.lease is not None else None
        self._serves_hooks = self._config.hooks.is_dir()

    @property
    def has_lines(self) -> bool:
        return self.console is not None and self.console.has_more

    def lines(self) -> list[str]:
        """What the embedded server has said since the last time."""
        return self.console.take() if self.console is not None else []

    def passed(self, collections: Iterable[Mapping[str, Any]]) -> None:
        """So the server was when a pass was done."""
        self._known = (_state((c["id"], c.get("updated")) for c in collections),)
        self._next = time.monotonic() + self._every

    def moved(self) -> bool:
        """Whether somebody has changed a collection since the last pass; where it is not time yet, no."""
        if not self._known or not self._target.local or time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + self._every
        with suppress(PocketVexError, sqlite3.Error):  # what is wrong with it a pass says
            now = self._now()
            # Each state is worked on once, also where the pass before it saw things in another way.
            if now not in self._known:
                self._known = (*self._known, now)
                return True
        return False

    def hooks_came(self) -> bool:
        """Whether there is a folder of hooks that the embedded server was started without, once."""
        if self._target.lease is None or self._serves_hooks or not self._config.hooks.is_dir():
            return False
        self._serves_hooks = True
        return True

    def _now(self) -> State:
        if (folder := self._target.data_dir) is None:
            return _state((c["id"], c.get("updated")) for c in self._target.fetch())
        from pocketvex.server.ledger import reading

        with reading(folder) as database:
            return _state(database.execute("SELECT id, updated FROM _collections"))


def _state(pairs: Iterable[tuple[Any, Any]]) -> State:
    return frozenset((str(id), str(updated)) for id, updated in pairs)
