"""What a removal or a rename does to the rules that say the name.

A rule of the code that still says a name which goes is an error before there is a plan. What is left are
rules that the code does not have, and those that other accounts give a meaning.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from pocketvex.paths import ThingPath
from pocketvex.plan.references import Uses
from pocketvex.rules.check import names_of
from pocketvex.rules.language import Comparison, FilterError, Operand, parse_filter
from pocketvex.rules.meaning import Meaning
from pocketvex.rules.silent import unknown_accounts_fields
from pocketvex.schema.model import Collection, Schema
from pocketvex.versions import NEWEST


class Reader(NamedTuple):
    """A rule that stays as it is while a name that it says goes."""

    path: str
    lost: bool
    """Nothing has the name any more; else other accounts still do."""
    closes: bool
    """Whoever passed by this name alone surely passes no more."""


class Readers:
    """Answers about the rules of a server once a diff is carried out."""

    def __init__(self, uses: Uses, desired: Schema) -> None:
        self.uses = uses
        self.desired = desired

    @cached_property
    def after(self) -> Meaning:
        return Meaning(names_of(self.desired, NEWEST, self.uses.live))

    def staying(self, collection: str, field: str) -> list[Reader]:
        """The rules that say the name of a field and that the diff does not change."""
        found = []
        for path in self.uses.staying(collection, field):
            parsed = ThingPath.parse(path)
            rule = parsed.option
            there = self.uses.live.collection(parsed.collection) if rule and rule != "query" else None
            text = there.rules().get(rule) if there else None
            if there and text:
                closes = self._closes(text, there, collection, field)
                found.append(Reader(path, self._is_lost(text, there), closes))
        return found

    def _is_lost(self, text: str, there: Collection) -> bool:
        home = self.uses.new_homes.get(there.name, there.name)
        base = self.after.names.by_name.get(home.lower(), there)
        try:
            wrong = self.after.names.wrong(parse_filter(text, NEWEST), base)
        except FilterError:
            return False
        return bool(wrong or unknown_accounts_fields(text, base, self.after))

    def _closes(self, text: str, there: Collection, collection: str, field: str) -> bool:
        """Whether each comparison with it is false once it is empty."""
        try:
            comparisons = list(parse_filter(text, NEWEST).comparisons())
        except FilterError:
            return False
        named = self.uses.meaning.of(text, there) or ()
        spans = {(name.start, name.end) for name in named if name.means(collection, field)}
        concerned = [c for c in comparisons if _inside(c.left, spans) or _inside(c.right, spans)]
        return bool(concerned) and all(_false_for_nothing(c) for c in concerned)


def _inside(operand: Operand, spans: set[tuple[int, int]]) -> bool:
    return any(operand.start <= start and end <= operand.end for start, end in spans)


def _false_for_nothing(comparison: Comparison) -> bool:
    """Whether it is compared with a value that is written out, and not empty: nothing never equals it."""
    values = [o for o in (comparison.left, comparison.right) if o.kind == "text" and o.text]
    return comparison.sign.removeprefix("?") in ("=", "~") and len(values) == 1


def told(readers: list[Reader], changed: list[str], others: list[str]) -> str:
    """Who names what goes, and what becomes of it: in brackets, "" for nobody."""
    left = {reader.path: reader for reader in readers}
    parts = []
    if plain := [path for path in others if path not in left and path not in changed]:
        parts.append(_some(plain))
    if changed:
        parts.append(f"{_some(changed)}, changed with it")
    for reader in readers:
        effect = "lets nobody through by it then" if reader.closes else "may let more people through then"
        parts.append(f"{reader.path}, which {effect}")
    return f" (named by {'; '.join(parts)})" if parts else ""


def _some(paths: list[str]) -> str:
    return ", ".join(paths[:4]) + (f" and {len(paths) - 4} more" if len(paths) > 4 else "")
