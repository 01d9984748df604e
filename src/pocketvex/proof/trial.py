"""Trials of migration files on a scratch server: what each of them does to collections and rows.

One run of PocketBase tries a whole history: before each file a step tries it up, down and up again with
rows in the tables and undoes that; then the file itself runs as it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pocketvex.history.shadow import Far, placeholders
from pocketvex.proof.viewed import Row
from pocketvex.render.migration.trial import trial_step
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.surroundings import Surroundings
from pocketvex.store.temporary import temporary

Json = dict[str, Any]

_PLACE = re.compile(r"\sat (?!reflect)[^\n]*?:(\d+):(\d+)\(\d+\)")


class State(NamedTuple):
    collections: list[Json]
    """Not told of the state before."""
    tables: dict[str, Any]
    """By collection id, as `run.values.values_of` reads it."""


class Trial(NamedTuple):
    """What was seen of one file. `down` and `again` are None where nothing was reached."""

    name: str
    calls: int
    """How often it calls `migrate`; PocketBase takes the first."""
    has_down: bool
    before: State | None
    after: State | None
    down: State | None
    again: State | None
    step: str
    """The part in which it failed: rows, up, down or again; "" where none did."""
    error: str
    line: int


class Tried(NamedTuple):
    trials: list[Trial | None]
    """None for a file that was only run."""
    final: list[Json]
    """The collections after the last file."""


def try_files(
    binary: Binary,
    data_dir: Path,
    files: Sequence[tuple[str, str, Sequence[Row] | None]],
    around: Surroundings = scratch.NOWHERE,
    progress: Callable[[str], None] | None = None,
) -> Tried:
    """Try these files (name, text, rows before it) one after the other; `data_dir` then has run them all.

    A file without rows (None) is only run. Raises `scratch.MigrationFailed` where a file fails as it stands.
    """
    with temporary("trial") as folder:
        steps: dict[str, str] = {}
        behind = "0000000000"
        for number, (name, text, rows) in enumerate(files):
            seen = folder / f"{number}.json"
            step = scratch.mark_step(seen) if rows is None else trial_step(text, rows, str(seen))
            # Byte order puts it right behind the file before, and so in front of the file itself.
            steps[f"{behind}.pv.js"] = step
            steps[name] = text
            behind = name
        final = folder / "final.json"
        steps[f"{behind}.pv.js"] = scratch.snapshot_step(final)
        env = placeholders((text for _, text, _ in files), around.env)
        far = Far(folder, [name for name, _, _ in files], progress)
        scratch.migrate_up(binary, data_dir, steps, env=env, around=around, running=far.running)
        scratch.forget(data_dir, [name for name in steps if name.endswith(".pv.js")])
        read = [
            _read(name, json.loads((folder / f"{number}.json").read_text(encoding="utf-8")))
            if rows is not None
            else None
            for number, (name, _, rows) in enumerate(files)
        ]
        return Tried(read, json.loads(final.read_text(encoding="utf-8")))


def _read(name: str, seen: Json) -> Trial:
    def state(key: str, base: State | None = None) -> State | None:
        found = seen.get(key)
        if not found:
            return None
        kept = {id: base.tables[id] for id in found["kept"]} if base is not None else {}
        read = {id: [[ids, json.loads(rows)] for ids, rows in table] for id, table in found["tables"].items()}
        return State(json.loads(found["collections"]), kept | read)

    before = state("before")
    after = state("after", before)
    place = _PLACE.search(seen.get("stack", ""))
    return Trial(
        name,
        seen["calls"],
        seen["has_down"],
        before,
        after,
        state("down", before) or (before if "down" in seen else None),
        state("again", before) or (after if "again" in seen else None),
        seen["step"],
        re.sub(r"^(?:GoError|Error): ", "", seen["error"]).removesuffix(".."),
        int(place[1]) if place else 0,
    )
