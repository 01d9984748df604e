"""Rows drawn at random for any schema, as a database may hold them: what a server would refuse as well.

Values are those that stand in the columns. Older rules, imports and SQL leave rows that no request could
make today; a migration has to treat them right, or to refuse before it changes anything.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from zlib import crc32

from hypothesis import strategies as st

from pocketvex.schema.fields import FieldBase, RelationField, SelectField
from pocketvex.schema.model import Schema
from schemas import NASTY, TEXTS

Draw = Callable[[st.SearchStrategy[Any]], Any]
MOST = 4
"""Rows of a table."""

_TEXTS = st.one_of(
    st.just(""),
    st.sampled_from([*TEXTS, " ", "0", "1", "-7", "1.50", "1e3", "12 apples", "true", "null", '["a"]', "{}"]),
    st.sampled_from(
        ["a@example.com", "nobody", "https://example.com/x", "2026-01-01", "2026-01-01 10:00:00.000Z"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    st.integers(1, 120).map(lambda size: "é" * size),
)
_NUMBERS = st.one_of(
    st.sampled_from([0, 1, -1, 0.5, -0.125, 7.5, 2**53, -(2**53), 1e300, 1e-9, 100, 101]),
    st.integers(-(10**6), 10**6),
    st.floats(-1e6, 1e6, allow_subnormal=False),
)
_DATES = st.sampled_from(
    ["", "1970-01-01 00:00:00.000Z", "2019-12-31 23:59:59.999Z", "2026-02-28 10:00:00.123Z",
     "9999-12-31 23:59:59.999Z"]
)  # fmt: skip
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 10**6), st.sampled_from([0.5, "", *NASTY])),
    lambda one: st.one_of(
        st.lists(one, max_size=2), st.dictionaries(st.sampled_from(TEXTS), one, max_size=2)
    ),
    max_leaves=4,
).map(lambda value: json.dumps(value, ensure_ascii=False))
_POINTS = st.tuples(st.integers(-180, 180), st.integers(-90, 90)).map(
    lambda at: json.dumps({"lon": at[0] / 1, "lat": at[1] / 2}, separators=(",", ":"))
)


def draw_rows(data_dir: Path, schema: Schema, draw: Draw) -> int:
    """Put random rows into every table; returns how many. Those that a unique index refuses are left out."""
    written = 0
    with closing(sqlite3.connect(data_dir / "data.db")) as database, database:
        for collection in schema.collections:
            if collection.type == "view" or collection.system:
                continue
            for number in range(draw(st.sampled_from([3, MOST, 2, 0]))):
                values = {f.name: draw(_stored(f, number)) for f in collection.fields if f.name != "id"}
                full = {"id": row_id(collection.id, number), **values}
                names, marks = ", ".join(f"[{key}]" for key in full), ", ".join("?" for _ in full)
                text = f"INSERT OR IGNORE INTO [{collection.name}] ({names}) VALUES ({marks})"
                written += database.execute(text, list(full.values())).rowcount
    return written


def row_id(collection: str, number: int) -> str:
    return f"r{crc32(collection.encode()):010d}000{number}"


def _stored(field: FieldBase, number: int) -> st.SearchStrategy[Any]:
    if field.name == "tokenKey":
        return st.just(f"{number}".rjust(30, "k"))
    match field:
        case SelectField():
            return _listed(st.sampled_from(field.values), field) if field.values else st.just("")
        case RelationField():
            ids = [row_id(field.collection_id, n) for n in range(MOST)]
            return _listed(st.sampled_from([*ids, "gone00000000000"]), field)
    match field.type:
        case "file":
            return _listed(st.sampled_from(["a.png", "b_1.txt", "c.pdf"]), field)
        case "number":
            return _NUMBERS
        case "bool":
            return st.sampled_from([0, 1])
        case "date" | "autodate":
            return _DATES
        case "json":
            return st.one_of(st.none(), _JSON)
        case "geoPoint":
            return _POINTS
        case _:
            return _TEXTS


def _listed(one: st.SearchStrategy[str], field: FieldBase) -> st.SearchStrategy[str]:
    if not field.multiple:
        return st.one_of(st.just(""), one)
    return st.lists(one, max_size=4, unique=True).map(lambda items: json.dumps(items, ensure_ascii=False))
