"""Options that a server refuses when it is saved, or that cannot do what they say: it may hold both."""

from __future__ import annotations

from collections.abc import Iterator

from pocketvex.findings import Finding
from pocketvex.rules.check import rule_problems
from pocketvex.schema.limits import odd, refused
from pocketvex.schema.model import Schema
from pocketvex.versions import Version


def option_findings(schema: Schema, version: Version) -> Iterator[Finding]:
    """What is refused, what is odd, and the mistakes in rules."""
    yield from (problem._replace(code="PV720") for problem in refused(schema))
    yield from (problem._replace(code="PV721") for problem in odd(schema))
    if schema.may_have_rules:
        yield from rule_problems(schema, version)
