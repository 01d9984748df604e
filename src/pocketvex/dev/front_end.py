"""The command that runs beside `dev`, as a front end does: it ends when `dev` ends."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_PATIENCE = 5.0
"""Seconds in which it may end by itself."""


class FrontEnd:
    """A context manager. `say` hears each line that the command prints, and how it ended, from a thread."""

    def __init__(
        self, command: str, folder: Path, more: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        self._say = say
        self._ending = False
        # A group of its own: what a shell starts ends with it, and Ctrl+C reaches us alone.
        self._process = subprocess.Popen(
            command,
            shell=True,
            cwd=folder,
            env={**os.environ, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="pocketvex-front-end", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending = True
        self._signal(end=True)
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._signal(end=False)
            self._process.wait()
        self._reader.join(_PATIENCE)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._say(line.rstrip())
        code = self._process.wait()
        if not self._ending:
            self._say(f"(ended with exit code {code}; `dev` goes on)")

    def _signal(self, *, end: bool) -> None:
        """Tell the command, and all that it has started, to end; or end it."""
        if os.name == "nt":
            self._process.terminate()
            return
        with suppress(ProcessLookupError):  # all of it has ended
            os.killpg(self._process.pid, signal.SIGTERM if end else signal.SIGKILL)
