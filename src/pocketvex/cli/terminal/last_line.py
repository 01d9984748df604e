"""The last line of a terminal: written over in place, taken away before anything else is written."""

from __future__ import annotations

import os
import sys
from threading import RLock


class LastLine:
    """Nothing without a terminal in whose foreground we are.

    The cursor rests at its beginning. However a terminal folds it when it becomes narrower, all of it lies
    behind the cursor, and goes at once.
    """

    def __init__(self) -> None:
        self.text = ""
        self._drawn: tuple[str, int] | None = None
        self._lock = RLock()

    @property
    def is_set(self) -> bool:
        return bool(self.text)

    def set(self, text: str) -> None:
        with self._lock:
            self.text = text
            self.draw()

    def draw(self) -> None:
        """Show it, where it is not shown, or for another width."""
        with self._lock:
            columns = _columns() if self.text else 0
            wanted = (self.text, columns) if columns else None
            if wanted == self._drawn:
                return
            self.clear()
            if wanted is not None:
                # One column stays free: in the last one some terminals go on to the next line.
                sys.stderr.write(cut(self.text, columns - 1) + "\r")
                sys.stderr.flush()
                self._drawn = wanted

    def clear(self) -> None:
        """Take it away until it is drawn again."""
        with self._lock:
            if self._drawn is not None and _columns():
                sys.stderr.write("\r\x1b[J")
                sys.stderr.flush()
            self._drawn = None


def cut(text: str, cells: int) -> str:
    """As much of the text as fits; characters of East Asia take two cells, marks on others none."""
    from unicodedata import combining, east_asian_width

    sizes = [0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text]
    if sum(sizes) <= cells:
        return text
    used = at = 0
    while used + sizes[at] < cells:
        used += sizes[at]
        at += 1
    return f"{text[:at]}…"


def _columns() -> int:
    """How wide the terminal is; 0 where there is none of ours."""
    if os.environ.get("TERM") == "dumb" or sys.stderr is None or not sys.stderr.isatty():
        return 0
    try:
        terminal = sys.stderr.fileno()
        if sys.platform != "win32" and os.tcgetpgrp(terminal) != os.getpgrp():
            return 0
        return os.get_terminal_size(terminal).columns or 80
    except (OSError, ValueError):
        return 0
