"""What migrations keep on a server: the ledger `_pv_ledger`, and `_pv_kept` of files of the first format.

Read from the database file where it is at hand, else by `/api/sql` from 0.39.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from typing import Any, NamedTuple

from pocketvex.errors import ServerProcessError
from pocketvex.evidence.sql import literal
from pocketvex.target.road import native_dir
from pocketvex.target.target import Target
from pocketvex.versions import SQL_OVER_HTTP

LEDGER, FIRST = "_pv_ledger", "_pv_kept"

_GROUPS = {
    LEDGER: "SELECT migration, way, generation, collection, field, MAX(name) AS name, COUNT(*) AS n,"
    f" SUM(back) AS back FROM {LEDGER} WHERE record != '' GROUP BY 1, 2, 3, 4, 5 ORDER BY MIN(rowid)",
    FIRST: "SELECT migration, '' AS way, 0 AS generation, collection, field, collection AS name,"
    f" COUNT(*) AS n, 0 AS back FROM {FIRST} GROUP BY 1, 4, 5 ORDER BY 1, 4, 5",
}


class Group(NamedTuple):
    """What one run of a migration took from one column."""

    table: str
    migration: str
    way: str
    """up or down; "" in the first format."""
    generation: int
    collection: str
    """Its id; its name in the first format."""
    field: str
    name: str
    """`posts.title`, as it was called."""
    rows: int
    back: int
    """How many of them were read back in their place."""

    @property
    def where(self) -> str:
        pairs = {"migration": self.migration, "collection": self.collection, "field": self.field}
        if self.table == LEDGER:
            pairs |= {"way": self.way}
        text = " AND ".join(f"{key} = {literal(value)}" for key, value in pairs.items())
        return f"{text} AND generation = {self.generation}" if self.table == LEDGER else text


class Cell(NamedTuple):
    record: str
    value: Any


def groups(target: Target) -> list[Group] | None:
    """What the tables hold; None where nobody can look into them."""
    found = []
    for table, query in _GROUPS.items():
        rows = _read(target, table, query)
        if rows is None:
            return None
        found += [
            Group(
                table, str(r["migration"]), str(r["way"]), int(r["generation"]), str(r["collection"]),
                str(r["field"]), str(r["name"]), int(r["n"]), int(r["back"] or 0),
            )
            for r in rows
        ]  # fmt: skip
    return found


def cells(target: Target, group: Group) -> list[Cell]:
    """The values of a group: numbers, texts and null as SQLite has them."""
    text = "CASE typeof(value) WHEN 'blob' THEN json_quote(hex(value)) ELSE json_quote(value) END"
    query = f"SELECT record, {text} AS value FROM {group.table} WHERE {group.where} ORDER BY record"
    rows = _read(target, group.table, query) or []
    return [Cell(str(row["record"]), json.loads(str(row["value"]))) for row in rows]


def has_values(target: Target, collection: str, field: str) -> bool:
    """Whether any migration kept something of this column."""
    if target.data_dir is None:
        return False
    query = (
        f"SELECT 1 AS n FROM {LEDGER} WHERE collection = {literal(collection)}"
        f" AND field = {literal(field)} AND record != '' LIMIT 1"
    )
    return bool(_read(target, LEDGER, query))


def delete(target: Target, found: Sequence[Group]) -> None:
    """Delete these values for good."""
    _write(target, [f"DELETE FROM {group.table} WHERE {group.where}" for group in found])


def _read(target: Target, table: str, query: str) -> list[dict[str, Any]] | None:
    if target.data_dir is not None:
        from pocketvex.server.ledger import reading

        with reading(target.data_dir) as database, closing(database.cursor()) as cursor:
            there = cursor.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone()
            if not there:
                return []
            cursor.execute(query)
            columns = [column[0] for column in cursor.description]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    if target.version >= SQL_OVER_HTTP:
        there = target.client.sql(f"SELECT name FROM sqlite_master WHERE name = '{table}'")
        return list(target.client.sql(query)) if there else []
    return None


def _write(target: Target, statements: Sequence[str]) -> None:
    if not statements:
        return
    if target.data_dir is not None:
        from pocketvex.server.ledger import writing

        with writing(native_dir(target)) as database:
            for statement in statements:
                database.execute(statement)
        return
    if target.version < SQL_OVER_HTTP:
        raise ServerProcessError(
            f"{target.url} is reached over HTTP only: the values cannot be deleted from here",
            why="PocketBase lets a superuser write to its tables from 0.39 on.",
            todo="Say where its data is: --data-dir.",
        )
    for statement in statements:
        target.client.sql(statement)
