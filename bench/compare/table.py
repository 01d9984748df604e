"""The rows of the table, and what running a tool gives for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from bench.compare import checks, compiler, habits
from bench.compare.blog import BLOG
from bench.compare.hostile import HOSTILE
from bench.compare.tools import Tool, Written

Cell = dict[str, bool | str | None]
"""The checks of a cell: passed, failed (what the compiler said), or not held against this tool."""

BY_HAND = "the types are written by hand"
DISK = {
    "plain": "what comes out compiles under `--strict`",
    "stricter": "and under the flags that go beyond it",
    "any": "no `any` in what comes out",
    "limits": "the limits of a field stand in comments",
    "again": "the same bytes when it runs again",
    "order": "the same bytes when the collections were made in another order",
    "unchanged": "a file that says the same is not written",
    "check": "`--check` for CI",
    "watch": "new types on every save, by itself",
    "server": "reads a live server",
    "dotenv": "and takes the login from a `.env` file",
    "sqlite": "reads the database file",
    "export": "reads an export of the dashboard",
    "code": "reads code, without a server",
    "called": "can be called from JavaScript",
}


class Row(NamedTuple):
    key: str
    title: str
    group: str
    where: str
    """The file of this folder that holds the check."""


def rows() -> list[Row]:
    """In the order of the page."""
    typed = [Row(row.key, row.title, row.group, "snippets/checks.ts") for row in checks.rows()]
    awkward = [Row(key, title, "Awkward but legal: what comes out compiles", "hostile.py")
               for key, (title, _) in HOSTILE.items()]  # fmt: skip
    disk = [Row(key, title, "The command and its files", "habits.py") for key, title in DISK.items()]
    return [*typed, *awkward, *disk]


def cells(tool: Tool, folder: Path) -> Iterator[tuple[str, Cell]]:
    """The tool's cell of every row, by the row's key."""
    yield from typed(tool, folder / "typed").items()
    if isinstance(tool, Written):
        for key in (*HOSTILE, *DISK):
            yield key, {BY_HAND: None}
        return
    for key, (title, collections) in HOSTILE.items():
        yield key, {title: habits.survives(tool, folder / key, collections)}
    for key, passed in habits.on_disk(tool, folder / "disk").items():
        yield key, {DISK[key]: passed}


def typed(tool: Tool, folder: Path) -> Mapping[str, Cell]:
    """What TypeScript says of the pieces."""
    with habits.made(tool, folder, BLOG):
        place = folder / "tool"
    own = checks.own(tool.name)
    (place / "kit.ts").write_text(own.kit, encoding="utf-8")
    (place / "assert.ts").write_text(checks.ASSERT, encoding="utf-8")
    files: dict[str, str] = {}
    for number, (name, body) in enumerate(_pieces(own)):
        files[name] = f"check{number}.ts"
        (place / files[name]).write_text(checks.module(body, own.kit), encoding="utf-8")
    paths = [place / "kit.ts", *(place / file for file in files.values())]
    wrong = compiler.errors(place, paths, "--skipLibCheck")
    if broken := wrong.get("kit.ts"):
        raise SystemExit(f"{tool.name}: its own names do not compile: {broken}")
    seen: Cell = {name: wrong.get(file, [""])[0][:300] or True for name, file in files.items()}
    return {row.key: {check: seen.get(f"{row.key}/{check}") for check in row.checks} for row in checks.rows()}


def _pieces(own: checks.Own) -> Iterator[tuple[str, str]]:
    for row in checks.rows():
        for check, body in row.checks.items():
            name = f"{row.key}/{check}"
            if name not in own.excused:
                yield name, own.pieces.get(name, body)
