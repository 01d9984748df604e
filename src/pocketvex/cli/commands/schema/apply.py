"""`pocketvex schema …`: show, apply; the others have modules of their own."""

from __future__ import annotations

from typing import Annotated

import typer

from pocketvex.cli.commands.options import (
    AnswerOption,
    AnswersOption,
    BinaryOption,
    ConfirmOption,
    DataDirOption,
    EvidenceOption,
    FormatOption,
    HostOption,
    NoBackupOption,
    RenameOption,
)
from pocketvex.cli.commands.schema import compare as comparing
from pocketvex.cli.commands.schema import lint, pull
from pocketvex.cli.context import checked_answers, checked_format, choices, load, project, writing
from pocketvex.cli.terminal import output
from pocketvex.cli.terminal.consent import said_at_terminal
from pocketvex.errors import ConsentNeeded

app = typer.Typer(help="Compare the code with a server, and bring a server to it.", no_args_is_help=True)


@app.command()
def diff(
    host: HostOption = None,
    format: FormatOption = "text",
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 4 where something would change, else 6 for drift.")
    ] = False,
    questions: Annotated[
        bool, typer.Option("--questions", help="List only what waits for an answer; --exit-code: 5.")
    ] = False,
    rename: RenameOption = None,
    answer: AnswerOption = None,
    answers: AnswersOption = None,
    evidence: EvidenceOption = None,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Show what the code would change on a server. Writes nothing to it."""
    return comparing.diff(
        host=host, format=format, exit_code=exit_code, questions=questions, rename=rename, answer=answer,
        answers=answers, evidence=evidence, data_dir=data_dir, pocketbase=pocketbase,
    )  # fmt: skip


@app.command()
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
        while not safe_only and (more := said_at_terminal(outcome, given, asked)):
            given = more
            outcome = outcome.followed_by(sync(session, loaded.schema, given))
    from pocketvex.cli.show.formats import tell_outcome
    from pocketvex.cli.show.outcome import way_to_run

    tell_outcome(outcome, loaded.schema, config, wanted)
    waits = bool(outcome.plan or outcome.waiting)
    if waits and not safe_only:
        if len(outcome.wants_consent) < len(outcome.plan.changes):
            output.note(f"→ {way_to_run(native=outcome.native)}")
        return ConsentNeeded.exit_code
    return 0


app.command()(pull.pull)
app.command()(lint.lint)
