"""The page of what was observed: every row of the table of changes has cases, and every case is on it."""

from __future__ import annotations

import pytest

from binaries import SUPPORTED
from cases.rows import ROWS
from observed import PAGE, cases, page, read


def test_every_case_is_on_the_page_and_no_other() -> None:
    assert {(line.row, line.case) for line in read()} == cases()


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_a_case_on_the_newest_version(row: int) -> None:
    assert any(line.row == row and SUPPORTED[-1] in on for line, on in read().items())


def test_the_page_is_as_it_is_written() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(read())
