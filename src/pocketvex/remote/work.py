"""What a migration does to the values of rows, as data. Fields are named by their ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Convert(NamedTuple):
    """Rows of `target` hold what `source` holds, made a value of its type.

    What it cannot become, or what the field `refuses`, is the empty value.
    """

    collection: str
    source: str
    target: str
    to: str
    values: tuple[str, ...] = ()
    refuses: str = ""
    bound: Mapping[str, Any] = {}
    back: str = ""
    """The conversion of the other direction, where `target` has values of before: a row in which `source`
    is what comes of those is left alone."""
    again: bool = False
    """Whether `target` has values of before."""


class Fill(NamedTuple):
    """Rows that hold nothing hold `value`."""

    collection: str
    field: str
    value: Any


class Unfill(NamedTuple):
    """Rows that held nothing before a `Fill`, and hold what it wrote, hold nothing again."""

    collection: str
    field: str


class Remap(NamedTuple):
    """Rows hold other choices; what they held and what they got is kept, for the way back."""

    collection: str
    field: str
    map: Mapping[str, str]
    more: Mapping[str, str]
    """Choices that the way back maps: what it would change is kept."""


class ToOne(NamedTuple):
    """A list becomes its last element, or, with `first`, its first."""

    collection: str
    field: str
    first: bool


class ToMany(NamedTuple):
    """The way back: rows that hold what the list became have their list again."""

    collection: str
    field: str


class GiveBack(NamedTuple):
    """A column that is made again has what PocketBase's own run of a file kept of it, in `_pv_ledger`."""

    collection: str
    field: str


Work = Convert | Fill | Unfill | Remap | ToOne | ToMany | GiveBack


class Check(NamedTuple):
    """No row may hold a value of which `broken` is true, an SQL condition over `[[value]]`."""

    collection: str
    field: str
    says: str
    broken: str
    bound: Mapping[str, Any] = {}
