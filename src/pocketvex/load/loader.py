"""The user's schema modules, run in an interpreter of their own, as a `Schema`."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from pocketvex.errors import PocketVexError, SchemaError
from pocketvex.load.interpreter import Interpreter
from pocketvex.load.paths import shown_path
from pocketvex.load.sources import Sources, find_sources

if TYPE_CHECKING:
    from pocketvex.load.spare import Spare
    from pocketvex.schema.model import Schema

_GRACE = 10.0
"""Seconds beyond the time limit in which the child itself can say where it is, even on a busy machine."""


class Loaded(NamedTuple):
    """A schema, and what else came of loading it."""

    schema: Schema
    printed: str
    """What the modules wrote to their standard output and standard error."""
    files: tuple[str, ...]
    """The user's files that were run or read, those outside of the schema's folder too; absolute paths."""
    seconds: float


class LoadFailed(SchemaError):
    """A schema that could not be loaded; it tells as well what was printed and which files were run."""

    printed: str = ""
    files: tuple[str, ...] = ()


class LoadCancelled(PocketVexError):
    """The result of a cancelled load was asked for: whoever cancels does not ask."""


class Pending:
    """A load that is under way. As a context manager it is cancelled at the end of the block."""

    def __init__(self, root: Path, schema_dir: Path, timeout: float, warm: Spare | None) -> None:
        self._root = os.path.realpath(root)
        self._folder = os.path.realpath(schema_dir)
        self._timeout = timeout
        self._warm = warm
        self._start = time.monotonic()
        self._interpreter: Interpreter | None = None
        self._cancelled = False
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._loaded: Loaded | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="pocketvex-load")
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()

    def done(self) -> bool:
        """Whether `result` answers at once."""
        return self._done.is_set()

    def result(self) -> Loaded:
        """Wait for the schema.

        Raises SchemaError where there is none, and LoadCancelled after `cancel`.
        """
        self._done.wait()
        if self._error is not None:
            raise self._error
        if self._loaded is None:
            raise LoadCancelled("this load was cancelled")
        return self._loaded

    def cancel(self) -> None:
        """Drop the load, if it is still under way, with every process that it started."""
        with self._lock:
            self._cancelled = True
            interpreter = self._interpreter
        if interpreter is not None and not self.done():
            interpreter.end()

    def _run(self) -> None:
        try:
            loaded = self._load()
        except BaseException as error:  # handed to whoever asks for the result
            self._error = None if self._cancelled else error
        else:
            self._loaded = None if self._cancelled else loaded
        self._done.set()
        # After the result, since neither ending a process nor starting one is what anybody waits for.
        if self._interpreter is not None:
            self._interpreter.end()
        if self._warm is not None:
            self._warm.refill()

    def _load(self) -> Loaded:
        printed, files = "", tuple[str, ...]()
        answer: dict[str, Any] = {}
        try:
            sources = find_sources(self._folder, self._shown)
            files = sources.files
            interpreter = self._ask(sources) if sources.modules else None
            # Here, not at the top: this needs pydantic, which is imported while the child works.
            from pocketvex.load.result import schema_of
            from pocketvex.load.wire import from_wire

            if interpreter is not None:
                heard = interpreter.hear(self._timeout + _GRACE)
                printed = heard.printed
                if heard.answer is None:
                    from pocketvex.load.no_answer import explain_silence

                    raise explain_silence(heard, self._timeout, self._shown)
                answer = from_wire(heard.answer, self._shown)
                files = tuple(dict.fromkeys([*files, *answer["files"]]))
            schema = schema_of(answer, sources, self._root)
        except SchemaError as error:
            raise _failed(error, printed, files) from error.__cause__
        return Loaded(schema, printed, files, time.monotonic() - self._start)

    def _ask(self, sources: Sources) -> Interpreter:
        interpreter = self._warm.take() if self._warm is not None else Interpreter()
        with self._lock:
            self._interpreter = interpreter
            cancelled = self._cancelled
        if cancelled:
            raise LoadCancelled("this load was cancelled")
        interpreter.ask(
            {
                "root": self._root,
                "schema_dir": self._folder,
                "modules": sources.modules,
                "timeout": self._timeout,
            }
        )
        return interpreter

    def _shown(self, path: str) -> str:
        return shown_path(path, self._root)


def start_load(root: Path, schema_dir: Path, *, timeout: float, warm: Spare | None = None) -> Pending:
    """Begin to load; the caller does something else meanwhile, then asks for the result.

    `timeout` is in seconds. A load that is neither asked for nor cancelled ends with its time limit.
    """
    return Pending(root, schema_dir, timeout, warm)


def load_schema(root: Path, schema_dir: Path, *, timeout: float, warm: Spare | None = None) -> Loaded:
    """Run the modules of `schema_dir` with `root` on the import path, and read its exported JSON.

    Raises SchemaError (LoadFailed) for whatever keeps them from being a schema: `timeout` seconds, too.
    """
    with start_load(root, schema_dir, timeout=timeout, warm=warm) as pending:
        return pending.result()


def _failed(error: SchemaError, printed: str, files: tuple[str, ...]) -> LoadFailed:
    failed = LoadFailed(
        error.what, why=error.why, where=error.where, todo=error.todo, problems=error.problems
    )
    failed.printed, failed.files = printed, files
    return failed
