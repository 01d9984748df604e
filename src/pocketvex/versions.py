"""Versions of PocketBase, and what came with which: each seen on real servers of both sides of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple


class Version(NamedTuple):
    """A released version of PocketBase; compares by age."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read `0.40.6` or `v0.40.6`; ValueError for anything else."""
        match = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)", text.strip())
        if match is None:
            raise ValueError(f"not a version of PocketBase: {text!r}")
        return cls(*(int(part) for part in match.groups()))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def short(self) -> str:
        """`0.27` of the first release of a line, else all of it."""
        return f"{self.major}.{self.minor}" if self.patch == 0 else str(self)


OLDEST = Version(0, 23)
"""The oldest that PocketVex works with."""

NEWEST = Version(0, 40, 6)
"""The newest that it is tried with. Two states of one server are compared as this: it has what they hold."""

CRONS = Version(0, 24)
"""`/api/crons`."""

FILTER_CALLS = Version(0, 27)
"""`name(` begins a call in a filter; before, a name and a group."""

GEO_POINTS = Version(0, 27)

CHECKED_REQUEST_MODIFIERS = Version(0, 34)
"""Modifiers below `@request.body`, `.query` and `.headers` are looked at."""

HELP_TEXTS = Version(0, 37)
"""Fields have `help`."""

NOTICES_OTHERS = Version(0, 38)
"""A running server sees by itself, some time later, what another process did to its database."""

MENDS_INDEXES = Version(0, 38, 1)
"""An index that names no table is saved with the table's name."""

SQL_OVER_HTTP = Version(0, 39)
"""A superuser runs SQL by `/api/sql`."""

ESCAPED_BACKSLASHES = Version(0, 39, 9)
r"""`\\'` ends a text in a filter; before, the quote counts as escaped."""

E_MAIL_DOMAINS = Version(0, 40)
"""`onlyDomains` of the e-mail of superusers is a list, no longer null."""

PARENTHESES_IN_PARTIAL_INDEXES = Version(0, 40, 3)

FILTER_MOMENTS: Mapping[str, Version] = {
    **dict.fromkeys(
        (
            "@now", "@second", "@minute", "@hour", "@weekday", "@day", "@month", "@year", "@todayStart",
            "@todayEnd", "@monthStart", "@monthEnd", "@yearStart", "@yearEnd",
        ),
        OLDEST,
    ),
    "@yesterday": Version(0, 24),
    "@tomorrow": Version(0, 24),
}  # fmt: skip

FILTER_MODIFIERS: Mapping[str, Version] = {
    "isset": OLDEST, "each": OLDEST, "length": OLDEST, "lower": Version(0, 24), "changed": Version(0, 34),
}  # fmt: skip

FILTER_FUNCTIONS: Mapping[str, Version] = {"geoDistance": Version(0, 27), "strftime": Version(0, 36)}
