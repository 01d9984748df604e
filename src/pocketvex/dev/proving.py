"""Proofs beside the loop: a draft is proven while the next save may already be on its way."""

from __future__ import annotations

import threading

from pocketvex.history.position import Position
from pocketvex.run.draft import DraftState, Outstanding, prove_draft
from pocketvex.target.session import Session


class Proving:
    """At most one proof at a time; of several that were asked for meanwhile only the last is made."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._lock = threading.Lock()
        self._next: tuple[Outstanding, Position] | None = None
        self._result: DraftState | None = None
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def start(self, found: Outstanding, position: Position) -> None:
        """Prove this draft, in place of one that was asked for before."""
        with self._lock:
            self._next, self._result = (found, position), None
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pocketvex-prove")
                self._thread.start()

    def take(self) -> DraftState | None:
        """What came of the last one, once."""
        with self._lock:
            result, self._result = self._result, None
            error, self._error = self._error, None
        if error is not None:
            raise error
        return result

    def wait(self) -> DraftState | None:
        """The same, when it is there."""
        thread = self._thread
        if thread is not None:
            thread.join()
        return self.take()

    def close(self) -> None:
        """A proof that is under way ends (in well under a second): its folder must not stay behind."""
        with self._lock:
            self._next = None
        if (thread := self._thread) is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._lock:
                asked, self._next = self._next, None
                if asked is None:
                    self._thread = None
                    return
            result = error = None
            try:
                result = prove_draft(self.session, *asked)
            except BaseException as found:  # handed to whoever takes the result
                error = found
            with self._lock:
                if self._next is None:
                    self._result, self._error = result, error
