"""Findings for a person, a program, a workflow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pocketvex.findings import LEVELS, Finding
from pocketvex.plan.codes import CODES
from pocketvex.render.report.github import command

VERSION = 1


def finding_line(finding: Finding) -> str:
    """Where, which code, what."""
    at = f"{finding.where}: " if finding.where else ""
    path = f"{finding.path}: " if finding.path else ""
    return f"{at}{finding.code} {path}{finding.message}"


def finding_values(findings: Iterable[Finding]) -> dict[str, Any]:
    """What is found in a schema, as one object; lines and columns count from 1, 0 is unknown."""
    return {"version": VERSION, "findings": [_values(finding) for finding in findings]}


def _values(finding: Finding) -> dict[str, Any]:
    where = finding.where
    return {
        "code": finding.code,
        "level": finding.level,
        "title": CODES[finding.code].title if finding.code in CODES else "the schema cannot be loaded",
        "path": finding.path,
        "message": finding.message,
        "where": {"file": where.file, "line": where.line, "column": where.column} if where else None,
    }


def in_history_values(finding: Finding) -> dict[str, Any]:
    """What is found in a file of the history; 0 where nothing says in which line."""
    where = finding.where
    return {
        "file": where.file if where else "",
        "what": finding.message,
        "why": finding.why,
        "todo": finding.todo,
        "line": where.line if where else 0,
    }


def finding_annotations(findings: Iterable[Finding], folder: str = "", *, title: str = "schema") -> list[str]:
    """One workflow command each, the gravest first.

    `folder` is where the files lie in their repository; `title` stands for the code of what has none.
    """
    ordered = sorted(findings, key=lambda f: LEVELS.index(f.level))
    return [command(f.level, _told(f), f.code or title, f.where, folder) for f in ordered]


def _told(finding: Finding) -> str:
    what = f"{finding.path}: {finding.message}" if finding.path else finding.message
    return "\n".join(filter(None, (what, finding.why, finding.todo)))
