"""The watch loop: load, write the types, bring the server along, keep the draft; again on every save."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Protocol, Self

from pocketvex.dev.watch import Watch
from pocketvex.errors import Locked, PocketVexError, SchemaError, ServerError
from pocketvex.load.loader import Loaded, LoadFailed, Pending, start_load
from pocketvex.load.spare import Spare
from pocketvex.run.draft import DraftState, keep_draft, outstanding, with_dropped_options
from pocketvex.run.session import Session
from pocketvex.run.sync import Choices, Outcome, sync
from pocketvex.run.types import FILE, types_of, write_types
from pocketvex.schema.model import Schema
from pocketvex.store.locks import project_lock

_RETRY = 1.0
"""Seconds between two looks at a server that does not answer, and at one that works for somebody else."""


class Report(Protocol):
    """What the loop tells; the terminal is not its business."""

    def printed(self, text: str) -> None: ...

    def failed(self, error: PocketVexError) -> None: ...

    def types(self, file: str) -> None: ...

    def passed(self, outcome: Outcome, draft: DraftState, unsealed: int, seconds: float) -> None: ...

    def watching(self, folder: str) -> None: ...

    def unreachable(self, error: ServerError) -> None: ...

    def back(self, title: str) -> None: ...

    def note(self, text: str) -> None: ...


class Loop:
    """Runs passes over one server until it is told to stop. A context manager; leaves nothing behind."""

    def __init__(self, session: Session, choices: Choices, *, view: Report) -> None:
        self.session = session
        self.choices = choices
        self.view = view
        self.config = session.config
        self.schema: Schema | None = None
        self.away = False
        self.spare: Spare | None = None
        self.watch = Watch([self.config.schema], [self.config.migrations])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.watch.close()
        if self.spare is not None:
            self.spare.close()

    def once(self) -> int:
        """One pass; 0 if everything is in sync or was applied, 5 if something waits."""
        start = time.monotonic()
        loaded = start_load(self.config.root, self.config.schema, timeout=self.config.load_timeout).result()
        self.view.printed(loaded.printed)
        outcome, waits = self.work(loaded.schema, start)
        return 5 if waits or outcome.waiting else 0

    def run(self) -> int:
        """Pass after pass, until Ctrl+C; what was saved last always wins."""
        self.spare = Spare()
        self.watch.start()
        self.view.watching(self.config.schema.name)
        try:
            while True:
                self.step()
                self.watch.wait(_RETRY if self.away else None)
        except KeyboardInterrupt:
            return 0

    def step(self) -> None:
        """Load what is on disk now, and work on it; a save in the meantime starts anew."""
        start = time.monotonic()
        if self.watch.take_sources() or self.schema is None:
            self.load()
        if self.schema is None:
            return
        try:
            self.work(self.schema, start)
        except ServerError as error:
            if type(error).__name__ in ("Unreachable", "ServerProcessError"):
                self.lost(error)
            else:
                self.view.failed(error)
        except Locked as error:
            self.view.failed(error)
            self.away = True
        except PocketVexError as error:
            self.view.failed(error)

    def load(self) -> None:
        """The newest schema; the last good one stays where it is broken."""
        while True:
            pending = start_load(
                self.config.root, self.config.schema, timeout=self.config.load_timeout, warm=self.spare
            )
            loaded = self.newest(pending)
            if loaded is not None:
                break
        if isinstance(loaded, SchemaError):
            if isinstance(loaded, LoadFailed):
                self.view.printed(loaded.printed)
                self.watch.also(loaded.files)
            self.view.failed(loaded)
            self.schema = None
            return
        self.view.printed(loaded.printed)
        self.watch.also(loaded.files)
        self.schema = loaded.schema

    def newest(self, pending: Pending) -> Loaded | SchemaError | None:
        """The result of a load, or None where a save has overtaken it."""
        while not pending.done():
            if self.watch.changed_within(0.005) and self.watch.take_sources():
                pending.cancel()
                return None
        try:
            return pending.result()
        except SchemaError as error:
            return error

    def work(self, schema: Schema, start: float) -> tuple[Outcome, bool]:
        """One pass over types, server and draft."""
        self.write_types(schema)
        with project_lock(self.config.root, wait=10, what="pocketvex dev"):
            if self.session.lease is not None:
                self.session.lease.check()
            outcome = sync(self.session, schema, self.choices)
            self.returned()
            wanted = with_dropped_options(schema, outcome.position)
            found = outstanding(
                wanted,
                outcome.position,
                live=outcome.live,
                session=self.session,
                renames=self.choices.renames,
            )
            draft = (
                keep_draft(self.session, found, outcome.position)
                if self.session.local
                else DraftState(exists=False, written=False)
            )
        for text in self.session.notes:
            self.view.note(text)
        self.session.notes.clear()
        self.watch.take_others()
        self.view.passed(outcome, draft, len(found.plan.changes), time.monotonic() - start)
        waits = bool(outcome.plan.changes or outcome.plan.questions or found.plan.questions)
        return outcome, waits

    def write_types(self, schema: Schema) -> None:
        if write_types(self.config, types_of(self.config, schema, lambda: self.session.binary)):
            self.view.types(f"{self.config.generated.name}/{FILE}")

    def lost(self, error: ServerError) -> None:
        if not self.away:
            self.view.unreachable(error)
        self.away = True
        if self.session.host.embedded:
            # The shared server was given up: a new session starts, or joins, another.
            try:
                fresh = Session(self.config, self.session.host, environ=self.session.environ)
            except ServerError:
                return
            self.session.close()
            self.session = fresh

    def returned(self) -> None:
        if self.away:
            self.away = False
            self.view.back(self.session.title)
