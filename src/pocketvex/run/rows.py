"""Rows for a proof: a few records in every table of a scratch data directory, and what became of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from zlib import crc32

from pocketvex.schema.fields import FieldBase, NumberField, RelationField, SelectField, TextField
from pocketvex.schema.model import Collection, Schema

ROWS = 3
"""One full, one with the least that a row can hold, one full and different."""

Values = dict[tuple[str, str, str], Any]
"""(collection id, field id, record id) to the stored value."""


def insert_rows(data_dir: Path, schema: Schema, after: Schema | None = None) -> int:
    """Put ROWS records into every table that has room for them; returns how many were written.

    They fit `after` as well where that is stricter: rows that do not are what the guards of a file are for.
    They go straight into the database of a directory that no server has open: what counts in a proof is
    that a migration treats stored values right, however they came there.
    """
    written = 0
    later = {c.id: c for c in after.collections} if after else {}
    with closing(sqlite3.connect(data_dir / "data.db")) as database, database:
        for collection in schema.collections:
            if collection.type == "view" or collection.system:
                continue
            fields = _fitting(collection, later.get(collection.id))
            for row in range(_room(collection, later.get(collection.id)) if fields else 0):
                values = {f.name: _value(f, collection, row) for f in fields}
                values["id"] = _record_id(collection.id, row)
                names = ", ".join(f"[{name}]" for name in values)
                marks = ", ".join("?" for _ in values)
                sql = f"INSERT OR IGNORE INTO [{collection.name}] ({names}) VALUES ({marks})"
                written += database.execute(sql, list(values.values())).rowcount
    return written


def _room(collection: Collection, after: Collection | None) -> int:
    """How many rows fit: one, where a new field, empty in all of them, is to be unique."""
    known = {field.id for field in collection.fields}
    new = {field.name.lower() for field in (after.fields if after else ()) if field.id not in known}
    for index in after.indexes if after else ():
        if index.unique and not index.where and {c.expr.lower() for c in index.columns} <= new:
            return 1
    return ROWS


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
        both |= {name: choose(stated)} if stated else {}
    if "values" in pairs:
        both["values"] = [value for value in pairs["values"][0] if value in pairs["values"][1]]
    return field.model_copy(update=both)


def read_values(data_dir: Path, schema: Schema) -> Values:
    """Every stored value, by ids, so that renames do not matter."""
    found: Values = {}
    with closing(sqlite3.connect(data_dir / "data.db")) as database:
        for collection in schema.collections:
            if collection.type == "view" or collection.system:
                continue
            fields = list(collection.fields)
            names = ", ".join(["[id]", *(f"[{field.name}]" for field in fields)])
            for row in database.execute(f"SELECT {names} FROM [{collection.name}]"):
                for field, value in zip(fields, row[1:], strict=True):
                    found[collection.id, field.id, row[0]] = value
    return found


def lost(before: Values, after: Values) -> Iterator[tuple[tuple[str, str, str], Any, Any]]:
    """Values that are not what they were, or not there any more; a list of one is as good as the one."""
    for key, value in before.items():
        if key not in after:
            yield key, value, None
        elif not _equal(value, after[key]):
            yield key, value, after[key]


def surviving(before: Values, before_schema: Schema, after_schema: Schema) -> Values:
    """Those values that are to be the same in both schemas: not lists that become one value, and not
    empty ones that are filled."""
    was = {(c.id, f.id): f for c in before_schema.collections for f in c.fields}
    now = {(c.id, f.id): f for c in after_schema.collections for f in c.fields}
    return {
        key: value
        for key, value in before.items()
        if key[:2] in now
        and not (was[key[:2]].multiple and not now[key[:2]].multiple)
        and not (now[key[:2]].backfill is not None and value == _zero(was[key[:2]]))
    }


def _equal(before: Any, after: Any) -> bool:
    if before == after:
        return True
    if isinstance(after, str) and after.startswith("["):
        items = json.loads(after)
        return bool(items == ([before] if before else []))
    return False


def _record_id(collection_id: str, row: int) -> str:
    """Fifteen of a-z and 0-9, as PocketBase makes them; the same for the same row of a collection."""
    return f"pv{crc32(collection_id.encode()):011d}r{row}"


def _value(field: FieldBase, collection: Collection, row: int) -> Any:
    if row == 1 and not field.required and not _must_differ(field, collection):
        return _zero(field)
    unique = f"{field.name[:8]}{row}"
    match field:
        case TextField():
            return _text(field, unique)
        case NumberField():
            low = field.min if field.min is not None else (field.max or 0) - ROWS if field.max else 1
            return (min(low + row, field.max) if field.max is not None else low + row) or 1
        case SelectField():
            values = field.values[row % max(1, len(field.values)) :][:1] or field.values[:1]
            return json.dumps(values) if field.multiple else "".join(values)
        case RelationField():
            ids = [_record_id(field.collection_id, n) for n in (0, 2)]
            return json.dumps(ids) if field.multiple else ids[row % 2]
    texts = {
        "bool": True,
        "email": f"{unique}@example.com",
        "url": f"https://example.com/{unique}",
        "editor": f"<p>{unique}</p>",
        "date": f"2026-01-0{row + 1} 10:00:00.000Z",
        "autodate": f"2026-01-0{row + 1} 10:00:00.000Z",
        "json": json.dumps({"n": row}),
        "password": f"$2a$10${unique}",
        "geoPoint": json.dumps({"lon": row + 0.5, "lat": 1}),
    }
    if field.type == "file":
        names = [f"{unique}_a.png", f"{unique}_b.png"]
        return json.dumps(names) if field.multiple else names[0]
    return texts.get(field.type, "")


def _text(field: TextField, unique: str) -> str:
    if field.name == "tokenKey":
        return unique.ljust(30, "x")
    text = unique.ljust(field.min, "x")
    return text[-field.max :] if field.max else text


def _must_differ(field: FieldBase, collection: Collection) -> bool:
    return field.name == "tokenKey" or any(
        index.unique and index.covers_only(field.name) for index in collection.indexes
    )


def _zero(field: FieldBase) -> Any:
    if field.multiple:
        return "[]"
    zeros = {"number": 0, "bool": False, "json": None, "geoPoint": '{"lon":0,"lat":0}'}
    return zeros.get(field.type, "")
