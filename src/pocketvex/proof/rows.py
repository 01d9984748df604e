"""Rows for a proof: a few records for every table, ordinary ones and those at the edge of what fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from zlib import crc32

from pocketvex.proof.cells import FULL, LEAST, MOST, ODD, OTHER, ROWS, cell, record_id
from pocketvex.proof.keeps_limits import Conditions, conditions, fits
from pocketvex.proof.viewed import Choice, Row, chosen
from pocketvex.schema.fields import FieldBase, SelectField
from pocketvex.schema.model import Collection, Schema
from pocketvex.schema.views import tables_read


def make_rows(schema: Schema, after: Schema | None = None) -> list[Row]:
    """Up to ROWS records for every table that `after` changes, with all the edges; two for any other.

    They fit `after` as well where that is stricter: rows that do not are what the guards of a file are for.
    Where a view of one of the two states fails with them, as far as it can be tried, others take their place.
    """
    later = {c.id: c for c in after.collections} if after else {}
    found: list[Choice] = []
    for collection in schema.collections:
        if collection.type == "view" or collection.system:
            continue
        then = later.get(collection.id)
        touched = after is None or then is None or then != collection
        rows = _rows(collection, _fitting(collection, then), touched=touched)
        found += _distinct(rows, collection, then)
    return chosen(found, schema, after)


def without_rows(rows: Sequence[Row], before: Schema, after: Schema) -> tuple[str, ...]:
    """The tables that `after` changes, that could hold rows, and that hold none for the sake of a view."""
    held, later = {row.table for row in rows}, {c.id: c for c in after.collections}
    empty = [c for c in before.collections if c.type != "view" and not c.system and c.name not in held]
    return tuple(
        c.name for c in empty if later.get(c.id) != c and _fitting(c, later.get(c.id)) and _reads(c, before)
    )


def _reads(collection: Collection, schema: Schema) -> bool:
    """Whether a view names it."""
    return any(tables_read(view.view_query, {collection.name}) for view in schema.collections)


def _rows(collection: Collection, fields: list[FieldBase], *, touched: bool) -> Iterator[Choice]:
    """Each record with what is like it and simpler: all fields filled, ordinary values, none at all."""
    unique = {column.expr.lower() for index in collection.indexes if index.unique for column in index.columns}
    refused = [(field, conditions(field) if touched else []) for field in fields]
    for number in range(ROWS) if touched else (FULL, OTHER):
        if not fields:
            break
        row = _row(collection, refused, number, number, unique, long=touched)
        if row is not None:
            plain = number if number == OTHER else FULL
            other = _row(collection, refused, number, plain, unique, long=touched)
            yield Choice(row, other or row, _WEIGHTS[number])


_WEIGHTS = {LEAST: 5, ODD: 4, MOST: 3, OTHER: 2, FULL: 1}


def _row(
    collection: Collection,
    fields: list[tuple[FieldBase, Conditions]],
    number: int,
    kind: int,
    unique: set[str],
    *,
    long: bool,
) -> Row | None:
    values: dict[str, Any] = {}
    for field, broken in fields:
        # Where all have to differ, the least that a row can hold is not nothing.
        own = FULL if kind == LEAST and field.name.lower() in unique else kind
        values[field.name] = _fit(field, number, own, broken, long=long)
    if ... in values.values():
        return None
    return Row(collection.name, {**values, "id": record_id(crc32(collection.id.encode()), number)})


def _fit(field: FieldBase, number: int, kind: int, refused: Conditions, *, long: bool) -> Any:
    """The value of that kind, or what is like it and fits; `...` where nothing does."""
    for other in dict.fromkeys((kind, FULL, MOST, ODD, LEAST)):
        value = cell(field, number, kind=other, long=long)
        if value is ... or fits(value, refused):
            return value
    return ...


def _distinct(rows: Iterator[Choice], collection: Collection, after: Collection | None) -> Iterator[Choice]:
    """Without those that a unique index, of before or after, takes for another one.

    A column that is new, or gets another type, counts as one value in all of them.
    """
    known = {field.id: field.name for field in collection.fields}
    names = {f.name.lower(): known.get(f.id, "") for f in after.fields} if after else {}
    keys = [[c.expr for c in index.columns] for index in collection.indexes if index.unique]
    for index in after.indexes if after else ():
        if index.unique:
            keys.append([names.get(c.expr.lower(), c.expr) for c in index.columns])

    def marks(row: Row) -> set[tuple[int, tuple[str, ...]]]:
        held = {name.lower(): str(value).casefold() for name, value in row.values.items()}
        return {(n, tuple(held.get(column.lower(), "") for column in key)) for n, key in enumerate(keys)}

    seen: set[tuple[int, tuple[str, ...]]] = set()
    kept: list[Choice] = []
    for choice in rows:
        if not marks(choice.row) & seen:
            seen |= marks(choice.row)
            kept.append(choice)
    for choice in kept:
        others = marks(choice.plain) - marks(choice.row)
        yield choice._replace(plain=choice.row) if others & seen else choice
        seen |= others


def _fitting(collection: Collection, after: Collection | None) -> list[FieldBase]:
    """The fields with the limits of both states; none where no row can fit what comes after."""
    if after is None:
        return list(collection.fields)
    known = {field.id for field in collection.fields}
    if any(f.required and f.backfill is None for f in after.fields if f.id not in known and f.id):
        return []
    later = {field.id: field for field in after.fields}
    fields = [_stricter(f, later[f.id]) if f.id in later else f for f in collection.fields]
    if any(isinstance(f, SelectField) and not f.values and f.required for f in fields):
        return []
    return fields


def _stricter(field: FieldBase, after: FieldBase) -> FieldBase:
    if field.type != after.type:
        return field
    both: dict[str, Any] = {}
    if after.backfill is None:
        both["required"] = field.required or after.required
    pairs = {name: (getattr(field, name), getattr(after, name)) for name in field.OPTIONS}
    for name, choose in (("min", max), ("max", min)):
        stated = [value for value in pairs.get(name, ()) if value not in (None, "")]
        if field.type == "text" and name == "max":
            stated = [value or 5000 for value in stated]
        both |= {name: choose(stated)} if stated else {}
    if field.multiple and after.multiple and "max_select" in pairs:
        both["max_select"] = min(pairs["max_select"])
        both |= {"min_select": max(pairs["min_select"])} if "min_select" in pairs else {}
    if isinstance(field, SelectField) and isinstance(after, SelectField):
        kept = {*after.values, *after.remap}
        both["values"] = [value for value in field.values if value in kept]
    if "pattern" in pairs:
        was, now = pairs["pattern"]
        # What matches both: on the way down the earlier one counts again.
        both["pattern"] = (
            f"(?=[\\s\\S]*?(?:{now}))[\\s\\S]*?(?:{was})" if was and now and was != now else was or now
        )
    if "only_domains" in pairs:
        was, now = pairs["only_domains"]
        both["only_domains"] = [name for name in was if name in now] if was and now else was or now
        both["except_domains"] = [name for names in pairs["except_domains"] for name in names]
    if "only_int" in pairs:
        both["only_int"] = any(pairs["only_int"])
    return field.model_copy(update=both)
