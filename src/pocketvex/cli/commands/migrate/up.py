"""`pocketvex migrate up`: the migrations that a server lacks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pocketvex.cli import complete
from pocketvex.cli.commands.options import (
    AnswerOption,
    AnswersOption,
    BinaryOption,
    ConfirmOption,
    DataDirOption,
    DryRunOption,
    HostOption,
    NoBackupOption,
    RenameOption,
)
from pocketvex.cli.context import checked_answers, choices, load, opened, project, writing
from pocketvex.cli.terminal import output
from pocketvex.cli.terminal.ask import asking, consent_to_host
from pocketvex.errors import UsageError

if TYPE_CHECKING:
    from pocketvex.plan.saved import SavedPlan
    from pocketvex.run.migrate import Ran
    from pocketvex.run.situation import Choices


def up(
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            help="The last file to run: a number of files, a stamp, or a name.",
            autocompletion=complete.migrations,
        ),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option("--plan", help="Run what this plan of `migrate plan` says, or nothing.", metavar="FILE"),
    ] = None,
    dry_run: DryRunOption = False,
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
    with_data: Annotated[
        bool,
        typer.Option("--with-data", help="With --check: over HTTP, download a backup and try it there."),
    ] = False,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Run every migration that the server lacks: all of them, or none."""
    said = checked_answers(rename, answer, answers)
    config = project()
    reviewed = _reviewed(plan, to, check) if plan is not None else None
    loaded = load(config, "run.migrate")

    from pocketvex.cli.show.lines import shown
    from pocketvex.run import migrate as use

    if check:
        from pocketvex.cli.commands.migrate.check import foresee

        with opened(config, host, data_dir, pocketbase) as session:
            return foresee(
                session, loaded.schema, to, choices(answers=said),
                recorded_only=recorded_only, with_data=with_data,
            )  # fmt: skip
    if with_data:
        raise UsageError("--with-data is for `pocketvex migrate up --check`")
    with writing("pocketvex migrate up", config, host, data_dir, pocketbase) as session:
        given = choices(confirm=confirm, answers=said, backup=not no_backup)

        def work(said: Choices, dry_run: bool = dry_run) -> Ran:
            return use.up(
                session, loaded.schema, to=to, now=int(time.time()), choices=said,
                recorded_only=recorded_only, dry_run=dry_run, reviewed=reviewed,
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


def _reviewed(plan: Path, to: str | None, check: bool) -> SavedPlan:
    """The plan in that file, which says itself what is run."""
    if to is not None or check:
        other = "--to" if to is not None else "--check"
        raise UsageError(f"--plan and {other} do not go together", why="A plan says itself what is run.")

    from pocketvex.store.plans import read_plan

    return read_plan(plan)
