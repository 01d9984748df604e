"""A command's turn to work on the project; who is waited for is said: silence looks like a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pocketvex.errors import Locked
from pocketvex.store.locks import holder_of, project_lock

_AT_ONCE, _PATIENCE = 0.5, 15.0
"""Seconds to wait for another command without a word, and after it."""


@contextmanager
def project_turn(root: Path, what: str, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the project's lock as `what`; raises Locked where another command keeps it."""
    with ExitStack() as stack:
        try:
            stack.enter_context(project_lock(root, wait=_AT_ONCE, what=what))
        except Locked:
            say(f"waiting for {holder_of(root) or 'another command on this project'}")
            stack.enter_context(project_lock(root, wait=_PATIENCE, what=what))
        yield
