"""Plans in the format that was asked for: for a person, a program, a pull request, a workflow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pocketvex.cli.terminal import output
from pocketvex.schema.words import counted

if TYPE_CHECKING:
    from pocketvex.plan.changes import Pending, Plan
    from pocketvex.plan.mentions import Mention
    from pocketvex.run.migrate import Status
    from pocketvex.run.sync import Outcome
    from pocketvex.schema.model import Schema
    from pocketvex.store.config import Config


def tell_plan(
    plan: Plan, desired: Schema, config: Config, format: str = "text", pending: Sequence[Pending] = ()
) -> None:
    """A plan on stdout, the migrations that are to run first, and what the hooks may still mean of it."""
    from pocketvex.run.mentions import mentions_of

    mentions = mentions_of(config, plan)
    if format == "json":
        from pocketvex.render.report.json import plan_values

        _json(plan_values(plan, desired, mentions, pending))
    elif format == "markdown":
        from pocketvex.render.report.markdown import markdown

        output.verbatim(markdown(plan, desired, mentions, pending=pending).rstrip("\n"))
    elif format == "github":
        from pocketvex.render.report.github import plan_annotations

        folder = in_repository(config.root)
        output.commands(
            plan_annotations(
                plan,
                desired,
                mentions,
                folder=folder,
                pending=pending,
                migrations=_migrations(config, folder),
            )
        )
    else:
        _text(plan, mentions, pending)


def tell_outcome(outcome: Outcome, desired: Schema, config: Config, format: str = "text") -> None:
    """What was written to a server, and what is left."""
    from pocketvex.cli.show import outcome as report

    if format == "text":
        report.tell_outcome(outcome)
        return
    report.tell_warnings(outcome)
    report.tell_missing(outcome)
    report.tell_unknown(outcome)
    if format == "json":
        from pocketvex.render.report.json import outcome_values
        from pocketvex.run.mentions import mentions_of

        mentions = mentions_of(config, outcome.plan)
        _json(outcome_values(outcome.applied, outcome.ran, outcome.waiting, outcome.plan, desired, mentions))
        return
    tell_plan(outcome.plan, desired, config, format)
    done = [f"{change.path}: {change.judgement.reason}" for change in outcome.applied]
    for line in [*(f"ran {name}" for name in outcome.ran), *(f"applied {what}" for what in done)]:
        output.note(line)


def tell_questions(plan: Plan, desired: Schema, config: Config, format: str = "text") -> None:
    """Only what waits for an answer, on stdout."""
    from pocketvex.render.report.text import question_lines

    if format == "json":
        from pocketvex.render.report.json import questions_values

        _json(questions_values(plan))
        return
    if format != "text":
        tell_plan(replace(plan, changes=(), kept=()), desired, config, format)
        return
    for question in plan.questions:
        output.plan(question_lines(question, width=output.width()))
    if not plan.questions:
        output.data("nothing waits for an answer")


def tell_status(status: Status, desired: Schema, config: Config, format: str = "text") -> None:
    """The migrations on stdout, and what the code asks beyond them."""
    from pocketvex.run.mentions import mentions_of

    mentions = mentions_of(config, status.plan)
    rows = [(row.name, row.state) for row in status.rows]
    if format == "json":
        from pocketvex.render.report.json import status_values

        _json(status_values(rows, status.missing, status.plan, desired, mentions))
    elif format == "markdown":
        from pocketvex.render.report.markdown import status_markdown

        output.verbatim(status_markdown(rows, status.missing, status.plan, desired, mentions).rstrip("\n"))
    elif format == "github":
        from pocketvex.render.report.github import status_annotations

        place = _migrations(config, in_repository(config.root))
        output.commands(status_annotations(rows, status.missing, place))
        tell_plan(status.plan, desired, config, format)
    else:
        _status_text(rows, status, mentions)


def tell_mentions(lines: Iterable[str]) -> None:
    """Beside what a command does: what the hooks may still mean of what goes."""
    for line in lines:
        output.note(f"note: {line}" if line[:1].strip() else line)


def mentions_in(config: Config, plan: Plan) -> list[str]:
    """The places in the hooks that may mean what a plan takes away, in lines."""
    from pocketvex.run.mentions import mentions_of

    return mention_lines(mentions_of(config, plan))


def mention_lines(mentions: Iterable[Mention]) -> list[str]:
    """Some places of each name, and how many there are beside."""
    from pocketvex.cli.terminal.shorten import fitted
    from pocketvex.plan.mentions import some_of

    lines: list[str] = []
    for path, (found, left) in some_of(mentions).items():
        lines += map(str, found)
        if left:
            lines.append(f"… and {left} more that may mean {path}")
    return fitted(lines, output.width())


def _migrations(config: Config, folder: str) -> str:
    return f"{folder}/{config.migrations.name}" if folder else config.migrations.name


def _text(plan: Plan, mentions: Sequence[Mention], pending: Sequence[Pending]) -> None:
    from pocketvex.cli.show.outcome import pending_shown, shown
    from pocketvex.render.report.text import totals

    output.plan(pending_shown(pending))
    output.plan(shown(plan))
    for line in mention_lines(mentions):
        output.data(line)
    output.data(output.styled(totals(plan, pending), "bold"))


def _status_text(rows: Sequence[tuple[str, str]], status: Status, mentions: Sequence[Mention]) -> None:
    from pocketvex.cli.show.outcome import shown

    for name, state in rows:
        output.data(f"{state:8} {name}")
    for name in status.missing:
        output.data(f"{'missing':8} {name}")
    if status.missing:
        output.note("→ `pocketvex migrate verify` says what to do about a file that is gone")
    if not rows:
        output.data("no migrations yet")
    count = len(status.plan.changes) + len(status.plan.questions)
    if count:
        output.data(f"{counted(count)} not in a migration yet:")
        output.plan(shown(status.plan))
        for line in mention_lines(mentions):
            output.data(line)


def _json(values: object) -> None:
    from pocketvex.render.report.printable import as_json

    output.verbatim(as_json(values))


def in_repository(root: Path) -> str:
    """Where the project lies in its repository; "" where it is its top, or in none."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            return root.relative_to(folder).as_posix().removeprefix(".")
    return ""
