"""docs/generators.md, of what was found."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from bench.compare import checks, notes
from bench.compare.table import Cell, rows

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "generators.md"
FOUND = Path(__file__).with_name("found.json")

_HEAD = """\
# Beside the other generators

Written by `python -m bench.compare`, which makes the types of one schema with every tool and holds them
against the same checks. No cell is taken from what a tool says of itself.

"""


def render(found: Mapping[str, Any]) -> str:
    """The page; its footnotes say what passed and what did not."""
    tools = [tool["name"] for tool in found["tools"]]
    footnotes: list[str] = []
    parts = [_HEAD, *_in_short(found), *_about(found)]
    for group, lines in groupby(rows(), key=lambda row: row.group):
        parts.append(f"\n## {group}\n\n| | {' | '.join(tools)} | check |\n|---|{'---|' * (len(tools) + 1)}\n")
        for row in lines:
            said = [_cell(row.key, tool, found["cells"][row.key][tool], footnotes) for tool in tools]
            parts.append(f"| {row.title} | {' | '.join(said)} | `{row.key}` |\n")
    parts.append("\n## What was seen\n\n")
    parts += [f"{number}. {text}\n" for number, text in enumerate(footnotes, 1)]
    return "".join(parts)


def _in_short(found: Mapping[str, Any]) -> list[str]:
    """The rows in which this project stands alone, at either end."""
    ahead: list[str] = []
    behind: list[str] = []
    ours, *theirs = [tool["name"] for tool in found["tools"]]
    for row in rows():
        said = {tool: _word(cell) for tool, cell in found["cells"][row.key].items()}
        others = {said[tool] for tool in theirs}
        if said[ours] == "yes" and "yes" not in others:
            ahead.append(row.title.removeprefix("and "))
        if said[ours] != "yes" and "yes" in others:
            behind.append(row.title.removeprefix("and "))
    texts = {f"Where only {ours} has a `yes`": ahead, f"Where another has one, and {ours} has none": behind}
    return [f"{text}: {'; '.join(titles)}.\n\n" for text, titles in texts.items() if titles]


def _about(found: Mapping[str, Any]) -> list[str]:
    lines = ["| tool | version | how it was used |\n|---|---|---|\n"]
    for tool in found["tools"]:
        lines.append(f"| {tool['name']} | {tool['version']} | {notes.USED[tool['name']]} |\n")
    return [*lines, notes.HOW.format(**found)]


def _word(cell: Cell) -> str:
    passed = any(ok is True for ok in cell.values())
    failed = any(ok is False or isinstance(ok, str) for ok in cell.values())
    return "—" if not passed and not failed else "yes" if not failed else "partly" if passed else "no"


def _cell(key: str, tool: str, cell: Cell, footnotes: list[str]) -> str:
    passed = [check for check, ok in cell.items() if ok is True]
    failed = [check for check, ok in cell.items() if ok is False or isinstance(ok, str)]
    word = _word(cell)
    seen = f"{'; '.join(passed)}: yes. {'; '.join(failed)}: no." if word == "partly" else ""
    own = checks.own(tool).excused
    excused = [f"{check}: {own[name]}." for check in cell if (name := f"{key}/{check}") in own]
    why = "" if word == "—" else " ".join(excused)
    text = " ".join(filter(None, [seen, why, notes.NOTES[tool].get(key, "")]))
    return f"{word}{_mark(text, footnotes)}"


def _mark(text: str, footnotes: list[str]) -> str:
    if not text:
        return ""
    if text not in footnotes:
        footnotes.append(text)
    return f" <sup>{footnotes.index(text) + 1}</sup>"
