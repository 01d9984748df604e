"""Rows of a proof that every view takes: from 0.39 on PocketBase saves none that shows a row without an id.

The views run over the rows on an SQLite of our own, as the tables of a schema hold them. What PocketBase
looks at (0.39.11, 0.40.6): that the query runs, and that no id is empty or stands twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from functools import partial
from typing import Any, NamedTuple

from pocketvex.proof.values import zero
from pocketvex.schema.fields import FieldBase
from pocketvex.schema.model import Collection, Schema
from pocketvex.target.sqlite_values import column_type

_LONGEST = 50_000_000
"""Steps of SQLite's machine: some seconds."""


class Row(NamedTuple):
    table: str
    values: dict[str, Any]
    """By column, as they are stored."""


class Choice(NamedTuple):
    """A record of a proof, and what may stand in its place where a view does not take it."""

    row: Row
    plain: Row
    """With all fields filled, and with ordinary values."""
    weight: int
    """Of the records whose view fails, the heaviest are changed first."""

    def at(self, level: int) -> Row | None:
        """0: as it is meant to be; 1: the plain one; 2: none."""
        return (self.row, self.plain, None)[level]


def chosen(choices: Sequence[Choice], before: Schema, after: Schema | None) -> list[Row]:
    """The records as they are meant to be, changed only where a view of one of the states fails with them."""
    levels = [0] * len(choices)

    def rows() -> list[Row]:
        found = (choice.at(level) for choice, level in zip(choices, levels, strict=True))
        return [row for row in found if row is not None]

    for schema in (before, after):
        if schema is None or not any(collection.type == "view" for collection in schema.collections):
            continue
        with closing(_Views(before, schema)) as views:
            for name in views.failing(rows()):
                fails = partial(lambda views, name: views.fails(name, rows()), views, name)
                _settle(choices, levels, fails, views.reads(name))
    return rows()


def _settle(
    choices: Sequence[Choice], levels: list[int], fails: Callable[[], bool], tables: set[str]
) -> None:
    """Change records of these tables, one after the other, until the view takes all; put back what may be."""
    start = list(levels)
    near = [n for n, choice in enumerate(choices) if choice.row.table in tables]
    near.sort(key=lambda n: -choices[n].weight)
    for level in (1, 2):
        for n in near:
            levels[n] = max(level, levels[n])
            if not fails():
                _put_back(levels, start, near, fails)
                return
    # It is not the rows: a view that nothing satisfies fails by itself, and says so.
    levels[:] = start


def _put_back(
    levels: list[int], start: Sequence[int], near: Sequence[int], fails: Callable[[], bool]
) -> None:
    for n in near:
        for level in range(start[n], levels[n]):
            last, levels[n] = levels[n], level
            if not fails():
                break
            levels[n] = last


class _Views:
    """The views of one state, over records of the state before, which get the names and columns of it."""

    def __init__(self, before: Schema, schema: Schema) -> None:
        self.tables = {c.id: c for c in schema.collections if c.type != "view"}
        self.names = {c.name: c for c in before.collections if c.type != "view"}
        self.views = [c.name for c in schema.collections if c.type == "view"]
        self.database = sqlite3.connect(":memory:", isolation_level=None)
        # A query without an end is none that a server has, but one may be on its way to it.
        self.database.set_progress_handler(lambda: 1, _LONGEST)
        for statement in _statements(schema):
            # What this SQLite cannot parse is not tried.
            with suppress(sqlite3.Error):
                self.database.execute(statement)

    def close(self) -> None:
        self.database.close()

    def failing(self, rows: Sequence[Row]) -> list[str]:
        """The views that fail with these records, and not without any."""
        found = self._failing(rows, self.views)
        return [name for name in found if name not in self._failing((), found)] if found else []

    def fails(self, name: str, rows: Sequence[Row]) -> bool:
        return bool(self._failing(rows, [name]))

    def _failing(self, rows: Sequence[Row], names: Sequence[str]) -> list[str]:
        self.database.execute("BEGIN")
        try:
            for row in rows:
                self._insert(row)
            return [name for name in names if not _shows(self.database, name)]
        finally:
            self.database.execute("ROLLBACK")

    def reads(self, name: str) -> set[str]:
        """The tables behind the view, by the names that they have before."""
        found: set[str] = set()

        def see(action: int, table: str | None, *_: object) -> int:
            if action == sqlite3.SQLITE_READ and table:
                found.add(table.lower())
            return sqlite3.SQLITE_OK

        self.database.set_authorizer(see)
        _shows(self.database, name)
        self.database.set_authorizer(None)
        ids = {id for id, collection in self.tables.items() if collection.name.lower() in found}
        return {name for name, collection in self.names.items() if collection.id in ids}

    def _insert(self, row: Row) -> None:
        before = self.names[row.table]
        there = self.tables.get(before.id)
        if there is None:
            return
        values = dict(_moved(row.values, before, there))
        names, marks = ", ".join(f"[{name}]" for name in values), ", ".join("?" * len(values))
        self.database.execute(
            f"INSERT OR IGNORE INTO [{there.name}] ({names}) VALUES ({marks})", [*values.values()]
        )


def _statements(schema: Schema) -> Iterator[str]:
    for collection in schema.collections:
        if collection.type == "view":
            query = collection.view_query.strip().rstrip(";")
            yield f"CREATE VIEW [{collection.name}] AS SELECT * FROM ({query}\n);\n"
        else:
            columns = [f"[{field.name}] {column_type(field)}" for field in collection.fields]
            yield f"CREATE TABLE [{collection.name}] ({', '.join(columns)});\n"


def _moved(values: Mapping[str, Any], before: Collection, after: Collection) -> Iterator[tuple[str, Any]]:
    """The values under the names that their fields have then; a new field has what it is filled with."""
    known = {field.id: field.name for field in before.fields}
    for field in after.fields:
        yield field.name, values.get(known[field.id]) if field.id in known else _new(field)


def _new(field: FieldBase) -> Any:
    given = field.backfill
    return given if isinstance(given, str | int | float) else zero(field)


def _shows(database: sqlite3.Connection, name: str) -> bool:
    """Whether the view runs, and each of its rows has an id of its own."""
    try:
        ids = [row[0] for row in database.execute(f"SELECT [id] FROM [{name}]")]
        database.execute(f"SELECT * FROM [{name}]").fetchall()
    except sqlite3.Error:
        return False
    return all(id not in (None, "") for id in ids) and len({str(id) for id in ids}) == len(ids)
