"""What a plan needs to know of the rows, as values: the planner asks, the shell counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Self

from pocketvex.evidence.violations import Limit
from pocketvex.schema.indexes import Index

SAMPLES = 5
"""How many ids, and how many values, evidence shows."""


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


class Violating(NamedTuple):
    """How many records hold a value that one of these limits refuses."""

    collection: str
    field: str
    type: str
    limits: tuple[Limit, ...]
    renamed: str = ""
    """The name that the field gets with it: a server may have it already."""

    def __str__(self) -> str:
        options = ", ".join(limit.option for limit in self.limits)
        return f"values of {self.collection}.{self.field} against {options}"


class Unconvertible(NamedTuple):
    """How many records hold a value that is none of another type, or none that its limits allow."""

    collection: str
    field: str
    type: str
    conversion: str
    choices: tuple[str, ...]
    limits: tuple[Limit, ...]
    renamed: str = ""

    def __str__(self) -> str:
        return f"values of {self.collection}.{self.field} {self.conversion}"


class Column(NamedTuple):
    """A column that an index names and that is not on the server under this name."""

    name: str
    old: str
    """Its name there; "" for a new one, which holds `zero` (in SQL) in every row."""
    zero: str = "''"
    new_here: bool = False
    """Whether a column of that name there can be no other."""


class Duplicates(NamedTuple):
    """How many records have an equal in a unique index: every row of a group of two or more."""

    collection: str
    unique: Index
    columns: tuple[Column, ...] = ()

    def __str__(self) -> str:
        return f"equals in {self.collection}@{self.unique.name}"


Fact = RowCount | NonZeroCount | Violating | Unconvertible | Duplicates
"""Names are those that the server has now."""


class Found(int):
    """A count that can give examples: ids of such rows, and values with how often they stand there."""

    ids: tuple[str, ...]
    values: tuple[tuple[str, int], ...]

    def __new__(cls, rows: int, ids: tuple[str, ...] = (), values: tuple[tuple[str, int], ...] = ()) -> Self:
        self = super().__new__(cls, rows)
        self.ids, self.values = ids, values
        return self


Facts = Mapping[Fact, int | None]
"""What was counted, with examples where it is a Found; None is an honest "unknown"."""


class Evidence(NamedTuple):
    """`rows` of `of` rows are affected; None is unknown. `ids` are some of them."""

    rows: int | None
    of: int | None
    ids: tuple[str, ...] = ()
    values: tuple[tuple[str, int], ...] = ()
    """Values that stand in the way, each with how often: the most frequent first."""

    @classmethod
    def of_count(cls, found: int | None, of: int | None) -> Self:
        """The evidence of a count, with its examples."""
        if isinstance(found, Found):
            return cls(int(found), of, found.ids, found.values)
        return cls(found, of)

    def __str__(self) -> str:
        if self.rows is None:
            return "an unknown number of rows"
        total = f" of {self.of}" if self.of is not None else ""
        return f"{self.rows}{total} row{'s' if (self.of or self.rows) != 1 else ''}"
