"""`pocketvex migrate down`: the last migrations, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pocketvex.cli.commands.options import (
    BinaryOption,
    ConfirmOption,
    DataDirOption,
    DryRunOption,
    HostOption,
    NoBackupOption,
)
from pocketvex.cli.context import choices, load, project, writing
from pocketvex.cli.terminal import output
from pocketvex.cli.terminal.ask import consent_to_host

if TYPE_CHECKING:
    from pocketvex.run.migrate import Ran


def down(
    count: Annotated[int, typer.Argument(help="How many files to take back.", metavar="N")] = 1,
    dry_run: DryRunOption = False,
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
