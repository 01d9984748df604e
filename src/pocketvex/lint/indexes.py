"""Indexes that do nothing, and lookups that have none."""

from __future__ import annotations

from collections.abc import Iterator

from pocketvex.findings import Finding, Part
from pocketvex.lint.conditions import AUTH, finding, sides, ways_of
from pocketvex.rules.check import rules_of
from pocketvex.rules.language import FilterError, parse_filter
from pocketvex.rules.names import Names, Refused
from pocketvex.schema.fields import RelationField
from pocketvex.schema.indexes import Index
from pocketvex.schema.model import Collection, Schema


def index_findings(schema: Schema, names: Names) -> Iterator[Finding]:
    """Useless indexes by collection, then relations that are looked up without one."""
    for collection in schema.collections:
        for index in collection.indexes:
            if why := _useless(index, collection):
                columns = "".join("".join(c).replace(" ", "") for c in index.columns)
                yield finding("PV707", collection, f"@{index.name}", why, Part(columns, 0, len(columns)))
    yield from _missing(schema, names)


def _useless(index: Index, collection: Collection) -> str:
    if index.covers_only("id"):
        return "`id` has an index of its own"
    if collection.is_implied(index._replace(unique=True)) and not index.unique:
        return "the server keeps a unique index over that field itself"
    if index.unique:
        return ""
    for other in collection.indexes:
        if other is not index and _serves(other, index):
            same = len(other.columns) == len(index.columns)
            if (
                same
                and not other.unique
                and collection.indexes.index(other) > collection.indexes.index(index)
            ):
                continue
            how = "covers the same" if same else "begins with the same columns"
            return f"{other.name} {how}: this one is never needed"
    return ""


def _serves(other: Index, index: Index) -> bool:
    """Whether `other` finds everything that `index` would."""
    if other.where and _folded(other.where) != _folded(index.where):
        return False
    ours = [(c.expr.lower(), c.collate.lower(), c.sort) for c in index.columns]
    theirs = [(c.expr.lower(), c.collate.lower(), c.sort) for c in other.columns[: len(ours)]]
    # One column is read in either direction.
    return [c[:2] for c in ours] == [c[:2] for c in theirs] if len(ours) == 1 else ours == theirs


def _folded(text: str) -> str:
    return " ".join(text.replace("`", "").lower().split())


def _missing(schema: Schema, names: Names) -> Iterator[Finding]:
    needed: dict[tuple[str, str], str] = {}
    for collection in schema.collections:
        for name in _always_compared(collection):
            needed.setdefault((collection.name, name), f"{collection.name}.listRule filters every list by it")
        for rule, text in rules_of(collection).items():
            for other, name in _back(text, collection, names):
                needed.setdefault((other, name), f"{collection.name}.{rule} looks it up from the other side")
    for (owner, name), why in needed.items():
        found = schema.collection(owner)
        field = found.field(name) if found else None
        if found is None or not isinstance(field, RelationField) or field.multiple or found.type == "view":
            continue
        if not _has_index(found, name):
            message = f'{why}, and there is no index: indexes = [index("{name}")]'
            yield finding("PV708", found, name, message, where=field.source)


def _always_compared(collection: Collection) -> set[str]:
    """The fields that each way to pass the list rule compares with something of the request."""
    ways = [
        {
            one.text
            for comparison in term
            for one, other in sides(comparison)
            if comparison.sign == "=" and one.kind == "name" and other.text.startswith(AUTH)
        }
        for term in ways_of(collection.list_rule)
    ]
    # Of what a way compares together, one index is enough.
    served = all(any(_has_index(collection, name) for name in way) for way in ways)
    return set.intersection(*ways) if ways and not served else set()


def _has_index(collection: Collection, name: str) -> bool:
    return name == "id" or any(i.columns[0].expr.lower() == name.lower() for i in collection.indexes)


def _back(text: str, base: Collection, names: Names) -> Iterator[tuple[str, str]]:
    try:
        found = list(parse_filter(text, names.version).comparisons())
    except FilterError:
        return
    for comparison in found:
        for operand in (comparison.left, comparison.right):
            try:
                steps = names.follow(operand.text, base) if operand.kind == "name" else []
            except Refused:
                continue
            yield from ((step.collection.name, step.field.name) for step in steps if step.back)
