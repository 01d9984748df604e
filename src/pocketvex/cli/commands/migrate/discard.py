"""`pocketvex migrate discard`: a migration that nobody needs any more."""

from __future__ import annotations

from typing import Annotated

import typer

from pocketvex.cli import complete
from pocketvex.cli.commands.options import BinaryOption, DataDirOption, HostOption
from pocketvex.cli.context import project, writing
from pocketvex.cli.terminal import output


def discard(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="Its name, as `migrate status` lists it.", autocompletion=complete.migrations
        ),
    ],
    host: HostOption = None,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Drop the last migration, where it is held back and ran nowhere.

    It leaves the folder and pocketvex.sum; a copy is kept in .pocketvex/discarded/. The code is not changed:
    what it asks for is in the draft again.
    """
    from pocketvex.run import discard as use

    config = project()
    name = file.removeprefix(f"{config.migrations.name}/")
    with writing("pocketvex migrate discard", config, host, data_dir, pocketbase) as session:
        kept = use.discard(session, name)
    output.data(f"- {config.migrations.name}/{name}")
    output.note(f"a copy is kept: {kept.relative_to(config.root)}")
    return 0
