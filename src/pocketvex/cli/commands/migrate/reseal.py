"""`pocketvex migrate reseal`: sealed files with today's runtime."""

from __future__ import annotations

from typing import Annotated

import typer

from pocketvex.cli import complete
from pocketvex.cli.commands.options import BinaryOption, DataDirOption, HostOption
from pocketvex.cli.context import binary_of, project, taking_turn, writing
from pocketvex.cli.terminal import output
from pocketvex.cli.terminal.ask import consent_to_replay


def reseal(
    files: Annotated[
        list[str],
        typer.Argument(help="The files, by name.", metavar="FILE...", autocompletion=complete.migrations),
    ],
    host: HostOption = None,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Rewrite sealed files with today's runtime.

    What they do stays the same. Each is proven on a scratch server before it is kept. A server that has run
    a file runs nothing again.
    """
    config = project()

    from pocketvex.history import first_format as first
    from pocketvex.history.folder import read_history
    from pocketvex.run import reseal as use

    consent_to_replay(config)
    if host or data_dir:
        with writing("pocketvex migrate reseal", config, host, data_dir, pocketbase) as session:
            held, history = first.held_by(session.target), read_history(config.migrations)
            made = use.reseal(config.root, history, session.binary, files, held)
    else:
        with taking_turn(config, "pocketvex migrate reseal"):
            history = read_history(config.migrations)
            held = first.held_at_hand(config)
            made = use.reseal(config.root, history, binary_of(config, pocketbase), files, held)
    for file in made:
        output.data(f"{config.migrations.name}/{file.name}: {file.said}")
        if file.proof:
            output.note(str(file.proof))
        if file.warning:
            output.note(f"note: {file.warning}")
    return 0
