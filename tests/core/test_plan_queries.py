"""The SELECTs that count: one statement each, that reads, with every text of the schema as a literal."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketvex.evidence.conversions import CONVERSIONS, conversion
from pocketvex.evidence.facts import (
    Column,
    Duplicates,
    Fact,
    NonZeroCount,
    RowCount,
    Unconvertible,
    Violating,
)
from pocketvex.evidence.queries import LONGEST, query_of, together
from pocketvex.evidence.sql import Query, literal
from pocketvex.evidence.violations import stricter
from pocketvex.schema.fields import FIELD, FieldBase
from pocketvex.schema.indexes import Index, parse_column
from pocketvex.schema.model import Collection, Schema
from pocketvex.target.count import _answered
from pocketvex.target.sqlite_values import column_type, compact, stored

Json = dict[str, Any]


def field(type: str, name: str = "f", **options: Any) -> FieldBase:
    return FIELD.validate_python({"name": name, "type": type, **options})


def collection(*fields: FieldBase, name: str = "posts") -> Collection:
    listed = [{"name": "id", "type": "text"}, *(f.to_json() for f in fields)]
    (found,) = Schema.from_json([{"name": name, "type": "base", "fields": listed}]).collections
    return found


def query(fact: Fact, there: Collection) -> Query:
    found = query_of(fact, there)
    assert isinstance(found, Query)
    return found


def narrowed(before: FieldBase, after: FieldBase, collection: str = "posts") -> Violating:
    return Violating(collection, before.name, before.type, stricter(before, after))


HOSTILE = st.text(st.sampled_from([*"ab'\"`;{}[]:-/*\\ \n", "é", "😀"]), max_size=12)


@given(st.lists(HOSTILE, min_size=1, max_size=4, unique=True))
def test_whatever_a_choice_is_the_query_reads_and_finds(values: list[str]) -> None:
    before = field("select", values=[*values, "gone"])
    found = query(narrowed(before, field("select", values=values)), collection(before))
    assert found.portable
    assert found.sql.startswith("SELECT ")
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute('CREATE TABLE "posts" ("id" TEXT, "f" TEXT)')
        rows = [(str(n), value) for n, value in enumerate([*values, "gone", ""])]
        database.executemany("INSERT INTO posts VALUES (?, ?)", rows)
        (answer,) = _answered(database, {RowCount("posts"): found}).values()
    assert (answer, answer.ids, answer.values) == (1, (str(len(values)),), (("gone", 1),))  # type: ignore[union-attr]


@given(HOSTILE)
def test_a_literal_is_the_text(text: str) -> None:
    written = literal(text)
    assert not re.search(r"\{\{|\[\[|\{:|;|--|/\*|\n", written)
    with closing(sqlite3.connect(":memory:")) as database:
        assert database.execute(f"SELECT {written}").fetchone() == (text,)


@pytest.mark.parametrize(
    "where",
    [
        "a != ''; DELETE FROM posts",
        "a != '' -- and more",
        "a != '' /* and",
        "a != '{{x}}'",
        "a != '[[x]]'",
        "a != '{:x}'",
    ],
)
def test_what_a_server_would_read_otherwise_is_not_sent_to_it(where: str) -> None:
    index = Index("u", (parse_column("a"),), True, where)
    assert not query(Duplicates("posts", index), collection(field("text", "a"))).portable


def test_two_statements_are_never_run() -> None:
    index = Index("u", (parse_column("a"),), True, "1); DELETE FROM posts; SELECT (1")
    found = query(Duplicates("posts", index), collection(field("text", "a")))
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute('CREATE TABLE "posts" ("id" TEXT, "a" TEXT)')
        database.execute("INSERT INTO posts VALUES ('1', 'x')")
        assert _answered(database, {RowCount("posts"): found}) == {RowCount("posts"): None}
        assert database.execute("SELECT COUNT(*) FROM posts").fetchone() == (1,)


def test_many_facts_are_few_requests_of_a_length_that_a_server_takes() -> None:
    before = [field("url", f"f{n}") for n in range(12)]
    there = collection(*before)
    facts = [narrowed(f, field("url", f.name, onlyDomains=["ab.org"])) for f in before]
    queries = {fact: query(fact, there) for fact in facts} | {
        RowCount("posts"): query(RowCount("posts"), there)
    }
    parts = list(together(queries))
    assert [key for keys, _ in parts for key in keys] == list(queries)
    assert 1 < len(parts) < len(queries)
    assert max(len(text) for _, text in parts) <= LONGEST
    assert all(text.startswith("SELECT 0 AS k") for _, text in parts)


def test_what_is_not_there_is_nothing_or_unknown() -> None:
    there = collection(field("text"))
    index = Index("u", (parse_column("gone"),), True)
    assert query_of(NonZeroCount("posts", "gone"), there) == 0
    assert query_of(narrowed(field("text", "gone"), field("text", "gone", max=3)), there) is None
    assert query_of(narrowed(field("number"), field("number", max=3)), there) is None
    assert query_of(Duplicates("posts", index), there) is None
    assert query_of(Unconvertible("posts", "f", "text", "asText", (), ()), there) == 0
    new = query(Duplicates("posts", index, (Column("gone", "", "''"),)), there)
    assert "'' AS \"gone\"" in new.sql
    renamed = query(Duplicates("posts", index, (Column("gone", "f"),)), there)
    assert [f.name for f in renamed.fields] == ["f"]


def test_every_conversion_is_reached_and_none_is_without_its_sql() -> None:
    types = [
        "text",
        "editor",
        "email",
        "url",
        "date",
        "autodate",
        "select",
        "number",
        "bool",
        "json",
        "file",
        "geoPoint",
    ]
    reached = {conversion(field(one), field(other)) for one in types for other in types if one != other}
    assert reached - {None} == CONVERSIONS.keys()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"b": 1, "a": [1, 2.5, None, True]}, '{"a":[1,2.5,null,true],"b":1}'),
        ("é<&>\n\u2028\x7f", '"é<&>\\n\\u2028\x7f"'),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (1e-6, "0.000001"),
        (1.5e-7, "1.5e-7"),
        (-2.0, "-2"),
        ({}, "{}"),
        ([], "[]"),
    ],
)
def test_json_is_written_as_the_server_stores_it(value: Any, written: str) -> None:
    assert compact(value) == written


def test_values_are_stored_as_columns_hold_them() -> None:
    several = field("select", values=["a", "b"], maxSelect=2)
    assert (column_type(several), stored(several, ["a"])) == ("JSON", '["a"]')
    assert (column_type(field("bool")), stored(field("bool"), True)) == ("BOOLEAN", 1)
    assert stored(field("json"), None) is None
    assert stored(field("number"), 2**63) == float(2**63)
    assert (column_type(field("date")), stored(field("date"), "")) == ("TEXT", "")
