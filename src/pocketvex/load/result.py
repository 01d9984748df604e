"""From the answer of the interpreter, and exported JSON, to a checked schema."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pocketvex.errors import SchemaError
from pocketvex.findings import Finding, Location
from pocketvex.load.excerpt import line_at, source_lines
from pocketvex.load.paths import shown_path
from pocketvex.load.sources import Shown, Sources
from pocketvex.schema.build import build_schema
from pocketvex.schema.model import Schema
from pocketvex.schema.words import counted


def schema_of(answer: Mapping[str, Any], sources: Sources, root: str) -> Schema:
    """The schema; `answer` is empty where there were no modules to run.

    Raises SchemaError with every problem, the line of each, and the text of that line.
    """

    def shown(path: str) -> str:
        return shown_path(path, root)

    try:
        if failure := answer.get("failure"):
            raise _failed(failure)
        return _build(answer, sources, shown)
    except SchemaError as error:
        raise with_excerpts(error, root) from error.__cause__


def _build(answer: Mapping[str, Any], sources: Sources, shown: Shown) -> Schema:
    collections: list[Any] = list(answer.get("classes", ()))
    problems = [Finding(*problem) for problem in answer.get("problems", ())]
    readings: list[Callable[[], list[dict[str, Any]]]] = [
        *(partial(_written, written) for written in answer.get("written", ())),
        *(partial(_exported, path, shown(str(path))) for path in sources.exported),
    ]
    for read in readings:
        try:
            collections += read()
        except SchemaError as error:
            problems += error.problems or [Finding("", error.what, error.where)]
    try:
        schema = build_schema(collections)
    except SchemaError as error:
        # A file that could not be read leaves relations without a target: only the cause is of interest.
        unread = len(problems) > len(answer.get("problems", ()))
        problems = problems if unread else _sorted([*problems, *error.problems])
        raise SchemaError(_count(problems), problems=problems) from None
    if problems:
        raise SchemaError(_count(problems), problems=problems)
    if not schema.collections and sources.files:
        raise SchemaError(
            "the schema declares no collections",
            todo="Declare at least one: an empty schema would mean that nothing of the server is wanted.",
        )
    return schema


# What most schemas do not need is loaded when it is.


def _exported(path: Path, shown: str) -> list[dict[str, Any]]:
    from pocketvex.load.exported import read_exported

    return read_exported(path, shown)


def _written(written: Mapping[str, Any]) -> list[dict[str, Any]]:
    from pocketvex.load.exported import locator
    from pocketvex.schema.dictionary import from_dictionary

    at: Location = written["at"]
    lines = {name: (line, dict(fields)) for name, (line, fields) in written["lines"].items()}
    return from_dictionary(written["value"], locator(at.file, at.line, lines))


def _failed(failure: Mapping[str, Any]) -> SchemaError:
    via = [str(place) for place in failure["via"]]
    return SchemaError(
        failure["what"],
        where=failure["at"]._replace(excerpt=failure["excerpt"]),
        why=f"Imported by {', then '.join(via)}." if via else "",
        todo=failure["todo"],
    )


def _count(problems: list[Finding]) -> str:
    count = len(problems)
    return f"the schema has {counted(count, 'problem')}"


def _sorted(problems: list[Finding]) -> list[Finding]:
    """By file and line, those without a place last."""
    return sorted(problems, key=lambda p: (p.where is None, p.where[:2] if p.where else ()))


def with_excerpts(error: SchemaError, root: str) -> SchemaError:
    """The same error, each of its locations with the text that stands there."""
    from pocketvex.load.carets import pointed

    texts: dict[str, list[str]] = {}

    def filled(where: Location | None) -> Location | None:
        if where is None or where.excerpt:
            return where
        if where.file not in texts:
            texts[where.file] = source_lines(os.path.join(root, where.file))
        return where._replace(excerpt=line_at(texts[where.file], where.line))

    problems = [p._replace(where=filled(p.where)) for p in pointed(error.problems, root)]
    return SchemaError(
        error.what, why=error.why, where=filled(error.where), todo=error.todo, problems=problems
    )
