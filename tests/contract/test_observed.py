"""The page of what was observed: every row of the table of changes has cases, and every case is on it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from binaries import SUPPORTED
from cases.rows import MISTAKES, ROWS
from cases.stories import WRONG_RULES
from observed import PAGE, WRITE, Judged, Line, Mistake, cases, facts, items, page, read, read_over_http
from pocketvex.evidence.facts import Evidence
from pocketvex.load.loader import load_schema
from pocketvex.rules.check import rule_problems
from pocketvex.versions import NEWEST


def test_every_case_is_on_the_page_and_no_other() -> None:
    assert {(line.row, line.case) for line in read()} == cases()


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_a_case_on_the_newest_version(row: int) -> None:
    assert any(line.row == row and SUPPORTED[-1] in on for line, on in read().items())


def test_the_page_is_as_it_is_written() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(read(), read_over_http())


def test_the_page_has_the_words_of_today(tmp_path: Path) -> None:
    """What servers are asked is held against the facts of a line, not against how they are worded."""
    said = [item for line in read() for cell in (line.planned, line.seen) for item in items(cell)]
    worded = {item.evidence: _worded(item.evidence) for item in said if isinstance(item, Judged)}
    assert worded == {text: text for text in worded}, f"to write the page anew: {WRITE}"
    assert len(worded) > 10

    (tmp_path / "schema").mkdir()
    (tmp_path / "pocketvex.toml").touch()
    (tmp_path / "schema/posts.py").write_text(WRONG_RULES, encoding="utf-8")
    wrong = rule_problems(load_schema(tmp_path, tmp_path / "schema", timeout=60).schema, NEWEST)
    on_page = [item[1:] for item in said if isinstance(item, Mistake)]
    assert on_page == [(problem.path, problem.message) for problem in wrong], (
        f"to write the page anew: {WRITE}"
    )


def _worded(evidence: str) -> str:
    """The sentence that is made of these numbers today."""
    rows, of, *_ = [*map(int, re.findall(r"\d+", evidence)), None, None]
    return str(Evidence(rows, of)) if evidence else ""


def test_a_line_is_held_to_all_but_its_sentences() -> None:
    line = Line(*MISTAKES, "`a.b`: unsafe PV121 opens, 1 of 3 rows (x1): 'z' 1×", "s.py:7:15: a.b: no field")
    same = [
        line._replace(planned=line.planned.replace("1 of 3 rows", "1 row in 3")),
        line._replace(seen="s.py:7:15: a.b: there is no field"),
    ]
    other = [
        *(line._replace(planned=line.planned.replace(old, new)) for old, new in [
            ("a.b", "a.c"), ("unsafe", "safe"), ("121", "122"), ("opens", "closes"), ("3", "4"), ("x1", "x2"),
            ("'z'", "'y'"),
        ]),
        *(line._replace(seen=line.seen.replace(old, new)) for old, new in [(":15", ":16"), ("a.b", "a.c")]),
        line._replace(seen="up, down"),
    ]  # fmt: skip
    assert [facts(each) for each in same] == [facts(line)] * len(same)
    assert all(facts(each) != facts(line) for each in other)
