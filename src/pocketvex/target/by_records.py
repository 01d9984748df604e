"""Values written record by record before the switch, up to PocketBase 0.38: what the statements of a
migration make of a page of rows in memory is sent back as changes of those records.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple

from pocketvex.api.client import Client
from pocketvex.errors import Rejected
from pocketvex.evidence.sql import quoted
from pocketvex.remote.expressions import field_model
from pocketvex.remote.passage import Passage
from pocketvex.remote.rows import Was
from pocketvex.remote.statements import LEDGER, Generations, statements
from pocketvex.schema.fields import FieldBase
from pocketvex.target.count import pages
from pocketvex.target.sqlite_values import column_type, compact, stored

Json = dict[str, Any]
_BREATH = 50
"""After so many records, who waits and who else would work there hear that it goes on: far away, one takes a
tenth of a second."""
PASSES = 6
"""So often the rows are written again that others changed meanwhile."""


class Refusal(Exception):
    """A record that the server does not take with its new values."""


class _Table(NamedTuple):
    id: str
    name: str
    columns: dict[str, FieldBase]
    """The columns that are read, by their names."""
    writes: frozenset[str]
    was: dict[str, tuple[Was, str]]
    """By the column of before: what it is, and the name of the one that it is about."""


def write_rows(client: Client, going: Passage, say: Callable[[str], None], renew: Callable[[], None]) -> None:
    """Write what a passage does to the rows that are there."""
    made = statements(going, Generations(1, 1))
    with closing(sqlite3.connect(":memory:")) as database:
        for statement in LEDGER.split("; "):
            database.execute(statement)
        tables = [_table(going, item) for item in going.before if _is_touched(going, item["id"])]
        for table in tables:
            listed = ", ".join(
                f"{quoted(name)} {column_type(field)}" for name, field in table.columns.items()
            )
            database.execute(f"CREATE TABLE {quoted(table.name)} (id TEXT PRIMARY KEY, {listed})")
        for table in tables:
            read = 0
            for page in pages(client, table.id, list(table.columns)):
                todo = _changes(database, going, table, page, [*made.ahead, *made.inside])
                for number, (id, values) in enumerate(todo):
                    if number % _BREATH == 0:
                        renew()
                        say(f"writing {table.name}: {read + number} rows")
                    _send(client, table, id, values)
                read += len(page)
    say("")


def _is_touched(going: Passage, id: str) -> bool:
    return any(work.collection == id for work in going.work)


def _table(going: Passage, item: Json) -> _Table:
    fields = {f["id"]: f for f in item["fields"]}
    for sent in going.expand:
        if sent["id"] == item["id"]:
            fields |= {f["id"]: f for f in sent["fields"]}
    used: dict[str, FieldBase] = {}
    writes: set[str] = set()
    for work in (work for work in going.work if work.collection == item["id"]):
        for part in ("source", "target", "field"):
            if id := getattr(work, part, ""):
                used[fields[id]["name"]] = field_model(fields[id])
                if part != "source":
                    writes.add(fields[id]["name"])
    was = {}
    for one in going.was:
        if one.collection == item["id"]:
            used[one.name] = field_model({"name": one.name, "type": "json"})
            was[one.name] = (one, fields[one.field]["name"])
    return _Table(item["id"], item["name"], used, frozenset(writes), was)


def _changes(
    database: sqlite3.Connection, going: Passage, table: _Table, page: Sequence[Json], run: Sequence[str]
) -> list[tuple[str, Json]]:
    """What the statements change in these rows, as records take it."""
    name = quoted(table.name)
    database.execute(f"DELETE FROM {name}")
    database.execute("DELETE FROM _pv_ledger")
    marks = ", ".join("?" for _ in range(len(table.columns) + 1))
    rows = [[row["id"], *(stored(f, row.get(c)) for c, f in table.columns.items())] for row in page]
    database.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
    for column, (was, about) in table.was.items():
        for row in page:
            if not was.keeps and row.get(column):
                _recall(database, going, table, was.field, about, row["id"], row[column])
    before = _read(database, table)
    for statement in run:
        database.execute(statement)
    after = _read(database, table)
    found: dict[str, Json] = {}
    for id, values in after.items():
        for column in table.writes:
            if not _same(table.columns[column], values[column], before[id][column]):
                found.setdefault(id, {})[column] = _sent(table.columns[column], values[column])
    for column, (was, about) in table.was.items():
        if not was.keeps:
            continue
        model = table.columns[about]
        query = (
            "SELECT record, value, put FROM _pv_ledger WHERE way = ? AND collection = ? AND field = ? "
            "AND record != ''"
        )
        for id, value, put in database.execute(query, [going.way, table.id, was.field]).fetchall():
            put = after[id][about] if put is None else put
            kept = {"value": _plain(model, value), "put": _plain(model, put)}
            there = next(row for row in page if row["id"] == id).get(column)
            # What was written before, and is there no more, was written anew by somebody else.
            known = there and _plain(model, before[id][about]) in (there["put"], there["value"])
            if not known and kept["value"] != kept["put"]:
                found.setdefault(id, {})[column] = kept
    return list(found.items())


def _recall(
    database: sqlite3.Connection, going: Passage, table: _Table, field: str, about: str, id: str, was: Json
) -> None:
    model = table.columns[about]
    value, put = (_stored(model, was[key]) for key in ("value", "put"))
    opposite = "down" if going.way == "up" else "up"
    database.execute(
        "INSERT INTO _pv_ledger VALUES (?, ?, 1, ?, ?, ?, '', ?, ?, 0, '')",
        [going.id, opposite, table.id, field, id, value, put],
    )


def _read(database: sqlite3.Connection, table: _Table) -> dict[str, dict[str, Any]]:
    listed = ", ".join(map(quoted, table.columns))
    cursor = database.execute(f"SELECT id, {listed} FROM {quoted(table.name)}")
    return {id: dict(zip(table.columns, values, strict=True)) for id, *values in cursor.fetchall()}


def _same(field: FieldBase, one: Any, other: Any) -> bool:
    if field.type == "json":
        return one == other or {one, other} == {None, "null"}
    return bool(one == other)


def _sent(field: FieldBase, value: Any) -> Any:
    """A stored value as a record takes it: a text of JSON stays the very text."""
    if field.type == "json":
        return value
    return _plain(field, value)


def _plain(field: FieldBase, value: Any) -> Any:
    if field.multiple or field.type in ("json", "geoPoint"):
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            return value
    return bool(value) if field.type == "bool" else value


def _stored(field: FieldBase, value: Any) -> Any:
    if isinstance(value, list | dict):
        return compact(value)
    return value if not field.multiple and isinstance(value, str) else stored(field, value)


def _send(client: Client, table: _Table, id: str, values: Mapping[str, Any]) -> None:
    try:
        client.update_record(table.id, id, values)
    except Rejected as error:
        raise Refusal(f"{table.name}: the record {id} cannot be written: {error}") from error
