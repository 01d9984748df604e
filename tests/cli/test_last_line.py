"""How much of a line fits into a terminal."""

from __future__ import annotations

import pytest

from pocketvex.cli.terminal.last_line import cut


@pytest.mark.parametrize(
    ("text", "cells", "shown"),
    [
        ("in sync", 7, "in sync"),
        ("in sync", 6, "in sy…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("e\u0301e\u0301e", 3, "e\u0301e\u0301e"),
        ("e\u0301e\u0301ee", 3, "e\u0301e\u0301…"),
        ("ab", 1, "…"),
        ("", 0, ""),
    ],
)
def test_characters_take_the_cells_that_they_take(text: str, cells: int, shown: str) -> None:
    assert cut(text, cells) == shown
