"""Rows for a proof: what they hold, at the edges too, and that they keep to the limits of both states."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from pocketvex.history.explain_failure import failure_of
from pocketvex.history.trust import reaches_out
from pocketvex.proof.keeps_limits import conditions, fits
from pocketvex.proof.rows import ROWS, Row, make_rows
from pocketvex.proof.values import literal_value
from pocketvex.schema.fields import FIELD
from pocketvex.schema.model import Schema
from pocketvex.server.scratch import MigrationFailed
from pocketvex.steps.header import body_hash, managed_by, with_proof

ID = {"id": "text1", "name": "id", "type": "text", "system": True, "primaryKey": True, "required": True}


def schema(*fields: dict[str, Any], indexes: tuple[str, ...] = ()) -> Schema:
    numbered = [{"id": f"f{number}", "name": "f", **field} for number, field in enumerate(fields)]
    return Schema.from_json(
        [{"id": "pbc_1", "name": "t", "type": "base", "fields": [ID, *numbered], "indexes": [*indexes]}]
    )


def held(rows: list[Row]) -> list[Any]:
    return [row.values["f"] for row in rows]


LIMITED: list[dict[str, Any]] = [
    {"type": "text", "min": 7, "max": 9}, {"type": "text", "max": 1},
    {"type": "text", "pattern": "^[A-Z]{3}$"}, {"type": "number", "onlyInt": True},
    {"type": "number", "min": -1, "max": 1}, {"type": "number", "max": -3},
    {"type": "email", "onlyDomains": ["a.org"]},
    {"type": "url", "exceptDomains": ["example.com", "example.org"]},
    {"type": "date", "min": "2030-01-01 00:00:00.000Z", "max": "2030-01-02 00:00:00.000Z"},
    {"type": "select", "values": ["a", "ü"], "maxSelect": 2}, {"type": "select", "values": ["only"]},
    {"type": "json", "maxSize": 12}, {"type": "editor", "maxSize": 14},
    {"type": "relation", "collectionId": "pbc_1", "minSelect": 2, "maxSelect": 3},
    {"type": "bool"}, {"type": "geoPoint"}, {"type": "file", "maxSelect": 2}, {"type": "autodate"},
]  # fmt: skip


@pytest.mark.parametrize("required", [False, True])
@pytest.mark.parametrize("field", LIMITED, ids=str)
def test_every_value_keeps_to_the_limits_of_its_field(field: dict[str, Any], required: bool) -> None:
    field = {**field, "required": required}
    refused = conditions(FIELD.validate_python({"name": "f", **field}))
    values = held(make_rows(schema(field)))
    assert values
    assert [value for value in values if not fits(value, refused)] == []


@pytest.mark.parametrize(
    ("field", "edges"),
    [
        ({"type": "text", "max": 40}, lambda v: {0, 40} <= {len(x) for x in v} and any("'" in x for x in v)),
        ({"type": "number"}, lambda v: {0, -0.125, 9_007_199_254_740_991} <= set(v)),
        ({"type": "number", "min": -4, "max": 8}, lambda v: {-4, 8} <= set(v)),
        ({"type": "json"}, lambda v: {type(json.loads(x or "null")) for x in v} == {dict, str, type(None)}),
        ({"type": "geoPoint"}, lambda v: '{"lon":-180,"lat":-90}' in v or '{"lat":-90,"lon":-180}' in v),
        ({"type": "select", "values": ["a", "b", "c"], "maxSelect": 3}, lambda v: '["a","b","c"]' in v),
        ({"type": "date"}, lambda v: {"", "9999-12-31 23:59:59.999Z"} <= set(v)),
        ({"type": "bool"}, lambda v: set(v) == {True, False}),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_the_edges_are_among_them(field: dict[str, Any], edges: Any) -> None:
    values = held(make_rows(schema(field)))
    assert len(values) == ROWS
    assert edges(values), values


def test_rows_fit_the_stricter_state_that_is_to_come() -> None:
    before = schema({"type": "text", "max": 100})
    after = schema({"type": "text", "max": 4, "required": True})
    assert {bool(0 < len(value) <= 4) for value in held(make_rows(before, after))} == {True}
    assert not make_rows(before, schema({"type": "text"}, {"name": "new", "type": "text", "required": True}))


def test_rows_differ_where_an_index_of_either_state_is_unique() -> None:
    unique = "CREATE UNIQUE INDEX i ON t (f COLLATE NOCASE)"
    field = {"type": "select", "values": ["a", "b"], "maxSelect": 1}
    for pair in (
        (schema(field, indexes=(unique,)), schema(field)),
        (schema(field), schema(field, indexes=(unique,))),
    ):
        values = held(make_rows(*pair))
        assert len(values) == len(set(values)) >= 2


def test_other_tables_hold_two_rows() -> None:
    one = schema({"type": "text"})
    assert len(make_rows(one, one)) == 2


@pytest.mark.parametrize(
    ("literal", "value"),
    [("NULL", None), ("'it''s'", "it's"), ("12", 12), ("-0.125", -0.125), ("1e3", 1000.0), ("X'41'", b"A")],
)
def test_a_literal_of_sqlite_is_read_as_its_value(literal: str, value: object) -> None:
    assert literal_value(literal) == value


FILE = "/// <reference path='x' />\n// Title\n//\n// manages: posts\n\nmigrate((app) => {}, null);\n"


def test_the_proof_stands_in_the_comment_and_is_no_part_of_what_a_file_does() -> None:
    proven = with_proof(FILE, "proven up")
    assert "//\n// Proven up.\n// manages: posts\n" in proven
    assert body_hash(proven) == body_hash(FILE) == body_hash(FILE.replace("\n", "\r\n"))
    assert body_hash(FILE) != body_hash(FILE.replace("{}", "{ x(); }"))
    assert managed_by(proven) == {"posts"}
    assert with_proof("migrate();\n", "proven up") == "migrate();\n"


@pytest.mark.parametrize(
    ("reason", "code", "path"),
    [
        ("posts.body: 3 values are longer than 9 (PV203), as in record a at fail", "PV203", "posts.body"),
        ("posts.n: 2 values are empty, and the new field is required, as in record a", "PV102", "posts.n"),
        ("UNIQUE constraint failed: posts.title (2067)", "PV103", "posts.title"),
        ("sql: no rows in result set", "", ""),
    ],
)
def test_a_failure_says_which_code_explains_it(reason: str, code: str, path: str) -> None:
    found = failure_of(MigrationFailed("1_a.js", reason, ""))
    assert (found.code, found.path) == (code, path)
    assert ("pocketvex explain" in found.todo) == bool(code)


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("$http.send({})", ["$http"]), ("const os = $os;", ["$os"]), ("$os.getenv('A')", []),
        ("$os . exec('ls'); $mails.send()", ["$mails", "$os"]), ("// $http", []), ("/* $os.exec */ x", []),
        ("app.newMailClient().send(m)", ["newMailClient"]), ("$filesystem.fileFromURL(u)", ["$filesystem"]),
        ("$filesystem.fileFromPath(p)", []),
    ],
)  # fmt: skip
def test_what_a_file_reaches_for(text: str, uses: list[str]) -> None:
    assert reaches_out(text) == uses


BASE = ("text", "number", "bool", "date", "json", "autodate")


def seen(query: str, *fields: dict[str, Any], after: str = "") -> tuple[list[Row], list[Any]]:
    """The rows for a table with these fields and a view over it, and the ids that the view shows of them."""

    def state(text: str) -> Schema:
        numbered = [{"id": f"f{number}", **field} for number, field in enumerate(fields)]
        table = {"id": "pbc_1", "name": "t", "type": "base", "fields": [ID, *numbered], "indexes": []}
        other = {**table, "id": "pbc_2", "name": "o", "fields": [ID, numbered[0]]}
        view = {"id": "pbc_3", "name": "v", "type": "view", "fields": [], "viewQuery": text}
        return Schema.from_json([table, other, view])

    rows = make_rows(state(query), state(after) if after else None)
    with closing(sqlite3.connect(":memory:")) as database:
        for name in ("t", "o"):
            names = [ID["name"], *(field["name"] for field in fields)]
            database.execute(f"CREATE TABLE {name} ({', '.join(names)})")
        for table, values in rows:
            marks = ", ".join("?" * len(values))
            sql = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})"
            database.execute(sql, list(values.values()))
        return rows, [id for (id, *_) in database.execute(after or query)]


TO_ITSELF = {"name": "rel", "type": "relation", "collectionId": "pbc_1", "maxSelect": 1}
KINDS = [{"name": "x", "type": kind} for kind in BASE] + [
    {"name": "x", "type": "select", "values": ["a", "b"]}, {**TO_ITSELF, "name": "x"},
]  # fmt: skip


@pytest.mark.parametrize("field", KINDS, ids=lambda field: str(field["type"]))
def test_no_view_grouped_by_an_optional_field_shows_a_row_without_an_id(
    field: dict[str, Any],
) -> None:
    for later in ("", "SELECT x AS id, COUNT(id) AS n FROM t GROUP BY x"):
        query = "SELECT id FROM t" if later else "SELECT x AS id, COUNT(id) AS n FROM t GROUP BY x"
        rows, ids = seen(query, field, after=later)
        assert ids
        assert not {None, ""} & {*ids}
        assert len(rows) == (4 if later else 2 * ROWS)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT date(x) AS id, COUNT(*) AS n FROM t GROUP BY 1",
        "SELECT o.id AS id, t.x FROM t LEFT JOIN o ON o.x = t.x GROUP BY o.id",
        "SELECT 1 AS id, json_group_array(json_object('d', d)) AS ds FROM"
        " (SELECT date(x) AS d FROM t GROUP BY d) WHERE (SELECT COUNT(*) FROM (SELECT x FROM t GROUP BY x))",
        "SELECT * FROM (SELECT x AS id FROM t GROUP BY x)",
    ],
)
def test_nor_one_that_groups_inside(query: str) -> None:
    _, ids = seen(query, {"name": "x", "type": "date"})
    assert ids
    assert not {None, ""} & {*ids}


def test_json_that_a_view_takes_apart_holds_no_bare_texts() -> None:
    query = "SELECT 1 AS id, json_group_array(json(p.value)) AS ps FROM t r, json_each(r.x) p"
    rows, ids = seen(query, {"name": "x", "type": "json"})
    assert ids == [1]
    assert [row.table for row in rows].count("t") == ROWS  # the odd one has another value, and is there


def test_a_view_that_takes_none_of_the_rows_leaves_its_table_empty_and_others_as_they_are() -> None:
    rows, ids = seen("SELECT json_extract(x, '$.id') AS id FROM t", {"name": "x", "type": "json"})
    assert ids == []
    assert [row.table for row in rows] == ["o"] * ROWS


def test_what_no_row_can_mend_changes_no_row() -> None:
    plain = make_rows(schema({"type": "text"}))
    assert len(plain) == ROWS
    for query in ("SELECT id FROM elsewhere", "SELECT NULL AS id", "this is no query"):
        view = {"id": "pbc_3", "name": "v", "type": "view", "fields": [], "viewQuery": query}
        table = schema({"type": "text"}).collections[0].raw
        assert make_rows(Schema.from_json([table, view])) == plain
