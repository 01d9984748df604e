"""What can be said about a change: how safe it is, for which reason, on which evidence."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from pocketvex.evidence.facts import Evidence, Fact


class Verdict(StrEnum):
    """`safe` cannot lose data or break a row; `harmless` is unsafe by kind, but touches no row here."""

    SAFE = "safe"
    HARMLESS = "harmless here"
    UNSAFE = "unsafe"
    IMPOSSIBLE = "impossible"


class Access(StrEnum):
    SAME = ""
    OPENS = "opens access"
    CLOSES = "closes access"


class Judgement(NamedTuple):
    verdict: Verdict
    code: str
    reason: str
    access: Access = Access.SAME
    evidence: Evidence | None = None
    rests_on: tuple[Fact, ...] = ()
    """Counts of nothing that make it safe or harmless: counted again right before it is written."""
    by_migration: bool = False
    """Whether only a migration can do it, together with all that is done in the same round."""


class Needs(NamedTuple):
    """The verdict depends on these facts."""

    facts: tuple[Fact, ...]


Answer = Judgement | Needs
