"""The findings of a lint: for a person, a program, a workflow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pocketvex.findings import Finding
from pocketvex.plan.codes import CODES
from pocketvex.render.report.github import command

VERSION = 1
ERROR = "PV701"
"""What a server refuses; the other findings are what it takes."""


def level(finding: Finding) -> str:
    """`error` where the schema cannot be, `warning` where it can."""
    return "error" if finding.code in (ERROR, "") else "warning"


def finding_line(finding: Finding) -> str:
    """Where, which code, what."""
    at = f"{finding.where}: " if finding.where else ""
    path = f"{finding.path}: " if finding.path else ""
    return f"{at}{finding.code} {path}{finding.message}"


def finding_values(findings: Iterable[Finding]) -> dict[str, Any]:
    """One object for programs; lines and columns count from 1, 0 is unknown."""
    return {"version": VERSION, "findings": [_values(finding) for finding in findings]}


def _values(finding: Finding) -> dict[str, Any]:
    where = finding.where
    return {
        "code": finding.code,
        "level": level(finding),
        "title": CODES[finding.code].title if finding.code in CODES else "the schema cannot be loaded",
        "path": finding.path,
        "message": finding.message,
        "where": {"file": where.file, "line": where.line, "column": where.column} if where else None,
    }


def finding_annotations(findings: Iterable[Finding], folder: str = "") -> list[str]:
    """One workflow command each, errors first; `folder` is where the project lies in its repository."""
    ordered = sorted(findings, key=level)
    return [
        command(
            level(f), f"{f.path}: {f.message}" if f.path else f.message, f.code or "schema", f.where, folder
        )
        for f in ordered
    ]
