"""`pocketvex migrate …`: seal, run, take back, list."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from pocketvex.cli.commands.migrate import verify as histories
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
from pocketvex.cli.context import (
    checked_answers,
    checked_format,
    choices,
    load,
    load_if_any,
    opened,
    project,
    project_or_history,
    taking_turn,
    writing,
)
from pocketvex.cli.show.formats import mentions_in, tell_mentions
from pocketvex.cli.terminal import output
from pocketvex.cli.terminal.consent import consent_to_host

if TYPE_CHECKING:
    from pocketvex.plan.changes import Plan
    from pocketvex.run.migrate import Ran
    from pocketvex.run.planning import Choices

app = typer.Typer(help="Write, run and revert migrations.", no_args_is_help=True)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be run, and run nothing.")]


@app.command()
def generate(
    name: Annotated[str | None, typer.Argument(help="What the migration does.")] = None,
    empty: Annotated[bool, typer.Option("--empty", help="A file for a hand-written step.")] = False,
    host: HostOption = None,
    rename: RenameOption = None,
    answer: AnswerOption = None,
    answers: AnswersOption = None,
    evidence: EvidenceOption = None,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Seal what the code asks beyond the history as migration files.

    Each file is proven on a scratch server, up, down and up again, before it is kept.
    """
    said = checked_answers(rename, answer, answers)
    config = project()

    loaded = None if empty else load(config, "run.migrate")

    from pocketvex.cli.terminal.ask import asking
    from pocketvex.errors import UsageError
    from pocketvex.run import migrate as use

    if loaded is None:
        if not name:
            raise UsageError(
                "a hand-written migration needs a name", todo="pocketvex migrate generate --empty NAME"
            )
        with taking_turn(config, "pocketvex migrate generate"):
            sealed = use.generate_empty(config.migrations, name=name, now=int(time.time()))
    else:
        with writing("pocketvex migrate generate", config, host, data_dir, pocketbase, evidence) as session:
            sealed = asking(
                choices(answers=said),
                lambda said: use.generate(
                    session, loaded.schema, name=name, now=int(time.time()), choices=said
                ),
            )
    for file in sealed.files:
        output.data(f"{config.migrations.name}/{file.name}")
    tell_mentions(mentions_in(config, sealed.plan))
    if not sealed.files:
        _tell_nothing(sealed.plan)
    elif sealed.proof:
        output.note(str(sealed.proof))
    return 0


def _tell_nothing(plan: Plan) -> None:
    """That there is nothing to write; what the history has and the code does not name is no agreement."""
    from pocketvex.render.report.text import kept_lines

    kept = [item for item in plan.kept if item.why != "unmanaged"]
    what = "has more than" if kept else "builds what"
    output.data(f"nothing to do: the history {what} the code declares")
    for line in kept_lines(kept):
        output.note(line)


@app.command()
def up(
    to: Annotated[
        str | None,
        typer.Option("--to", help="The last file to run: a number of files, a stamp, or a name."),
    ] = None,
    dry_run: DryRun = False,
    recorded_only: Annotated[
        bool, typer.Option("--recorded-only", help="Run what is sealed, though the code is ahead of it.")
    ] = False,
    host: HostOption = None,
    confirm: ConfirmOption = None,
    rename: RenameOption = None,
    answer: AnswerOption = None,
    answers: AnswersOption = None,
    no_backup: NoBackupOption = False,
    check: Annotated[
        bool, typer.Option("--check", help="Say what each file would do on the real rows; write nothing.")
    ] = False,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Run every migration that the server lacks: all of them, or none."""
    said = checked_answers(rename, answer, answers)
    config = project()
    loaded = load(config, "run.migrate")

    from pocketvex.cli.show.outcome import shown
    from pocketvex.cli.terminal.ask import asking
    from pocketvex.run import migrate as use

    if check:
        from pocketvex.cli.commands.migrate.verify import foresee

        with opened(config, host, data_dir, pocketbase) as session:
            return foresee(session, loaded.schema, to, choices(answers=said), recorded_only)
    with writing("pocketvex migrate up", config, host, data_dir, pocketbase) as session:
        given = choices(confirm=confirm, answers=said, backup=not no_backup)

        def work(said: Choices, dry_run: bool = dry_run) -> Ran:
            return use.up(
                session, loaded.schema, to=to, now=int(time.time()), choices=said,
                recorded_only=recorded_only, dry_run=dry_run,
            )  # fmt: skip

        if not dry_run:
            consent_to_host(session, confirm or (), lambda: work(given, True).files)
        ran = asking(given, work)
    for name in ran.sealed:
        output.data(f"sealed {name}")
    for name in ran.files:
        output.data(f"{'would run' if dry_run else 'ran'} {name}")
    if ran.draft.changes or ran.draft.questions:
        output.data("would seal and run:")
        output.plan(shown(ran.draft))
    elif not ran.files:
        output.data("nothing to run: the server has run the whole history")
    return 0


@app.command()
def down(
    count: Annotated[int, typer.Argument(help="How many files to take back.", metavar="N")] = 1,
    dry_run: DryRun = False,
    host: HostOption = None,
    confirm: ConfirmOption = None,
    no_backup: NoBackupOption = False,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Take back the last migrations, structure and values."""
    config = project()
    loaded = load(config, "run.migrate")

    from pocketvex.run import migrate as use

    with writing("pocketvex migrate down", config, host, data_dir, pocketbase) as session:
        said = choices(confirm=confirm, backup=not no_backup)

        def work(dry_run: bool = dry_run) -> Ran:
            return use.down(session, loaded.schema, count=count, choices=said, dry_run=dry_run)

        if not dry_run:
            consent_to_host(session, confirm or (), lambda: work(True).files, verb="take back")
        ran = work()
    for name in ran.files:
        output.data(f"{'would take back' if dry_run else 'took back'} {name}")
    if ran.files and not dry_run:
        output.note(
            "note: pending again: `pocketvex dev` leaves it alone, `pocketvex migrate up` runs it, and so "
            "does the start of a PocketBase that you run by hand with this folder"
        )
    return 0


@app.command()
def status(
    host: HostOption = None,
    format: FormatOption = "text",
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """List the migrations, and what the code asks beyond them."""
    wanted = checked_format(format)
    config = project_or_history()
    desired = load_if_any(config, "run.migrate")

    from pocketvex.cli.show.formats import tell_status
    from pocketvex.run import migrate as use
    from pocketvex.schema.model import Schema

    with opened(config, host, data_dir, pocketbase) as session:
        found = use.status(session, desired, choices())
    tell_status(found, desired or Schema(), config, wanted)
    return 0


@app.command()
def baseline(
    replace: Annotated[
        bool, typer.Option("--replace", help="Move the files that are there into a folder of their own.")
    ] = False,
    host: HostOption = None,
    confirm: ConfirmOption = None,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Begin a history with what a server has, marked as applied there."""
    config = project()
    loaded = load(config, "run.migrate")

    from pocketvex.run import migrate as use

    with writing("pocketvex migrate baseline", config, host, data_dir, pocketbase) as session:
        consent_to_host(session, confirm or (), lambda: ["a first file"], verb="mark as applied")
        sealed = use.baseline(session, loaded.schema, now=int(time.time()), replace=replace)
    for file in sealed.files:
        output.data(f"{config.migrations.name}/{file.name}")
    output.note(f"marked as applied; {sealed.proof}")
    return 0


app.command()(histories.verify)
app.command()(histories.reseal)
app.command()(histories.prune)
