"""Who is who: pairs of things in two schemas, by id, then by `renamed_from` or an answer, then by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from pocketvex.schema.fields import FieldBase, RelationField
from pocketvex.schema.model import Collection

Thing = TypeVar("Thing", Collection, FieldBase)


class Pairs(NamedTuple):
    """`both` are pairs of (desired, live)."""

    both: list[tuple[Collection, Collection]]
    added: list[Collection]
    gone: list[Collection]


class FieldPairs(NamedTuple):
    both: list[tuple[FieldBase, FieldBase]]
    added: list[FieldBase]
    gone: list[FieldBase]


Renames = Callable[[str], str | None]
"""An answer for a desired name: the live name that it had, "" if it is new, None if nobody said."""


def match_collections(
    desired: Sequence[Collection], live: Sequence[Collection], renamed: Renames | None
) -> Pairs:
    return Pairs(*_match(desired, live, renamed))


def match_fields(
    desired: Sequence[FieldBase], live: Sequence[FieldBase], renamed: Renames | None
) -> FieldPairs:
    return FieldPairs(*_match(desired, live, renamed))


def _match(
    desired: Sequence[Thing], live: Sequence[Thing], renamed: Renames | None
) -> tuple[list[tuple[Thing, Thing]], list[Thing], list[Thing]]:
    if renamed is None and len(desired) == len(live) and all(map(_same, desired, live)):
        return list(zip(desired, live, strict=True)), [], []  # what nearly all of them are, nearly always
    by_name = {thing.name.lower(): thing for thing in live}
    by_id = {thing.id: thing for thing in live if thing.id}
    pairs: dict[int, Thing] = {}
    taken: set[int] = set()

    def pair(mine: Thing, other: Thing | None) -> None:
        if other is not None and id(other) not in taken and id(mine) not in pairs:
            pairs[id(mine)] = other
            taken.add(id(other))

    hints: list[tuple[Thing, Thing]] = []
    for thing in desired:
        # An id tells a rename from a namesake, unless the namesake has an id of its own.
        known = by_id.get(thing.id) if thing.id else None
        if known is not None and (known.name == thing.name or _free(thing, known, by_name)):
            pair(thing, known)
        said = renamed(thing.name) if renamed and thing.renamed_from is None else thing.renamed_from
        if said and (old := by_name.get(said.lower())) is not None:
            hints.append((thing, old))
    following = bool(hints)
    while following:
        # A hint counts until it was followed: while its new name is not there, or is another's that moves.
        following = False
        for thing, old in hints:
            namesake = by_name.get(thing.name.lower())
            moves = namesake is None or namesake is old or id(namesake) in taken
            if moves and id(thing) not in pairs and id(old) not in taken:
                pair(thing, old)
                following = True
    for thing in desired:
        pair(thing, by_name.get(thing.name.lower()))
    both = [(thing, pairs[id(thing)]) for thing in desired if id(thing) in pairs]
    added = [thing for thing in desired if id(thing) not in pairs]
    return both, added, [thing for thing in live if id(thing) not in taken]


def _same(mine: Thing, other: Thing) -> bool:
    """Whether two in the same place are one: nothing says otherwise."""
    return mine.name == other.name and (not mine.id or mine.id == other.id) and mine.renamed_from is None


def _free(wanted: Thing, known: Thing, by_name: dict[str, Thing]) -> bool:
    """Whether a declared id may rename: also where names are swapped, since then both have ids."""
    namesake = by_name.get(wanted.name.lower())
    return (
        namesake is None
        or namesake is known
        or bool(namesake.id and namesake.id != wanted.id and known.type == wanted.type)
    )


def same_kind(before: FieldBase, after: FieldBase) -> bool:
    """Whether one can become the other in place: same type, and for relations the same target."""
    if before.type != after.type:
        return False
    if isinstance(before, RelationField) and isinstance(after, RelationField):
        return before.target.lower() == after.target.lower()
    return True
