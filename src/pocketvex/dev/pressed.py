"""What the keys of `dev` do, beside those that answer a question. None of them is needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from pocketvex.store.project_turn import project_turn

if TYPE_CHECKING:
    from pocketvex.dev.news import News
    from pocketvex.dev.proving import Proving
    from pocketvex.dev.report import Report
    from pocketvex.run.draft import Outstanding
    from pocketvex.run.situation import Choices
    from pocketvex.schema.model import Schema
    from pocketvex.store.config import Config
    from pocketvex.target.session import Session


class Running(Protocol):
    """What the keys look at, and change, of a loop that runs."""

    config: Config
    session: Session
    choices: Choices
    view: Report
    schema: Schema | None
    broken: bool
    ended: bool
    proving: Proving
    news: News
    outstanding: Outstanding | None


HELP = {
    "m": "seal the draft as a migration, as `migrate generate` does",
    "d": "the difference: all that the code asks beyond the history",
    "o": "the dashboard: its address, and how to sign in",
    "l": "the last lines of the server",
    "q": "end",
    "?": "these keys",
}
_LINES = 20


class Pressed:
    """The keys of one loop, each worked on while nothing else is."""

    def __init__(self, loop: Running) -> None:
        self._loop = loop
        self._does: dict[str, Callable[[], None]] = {
            "m": self._migrate,
            "d": self._difference,
            "o": self._dashboard,
            "l": self._log,
            "q": self._end,
            "?": lambda: loop.view.keys(HELP),
        }

    def __contains__(self, key: str) -> bool:
        return key in self._does

    def obey(self, key: str) -> None:
        self._does[key]()

    def _end(self) -> None:
        self._loop.ended = True

    def _migrate(self) -> None:
        from pocketvex.run.generate import generate

        loop = self._loop
        if loop.schema is None or loop.broken:
            loop.view.note("the schema does not load: there is nothing to seal")
            return
        if (draft := loop.proving.wait()) is not None:
            loop.view.proven(draft)
        with project_turn(loop.config.root, "pocketvex dev", loop.view.waiting):
            sealed = generate(
                loop.session, loop.schema, name=None, now=int(time.time()), choices=loop.choices
            )
        names = [f"{loop.config.migrations.name}/{file.name}" for file in sealed.files]
        loop.view.sealed(names, str(sealed.proof or ""))

    def _difference(self) -> None:
        found = self._loop.outstanding
        if found is None:
            self._loop.view.note("no pass has ended yet: nothing is known of a difference")
        else:
            self._loop.view.difference(found.plan)

    def _dashboard(self) -> None:
        target = self._loop.session.target
        lease = target.lease
        self._loop.view.dashboard(f"{target.url}/_/", (lease.email, lease.password) if lease else None)

    def _log(self) -> None:
        loop = self._loop
        if loop.news.console is None:
            url = loop.session.target.url
            loop.view.note(f"the lines of {url} are on its own console, its log at {url}/_/#/logs")
        elif lines := loop.news.console.last(_LINES):
            loop.view.server(lines)
        else:
            loop.view.note("the server has said nothing")
