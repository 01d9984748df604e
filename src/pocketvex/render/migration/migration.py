"""Migrations as PocketBase's own JavaScript files: a header, the steps as data, and what the steps mean.

What the steps mean is the runtime, the same text in every file of one version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import sha256

from pocketvex.diff.operations import Operation, RenameCollection
from pocketvex.diff.transition import Transition
from pocketvex.errors import UsageError
from pocketvex.render.migration.javascript import literal
from pocketvex.schema.model import Schema
from pocketvex.steps.header import comment_of
from pocketvex.steps.make import steps
from pocketvex.steps.migration import Migration, named_collections, read_migration

RUNTIME_VERSION = 1
RUNTIMES: Mapping[int, str] = {1: "566e161e15630f65f6958698c415a70343653edccb2cbd1e2778f7512667f900"}
"""The SHA-256 of each runtime that was ever released, and of today's."""
ADVISORIES: Mapping[int, str] = {}
"""What is known to be wrong with a runtime, by its version."""


def make_migration(transition: Transition, *, stamp: str) -> Migration:
    """The steps from one state to another and back.

    `stamp` makes the id of the migration, under which a server files what it keeps, its own. Raises
    UsageError for what no migration can do.
    """
    _refuse_swaps(transition.operations)
    up = steps(transition.operations)
    down = steps(transition.undone().operations, back=True)
    ids = collection_ids(transition.before, transition.after, up + down)
    return Migration("", ids, up, down).named(stamp)


def render_migration(
    transition: Transition, *, stamp: str, comment: Sequence[str], manages: Iterable[str]
) -> str:
    """The text of the file for these operations.

    `manages` are the collections (and the auth options stated for them, `users[otp]`) that the file's
    project declares.
    """
    lines = [line for text in comment for line in (text.splitlines() or [""])]
    head = [*lines, f"manages: {' '.join(sorted(manages))}"]
    return migration_text(make_migration(transition, stamp=stamp), head)


def migration_text(migration: Migration, head: Sequence[str]) -> str:
    """A file for these steps, with these lines as the comment at its head."""
    comment = "".join(f"// {line}".rstrip() + "\n" for line in head)
    values = migration.to_json()
    body = ",\n".join(f"  {literal(key)}: {_steps(key, value)}" for key, value in values.items())
    return (
        f'/// <reference path="../pb_data/types.d.ts" />\n{comment}\n'
        f"const migration = {{\n{body}\n}};\n\n{runtime()}"
    )


def with_runtime(above: str, migration: Migration, id: str) -> str:
    """A file with today's runtime below what stands `above`, which says these steps, under this id."""
    wanted = migration._replace(id=id)
    start = above.index("const migration") if "const migration" in above else 0
    if re.fullmatch(r"\w+", migration.id):
        made = above[:start] + above[start:].replace(migration.id, id, 1) + runtime()
        if read_migration(made) == wanted:
            return made
    return migration_text(wanted, [line[2:].removeprefix(" ") for line in comment_of(above)])


def _steps(key: str, value: object) -> str:
    if key not in ("up", "down") or not isinstance(value, list) or not value:
        return literal(value).replace("\n", "\n  ")
    lines = ",\n".join(literal(step) for step in value)
    return "[\n    " + lines.replace("\n", "\n    ") + "\n  ]"


@cache
def runtime() -> str:
    """What the steps mean, from the line that parts it from them."""
    # The package's own text, read the way its modules are.
    folder = __file__.replace("\\", "/").rpartition("/")[0]
    data: bytes = __spec__.loader.get_data(f"{folder}/runtime/runtime.js")  # type: ignore[union-attr]
    code = data.decode().replace("\r\n", "\n")
    return (
        f"// ---- PocketVex runtime {RUNTIME_VERSION}: what the steps mean. "
        f"It is the same in every file, and nothing below is about this one. ----\n{code}"
    )


def runtime_hash(text: str) -> str:
    return sha256(text.replace("\r\n", "\n").encode()).hexdigest()


def runtime_version(below: str) -> int:
    """Which runtime stands below the steps of a file; 0 for one that PocketVex never wrote."""
    found = runtime_hash(below)
    return next((version for version, known in RUNTIMES.items() if known == found), 0)


def collection_ids(before: Schema, after: Schema, all_steps: Sequence[list[object]]) -> dict[str, str]:
    """The ids of the collections that the steps name; not of a name that two of them have."""
    known: dict[str, set[str]] = {}
    for collection in [*before.collections, *after.collections]:
        known.setdefault(collection.name, set()).add(collection.id)
    names = sorted(named_collections(all_steps) & known.keys())
    return {name: next(iter(known[name])) for name in names if len(known[name]) == 1}


def _refuse_swaps(operations: Sequence[Operation]) -> None:
    """Two collections that change names with each other look the same before and after."""
    renamed = {
        o.old.lower(): o.collection.lower()
        for o in operations
        if isinstance(o, RenameCollection) and o.old.lower() != o.collection.lower()
    }
    for start in renamed:
        chain, at = [start], renamed[start]
        while at in renamed and at not in chain:
            chain.append(at)
            at = renamed[at]
        if at == start:
            raise UsageError(
                f"{' and '.join(sorted(chain))} cannot exchange their names in one migration",
                why="Nothing would tell a server on which that was done from one on which it was not.",
                todo="Give one of them a third name first, and the final names in a second migration.",
            )
