"""`pocketvex schema …`: show, apply; the others have modules of their own."""

from __future__ import annotations

from typing import Annotated

import typer

from pocketvex.cli import lint, output, pull
from pocketvex.cli.consent import NoBackupOption, said_at_terminal
from pocketvex.cli.opening import (
    AnswerOption,
    AnswersOption,
    BinaryOption,
    ConfirmOption,
    DataDirOption,
    EvidenceOption,
    FormatOption,
    HostOption,
    RenameOption,
    checked_answers,
    checked_format,
    choices,
    load,
    opened,
    project,
    writing,
)

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
    wanted = checked_format(format)
    said = checked_answers(rename, answer, answers)
    config = project()

    from pocketvex.load.loader import start_load

    with start_load(config.root, config.schema, timeout=config.load_timeout) as pending:
        # The schema loads in its own interpreter while this one imports what it takes to compare.
        from pocketvex.cli.formats import tell_plan, tell_questions
        from pocketvex.plan.ignored import unused
        from pocketvex.run.recorded import locate
        from pocketvex.run.sync import plan_for
        from pocketvex.schema.model import Schema

        with opened(config, host, data_dir, pocketbase, evidence) as session:
            raw = session.fetch()
            position = locate(session, Schema.from_json(raw))
            loaded = pending.result()
            output.printed(loaded.printed)
            plan = plan_for(session, loaded.schema, raw, position, choices(answers=said))
            session.save()
    if questions:
        tell_questions(plan, loaded.schema, config, wanted)
        return 5 if exit_code and plan.questions else 0
    tell_plan(plan, loaded.schema, config, wanted)
    if position.pending:
        migrations = "1 migration" if len(position.pending) == 1 else f"{len(position.pending)} migrations"
        output.note(f"{migrations} not run here yet: `pocketvex migrate status`")
    for path in unused(plan, config.ignore):
        output.note(f"note: [ignore] {path}: nothing of that name differs here")
    if not exit_code:
        return 0
    return 4 if plan or position.pending else 6 if plan.drift else 0


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

    from pocketvex.run.sync import sync

    loaded = load(config)
    with writing("pocketvex schema apply", config, host, data_dir, pocketbase) as session:
        given = choices(confirm=confirm, answers=said, strict=strict, backup=not no_backup)
        outcome = sync(session, loaded.schema, given)
        asked: set[str] = set()
        while not safe_only and (more := said_at_terminal(outcome, given, asked)):
            given = more
            outcome = outcome.followed_by(sync(session, loaded.schema, given))
    from pocketvex.cli.formats import tell_outcome

    tell_outcome(outcome, loaded.schema, config, wanted)
    waits = bool(outcome.plan or outcome.waiting)
    if waits and not safe_only:
        if len(outcome.wants_consent) < len(outcome.plan.changes):
            output.note("→ `pocketvex migrate up` runs what waits as a migration")
        return 5
    return 0


app.command()(pull.pull)
app.command()(lint.lint)
