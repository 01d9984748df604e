"""Columns that the views of the code still call by a name that goes.

SQLite itself says whether a query finds its columns: it is compiled over empty tables, in memory.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

from pocketvex.findings import Finding, Part
from pocketvex.plan.tables import tables_of
from pocketvex.schema.lost_names import called, words_in
from pocketvex.schema.model import Collection, Schema

_MISSING = re.compile(r"no such column: (?:\w+\.)*(\w+)")


def view_problems(
    desired: Schema, live: Schema, states: list[Schema], views: list[Collection]
) -> Iterator[Finding]:
    """What these views of the code do not find any more once it is carried out."""
    declared = {c.name.lower() for c in desired.collections}
    declared |= {(c.renamed_from or "").lower() for c in desired.collections}
    rest = [c for c in live.collections if c.name.lower() not in declared]
    new = tables_of([*desired.collections, *rest])
    old = [tables_of(state.collections) for state in (live, *states)]
    try:
        for view in views:
            missing = _missing(new, view.view_query)
            found = words_in(view.view_query, {missing} if missing else ())
            if not found or any(_missing(tables, view.view_query) == missing for tables in old):
                continue
            now = (f.name for c in desired.collections for f in c.fields if f.renamed_from == missing)
            message = f"no column '{missing}'{called(next(now, ''))}"
            part = Part(view.view_query, *found[0])
            yield Finding(f"{view.name}.query", message, view.source, "PV711", part)
    finally:
        for connection in (new, *old):
            connection.close()


def _missing(tables: sqlite3.Connection, query: str) -> str:
    """The column that SQLite does not find, "" where it finds all or cannot tell."""
    try:
        tables.execute(f"EXPLAIN SELECT * FROM ({query.strip().rstrip(';')}\n)")
    except sqlite3.Error as error:
        found = _MISSING.search(str(error))
        return found[1] if found else ""
    return ""
