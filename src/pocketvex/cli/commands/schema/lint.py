"""`pocketvex schema lint`: what in the schema is probably not meant. Needs no server."""

from __future__ import annotations

from typing import Annotated

import typer

from pocketvex.cli.context import project
from pocketvex.cli.show.findings import FindingsShown
from pocketvex.cli.show.formats import Format, checked_format, show
from pocketvex.cli.terminal import output
from pocketvex.errors import Exit, SchemaError

_FORMATS = (Format.TEXT, Format.JSON, Format.GITHUB)


def lint(
    format: Annotated[str, typer.Option("--format", help="text, json or github.")] = "text",
) -> int:
    """Look for what is probably not meant: rules, indexes, names."""
    wanted = checked_format(format, _FORMATS)
    config = project()

    from pocketvex.load.loader import load_schema

    try:
        loaded = load_schema(config.root, config.schema, timeout=config.load_timeout)
    except SchemaError as error:
        # A program reads what is wrong where it reads the findings.
        if wanted is not Format.TEXT and error.problems:
            show(FindingsShown(error.problems, config), wanted)
        raise
    output.printed(loaded.printed)
    if not loaded.files:
        from pocketvex.load.sources import declares_nothing

        output.note(f"note: {declares_nothing(config.schema.name)}")
    from pocketvex.run.findings import findings_of

    findings = findings_of(config, loaded)
    show(FindingsShown(findings, config), wanted)
    return Exit.FINDINGS if findings else 0
