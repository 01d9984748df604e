"""Single keys of a terminal, without Enter; where there is none, nobody can answer."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def listening(heard: Callable[[str], None]) -> Iterator[bool]:
    """Call `heard` with each key, from a thread, inside of the block; False without a terminal of ours.

    Ctrl+C stays a signal. The terminal is afterwards as it was.
    """
    if not _can_listen():
        yield False
        return
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    stop, stopped = os.pipe()
    thread = threading.Thread(
        target=_listen, args=(terminal, stop, heard), name="pocketvex-keys", daemon=True
    )
    try:
        tty.setcbreak(terminal, termios.TCSADRAIN)
        thread.start()
        yield True
    finally:
        os.close(stopped)
        if thread.ident is not None:
            thread.join(2)
        os.close(stop)
        if _is_ours(terminal):
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)


@contextmanager
def unechoed() -> Iterator[None]:
    """Show nothing that is typed, inside of the block; what was typed there reaches nobody afterwards."""
    if not _can_listen():
        yield
        return
    import termios

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    silent = [*before]
    silent[3] &= ~termios.ECHO
    try:
        termios.tcsetattr(terminal, termios.TCSADRAIN, silent)
        yield
    finally:
        if _is_ours(terminal):
            termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


def _can_listen() -> bool:
    try:
        return sys.platform != "win32" and sys.stdin.isatty() and _is_ours(sys.stdin.fileno())
    except (AttributeError, OSError, ValueError):  # no stdin at all, or a closed one
        return False


def _is_ours(terminal: int) -> bool:
    """Whether we are in the foreground: a background job that touches its terminal is stopped."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False


def _listen(terminal: int, stop: int, heard: Callable[[str], None]) -> None:
    while True:
        ready, _, _ = select.select([terminal, stop], [], [])
        if stop in ready or not _is_ours(terminal):
            return
        keys = os.read(terminal, 32).decode("utf-8", "replace")
        if not keys:
            return
        for key in keys:
            heard(key)
