"""The lines of `pocketvex dev`: append-only, each said once, with the time at which it was true."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pocketvex.cli.show.draft import draft_lines, proof_lines
from pocketvex.cli.show.mentions import mentions_in, tell_mentions
from pocketvex.cli.show.outcome import left_lines, tell_done, tell_missing, tell_unknown
from pocketvex.cli.terminal import output
from pocketvex.errors import PocketVexError, ServerError
from pocketvex.history.folder import DRAFT
from pocketvex.schema.words import counted

if TYPE_CHECKING:
    from pocketvex.run.draft import DraftState, Outstanding
    from pocketvex.run.sync import Outcome
    from pocketvex.store.config import Config


class DevView:
    """Says what is new: what waits is listed when it changes, and only counted after that."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.draft = f"{config.migrations.name}/{DRAFT.as_posix()}"
        self._mentions: list[str] = []
        self._left: list[str] = []
        self._state = ""
        self._types = ""
        self._first = True

    def printed(self, text: str) -> None:
        output.printed(text)

    def failed(self, problem: PocketVexError) -> None:
        output.error(problem)
        self._state = ""

    def mended(self) -> None:
        self._line("the schema loads again")

    def types(self, file: str) -> None:
        self._line(f"wrote {file}")

    def watching(self, folder: str) -> None:
        output.note(output.styled(f"watching {folder}/ (Ctrl+C ends it)", "dim", err=True))

    def unreachable(self, problem: ServerError) -> None:
        output.error(problem)
        output.note("waiting for the server")
        self._state = ""

    def back(self, title: str) -> None:
        self._line(f"back: {title}")

    def waiting(self, text: str) -> None:
        self._line(text)

    def note(self, text: str) -> None:
        output.note(f"note: {text}")

    def stopped(self) -> None:
        # The terminal does not show `^C` here: nothing that is typed is shown.
        output.note("stopped")

    def proven(self, draft: DraftState) -> None:
        for number, line in enumerate(proof_lines(draft)):
            if number:
                output.data(line)
            else:
                self._line(line)

    def passed(
        self, outcome: Outcome, draft: DraftState, found: Outstanding, seconds: float, *, asked: bool
    ) -> None:
        """A pass that nobody asked for, and that changed nothing, is not worth a line."""
        tell_done(outcome)
        left = left_lines(outcome)
        of_draft = draft_lines(draft, self.draft, native=outcome.native)
        is_new = left != self._left
        if is_new:
            output.plan(left)
            tell_missing(outcome)
        if self._first:
            tell_unknown(outcome)
        mentions = mentions_in(self.config, found.plan)
        if mentions != self._mentions:
            tell_mentions(mentions)
        self._mentions = mentions
        for line in of_draft if not (draft.edited or draft.asks) or is_new else ():
            output.data(line)
        state = _state(outcome, len(found.plan.changes))
        if asked or is_new or outcome.ran or outcome.applied or state != self._state:
            self._line(f"{_coloured(state)} · {seconds * 1000:.0f} ms")
        self._left, self._state, self._first = left, state, False

    def _line(self, text: str) -> None:
        output.data(f"{output.styled(time.strftime('%H:%M:%S'), 'dim')} {text}")


def _state(outcome: Outcome, unsealed: int) -> str:
    waiting = len(outcome.plan.changes) + len(outcome.plan.questions) + len(outcome.waiting)
    parts = [f"waiting: {waiting}" if waiting else "in sync"]
    if unsealed:
        parts.append(f"{counted(unsealed)} not in a migration yet")
    return " · ".join(parts)


def _coloured(state: str) -> str:
    head, dot, rest = state.partition(" · ")
    return output.styled(head, "green" if head == "in sync" else "yellow", "bold") + dot + rest
