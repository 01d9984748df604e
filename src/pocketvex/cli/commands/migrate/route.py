"""`pocketvex migrate route`: the hook by which a server runs migrations that come over HTTP."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from pocketvex.cli.context import project
from pocketvex.cli.terminal import output
from pocketvex.errors import UsageError


def route(
    dir_: Annotated[
        Path | None,
        typer.Option("--dir", help="The folder of the server's hooks, in the place of the configured one."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file of that name that says something else.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")
    ] = False,
) -> int:
    """Write the hook by which a server runs migrations over HTTP.

    It is off until a key is set in the server's environment.
    """
    config = project()

    from pocketvex.render.migration.server_route import HOOK_KEY, NAME, route_text
    from pocketvex.store.files import write_atomically

    path = (dir_ or config.hooks) / NAME
    shown = path.relative_to(config.root) if path.is_relative_to(config.root) else path
    state = _state(path, route_text())
    if state == "other" and not force:
        raise UsageError(
            f"{shown} exists, and says something else",
            why="It may be that of another PocketVex, or somebody's own.",
            todo="`pocketvex migrate route --force` writes over it.",
        )
    if state == "same":
        output.data(f"= {shown} is there already")
    elif dry_run:
        output.data(f"would write {shown}")
    else:
        write_atomically(path, route_text())
        output.data(f"{'~' if state == 'other' else '+'} {shown}")
    output.note(f"→ bring it into the hooks of the server, and set {HOOK_KEY} in the server's environment")
    output.note(f"→ set the same {HOOK_KEY} where `pocketvex migrate up --host NAME` runs")
    if not dry_run and state != "same":
        output.note("A key for that, made now and kept nowhere:")
        output.verbatim(f"{HOOK_KEY}={secrets.token_urlsafe(32)}")
    return 0


def _state(path: Path, text: str) -> str:
    """Whether it is there: none, same, or other."""
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return "none"
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    return "same" if found.replace(b"\r\n", b"\n") == text.encode() else "other"
