"""`pocketvex init`: a project that works at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from pocketvex.cli.terminal import output
from pocketvex.errors import UsageError


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where; this folder by default.")] = Path(),
) -> int:
    """Make a small project that works at once, or one of what is there. Files that exist are left alone."""
    from pocketvex.run.scaffold import Found, look, scaffold

    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file", todo="Name a folder; it is made if it is not there.")
    config, found = look(folder, os.environ)
    made, kept = scaffold(folder, sample=found is Found.NOTHING)
    for name in made:
        output.data(f"+ {name}")
    for name in kept:
        output.data(f"= {name} exists, left alone")
    code = 0
    if found is Found.HISTORY:
        from pocketvex.cli.commands.schema.pull import pull_history

        code = pull_history(config)
    where = "" if folder == Path() else f"cd {folder} && "
    following = "schema pull" if found is Found.SERVER else "dev"
    output.note(f"→ {where}pocketvex {following}")
    return code
