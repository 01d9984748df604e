"""Where a server stands in the history: `migrate status`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pocketvex.cli.show.formats import Shown, migrations_in, write_json
from pocketvex.cli.show.plan import PlanShown
from pocketvex.cli.terminal import output
from pocketvex.schema.words import counted
from pocketvex.target.roads import PROMISES

if TYPE_CHECKING:
    from pocketvex.plan.mentions import Mention
    from pocketvex.run.status import Status
    from pocketvex.schema.model import Schema
    from pocketvex.store.config import Config


@dataclass(frozen=True)
class StatusShown(Shown):
    """The migrations, and what the code asks beyond them."""

    status: Status
    desired: Schema
    config: Config

    def text(self) -> None:
        mentions = self._mentions()
        rows, missing = self._rows(), self.status.missing
        for name, state in rows:
            output.data(f"{state:8} {name}")
        for name in missing:
            output.data(f"{'missing':8} {name}")
        if missing:
            output.note("→ `pocketvex migrate verify` says what to do about a file that is gone")
        if not rows:
            output.data("no migrations yet")
        if self.status.road in ("hooks", "sql", "rest"):
            output.note(f"road: {self.status.road} ({PROMISES[self.status.road]})")
        self._beyond(mentions)

    def _beyond(self, mentions: Sequence[Mention]) -> None:
        from pocketvex.cli.show.lines import shown
        from pocketvex.cli.show.mentions import mention_lines

        plan = self.status.plan
        count = len(plan.changes) + len(plan.questions)
        if not count:
            return
        output.data(f"{counted(count)} not in a migration yet:")
        output.plan(shown(plan))
        for line in mention_lines(mentions):
            output.data(line)

    def json(self) -> None:
        from pocketvex.render.report.json import status_values

        status = self.status
        write_json(
            status_values(
                self._rows(), status.missing, status.plan, self.desired, self._mentions(), status.road
            )
        )

    def markdown(self) -> None:
        from pocketvex.render.report.markdown import status_markdown

        status = self.status
        page = status_markdown(self._rows(), status.missing, status.plan, self.desired, self._mentions())
        output.verbatim(page.rstrip("\n"))

    def github(self) -> None:
        from pocketvex.render.report.github import status_annotations

        place = migrations_in(self.config)
        output.commands(status_annotations(self._rows(), self.status.missing, place))
        PlanShown(self.status.plan, self.desired, self.config).github()

    def _rows(self) -> list[tuple[str, str]]:
        return [(row.name, row.state) for row in self.status.rows]

    def _mentions(self) -> Sequence[Mention]:
        from pocketvex.run.mentions import mentions_of

        return mentions_of(self.config, self.status.plan)
