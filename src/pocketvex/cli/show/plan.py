"""A plan, and the questions of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pocketvex.cli.show.formats import Shown, in_repository, migrations_in, write_json
from pocketvex.cli.terminal import output

if TYPE_CHECKING:
    from pocketvex.plan.changes import PendingFile, Plan
    from pocketvex.plan.mentions import Mention
    from pocketvex.schema.model import Schema
    from pocketvex.store.config import Config


@dataclass(frozen=True)
class PlanShown(Shown):
    """A plan, the migrations that are to run before it, and what the hooks may still mean of it."""

    plan: Plan
    desired: Schema
    config: Config
    pending: Sequence[PendingFile] = ()

    def text(self) -> None:
        from pocketvex.cli.show.lines import pending_shown, shown
        from pocketvex.cli.show.mentions import mention_lines
        from pocketvex.render.report.text import totals

        mentions = self._mentions()
        output.plan(pending_shown(self.pending))
        output.plan(shown(self.plan))
        for line in mention_lines(mentions):
            output.data(line)
        output.data(output.styled(totals(self.plan, self.pending), "bold"))

    def json(self) -> None:
        from pocketvex.render.report.json import plan_values

        write_json(plan_values(self.plan, self.desired, self._mentions(), self.pending))

    def markdown(self) -> None:
        from pocketvex.render.report.markdown import markdown

        page = markdown(self.plan, self.desired, self._mentions(), pending=self.pending)
        output.verbatim(page.rstrip("\n"))

    def github(self) -> None:
        from pocketvex.render.report.github import plan_annotations

        folder = in_repository(self.config.root)
        lines = plan_annotations(
            self.plan, self.desired, self._mentions(),
            folder=folder, pending=self.pending, migrations=migrations_in(self.config),
        )  # fmt: skip
        output.commands(lines)

    def _mentions(self) -> Sequence[Mention]:
        from pocketvex.run.mentions import mentions_of

        return mentions_of(self.config, self.plan)


@dataclass(frozen=True)
class QuestionsShown(Shown):
    """Only what of a plan waits for an answer."""

    plan: Plan
    desired: Schema
    config: Config

    def text(self) -> None:
        from pocketvex.render.report.text import question_lines

        for question in self.plan.questions:
            output.plan(question_lines(question, width=output.width()))
        if not self.plan.questions:
            output.data("nothing waits for an answer")

    def json(self) -> None:
        from pocketvex.render.report.json import questions_values

        write_json(questions_values(self.plan))

    def markdown(self) -> None:
        self._alone().markdown()

    def github(self) -> None:
        self._alone().github()

    def _alone(self) -> PlanShown:
        return PlanShown(replace(self.plan, changes=(), kept=()), self.desired, self.config)
