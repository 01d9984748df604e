"""The runtime of migrations on the engine of each server: what becomes of values that are hard to convert."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pocketvex.evidence.conversions import CONVERSIONS
from pocketvex.render.migration.migration import runtime
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary

DataDir = Callable[[Binary], Path]

COLUMNS = {
    "asText": "TEXT DEFAULT '' NOT NULL", "numberAsText": "TEXT DEFAULT '' NOT NULL",
    "jsonAsText": "TEXT DEFAULT '' NOT NULL", "asNumber": "NUMERIC DEFAULT 0 NOT NULL",
    "asNumberOfBool": "NUMERIC DEFAULT 0 NOT NULL", "asBool": "BOOLEAN DEFAULT FALSE NOT NULL",
    "asDate": "TEXT DEFAULT '' NOT NULL", "asEmail": "TEXT DEFAULT '' NOT NULL",
    "asUrl": "TEXT DEFAULT '' NOT NULL", "asJson": "JSON DEFAULT NULL",
    "asChoice": "TEXT DEFAULT '' NOT NULL",
}  # fmt: skip
"""What PocketBase makes of a field of the type that a conversion ends in."""
OF = {
    "numberAsText": "'integer', 'real'", "asBool": "'integer', 'real'", "asNumberOfBool": "'integer'",
    "jsonAsText": "'null', 'integer', 'real', 'text'",
}  # fmt: skip
"""What a column may hold from which a conversion begins: texts, where nothing else is said."""
CHOICES = '["a","it\'s","0"]'

# What a text becomes; what is not named becomes nothing.
AS_DATE = {
    "2026-02-28": "2026-02-28 00:00:00.000Z", "2024-02-29": "2024-02-29 00:00:00.000Z",
    "2026-01-01 23:59:59.999Z": "2026-01-01 23:59:59.999Z",
    "2026-01-01T10:00:00+02:00": "2026-01-01 08:00:00.000Z",
    "0001-01-01 00:00:00.001Z": "0001-01-01 00:00:00.001Z",
}  # fmt: skip
NO_DATES = [
    "2026-02-30", "2023-02-29", "2026-01-01 24:00:00", "2026-13-01", "2026-00-10", "0001-01-01 00:00:00.000Z",
    "2026-01-01 10:00:00.1234567Z", "now", "2026-01-01 99:00:00",
]  # fmt: skip
AS_NUMBER: dict[str, float] = {
    "0": 0, "5": 5, " 5 ": 5, "\t5\n": 5, "-0": 0, "0.1": 0.1, "1e5": 100000, "1E5": 100000,
    "9007199254740992": 9007199254740992, "123456789012345": 123456789012345, "-1.5": -1.5, "1e300": 1e300,
}  # fmt: skip
NO_NUMBERS = [
    "1e400", "-1e400", "12345678901234567", "9007199254740993", "0.12345678901234567", "007", "0x10", "5.",
    ".5", "+5", "Infinity", "NaN", "1_000", "\u0663", '"5"', "null", "[1]", "true", "1e-400", "5e-324",
    "12abc", "-", "", " ",
]  # fmt: skip
# What json stores, as SQLite has it: numbers only where they are exact, else the text.
AS_JSON = {
    "12345678901234567": '"12345678901234567"', "1e400": '"1e400"', "007": '"007"', "": None, "null": "null",
    "true": "true", "[1]": "[1]", "{}": "{}", "a": '"a"', '"5"': '"5"', "it's": '"it\'s"', "5": 5, "-0": 0,
}  # fmt: skip
TEXTS = dict.fromkeys(
    [
        *AS_DATE,
        *NO_DATES,
        *AS_NUMBER,
        *NO_NUMBERS,
        *AS_JSON,
        "x@y.z",
        "https://a.b",
        "two words@y.z",
        "[[x]] {:y}",
    ]
)
NUMBERS: dict[float, str] = {
    0: "0", 1: "1", -1: "-1", 0.1: "0.1", 1.5: "1.5", 0.1 + 0.2: "0.30000000000000004", 1e-7: "1.0e-07",
    2**53: "9007199254740992", 2**53 + 1: "9007199254740993", 2**63 - 1: "9223372036854775807", -2.0: "-2",
}  # fmt: skip
VALUES: list[Any] = [None, *TEXTS, *NUMBERS, 1e300, -1e19, 1e19]


CODE = """migrate((app) => {
  for (const name of NAMES) {
    const sql = convert[name].split("[[value]]").join("[[d.v]]");
    const into = "INSERT OR IGNORE INTO [[to_" + name + "]] SELECT [[n]], ";
    app.db().newQuery(into + sql + " FROM [[of_" + name + "]] AS [[d]]")
      .bind({ values: CHOICES }).execute();
  }
}, null);
"""


def _tables(database: sqlite3.Connection) -> None:
    database.execute("CREATE TABLE hard (n INTEGER, v)")
    database.executemany("INSERT INTO hard VALUES (?, ?)", list(enumerate(VALUES)))
    for name, column in COLUMNS.items():
        database.execute(f"CREATE TABLE [to_{name}] (n INTEGER, v {column})")
        types = OF.get(name, "'text'")
        database.execute(f"CREATE VIEW [of_{name}] AS SELECT n, v FROM hard WHERE typeof(v) IN ({types})")


def _fill(name: str, sql: str) -> str:
    """From values whose column has no type, as in the ledger, into the column of the other type."""
    return (
        f"INSERT OR IGNORE INTO [to_{name}] SELECT n, {sql.replace('[[value]]', 'd.v')} FROM [of_{name}] AS d"
    )


def _read(database: sqlite3.Connection) -> dict[str, list[tuple[int, str, str]]]:
    return {
        name: database.execute(f"SELECT n, typeof(v), quote(v) FROM [to_{name}] ORDER BY n").fetchall()
        for name in COLUMNS
    }


@pytest.fixture
def converted(binary: Binary, data_dir: DataDir) -> sqlite3.Connection:
    """The tables after each conversion, done by the text in the runtime, on the engine of a server."""
    folder = data_dir(binary)
    with closing(sqlite3.connect(folder / "data.db")) as database, database:
        _tables(database)
    code = runtime().rpartition("\nmigrate(")[0]
    step = CODE.replace("NAMES", json.dumps(list(COLUMNS))).replace("CHOICES", json.dumps(CHOICES))
    scratch.migrate_up(binary, folder, {"1_convert.js": f"const migration = {{}};\n{code}\n{step}"})
    return sqlite3.connect(folder / "data.db")


def test_a_value_becomes_the_same_on_every_engine(converted: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(":memory:")) as here, closing(converted):
        _tables(here)
        for name, sql in CONVERSIONS.items():
            here.execute(_fill(name, sql.replace("{:values}", ":values")), {"values": CHOICES})
        there, expected = _read(converted), _read(here)
        assert set(there) == set(CONVERSIONS)
        for name, rows in expected.items():
            assert there[name] == rows, name


def test_only_what_is_exactly_a_value_of_the_other_type_becomes_one() -> None:
    with closing(sqlite3.connect(":memory:")) as here:
        _tables(here)
        found: dict[str, dict[Any, Any]] = {}
        for name, sql in CONVERSIONS.items():
            here.execute(_fill(name, sql.replace("{:values}", ":values")), {"values": CHOICES})
            rows = here.execute(f"SELECT hard.v, t.v FROM hard JOIN [to_{name}] AS t USING (n)").fetchall()
            found[name] = dict(rows)
    assert {text: found["asDate"][text] for text in [*AS_DATE, *NO_DATES]} == {
        **AS_DATE,
        **dict.fromkeys(NO_DATES, ""),
    }
    assert {text: found["asNumber"][text] for text in [*AS_NUMBER, *NO_NUMBERS]} == {
        **AS_NUMBER,
        **dict.fromkeys(NO_NUMBERS, 0),
    }
    assert {text: found["asJson"][text] for text in AS_JSON} == AS_JSON
    assert {number: found["numberAsText"][number] for number in NUMBERS} == NUMBERS
    assert {text for text in TEXTS if found["asEmail"][text]} == {"x@y.z"}
    assert {text for text in TEXTS if found["asUrl"][text]} == {"https://a.b"}
    assert {text for text in TEXTS if found["asChoice"][text]} == {"a", "it's", "0"}
    assert all(found["asText"][text] == text for text in TEXTS)
