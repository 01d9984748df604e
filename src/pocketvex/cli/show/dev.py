"""The lines of `pocketvex dev`: append-only, each said once, with the time at which it was true."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pocketvex.cli.show.draft import draft_lines, proof_lines
from pocketvex.cli.show.mentions import mentions_in, tell_mentions
from pocketvex.cli.show.outcome import left_lines, tell_done, tell_missing, tell_unknown
from pocketvex.cli.terminal import output
from pocketvex.errors import PocketVexError, ServerError
from pocketvex.history.folder import DRAFT
from pocketvex.schema.words import counted

if TYPE_CHECKING:
    from pocketvex.findings import Finding
    from pocketvex.plan.make import Plan
    from pocketvex.run.draft import DraftState, Outstanding
    from pocketvex.run.sync import Outcome
    from pocketvex.store.config import Config


class DevView:
    """Says what is new: what waits is listed when it changes, and only counted after that."""

    def __init__(self, config: Config, url: str) -> None:
        self.config = config
        self.url = url
        self.draft = f"{config.migrations.name}/{DRAFT.as_posix()}"
        self._mentions: list[str] = []
        self._left: list[str] = []
        self._state = ""
        self._types = ""
        self._first = True
        self._keys = False
        self._now = ""
        """The state in a word or two, for the last line."""

    def printed(self, text: str) -> None:
        output.printed(text)

    def failed(self, problem: PocketVexError) -> None:
        output.error(problem)
        self._state, self._now = "", "an error, see above"

    def refused(self, problem: PocketVexError) -> None:
        # What a key asked for cannot be: the state is what it was.
        output.error(problem)

    def mended(self) -> None:
        self._line("the schema loads again")

    def types(self, file: str) -> None:
        self._line(f"wrote {file}")

    def watching(self, folder: str) -> None:
        output.note(output.styled(f"watching {folder}/ (Ctrl+C ends it)", "dim", err=True))

    def unreachable(self, problem: ServerError) -> None:
        output.error(problem)
        output.note("waiting for the server")
        self._state, self._now = "", "waiting for the server"

    def back(self, title: str) -> None:
        self.url = title.partition(" ")[0]
        self._line(f"back: {title}")

    def waiting(self, text: str) -> None:
        self._line(text)

    def keys(self, help: Mapping[str, str]) -> None:
        for key, words in help.items():
            output.note(f"  {output.styled(key, 'bold', err=True)}  {words}")

    def difference(self, plan: Plan) -> None:
        from pocketvex.render.report.text import plan_lines

        lines = plan_lines(plan, width=output.width())
        output.plan(lines or ["the history builds what the code declares"])

    def sealed(self, files: Sequence[str], proof: str) -> None:
        for file in files:
            self._line(f"sealed {file}")
        if not files:
            self._line("nothing to seal: the history builds what the code declares")
        elif proof:
            output.note(proof)

    def dashboard(self, url: str, login: tuple[str, str] | None) -> None:
        from pocketvex.cli.terminal.browser import open_page

        output.note(f"dashboard: {url}")
        if login is not None:
            output.note(f"  e-mail    {login[0]}")
            output.note(f"  password  {login[1]}")
        if open_page(url):
            output.note("  opened in the browser")

    def idle(self, *, keys: bool) -> None:
        self._keys = keys
        self._redraw()

    def server(self, lines: Sequence[str]) -> None:
        for line in lines:
            output.note(output.styled("server: ", "dim", err=True) + line)

    def findings(self, new: Sequence[Finding]) -> None:
        from pocketvex.render.report.findings import finding_line

        for finding in new:
            output.note(output.styled("lint: ", "yellow", err=True) + finding_line(finding))
        if new:
            output.note(f"→ pocketvex explain {new[0].code}")

    def note(self, text: str) -> None:
        output.note(f"note: {text}")

    def stopped(self) -> None:
        # The terminal does not show `^C` here: nothing that is typed is shown.
        output.last_line("")
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
        self._now = _brief(outcome, len(found.plan.changes))

    def _redraw(self) -> None:
        """The last line: what is so now. Above it stands what happened."""
        if not self._now:
            return
        parts = [self._now, self.url.partition("://")[2], "types"]
        if self.config.hooks.is_dir():
            parts.append("hooks")
        if self._keys:
            parts.append("? for keys")
        output.last_line(" · ".join(parts))
        output.look_at_width()

    def _line(self, text: str) -> None:
        output.data(f"{output.styled(time.strftime('%H:%M:%S'), 'dim')} {text}")


def _brief(outcome: Outcome, unsealed: int) -> str:
    """The same, as the last line has room for it."""
    return f"{_head(outcome)} · {unsealed} not in a migration" if unsealed else _head(outcome)


def _head(outcome: Outcome) -> str:
    waiting = len(outcome.plan.changes) + len(outcome.plan.questions) + len(outcome.waiting)
    return f"waiting: {waiting}" if waiting else "in sync"


def _state(outcome: Outcome, unsealed: int) -> str:
    parts = [_head(outcome)]
    if unsealed:
        parts.append(f"{counted(unsealed)} not in a migration yet")
    return " · ".join(parts)


def _coloured(state: str) -> str:
    head, dot, rest = state.partition(" · ")
    return output.styled(head, "green" if head == "in sync" else "yellow", "bold") + dot + rest
