"""The watch loop: load, write the types, bring the server along, keep the draft; again on every save."""

from __future__ import annotations

import time
from dataclasses import replace
from types import TracebackType
from typing import Self

from pocketvex.dev.asking import Ask, asks, not_planned
from pocketvex.dev.keys import listening, unechoed
from pocketvex.dev.proving import Proving
from pocketvex.dev.report import Report
from pocketvex.dev.watch import Watch
from pocketvex.errors import (
    ConfigError,
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
from pocketvex.load.loader import Loaded, LoadFailed, Pending, start_load
from pocketvex.load.spare import Spare
from pocketvex.run.draft import DraftState, find_outstanding, keep_draft
from pocketvex.run.situation import Choices
from pocketvex.run.sync import sync
from pocketvex.run.types import files_of_code, foreign, left_alone, shown, write_files
from pocketvex.schema.model import Schema
from pocketvex.store.config import FILE, Config, load_config
from pocketvex.store.files import LOCAL
from pocketvex.store.project_turn import project_turn
from pocketvex.target.session import Session, connect

_RETRY = 1.0
"""Seconds between two looks at a server: one that does not answer, one that works for somebody else."""
_SAVING = 0.05
"""Seconds in which the rest of a save comes whose first half was read."""
_TRIES = 3
"""How often a pass is repeated by itself when the server moved while it was made."""


class LateSpare(Spare):
    """The next interpreter is started when the pass is over: beside it, it would slow the pass down."""

    def refill(self) -> None:
        pass

    def start(self) -> None:
        super().refill()


class Loop:
    """Runs passes over one server until it is told to stop. A context manager; leaves nothing behind."""

    def __init__(self, session: Session, choices: Choices, *, view: Report) -> None:
        self.session = session
        self.choices = choices
        self.given = choices
        self.view = view
        self.config = session.config
        self.schema: Schema | None = None
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
        self.taken = False
        """Whether this pass has taken what is not the schema."""
        states = self.config.root / LOCAL / "hosts"
        states.mkdir(exist_ok=True)
        self.settings: Config | str = self.config
        """The configuration that was found on disk last, or what was wrong with it."""
        file = self.config.file or self.config.root / FILE
        self.watch = Watch([self.config.schema], [self.config.migrations, states, file])

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
                while True:
                    self.step()
                    self.idle()
        except KeyboardInterrupt:
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
        if not self.taken:
            # It failed before: nothing is tried again until something changes.
            self.take_others()

    def take_others(self) -> None:
        """What is not the schema counts from here on; the configuration is looked at after it was taken."""
        self.taken = True
        self.watch.take_others()
        self.look_at_settings()

    def look_at_settings(self) -> None:
        """Say it where the configuration on disk is no longer the one of this run."""
        found, wrong = self.read_settings()
        # As for the schema, an editor may be in the middle of the save.
        if found != self.settings and self.watch.changed_within(_SAVING):
            found, wrong = self.read_settings()
        if found == self.settings:
            return
        self.settings = found
        if wrong is not None:
            self.view.failed(wrong)
        elif found != self.config:
            self.view.note("the configuration was changed: it counts when `pocketvex dev` is started again")

    def read_settings(self) -> tuple[Config | str, ConfigError | None]:
        """The configuration on disk, or in its place what is wrong with it."""
        try:
            return load_config(self.config.root), None
        except ConfigError as error:
            return str(error), error

    def idle(self) -> None:
        """Until something changes on disk, or the server that does not answer is looked at again."""
        if self.spare is not None:
            self.spare.start()
        if not self.asks:
            self.look()
            return
        with listening(self.heard) as hears:
            if hears:
                self.view.waiting(self.asks[0].text)
            self.look()

    def heard(self, key: str) -> None:
        """A key of the terminal, on a thread of its own."""
        said = self.asks[0].answers.get(key.lower()) if self.asks else None
        if said is not None and not self.answered:
            self.choices, self.answered = said, True
            self.watch.wake()

    def look(self) -> None:
        """Until there is something to do."""
        while not self.watch.wait(_RETRY):
            if self.answered:
                return
            if (draft := self.proving.take()) is not None:
                self.view.proven(draft)
            if self.away:
                return
            try:
                if self.session.target.lease is not None:
                    self.session.target.lease.check()
            except ServerError as error:
                self.lost(error)
                return

    def load(self) -> None:
        """The newest schema; the last good one stays where it is broken."""
        loaded: Loaded | SchemaError | None = None
        began = 0.0
        while loaded is None:
            began = time.time()
            with start_load(
                self.config.root, self.config.schema, timeout=self.config.load_timeout, warm=self.spare
            ) as pending:
                loaded = self.newest(pending)
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

    def newest(self, pending: Pending) -> Loaded | SchemaError | None:
        """The result of a load, or None where a save has overtaken it."""
        while not pending.done():
            if self.watch.changed_within(0.005) and self.watch.take_sources():
                return None
        try:
            return pending.result()
        except SchemaError as error:
            # An editor may be in the middle of the save: a file that is still empty, or half of one.
            if self.watch.changed_within(_SAVING) and self.watch.take_sources():
                return None
            return error

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

    def returned(self) -> None:
        if self.away:
            self.away = False
            self.view.back(self.session.target.title)
