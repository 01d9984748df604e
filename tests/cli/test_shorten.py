"""Long rules in a terminal: what differs stays in sight."""

from __future__ import annotations

from pocketvex.cli.terminal.shorten import LIMIT, fitted, middle, pair

LONG = " && ".join(f"field{n} = @request.auth.id" for n in range(12))


def test_short_texts_stay() -> None:
    assert pair("a = 1", "a = 2") == ("a = 1", "a = 2")
    assert middle("x" * LIMIT) == "x" * LIMIT


def test_what_differs_stays_with_a_few_words_around_it() -> None:
    before, after = pair(LONG, LONG.replace("field6", "other"))
    assert "field6 =" in before
    assert "other =" in after
    assert before.startswith("… ")
    assert after.endswith(" …")
    assert max(len(before), len(after)) <= LIMIT + 4


def test_a_change_at_either_end() -> None:
    _, after = pair(LONG, f"{LONG} || x = 1")
    assert "x = 1" in after
    assert not after.endswith("…")
    _, after = pair(LONG, f"x = 1 || {LONG}")
    assert after.startswith("x = 1")


def test_two_that_have_nothing_in_common() -> None:
    before, after = pair(LONG, "x" * 500)
    assert len(before) <= LIMIT
    assert len(after) <= LIMIT


def test_lines_fit() -> None:
    lines = fitted(["short", f"    renamed: {LONG}", "x" * 100], 60)
    assert lines[0] == "short"
    assert lines[-1] == "x" * 100
    assert all(len(line) <= 60 for line in lines[:-1])
    assert all(line.startswith("        ") for line in lines[2:-1])
