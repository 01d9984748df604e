"""`pocketvex help`: what `--help` shows."""

from __future__ import annotations

from typing import Annotated

import typer


def help(
    context: typer.Context,
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMAND]", help="For example: migrate up.")
    ] = None,
) -> int:
    """Show the help of a command."""
    result: int = context.obj([*(command or ()), "--help"])()
    return result
