"""What `migrate up` would run: `migrate plan`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pocketvex.cli.show.formats import Shown, write_json
from pocketvex.cli.terminal import output
from pocketvex.schema.words import counted

if TYPE_CHECKING:
    from pocketvex.plan.saved import UpPlan
    from pocketvex.schema.model import Schema


@dataclass(frozen=True)
class UpPlanShown(Shown):
    """The files, the road and its promise, and what would stop it."""

    plan: UpPlan
    desired: Schema

    def text(self) -> None:
        from pocketvex.cli.show.lines import pending_shown

        saved = self.plan.saved
        output.plan(pending_shown(self.plan.pending))
        for stop in self.plan.stops:
            output.data(f"stops: {stop.what}")
            for line in stop.why.splitlines():
                output.data(f"    {line}")
            if stop.todo:
                output.data(f"  → {stop.todo}")
        if saved.road:
            output.data(f"road {saved.road}: {self.plan.promise}")
        for name in saved.later:
            output.data(f"left for later: {name}")
        run = f"{counted(len(saved.files), 'file')} to run"
        nothing = "nothing to run: the server has run the whole history"
        output.data(output.styled(run if saved.files else nothing, "bold"))

    def json(self) -> None:
        from pocketvex.render.report.json import up_plan_values

        write_json(up_plan_values(self.plan, self.desired))

    def markdown(self) -> None:
        from pocketvex.render.report.markdown import up_plan_markdown

        output.verbatim(up_plan_markdown(self.plan, self.desired).rstrip("\n"))


def kept_text(plan: UpPlan, desired: Schema) -> str:
    """The plan as it is kept in a file."""
    from pocketvex.render.report.json import up_plan_values
    from pocketvex.render.report.printable import as_json

    return as_json(up_plan_values(plan, desired, examples=False)) + "\n"
