"""docs/generators.md is what the last `python -m bench.compare` found, and no cell is without a check."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import pytest
from source import ROOT

sys.path.insert(0, str(ROOT))

from bench.compare import checks, notes, page, table
from bench.compare.tools import TOOLS
from bench.generators_report import section

FOUND = json.loads(page.FOUND.read_text(encoding="utf-8"))
NAMES = [tool.name for tool in TOOLS]


def test_the_page_is_what_was_found() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.render(FOUND)


def test_what_was_found_is_of_these_tools() -> None:
    assert [(tool["name"], tool["version"]) for tool in FOUND["tools"]] == [
        (t.name, t.version) for t in TOOLS
    ]
    assert set(notes.USED) == set(NAMES)


def test_every_cell_is_of_checks_that_there_are() -> None:
    assert list(FOUND["cells"]) == [row.key for row in table.rows()]
    for key, cells in FOUND["cells"].items():
        assert list(cells) == NAMES, key
        assert all(cell for cell in cells.values()), key
    for row in checks.rows():
        assert all(set(cell) == set(row.checks) for cell in FOUND["cells"][row.key].values()), row.key


def test_a_name_is_of_one_row_and_a_note_of_a_cell() -> None:
    keys = Counter(row.key for row in table.rows())
    assert max(keys.values()) == 1
    assert set(notes.NOTES) == set(NAMES)
    assert {key for noted in notes.NOTES.values() for key in noted} <= set(keys)


@pytest.mark.parametrize("tool", NAMES)
def test_what_must_not_compile_stands_beside_what_must(tool: str) -> None:
    """A line that is wrong for whatever reason would pass; its like that is right shows the reason."""
    own = checks.own(tool)
    bodies = {f"{row.key}/{name}": body for row in checks.rows() for name, body in row.checks.items()}
    for name, body in {**bodies, **own.pieces}.items():
        lines = [line for line in body.splitlines() if line.strip()]
        wrong = [at for at, line in enumerate(lines) if "@ts-expect-error" in line]
        assert len(lines) > 2 * len(wrong), name


def test_without_npm_the_bench_says_what_it_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    assert section(tmp_path).endswith("Left out of this run: there is no npm and node on this machine.\n")
