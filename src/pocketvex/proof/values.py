"""What became of the rows of a proof: stored values by their ids, compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pocketvex.schema.fields import FieldBase, SelectField
from pocketvex.schema.model import Schema

Key = tuple[str, str, str]
"""Collection id, field id, record id."""

Values = dict[Key, Any]


def values_of(tables: Mapping[str, Any]) -> Values:
    """The same from what a trial wrote down: by collection a list of `[field ids, rows]`, each row the
    record's id and its values as SQL literals."""
    found: Values = {}
    for collection, parts in tables.items():
        for fields, rows in parts:
            for record, *literals in rows:
                for field, literal in zip(fields, literals, strict=True):
                    found[collection, field, record] = literal_value(literal)
    return found


def literal_value(literal: str) -> Any:
    """What SQLite's `quote()` stands for."""
    if literal == "NULL":
        return None
    if literal.startswith("'"):
        return literal[1:-1].replace("''", "'")
    if literal.startswith("X'"):
        return bytes.fromhex(literal[2:-1])
    return float(literal) if any(c in literal for c in ".eE") else int(literal)


def lost(before: Values, after: Values) -> Iterator[tuple[Key, Any, Any]]:
    """Values that are not what they were, or not there any more; a list of one is as good as the one."""
    for key, value in before.items():
        if key not in after:
            yield key, value, None
        elif not _equal(value, after[key]):
            yield key, value, after[key]


def surviving(before: Values, before_schema: Schema, after_schema: Schema) -> Values:
    """Those values that are to be the same in both schemas: not lists that become one value, not empty
    ones that are filled, and not choices that become others."""
    was = {(c.id, f.id): f for c in before_schema.collections for f in c.fields}
    now = {(c.id, f.id): f for c in after_schema.collections for f in c.fields}
    return {
        key: value
        for key, value in before.items()
        if key[:2] in now
        and not (was[key[:2]].multiple and not now[key[:2]].multiple)
        and not (now[key[:2]].backfill is not None and value == zero(was[key[:2]]))
        and not (_chosen(value) & _remapped(now[key[:2]]))
    }


def untouched_rows(before: Values, after: Values) -> int:
    """How many records have all the values that they had."""
    rows = {(collection, record) for collection, _, record in before}
    return len(rows - {(key[0], key[2]) for key, _, _ in lost(before, after)})


def zero(field: FieldBase) -> Any:
    """What PocketBase stores for an empty value."""
    if field.multiple:
        return "[]"
    zeros = {"number": 0, "bool": False, "json": None, "geoPoint": '{"lon":0,"lat":0}'}
    return zeros.get(field.type, "")


def _chosen(value: Any) -> set[str]:
    if isinstance(value, str) and value.startswith("["):
        try:
            return {item for item in json.loads(value) if isinstance(item, str)}
        except ValueError:
            return {value}
    return {value} if isinstance(value, str) else set()


def _remapped(field: FieldBase) -> set[str]:
    return set(field.remap) if isinstance(field, SelectField) else set()


def _equal(before: Any, after: Any) -> bool:
    if before == after:
        return True
    if isinstance(after, str) and after.startswith("["):
        try:
            items = json.loads(after)
        except ValueError:
            return False
        return bool(items == ([before] if before else []))
    return False
