"""Excerpts of lines that are too long: what the carets mean is still above them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketvex.cli.terminal.excerpts import shortened

ROOM = 75


@given(st.integers(0, 30_000), st.integers(0, 30_000), st.integers(1, 60), st.sampled_from(["", "> 12 | "]))
def test_what_is_meant_is_above_the_carets(before: int, after: int, length: int, number: str) -> None:
    line = f"{number}{'b' * before}{'x' * length}{'a' * after}"
    carets = f"{' ' * (max(0, len(number) - 2))}{'| ' * bool(number)}{' ' * before}{'^' * length}"
    shown, marks = shortened([line, carets], ROOM)
    assert max(len(shown), len(marks)) <= ROOM
    first = marks.index("^")
    meant = shown[first : first + marks.count("^")]
    assert set(meant.rstrip("…")) == {"x"}
    assert meant.count("x") >= min(length, ROOM - 40)
    assert shown.startswith(number)
    if len(line) <= ROOM:
        assert (shown, marks) == (line, carets)


def test_lines_without_carets_are_cut() -> None:
    assert list(shortened(["x" * 25_000, "short", "", "y" * 75], 75)) == [
        "x" * 74 + "…",
        "short",
        "",
        "y" * 75,
    ]


@pytest.mark.parametrize("carets", ["^", "    ^^^", "     | ^"])
def test_what_fits_stays_as_it_is(carets: str) -> None:
    assert list(shortened(["  12 | some text", carets], 40)) == ["  12 | some text", carets]
