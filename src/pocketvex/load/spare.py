"""A spare interpreter that has its imports behind it and waits for a load."""

from __future__ import annotations

import threading
from typing import Self

from pocketvex.load.interpreter import Interpreter


class Spare:
    """Keeps one interpreter ready; each serves one load. Ends with `close`, or with this process:
    an interpreter that waits ends when its standard input closes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._waiting: Interpreter | None = Interpreter(warm=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take(self) -> Interpreter:
        """The interpreter that waits, or, where it has died or was taken, a new one."""
        with self._lock:
            found, self._waiting = self._waiting, None
        if found is not None and not found.alive:
            found.end()
            found = None
        return found or Interpreter()

    def refill(self) -> None:
        """Start the next one. To be called once a load is done: beside it, it would slow it down."""
        with self._lock:
            if self._waiting is None and not self._closed:
                self._waiting = Interpreter(warm=True)

    def close(self) -> None:
        """End the one that waits; a load that is under way goes on."""
        with self._lock:
            self._closed = True
            found, self._waiting = self._waiting, None
        if found is not None:
            found.end()
