"""Everything in a schema that a server takes, and that is probably not meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pocketvex.findings import Finding
from pocketvex.lint.access import access_findings
from pocketvex.lint.indexes import index_findings
from pocketvex.lint.names import name_findings
from pocketvex.lint.options import option_findings
from pocketvex.lint.trust import trust_findings
from pocketvex.rules.check import names_of
from pocketvex.rules.choices import missed_choices
from pocketvex.rules.misspelt import misspelt
from pocketvex.schema.model import Schema
from pocketvex.versions import Version

CODES = (
    "PV701", "PV702", "PV703", "PV704", "PV705", "PV706", "PV707", "PV708", "PV709", "PV710", "PV711",
    "PV712", "PV720", "PV721",
)  # fmt: skip
"""What a comment may silence."""


def lint(schema: Schema, version: Version) -> list[Finding]:
    """The findings of a checked schema, each with its code."""
    return list(_all(schema, version))


def by_place(findings: Iterable[Finding]) -> list[Finding]:
    """Sorted by file, line and column."""
    return sorted(findings, key=lambda f: (f.where is not None, f.where or (), f.code, f.path))


def _all(schema: Schema, version: Version) -> Iterator[Finding]:
    names = names_of(schema, version)
    for collection in schema.collections:
        yield from access_findings(collection, names)
        yield from name_findings(collection)
    yield from misspelt(schema)
    yield from (problem for problem, _ in missed_choices(schema, names))
    yield from trust_findings(schema)
    yield from index_findings(schema, names)
    yield from option_findings(schema, version)
