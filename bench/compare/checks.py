"""The checks, as pieces of TypeScript: the same for all, and where a tool has another way, in its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SNIPPETS = Path(__file__).parent / "snippets"

ASSERT = """\
export type Eq<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
export type IsAny<T> = 0 extends 1 & T ? true : false;
export function is<T extends true>(): T | void {}
export function given<T>(): T { return undefined as T; }
"""
_ASSERTED = ("Eq", "IsAny", "is", "given")


class Row(NamedTuple):
    """A line of the table that TypeScript decides: its checks by name."""

    key: str
    title: str
    group: str
    checks: dict[str, str]


class Own(NamedTuple):
    """A tool's own file: the names that checks use, its own pieces, and what it need not pass."""

    kit: str
    pieces: dict[str, str]
    excused: dict[str, str]
    """By `row/check`, the reason."""


def rows() -> list[Row]:
    found: list[Row] = []
    group = ""
    for head, body in _parts((SNIPPETS / "checks.ts").read_text(encoding="utf-8")):
        match head.split(" ", 1):
            case "//###", title:
                group = title
            case "//##", about:
                key, _, title = about.partition(" | ")
                found.append(Row(key, title, group, {}))
            case _, name:
                found[-1].checks[name] = body
    return found


def own(tool: str) -> Own:
    (_, kit), *parts = _parts((SNIPPETS / f"{tool}.ts").read_text(encoding="utf-8"))
    pieces, excused = {}, {}
    for head, body in parts:
        name, _, reason = head.removeprefix("//# ").partition(" -- ")
        if reason:
            excused[name] = reason
        else:
            pieces[name] = body
    known = {f"{row.key}/{check}" for row in rows() for check in row.checks}
    if unknown := {*pieces, *excused} - known:
        raise SystemExit(f"{tool}: no checks of the name {', '.join(sorted(unknown))}")
    return Own(kit, pieces, excused)


def module(body: str, kit: str) -> str:
    """A file of its own for a piece, which imports what it names; what the kit lacks is an error there."""
    words = set(re.findall(r"\w+", body))
    asserted = [name for name in _ASSERTED if name in words]
    own = re.findall(r"^export (?:const|type) (\w+)|^export \{ (\w+) \}", kit, re.M)
    used = sorted(words & {*_KIT, *(one or other for one, other in own)})
    return (
        f'import {{ {", ".join(asserted)} }} from "./assert";\nimport {{ {", ".join(used)} }} from "./kit";\n'
        f"export async function check(file: File, blob: Blob): Promise<void> {{\n{body}}}\n"
    )


_KIT = (
    "pb", "PostRecord", "PostCreate", "PostUpdate", "UserRecord", "UserCreate", "UserUpdate", "CommentCreate",
    "TagCreate", "StatsRecord", "AuthorRecord", "ReadingRecord", "PostWithAuthor", "STATUS",
    "NAMES", "MIMES", "VALID", "LIVE",
)  # fmt: skip


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """What stands before the first heading (where anything does), then each heading with what follows it."""
    head, body = "", ""
    for line in text.splitlines(keepends=True):
        if line.startswith("//#"):
            if head or body.strip():
                yield head, body
            head, body = line.strip(), ""
        else:
            body += line
    yield head, body
