"""What was written to a server, and what is left: `schema apply`, and each pass of `dev`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING

from pocketvex.cli.show.formats import Shown, write_json
from pocketvex.cli.show.lines import change_shown
from pocketvex.cli.show.plan import PlanShown
from pocketvex.cli.terminal import output
from pocketvex.cli.terminal.shorten import fitted
from pocketvex.plan.verdicts import Verdict
from pocketvex.render.report.text import plan_lines, totals
from pocketvex.schema.words import counted

if TYPE_CHECKING:
    from pocketvex.plan.changes import Change
    from pocketvex.run.sync import Outcome
    from pocketvex.schema.model import Schema
    from pocketvex.store.config import Config

MANY = 40
"""So many applied changes are listed; of more the rest is counted."""
_RESTART = "its restart with this folder of migrations runs it, or `migrate up --data-dir PATH`"
HELD = "held since its `down`, or since it failed: `migrate up` runs it"


@dataclass(frozen=True)
class OutcomeShown(Shown):
    """What was done on stdout, what waits after it, and the totals."""

    outcome: Outcome
    desired: Schema
    config: Config

    def text(self) -> None:
        tell_done(self.outcome)
        output.plan(left_lines(self.outcome))
        tell_missing(self.outcome)
        tell_unknown(self.outcome)
        if not self.outcome.waiting:
            output.data(output.styled(totals(self.outcome.plan), "bold"))

    def json(self) -> None:
        from pocketvex.render.report.json import outcome_values
        from pocketvex.run.mentions import mentions_of

        self._warn()
        done = self.outcome
        mentions = mentions_of(self.config, done.plan)
        write_json(outcome_values(done.applied, done.ran, done.waiting, done.plan, self.desired, mentions))

    def markdown(self) -> None:
        self._warn()
        self._left().markdown()
        self._note_done()

    def github(self) -> None:
        self._warn()
        self._left().github()
        self._note_done()

    def _left(self) -> PlanShown:
        return PlanShown(self.outcome.plan, self.desired, self.config)

    def _warn(self) -> None:
        tell_warnings(self.outcome)
        tell_missing(self.outcome)
        tell_unknown(self.outcome)

    def _note_done(self) -> None:
        """On stderr: a page of what is left has no place for it."""
        for name in self.outcome.ran:
            output.note(f"ran {name}")
        for change in self.outcome.applied:
            output.note(f"applied {change.path}: {change.judgement.reason}")


def tell_done(outcome: Outcome) -> None:
    """What was written to the server."""
    for name in outcome.ran:
        output.data(f"ran {name}")
    for change in outcome.applied[:MANY]:
        output.plan(change_shown(change))
    if len(outcome.applied) > MANY:
        output.data(f"… and {len(outcome.applied) - MANY} more")
    tell_warnings(outcome)
    if outcome.applied:
        output.data(f"applied {counted(len(outcome.applied))}")


def tell_warnings(outcome: Outcome) -> None:
    """What nobody may overlook of what was written."""
    for change in outcome.applied:
        if change.opens:
            output.note(output.styled(f"warning: {change.path} opens access", "red", "bold", err=True))
    for path in outcome.kept_aside:
        output.note(f"note: the values are kept in {path}")


def tell_unknown(outcome: Outcome) -> None:
    """What was agreed to and is not there to be done."""
    for text in outcome.unknown:
        output.note(f"note: --confirm {text}")


def tell_missing(outcome: Outcome) -> None:
    """What keeps this server from being whole."""
    for name in outcome.secrets:
        output.note(f"note: secret missing: {name} is not set, so its provider was left out")
    for name in outcome.waiting:
        way = "`pocketvex migrate up`, or its restart" if outcome.native else _RESTART
        output.note(f"waiting: {name} is not run on this server: {way}")


def left_lines(outcome: Outcome) -> list[str]:
    """What waits, with the way on where it is not the draft; and what is kept."""
    lines: list[str] = []
    agreeable = {id(change) for change in outcome.wants_consent}
    for change in outcome.plan.changes:
        lines += [*change_shown(change), *_way_on(change, agreeable=id(change) in agreeable)]
    lines += plan_lines(replace(outcome.plan, changes=()))
    lines += [f"= {name}: {HELD}" for name in outcome.position.held]
    return fitted(lines, output.width())


def _way_on(change: Change, *, agreeable: bool) -> Iterator[str]:
    if change.judgement.verdict is Verdict.IMPOSSIBLE:
        yield f"    → pocketvex explain {change.judgement.code}"
    elif change.judgement.code in ("PV121", "PV301") and change.leftover and not agreeable:
        yield "    → no --confirm does it over HTTP: say its --data-dir, or give the field a new name"
    elif change.leftover and change.judgement.verdict is Verdict.UNSAFE:
        agree = f"--confirm {quote(change.path)} agrees; lost values are kept aside"
        yield f"    → the history does not know it: {agree}"
    elif agreeable:
        yield f"    → --confirm {quote(change.path)} agrees to it"
