"""What a plan needs to know of the rows, as values: the planner asks, the shell counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class RowCount(NamedTuple):
    """How many records a collection holds."""

    collection: str

    def __str__(self) -> str:
        return f"rows of {self.collection}"


class NonZeroCount(NamedTuple):
    """How many records hold something else than the zero value of a field."""

    collection: str
    field: str

    def __str__(self) -> str:
        return f"values of {self.collection}.{self.field}"


Fact = RowCount | NonZeroCount
"""Names are those that the server has now."""

Facts = Mapping[Fact, int | None]
"""What was counted; None is an honest "unknown"."""


class Evidence(NamedTuple):
    """`rows` of `of` rows are affected; None is unknown. `ids` are some of them."""

    rows: int | None
    of: int | None
    ids: tuple[str, ...] = ()
    values: tuple[tuple[str, int], ...] = ()
    """Values that stand in the way, each with how often: the most frequent first."""

    def __str__(self) -> str:
        if self.rows is None:
            return "an unknown number of rows"
        total = f" of {self.of}" if self.of is not None else ""
        return f"{self.rows}{total} row{'s' if (self.of or self.rows) != 1 else ''}"
