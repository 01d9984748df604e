"""`pocketvex migrate plan`: what `migrate up` would run, for a review."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pocketvex.cli.commands.options import BinaryOption, DataDirOption, HostOption
from pocketvex.cli.context import choices, load, opened, project
from pocketvex.cli.show.formats import Format, checked_format, show
from pocketvex.cli.terminal import output


def plan(
    to: Annotated[
        str | None,
        typer.Option("--to", help="The last file to run: a number of files, a stamp, or a name."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Keep the plan in this file, for `migrate up --plan`.", metavar="FILE"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file of that name.")] = False,
    format: Annotated[str, typer.Option("--format", help="text, json or markdown.")] = "text",
    recorded_only: Annotated[
        bool, typer.Option("--recorded-only", help="Plan what is sealed, though the code is ahead of it.")
    ] = False,
    host: HostOption = None,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Show what `migrate up` would run on a server. Writes nothing to it.

    The plan is kept only where nothing would stop it.
    """
    wanted = checked_format(format, (Format.TEXT, Format.JSON, Format.MARKDOWN))
    config = project()

    from pocketvex.store.plans import require_room

    if out is not None and not force:
        require_room(out)
    loaded = load(config, "run.up_plan")

    from pocketvex.cli.show.up_plan import UpPlanShown, kept_text
    from pocketvex.run.up_plan import plan_up
    from pocketvex.store.files import write_atomically

    with opened(config, host, data_dir, pocketbase) as session:
        found = plan_up(session, loaded.schema, to=to, choices=choices(), recorded_only=recorded_only)
    show(UpPlanShown(found, loaded.schema), wanted)
    if found.stops:
        if out is not None:
            output.note(f"{out} is not written: `migrate up` would stop")
        return found.stops[0].exit_code
    if out is not None:
        write_atomically(out, kept_text(found, loaded.schema))
        output.note(f"wrote {out}: `pocketvex migrate up --plan {out}` runs exactly this")
    return 0
