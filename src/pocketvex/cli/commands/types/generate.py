"""`pocketvex types generate`, as it is called with rarer options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pocketvex.cli.commands.options import HostOption
from pocketvex.cli.commands.types import typescript


def generate(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 7 where a file is stale.")
    ] = False,
    source: Annotated[
        str,
        typer.Option(
            "--from",
            help="schema: the code; live: a server; or a file of collections exported as JSON.",
            metavar="schema|live|FILE",
        ),
    ] = typescript.CODE,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The folder of the files; else the configuration's.", metavar="DIR"),
    ] = None,
    host: HostOption = None,
) -> int:
    """Write generated/types.ts and generated/api-client.ts. Of the code it needs no server."""
    return typescript.generate(check=check, source=source, out=out, host=host)
