"""`pocketvex schema lint`: what in the schema is probably not meant. Needs no server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from pocketvex.cli.context import project
from pocketvex.cli.terminal import output
from pocketvex.errors import Exit, SchemaError, UsageError
from pocketvex.schema.words import counted
from pocketvex.versions import NEWEST, Version

if TYPE_CHECKING:
    from pocketvex.errors import Problem
    from pocketvex.load.loader import Loaded
    from pocketvex.store.config import Config

_FORMATS = ("text", "json", "github")


def lint(
    format: Annotated[str, typer.Option("--format", help="text, json or github.")] = "text",
) -> int:
    """Look for what is probably not meant: rules, indexes, names."""
    if format not in _FORMATS:
        raise UsageError(f"no format {format!r}", todo=f"There are: {', '.join(_FORMATS)}.")
    config = project()

    from pocketvex.load.loader import load_schema

    try:
        loaded = load_schema(config.root, config.schema, timeout=config.load_timeout)
    except SchemaError as error:
        # A program reads what is wrong where it reads the findings.
        if format != "text" and error.problems:
            _tell(list(error.problems), format, config)
        raise
    output.printed(loaded.printed)
    if not loaded.files:
        from pocketvex.load.sources import declares_nothing

        output.note(f"note: {declares_nothing(config.schema.name)}")
    findings = _findings(config, loaded)
    _tell(findings, format, config)
    return Exit.FINDINGS if findings else 0


def _findings(config: Config, loaded: Loaded) -> list[Problem]:
    from pocketvex.lint.findings import CODES, by_place, lint
    from pocketvex.lint.suppressions import silenced
    from pocketvex.load.carets import Texts, pointed
    from pocketvex.load.paths import shown_path

    root = os.path.realpath(config.root)
    texts = Texts(root)
    version = Version.parse(config.pocketbase) if config.pocketbase else NEWEST
    found = pointed(lint(loaded.schema, version), root, texts)
    files = [shown_path(file, root) for file in loaded.files if file.endswith(".py")]
    return by_place(silenced(found, {file: texts.read(file) for file in files}, CODES))


def _tell(findings: list[Problem], format: str, config: Config) -> None:
    from pocketvex.render.report.findings import finding_annotations, finding_line, finding_values

    if format == "json":
        from pocketvex.render.report.printable import as_json

        output.verbatim(as_json(finding_values(findings)))
        return
    if format == "github":
        from pocketvex.cli.show.formats import in_repository

        output.commands(finding_annotations(findings, in_repository(config.root)))
        return
    for finding in findings:
        output.data(finding_line(finding))
        if finding.where:
            output.excerpt(finding.where.excerpt, err=False)
    count = len(findings)
    output.data(output.styled(counted(count, "finding") if count else "no findings", "bold"))
    if findings:
        first, *others = dict.fromkeys(finding.code for finding in findings)
        more = f" (or {', '.join(others)})" if others else ""
        output.note(f"→ pocketvex explain {first}{more}")
