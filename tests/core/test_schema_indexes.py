"""Indexes are read from any spelling of SQL and written in one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketvex.schema.indexes import Index, IndexColumn, parse_column, parse_index

WORDS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda word: word.upper() not in ("ASC", "DESC", "COLLATE", "WHERE")
)
EXPRESSIONS = WORDS | st.builds("lower({})".format, WORDS) | st.builds("ifnull({0}, 'a, (b')".format, WORDS)
COLUMNS = st.builds(
    IndexColumn, EXPRESSIONS, st.sampled_from(["", "NOCASE", "BINARY"]), st.sampled_from(["", "DESC"])
)
INDEXES = st.builds(
    Index,
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_ é-]{0,12}", fullmatch=True),
    st.lists(COLUMNS, min_size=1, max_size=4).map(tuple),
    st.booleans(),
    st.sampled_from(["", "`a` != ''", "a IN ('x', 'y  z')", "(a > 1 AND `b` IS NOT NULL)"]),
)


@given(INDEXES)
def test_what_is_written_is_read_back(index: Index) -> None:
    sql = index.sql("posts")
    assert parse_index(sql) == index
    assert parse_index(sql).sql("posts") == sql
    assert "\n" not in sql


@given(INDEXES)
def test_layout_quotes_and_case_do_not_matter(index: Index) -> None:
    sql = index.sql("posts")
    spread = sql.replace("CREATE ", "create\n  ", 1).replace(" ON ", "\n on\t", 1) + " ;"
    assert parse_index(spread).meaning() == index.meaning()
    assert parse_index(sql.replace("INDEX", "INDEX IF NOT EXISTS", 1)).meaning() == index.meaning()


@pytest.mark.parametrize(
    ("sql", "name", "columns", "where"),
    [
        ("CREATE INDEX i ON t (a)", "i", ["a"], ""),
        ('create unique index "my i" on "t"("a" desc, [b] ASC)', "my i", ["`a` DESC", "`b`"], ""),
        ("CREATE INDEX main.`i` ON `t` (`a` COLLATE nocase)", "i", ["`a` COLLATE nocase"], ""),
        ("CREATE INDEX i ON t (json_extract(a, '$.x,(y'))", "i", ["json_extract(a, '$.x,(y')"], ""),
        ("CREATE INDEX i ON t (a) WHERE  a  !=  '  '", "i", ["a"], "a != '  '"),
    ],
)
def test_spellings(sql: str, name: str, columns: list[str], where: str) -> None:
    index = parse_index(sql)
    assert index.name == name
    assert index.columns == tuple(parse_column(column) for column in columns)
    assert index.where == where


@pytest.mark.parametrize(
    "sql", ["", "CREATE TABLE x (a)", "CREATE INDEX i ON t", "CREATE INDEX i ON t (a",
            "CREATE INDEX i ON t ()", "CREATE INDEX i ON t (a) USING x", "CREATE INDEX i ON t (a,)"]
)  # fmt: skip
def test_what_is_no_index(sql: str) -> None:
    with pytest.raises(ValueError, match=r"index|INDEX"):
        parse_index(sql)


def test_a_renamed_column() -> None:
    index = parse_index("CREATE INDEX i ON t (a DESC, lower(a), ab) WHERE a != 'a' AND ab > 1")
    assert index.renamed("a", "z").sql("t") == (
        "CREATE INDEX `i` ON `t` (`z` DESC, lower(`z`), `ab`) WHERE `z` != 'a' AND ab > 1"
    )
    assert index.mentions("A")
    assert not index.mentions("b")
