"""`pocketvex schema apply`: what is safe, and what somebody agrees to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from pocketvex.cli.commands.options import (
    AnswerOption,
    AnswersOption,
    BinaryOption,
    ConfirmOption,
    DataDirOption,
    FormatOption,
    HostOption,
    NoBackupOption,
    RenameOption,
)
from pocketvex.cli.context import checked_answers, choices, load, project, writing
from pocketvex.cli.show.formats import checked_format, show
from pocketvex.cli.terminal import output
from pocketvex.cli.terminal.ask import answered, at_terminal
from pocketvex.errors import ConsentNeeded

if TYPE_CHECKING:
    from pocketvex.plan.changes import Change
    from pocketvex.run.situation import Choices
    from pocketvex.run.sync import Outcome


def apply(
    host: HostOption = None,
    safe_only: Annotated[
        bool, typer.Option("--safe-only", help="Apply what is safe, and leave the rest without complaint.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Let harmless changes wait as well.")] = False,
    format: FormatOption = "text",
    confirm: ConfirmOption = None,
    rename: RenameOption = None,
    answer: AnswerOption = None,
    answers: AnswersOption = None,
    no_backup: NoBackupOption = False,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Apply what is safe to a server.

    What is not safe needs a migration, or consent by name.
    """
    wanted = checked_format(format)
    said = checked_answers(rename, answer, answers)
    config = project()
    loaded = load(config, "run.sync")

    from pocketvex.run.sync import sync

    with writing("pocketvex schema apply", config, host, data_dir, pocketbase) as session:
        given = choices(confirm=confirm, answers=said, strict=strict, backup=not no_backup)
        outcome = sync(session, loaded.schema, given)
        asked: set[str] = set()
        while not safe_only and (more := _said_at_terminal(outcome, given, asked)):
            given = more
            outcome = outcome.followed_by(sync(session, loaded.schema, given))
    from pocketvex.cli.show.draft import way_to_run
    from pocketvex.cli.show.outcome import OutcomeShown

    show(OutcomeShown(outcome, loaded.schema, config), wanted)
    waits = bool(outcome.plan or outcome.waiting)
    if waits and not safe_only:
        if len(outcome.wants_consent) < len(outcome.plan.changes):
            output.note(f"→ {way_to_run(native=outcome.native)}")
        return ConsentNeeded.exit_code
    return 0


def _said_at_terminal(outcome: Outcome, choices: Choices, asked: set[str]) -> Choices | None:
    """The choices with what somebody says to what is left: answers first, then consent, each asked once.

    They hold for what the server has now. None where nothing more is said.
    """
    if not at_terminal():
        return None
    questions = [question for question in outcome.plan.questions if question.id not in asked]
    asked |= {question.id for question in questions}
    if said := answered(questions):
        return replace(choices, answers={**choices.answers, **said}, seen=outcome.live)
    changes = [change for change in outcome.wants_consent if change.path not in asked]
    asked |= {change.path for change in changes}
    agreed = {change.path for change in changes if _agrees(change)}
    return replace(choices, confirmed=choices.confirmed | agreed, seen=outcome.live) if agreed else None


def _agrees(change: Change) -> bool:
    from pocketvex.cli.show.lines import change_shown

    output.plan(change_shown(change), err=True)
    said = output.typed(f"Type {change.path} to agree, nothing to leave it:")
    if said and said != change.path:
        output.note(f"that is not its name: {change.path} is left as it is")
    return said == change.path
