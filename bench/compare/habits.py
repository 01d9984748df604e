"""What a tool does on disk and on the command line, found out by running it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.compare import compiler, ways
from bench.compare.blog import BLOG, Json, collection, field
from bench.compare.servers import Refused
from bench.compare.tools import NoTypes, Tool
from bench.projects import Login

Checks = dict[str, bool | None]

STRICTER = (
    "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--isolatedModules",
    "--verbatimModuleSyntax", "--erasableSyntaxOnly", "--noUnusedLocals", "--noUnusedParameters",
)  # fmt: skip
_WORDS = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`", re.S)


@contextmanager
def made(tool: Tool, folder: Path, collections: Sequence[Json]) -> Iterator[Login]:
    """The types of these collections in `folder`, while their server still runs."""
    with tool.server(folder / "server", collections) as login:
        tool.prepare(folder / "tool", login)
        tool.generate(folder / "tool", login)
        yield login


def compiles(tool: Tool, folder: Path, *flags: str) -> bool:
    """Whether nothing is wrong in what it wrote; what is wrong in the SDK is not its fault."""
    wrong = compiler.errors(folder, tool.outputs(folder), *flags)
    return not any(str(path.relative_to(folder)) in wrong for path in tool.outputs(folder))


def contents(tool: Tool, folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in tool.outputs(folder)]


def without_any(tool: Tool, folder: Path) -> bool:
    texts = (path.read_text(encoding="utf-8") for path in tool.outputs(folder))
    return not any(re.search(r"\bany\b", _WORDS.sub(" ", text)) for text in texts)


def tells_limits(tool: Tool, folder: Path) -> bool:
    """Whether a comment has the longest title, which is 200."""
    texts = (path.read_text(encoding="utf-8") for path in tool.outputs(folder))
    return any("200" in comment for text in texts for comment in re.findall(r"/\*.*?\*/|//.*", text, re.S))


def same_again(tool: Tool, folder: Path, login: Login) -> bool:
    before = contents(tool, folder)
    for path in tool.outputs(folder):
        path.unlink()
    tool.generate(folder, login)
    return contents(tool, folder) == before


def leaves_alone(tool: Tool, folder: Path, login: Login) -> bool:
    before = [path.stat().st_mtime_ns for path in tool.outputs(folder)]
    tool.generate(folder, login)
    return [path.stat().st_mtime_ns for path in tool.outputs(folder)] == before


def holds_against(tool: Tool, folder: Path, login: Login) -> bool:
    """Whether `--check` passes what is current, refuses what is stale, and writes neither."""
    current = contents(tool, folder)
    passed = tool.run(folder, login, "--check").returncode == 0 and contents(tool, folder) == current
    stale = [b"// stale\n" + text for text in current]
    for path, text in zip(tool.outputs(folder), stale, strict=True):
        path.write_bytes(text)
    refused = tool.run(folder, login, "--check").returncode != 0 and contents(tool, folder) == stale
    for path, text in zip(tool.outputs(folder), current, strict=True):
        path.write_bytes(text)
    return passed and refused


def same_in_any_order(tool: Tool, folder: Path) -> bool:
    """Two servers whose collections were made one by one, in opposite orders."""
    some = [collection(f"pbc_{number}", name, field("text", "title")) for number, name in enumerate("bca")]
    texts = []
    for order in (some, some[::-1]):
        place = folder / order[0]["name"]
        with made(tool, place, order):
            texts.append(contents(tool, place / "tool"))
    return texts[0] == texts[1]


def on_disk(tool: Tool, folder: Path) -> Checks:
    """Every row of this module, by its key."""
    found: Checks = {}
    place = folder / "tool"
    with made(tool, folder, BLOG) as login:
        found["plain"] = compiles(tool, place)
        found["stricter"] = compiles(tool, place, *STRICTER)
        found["any"] = without_any(tool, place)
        found["limits"] = tells_limits(tool, place)
        found["again"] = same_again(tool, place, login)
        found["unchanged"] = leaves_alone(tool, place, login)
        found["check"] = holds_against(tool, place, login)
        found["watch"] = tool.watches(place, login)
        there = ways.given(tool, login, folder / "server")
        found["server"] = ways.server(tool, folder / "live", there)
        found["dotenv"] = ways.dotenv(tool, folder / "dotenv", there)
        found["sqlite"] = ways.database(tool, folder / "sqlite", there)
        found["export"] = ways.export(tool, folder / "export", there)
        found["called"] = ways.called(tool, folder / "called", there)
    found["code"] = ways.code(tool, folder / "code")
    found["order"] = same_in_any_order(tool, folder / "order")
    return found


def survives(tool: Tool, folder: Path, collections: Sequence[Json]) -> bool | None:
    """Whether types of these collections come out and compile; None where its server cannot have them."""
    try:
        with made(tool, folder, collections):
            return compiles(tool, folder / "tool")
    except NoTypes:
        return False
    except Refused:
        return None
