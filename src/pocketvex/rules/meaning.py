"""What the names in a rule mean: the collections and fields that each of their parts leads to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from pocketvex.rules.language import Comparison, FilterError, Operand, parse_filter
from pocketvex.rules.names import Names, Refused, Step
from pocketvex.schema.fields import FieldBase
from pocketvex.schema.model import Collection
from pocketvex.versions import NEWEST

REQUEST = "@request"
OF_ACCOUNTS = ("collectionId", "collectionName")
"""What every account has beside its fields."""


class Named(NamedTuple):
    """A part of a rule that means a collection, or a field of it (`field` is "" for the collection)."""

    start: int
    end: int
    collection: str
    field: str = ""
    account: bool = False
    """It is read from whoever makes the request, who may be of another collection as well."""

    def means(self, collection: str, field: str = "") -> bool:
        return (self.collection.lower(), self.field.lower()) == (collection.lower(), field.lower())


class Meaning:
    """Looks up what the names of rules mean, as far as that is known."""

    def __init__(self, names: Names) -> None:
        self.names = names

    @cached_property
    def accounts(self) -> list[Collection]:
        """The collections that whoever makes a request may be of, as far as they are known.

        `_superusers` has what each of them has.
        """
        found = {id(c): c for c in self.names.by_name.values() if c.type == "auth"}
        return list(found.values())

    def of(self, rule: str, base: Collection) -> list[Named] | None:
        """What a rule names; None where it cannot be read as a whole."""
        try:
            found = parse_filter(rule, NEWEST)
        except FilterError:
            return None
        named: set[Named] = set()
        for operand in operands(found.comparisons()):
            try:
                named.update(self.of_name(operand, base))
            except Refused:
                if operand.text.lower() not in ("null", "true", "false"):
                    return None
        return sorted(named)

    def of_name(self, operand: Operand, base: Collection) -> Iterator[Named]:
        """Each part of a name that means something; raises Refused for one that leads nowhere."""
        head, homes, path, at = self.begin(operand.text, base)
        if head == "@collection":
            word = operand.text.split(".")[1].partition(":")[0]
            start = operand.start + len("@collection.")
            yield from (Named(start, start + len(word), home.name) for home in homes)
        for home in homes:
            for step, part, start in self.steps(path, home, head == REQUEST):
                yield from _named(step, part, operand.start + at + start, operand.text)

    def begin(self, name: str, base: Collection) -> tuple[str, list[Collection], str, int]:
        """How a name begins, the collections that its path starts in, the path, and where that stands."""
        parts = name.split(".", 2)
        if parts[0] == REQUEST:
            homes = {"auth": self.accounts, "body": [base]}.get(parts[1], []) if len(parts) > 2 else []
            return REQUEST, homes, parts[-1], len(name) - len(parts[-1])
        if parts[0] == "@collection" and len(parts) > 2:
            home = self.names.by_name.get(parts[1].partition(":")[0].lower())
            return "@collection", [home] if home else [], parts[2], len(name) - len(parts[2])
        return "", [] if name.startswith("@") else [base], name, 0

    def steps(self, path: str, home: Collection, lenient: bool) -> Iterator[tuple[Step, str, int]]:
        """The steps of a path with the part that each is written in, and where that begins.

        A lenient server takes what leads nowhere for nothing: then the steps as far as they go.
        """
        parts = path.split(".")
        for count in range(len(parts), 0, -1):
            try:
                steps = self.names.path(".".join(parts[:count]), home, 0)
            except Refused:
                if not lenient:
                    raise
                continue
            at = 0
            for step, part in zip(steps, parts, strict=False):
                yield step, part, at
                at += len(part) + 1
            return

    def last_field(self, operand: Operand, base: Collection) -> list[FieldBase] | None:
        """The field that a name ends in, of each collection it may be of; None where that is not known."""
        _, homes, path, _ = self.begin(operand.text, base)
        length = len(path.split("."))
        found = []
        for home in homes:
            try:
                steps = self.names.path(path, home, 0)
            except Refused:
                continue
            if len(steps) < length:
                return None
            found.append(steps[-1].field)
        return found or None


def _named(step: Step, part: str, start: int, name: str) -> Iterator[Named]:
    account = name.startswith(f"{REQUEST}.auth.")
    word = part.partition(":")[0]
    if step.back:
        middle = start + len(step.collection.name)
        yield Named(start, middle, step.collection.name, "", account)
        yield Named(middle + len("_via_"), start + len(part), step.collection.name, step.field.name, account)
    else:
        yield Named(start, start + len(word), step.collection.name, step.field.name, account)


def operands(comparisons: Iterator[Comparison]) -> Iterator[Operand]:
    """The names in comparisons, those in calls too."""
    for comparison in comparisons:
        for operand in (comparison.left, comparison.right):
            yield from (one for one in (operand, *operand.args) if one.kind == "name")
