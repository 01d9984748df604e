"""Equals under a unique index, and values that do not convert: who they are, and that nothing is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

import pytest

from binaries import LATEST, SUPPORTED
from cases.changes import field, select
from conftest import EMAIL, PASSWORD, ServerFactory
from evidence import add, evidence, planned, row_id, schema, with_users, write
from pocketvex.api.client import Client, Credentials
from pocketvex.errors import Rejected
from pocketvex.evidence.facts import Evidence
from pocketvex.plan.verdicts import Verdict
from pocketvex.schema.model import Schema
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running

Json = dict[str, Any]


@pytest.fixture
def running(binary: Binary, server: ServerFactory) -> Running:
    return server(binary)


@pytest.fixture
def client(running: Running) -> Iterator[Client]:
    with Client(running.url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        yield client


def table(name: str, fields: Json, **more: Any) -> Json:
    listed = [{"name": key, **value} for key, value in fields.items()]
    return {"name": name, "type": "base", "schema": listed, **more}


class Equals(NamedTuple):
    what: str
    columns: str
    rows: list[Json]
    equal: list[int]
    values: tuple[tuple[str, int], ...] = ()


WORDS: list[Json] = [{"a": "x"}, {"a": "X"}, {"a": "x"}, {"a": ""}, {"a": ""}, {"a": "y"}]
FIELDS = {"a": field(), "n": field("number"), "j": field("json"), "s": select("p", "q", max=2)}
EQUALS = [
    Equals("a text", "(`a`)", WORDS, [0, 2, 3, 4], (("", 2), ("x", 2))),
    Equals("a text in any case", "(`a` COLLATE NOCASE)", WORDS, [0, 1, 2, 3, 4], (("X", 3), ("", 2))),
    Equals("an expression", "(lower(`a`))", WORDS, [0, 1, 2, 3, 4], (("x", 3), ("", 2))),
    Equals("what is filled", "(`a`) WHERE `a` != ''", WORDS, [0, 2], (("x", 2),)),
    Equals("a condition with a mark of PocketBase", "(`a`) WHERE `a` != '{{x}}'", WORDS, [0, 2, 3, 4],
           (("", 2), ("x", 2))),
    Equals("two columns", "(`a`, `n` DESC)", [{"a": "x", "n": 1}, {"a": "x", "n": 2}, {"a": "x", "n": 1.0}],
           [0, 2], (("x, 1", 2),)),
    Equals("no two alike", "(`a`, `n`)", [{"a": "x", "n": 1}, {"a": "x", "n": 2}], []),
    Equals("nulls", "(`j`)", [{"j": None}, {"j": None}, {"j": {"b": 1}}, {"j": {"b": 1}}], [2, 3],
           (('{"b":1}', 2),)),
    Equals("lists", "(`s`)", [{"s": ["p", "q"]}, {"s": ["q", "p"]}, {"s": []}, {"s": ["p", "q"]}], [0, 3],
           (('["p","q"]', 2),)),
    Equals("a new column", "(`new`)", [{}, {}], [0, 1], (("", 2),)),
    Equals("a renamed column", "(`b`) WHERE `b` != ''", WORDS, [0, 2], (("x", 2),)),
]  # fmt: skip


def unique(n: int, equals: Equals) -> Json:
    fields: Json = dict(FIELDS)
    if "new" in equals.columns:
        fields["new"] = field(renamed_from="")
    if "`b`" in equals.columns:
        fields = {"b": field(renamed_from="a"), **{k: v for k, v in FIELDS.items() if k != "a"}}
    return table(f"c{n}", fields, indexes=[f"CREATE UNIQUE INDEX `ux{n}` ON `c{n}` {equals.columns}"])


def test_equals_under_a_unique_index(binary: Binary, client: Client, running: Running) -> None:
    live = write(client, schema([table(f"c{n}", FIELDS) for n in range(len(EQUALS))]))
    for n, equals in enumerate(EQUALS):
        for number, row in enumerate(equals.rows):
            add(client, f"c{n}", {"id": row_id(number), **row})
    desired = with_users(schema([unique(n, equals) for n, equals in enumerate(EQUALS)]), live)
    plan = planned(client, tuple(binary.version), desired, live)
    found = evidence(plan)
    for n, equals in enumerate(EQUALS):
        ids = tuple(row_id(number) for number in equals.equal)
        said = found[f"c{n}@ux{n}"]
        assert said == Evidence(len(ids), len(equals.rows), ids, equals.values), equals.what
    verdicts = {c.path: c.judgement.verdict for c in plan.changes if "@" in c.path}
    assert verdicts == {
        f"c{n}@ux{n}": Verdict.IMPOSSIBLE if equals.equal else Verdict.SAFE for n, equals in enumerate(EQUALS)
    }
    assert evidence(planned(client, tuple(binary.version), desired, live, data_dir=running.data_dir)) == found
    for n, equals in enumerate(EQUALS):
        one = Schema(collections=[c for c in desired.collections if c.name == f"c{n}"])
        if equals.equal:
            with pytest.raises(Rejected, match=r"UNIQUE|[Uu]nique|duplicate"):
                write(client, one)
        else:
            write(client, one)


CONVERSIONS: list[tuple[Json, Json, list[Any], list[int]]] = [
    (field(), field("number"), ["12", "1.5", "1e3", "many", "", "0", "[1]"], [3, 6]),
    (field(), field("number", min=2, only_int=True), ["1", "2", "2.5", "", "x"], [0, 2, 4]),
    (field(), field("date"), ["2026-01-01", "soon", "", "2026-13-01"], [1, 3]),
    (field(), field("email"), ["a@b.org", "nobody", ""], [1]),
    (field(), field("url"), ["https://ab.org/x", "a b", ""], [1]),
    (field(), select("a", "it's {{b}}"), ["a", "it's {{b}}", "c", ""], [2]),
    (field(), field("json"), ["text", "[1]", ""], []),
    (field("number"), field(), [1, 1.5, 0], []),
    (field("number"), field(max=2), [1, 1.5, 0, 123], [1, 3]),
    (field("json"), field(required=True), ["text", {"a": 1}, None], [2]),
    (field("bool"), field("number", required=True), [True, False], [1]),
]


def test_values_that_do_not_convert(binary: Binary, client: Client, running: Running) -> None:
    live = write(client, schema([table(f"c{n}", {"f": case[0]}) for n, case in enumerate(CONVERSIONS)]))
    for n, (_, _, values, _) in enumerate(CONVERSIONS):
        for number, value in enumerate(values):
            add(client, f"c{n}", {"id": row_id(number), "f": value})
    desired = schema([table(f"c{n}", {"f": case[1]}) for n, case in enumerate(CONVERSIONS)])
    desired = with_users(desired, live)
    version = tuple(binary.version)
    found = evidence(planned(client, version, desired, live))
    for n, (before, after, values, lost) in enumerate(CONVERSIONS):
        said = found[f"c{n}.f"]
        assert said is not None
        ids = tuple(row_id(number) for number in lost)
        assert (said.rows, said.of, said.ids) == (len(lost), len(values), ids), (before, after)
    assert dict(found["c0.f"].values) == {"many": 1, "[1]": 1}  # type: ignore[union-attr]
    assert evidence(planned(client, version, desired, live, data_dir=running.data_dir)) == found


@pytest.mark.parametrize("binary", [SUPPORTED[0], LATEST], indirect=True)
def test_many_rows_are_read_once_and_beyond_a_limit_not_at_all(
    binary: Binary, client: Client, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = write(client, schema([table("c", {"a": field(), "b": field()})]))
    running.halt()
    with closing(sqlite3.connect(running.data_dir / "data.db")) as database, database:
        rows = ((row_id(n), "x" * (n % 7), str(n % 1500)) for n in range(2300))
        database.executemany("INSERT INTO c (id, a, b) VALUES (?, ?, ?)", rows)
    running.start()
    after = table(
        "c", {"a": field(max=4), "b": field(pattern="[0-7]$")}, indexes=["CREATE UNIQUE INDEX u ON c (b)"]
    )
    desired = with_users(schema([after]), live)
    said: list[str] = []
    # Without SQL, as below 0.39.
    found = evidence(planned(client, (0, 38, 0), desired, live, progress=said.append))
    counted = {path: (e.rows, e.of) for path, e in found.items() if e}
    assert counted == {"c.a": (2300 // 7 * 2, 2300), "c.b": (460, 2300), "c@u": (1600, 2300)}
    assert said == ["reading c: 1000 of 2300 rows", "reading c: 2000 of 2300 rows", ""]
    assert evidence(planned(client, tuple(binary.version), desired, live)) == found
    monkeypatch.setattr("pocketvex.target.count.MOST_PAGED", 2000)
    few = evidence(planned(client, (0, 38, 0), desired, live))
    assert {path: (e.rows, e.of) for path, e in few.items() if e} == dict.fromkeys(counted, (None, 2300))


def test_values_that_go_with_their_field(binary: Binary, client: Client, running: Running) -> None:
    fields = {
        "a": field(),
        "j": field("json"),
        "s": select("p", "q", max=2),
        "b": field("bool"),
        "z": field(),
    }
    live = write(client, schema([table("c", fields)]))
    rows: list[Json] = [{}, {"a": "x", "j": [], "s": ["p"], "b": True}, {"j": "null", "a": " "}]
    for number, row in enumerate(rows):
        add(client, "c", {"id": row_id(number), **row})
    desired = with_users(schema([table("c", {"z": fields["z"]})]), live)
    one = Evidence(1, 3, (row_id(1),))
    wanted = {"c.a": Evidence(2, 3, (row_id(1), row_id(2))), "c.j": one, "c.s": one, "c.b": one}
    for version in (tuple(binary.version), (0, 38, 0)):
        assert evidence(planned(client, version, desired, live)) == wanted
    assert evidence(planned(client, (0, 38, 0), desired, live, data_dir=running.data_dir)) == wanted
