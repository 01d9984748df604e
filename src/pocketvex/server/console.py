"""What an embedded server says: its console output, and the errors that it writes into its log alone."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from pocketvex.server.state import State

_BANNER = re.compile(r"Server started at http|^[├└]─ ")
_PREFIX = re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_THROWN = re.compile(r" at (?:\S*\.[jt]s|<eval>):\d+")
"""What an exception of JavaScript looks like (the oldest versions name no file); other errors are answers, as
where a rule says no."""
_ERROR = 8


class Console:
    """Follows what the server says. What a handler throws PocketBase writes into a table only."""

    def __init__(self, root: Path, *, from_start: bool) -> None:
        state = State(root)
        self.file = state.log
        self._logs = state.data / "auxiliary.db"
        self._file = (0, 0) if from_start else self._stat()
        self._looked = self._file
        self._row = self._last_row()

    @property
    def has_more(self) -> bool:
        """Whether the console output is another than at the last `take`: a line may not be whole yet."""
        return self._stat() != self._looked

    def take(self) -> list[str]:
        """The new lines, without those that every start of a server says."""
        return [*self._printed(), *self._thrown()]

    def last(self, number: int) -> list[str]:
        """The last lines, new or not."""
        try:
            text = self.file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return []
        return _lines(text)[-number:]

    def _stat(self) -> tuple[int, int]:
        try:
            found = self.file.stat()
        except OSError:
            return 0, 0
        return found.st_ino, found.st_size

    def _printed(self) -> list[str]:
        inode, size = self._looked = self._stat()
        was, start = self._file
        if inode != was or size < start:
            start = 0  # another server, with a file of its own
        try:
            with self.file.open("rb") as file:
                file.seek(start)
                found = file.read()
        except OSError:
            return []
        whole = found[: found.rfind(b"\n") + 1]
        self._file = (inode, start + len(whole))
        return _lines(whole.decode("utf-8", "replace"))

    def _thrown(self) -> list[str]:
        rows = self._rows(
            "SELECT rowid, message, data FROM _logs WHERE rowid > ? AND level >= ? ORDER BY rowid",
            self._row,
            _ERROR,
        )
        lines = []
        for row, message, data in rows:
            self._row = max(self._row, row)
            error, kind = _error(data)
            if error and (kind != "request" or _THROWN.search(error)):
                lines.append(f"{message}: {error}")
        return lines

    def _last_row(self) -> int:
        return max((row or 0 for (row,) in self._rows("SELECT max(rowid) FROM _logs")), default=0)

    def _rows(self, query: str, *values: int) -> Sequence[Any]:
        # Without a -wal file no server has it open: then there is nothing new.
        if not self._logs.with_name("auxiliary.db-wal").exists():
            return []
        try:
            with closing(sqlite3.connect(f"{self._logs.as_uri()}?mode=ro", uri=True, timeout=1)) as database:
                return database.execute(query, values).fetchall()
        except sqlite3.Error:  # busy, or just being made: at the next look
            return []


def _lines(text: str) -> list[str]:
    plain = (_PREFIX.sub("", _COLOUR.sub("", line)).rstrip() for line in text.splitlines())
    return [line for line in plain if line and not _BANNER.search(line)]


def _error(data: str) -> tuple[str, str]:
    try:
        found = json.loads(data)
    except ValueError:
        return "", ""
    return (
        (str(found.get("error") or ""), str(found.get("type") or "")) if isinstance(found, dict) else ("", "")
    )
