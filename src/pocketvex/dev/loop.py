"""The watch loop: load, write the types, bring the server along, keep the draft; again on every save."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from types import TracebackType
from typing import Self

from pocketvex.dev.asking import Ask, asks, not_planned
from pocketvex.dev.keys import listening, unechoed
from pocketvex.dev.loading import LateSpare, load_newest
from pocketvex.dev.news import News
from pocketvex.dev.pressed import Pressed
from pocketvex.dev.proving import Proving
from pocketvex.dev.report import Report
from pocketvex.dev.settings import Settings
from pocketvex.dev.watch import Watch
from pocketvex.errors import (
    ConsentNeeded,
    Locked,
    NotAsIntended,
    PocketVexError,
    SchemaError,
    ServerError,
    ServerProcessError,
    Unreachable,
)
from pocketvex.history.folder import DRAFT
from pocketvex.load.loader import Loaded, LoadFailed, start_load
from pocketvex.run.draft import DraftState, Outstanding, find_outstanding, keep_draft
from pocketvex.run.situation import Choices
from pocketvex.run.sync import sync
from pocketvex.run.types import files_of_code, foreign, left_alone, shown, write_files
from pocketvex.schema.model import Schema
from pocketvex.store.config import FILE
from pocketvex.store.files import LOCAL
from pocketvex.store.project_turn import project_turn
from pocketvex.target.session import Session, connect

_RETRY = 1.0
"""Seconds between two looks at a server: one that does not answer, one that works for somebody else."""
_TRIES = 3
"""How often a pass is repeated by itself when the server moved while it was made."""


class Loop:
    """Runs passes over one server until it is told to stop. A context manager; leaves nothing behind."""

    def __init__(self, session: Session, choices: Choices, *, view: Report) -> None:
        self.session = session
        self.choices = choices
        self.given = choices
        self.view = view
        self.config = session.config
        self.schema: Schema | None = None
        self.loaded: Loaded | None = None
        self.broken = False
        """Whether the files on disk are no schema; the server keeps what the last good one made of it."""
        self.away = False
        """Whether the server did not answer the last time."""
        self.trouble = ""
        """What went wrong in the last pass, so that the same is not said again each second."""
        self.tries = 0
        self.theirs: list[str] = []
        """Files of somebody else in the place of generated ones, so that it is said once."""
        self.spare: LateSpare | None = None
        self.proving = Proving(session)
        self.asks: list[Ask] = []
        self.answered = False
        self.pressed = Pressed(self)
        self.keys: deque[str] = deque()
        self.hears = False
        self.ended = False
        self.outstanding: Outstanding | None = None
        self.taken = False
        """Whether this pass has taken what is not the schema."""
        states = self.config.root / LOCAL / "hosts"
        states.mkdir(exist_ok=True)
        file = self.config.file or self.config.root / FILE
        self.news = News(session)
        self.watch = Watch(
            [self.config.schema],
            [self.config.migrations, states, file],
            beside=[self.config.root / LOCAL / "embedded"] if self.news.console else [],
            calls=lambda: self.news.has_lines,
        )
        self.settings = Settings(self.config, self.watch, view)
        self.found: frozenset[tuple[str, str, str]] = frozenset()
        """What a lint found in the schema of the last pass."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.watch.close()
        self.proving.close()
        if self.spare is not None:
            self.spare.close()

    def once(self) -> int:
        """One pass; 0 if everything is in sync or was applied, 5 if something waits."""
        start = time.monotonic()
        with start_load(self.config.root, self.config.schema, timeout=self.config.load_timeout) as pending:
            loaded = pending.result()
        self.view.printed(loaded.printed)
        waits = self.work(loaded.schema, start, asked=True)
        if (draft := self.proving.wait()) is not None:
            self.view.proven(draft)
        return ConsentNeeded.exit_code if waits else 0

    def run(self) -> int:
        """Pass after pass, until Ctrl+C; what was saved last always wins."""
        self.spare = LateSpare()
        self.view.watching(self.config.schema.name)
        self.watch.start()
        try:
            with unechoed():
                while not self.ended:
                    self.step()
                    self.idle()
        except KeyboardInterrupt:
            pass
        self.view.stopped()
        return 0

    def step(self) -> None:
        """Load what is on disk now, and work on it; a save in the meantime starts anew."""
        start = time.monotonic()
        answered, self.answered = self.answered, False
        asked = self.watch.take_sources()
        if asked:
            self.tries = 0
            self.load()
        if self.schema is None or self.broken:
            # What other folders hold is looked at when there is a schema again.
            self.take_others()
            return
        self.taken = False
        try:
            self.work(self.schema, start, asked=asked or answered)
        except (Unreachable, ServerProcessError) as error:
            self.lost(error)
        except Locked as error:
            self.tell(error)
            self.away = True
        except NotAsIntended as error:
            # Somebody may have worked on the server at the same moment: so it is planned anew.
            self.tries += 1
            self.away = self.tries < _TRIES
            if not self.away:
                self.tell(error)
        except PocketVexError as error:
            self.tell(error)
        if asked:
            self.lint()
        if not self.taken:
            # It failed before: nothing is tried again until something changes.
            self.take_others()

    def take_others(self) -> None:
        """What is not the schema counts from here on; the configuration is looked at after it was taken."""
        self.taken = True
        self.watch.take_others()
        self.settings.look()

    def idle(self) -> None:
        """Until something changes on disk, or the server that does not answer is looked at again."""
        if self.spare is not None:
            self.spare.start()
        with listening(self.heard) as hears:
            if hears and self.asks:
                self.view.waiting(self.asks[0].text)
            self.hears = hears
            self.look()

    def heard(self, key: str) -> None:
        """A key of the terminal, on a thread of its own: what answers a question goes before all else."""
        key = key.lower()
        choices = self.asks[0].answers.get(key) if self.asks else None
        if choices is not None and not self.answered:
            self.choices, self.answered = choices, True
        elif key in self.pressed:
            self.keys.append(key)
        else:
            return
        self.watch.wake()

    def obey(self) -> bool:
        """Do what was pressed; whether it was the end."""
        while self.keys and not self.ended:
            try:
                self.pressed.obey(self.keys.popleft())
            except (Unreachable, ServerProcessError) as error:
                self.lost(error)
            except PocketVexError as error:
                self.view.refused(error)
        return self.ended

    def look(self) -> None:
        """Until there is something to do."""
        self.view.idle(keys=self.hears)
        while not self.watch.wait(_RETRY):
            if self.answered or self.obey():
                return
            if (draft := self.proving.take()) is not None:
                self.view.proven(draft)
            self.view.server(self.news.lines())
            if self.away:
                return
            try:
                if self.session.target.lease is not None:
                    self.session.target.lease.check()
                if self.news.hooks_came():
                    self.serve_hooks()
            except ServerError as error:
                self.lost(error)
                return
            if self.news.moved():
                return
            self.view.idle(keys=self.hears)

    def serve_hooks(self) -> None:
        """PocketBase watches the folder that was there at its start: one that came later needs another."""
        name = self.config.hooks.name
        with project_turn(self.config.root, "pocketvex dev", self.view.waiting):
            if self.session.target.lease is not None:
                self.session.target.lease.restart()
        self.view.note(f"{name}/ is there now: the server was started again with it")

    def lint(self) -> None:
        """After a pass, which waits for nothing of it: say what is new among the findings."""
        if self.loaded is None:
            return
        from pocketvex.run.findings import findings_of

        found = findings_of(self.config, self.loaded)
        # By what they say: one whose lines moved is no new one.
        said = [(finding.code, finding.path, finding.message) for finding in found]
        self.view.findings([f for f, what in zip(found, said, strict=True) if what not in self.found])
        self.found = frozenset(said)

    def load(self) -> None:
        """The newest schema; the last good one stays where it is broken."""
        loaded, began = load_newest(self.config, self.watch, self.spare)
        if isinstance(loaded, SchemaError):
            if isinstance(loaded, LoadFailed):
                self.view.printed(loaded.printed)
                self.watch.also(loaded.files, since=began, only=False)
            self.broken = True
            self.tell(loaded)
            return
        self.view.printed(loaded.printed)
        self.watch.also(loaded.files, since=began)
        if self.broken:
            self.broken = False
            self.trouble = ""
            self.view.mended()
        self.schema = loaded.schema
        self.loaded = loaded

    def work(self, schema: Schema, start: float, *, asked: bool) -> bool:
        """One pass over types, server and draft; whether something waits."""
        self.write_types(schema)
        with project_turn(self.config.root, "pocketvex dev", self.view.waiting):
            self.take_others()
            if self.session.target.lease is not None:
                self.session.target.lease.check()
            outcome = sync(self.session, schema, self.choices)
            self.returned()
            found = find_outstanding(replace(outcome.situation, choices=self.choices))
            draft = DraftState(exists=False, written=False)
            if self.session.target.local:
                draft = keep_draft(self.session, found, outcome.position, proven=False)
            # Nobody else writes these while the lock is held; what came otherwise is for the next pass.
            self.watch.wrote(self.config.migrations / DRAFT, self.session.memory.file)
        for text in self.session.reporter.taken():
            self.view.note(text)
        self.trouble, self.tries = "", 0
        # An answer about a name stays true; consent is for once: the first pass that plans what it names.
        self.given = replace(self.given, confirmed=not_planned(self.given.confirmed, outcome))
        self.choices = replace(self.choices, confirmed=self.given.confirmed)
        self.asks = list(asks(outcome.plan, self.choices))
        self.news.passed(outcome.live)
        self.outstanding = found
        self.view.passed(outcome, draft, found, time.monotonic() - start, asked=asked)
        if draft.unproven:
            # After the report: a proof takes longer than all the rest, and nobody waits for it.
            self.proving.start(found, outcome.position)
        return bool(outcome.plan or outcome.waiting or found.plan.questions)

    def write_types(self, schema: Schema) -> None:
        folder = self.config.generated
        files = files_of_code(self.config, schema, lambda: self.session.binary)
        theirs = foreign(folder, files)
        for name in write_files(folder, {name: files[name] for name in files if name not in theirs}):
            self.view.types(shown(folder / name, self.config.root))
        # The database need not wait for it, and once is enough.
        for name in theirs:
            if name not in self.theirs:
                self.view.note(left_alone(folder, name))
        self.theirs = theirs

    def tell(self, error: PocketVexError) -> None:
        """Say it, unless it is what was said last."""
        text = str(error)
        if text != self.trouble:
            self.view.failed(error)
        self.trouble = text

    def lost(self, error: ServerError) -> None:
        if not self.away:
            self.view.unreachable(error)
        self.away = True
        if self.session.target.host.embedded:
            # The shared server was given up: a new session starts, or joins, another.
            try:
                fresh = connect(
                    self.config,
                    self.session.target.host,
                    environ=self.session.target.environ,
                    reporter=self.session.reporter,
                )
            except ServerError:
                return
            self.session.close()
            self.session = fresh
            self.proving.session = fresh
            self.news = News(fresh)

    def returned(self) -> None:
        if self.away:
            self.away = False
            self.view.back(self.session.target.title)
