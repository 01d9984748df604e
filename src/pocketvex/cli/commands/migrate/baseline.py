"""`pocketvex migrate baseline`: a history that begins with what a server has."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from pocketvex.cli.commands.options import BinaryOption, ConfirmOption, DataDirOption, HostOption
from pocketvex.cli.context import load, project, writing
from pocketvex.cli.terminal import output
from pocketvex.cli.terminal.ask import consent_to_host


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
    loaded = load(config, "run.baseline")

    from pocketvex.run import baseline as use

    with writing("pocketvex migrate baseline", config, host, data_dir, pocketbase) as session:
        consent_to_host(session, confirm or (), lambda: ["a first file"], verb="mark as applied")
        sealed = use.baseline(session, loaded.schema, now=int(time.time()), replace=replace)
    for file in sealed.files:
        output.data(f"{config.migrations.name}/{file.name}")
    output.note(f"marked as applied; {sealed.proof}")
    return 0
