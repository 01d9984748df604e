"""`pocketvex schema …`: show, apply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pocketvex.cli import output
from pocketvex.cli.opening import (
    BinaryOption,
    ConfirmOption,
    DataDirOption,
    FormatOption,
    HostOption,
    RenameOption,
    checked_format,
    checked_renames,
    choices,
    load,
    opened,
    project,
    writing,
)

if TYPE_CHECKING:
    from pocketvex.plan.make import Plan

app = typer.Typer(help="Compare the code with a server, and bring a server to it.", no_args_is_help=True)


@app.command()
def diff(
    host: HostOption = None,
    format: FormatOption = "text",
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 4 where something would change.")
    ] = False,
    rename: RenameOption = None,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Show what the code would change on a server. Writes nothing to it."""
    wanted = checked_format(format)
    checked_renames(rename)
    config = project()

    from pocketvex.load.loader import start_load

    with start_load(config.root, config.schema, timeout=config.load_timeout) as pending:
        # The schema loads in its own interpreter while this one imports what it takes to compare.
        from pocketvex.render.text import plan_values
        from pocketvex.run.recorded import locate
        from pocketvex.run.sync import plan_for
        from pocketvex.schema.model import Schema

        with opened(config, host, data_dir, pocketbase) as session:
            raw = session.fetch()
            position = locate(session, Schema.from_json(raw))
            loaded = pending.result()
            output.printed(loaded.printed)
            plan = plan_for(session, loaded.schema, raw, position, choices(rename=rename))
            session.save()
    if wanted == "json":
        import json

        output.data(json.dumps(plan_values(plan, loaded.schema), indent=2, ensure_ascii=False))
    else:
        show_plan(plan)
        if position.pending:
            output.note(f"{len(position.pending)} migration(s) not run here yet: `pocketvex migrate status`")
    return 4 if exit_code and (plan or position.pending) else 0


def show_plan(plan: Plan) -> None:
    """A plan on stdout, with its line of totals."""
    from pocketvex.cli.report import shown
    from pocketvex.render.text import totals

    output.plan(shown(plan))
    output.data(output.styled(totals(plan), "bold"))


@app.command()
def apply(
    host: HostOption = None,
    safe_only: Annotated[
        bool, typer.Option("--safe-only", help="Apply what is safe, and leave the rest without complaint.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Let harmless changes wait as well.")] = False,
    confirm: ConfirmOption = None,
    rename: RenameOption = None,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Apply what is safe to a server.

    What is not safe needs a migration, or consent by name.
    """
    checked_renames(rename)
    config = project()

    from pocketvex.run.sync import sync

    loaded = load(config)
    with writing("pocketvex schema apply", config, host, data_dir, pocketbase) as session:
        said = choices(confirm=confirm, rename=rename, strict=strict)
        outcome = sync(session, loaded.schema, said)
    from pocketvex.cli.report import tell_outcome

    tell_outcome(outcome)
    waits = bool(outcome.plan or outcome.waiting)
    if waits and not safe_only:
        output.note(
            "→ `pocketvex migrate up` runs what waits as a migration; --confirm PATH agrees to one change"
        )
        return 5
    return 0
