"""What a tool does on disk and on the command line, found out by running it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.compare import compiler
from bench.compare.blog import BLOG, Json
from bench.compare.servers import Refused
from bench.compare.tools import NoTypes, Tool
from bench.projects import Login

Checks = dict[str, bool]

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


def other_order() -> list[Json]:
    """The blog made in another order; views come last, since they read the others."""
    views = [item for item in BLOG if item["type"] == "view"]
    return [*(item for item in reversed(BLOG) if item not in views), *views]


def on_disk(tool: Tool, folder: Path) -> Mapping[str, bool]:
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
        found["server"] = tool.reads_server(folder / "live", login)
        found["export"] = tool.reads_export(folder / "export", tool.exported(login))
        first = contents(tool, place)
    found["code"] = tool.reads_code(folder / "code")
    other = folder / "other"
    with made(tool, other, other_order()):
        found["order"] = contents(tool, other / "tool") == first
    shutil.rmtree(other)
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
