"""The proof of a migration: up reaches what the code declares, down restores what was, up again.

It runs on a copy of the shadow with rows in the tables, before the file is kept.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pocketvex.diff.compare import compare
from pocketvex.errors import NotAsIntended
from pocketvex.render.one_off import down_step
from pocketvex.run.rows import insert_rows, lost, read_values, surviving
from pocketvex.run.shadow import placeholders
from pocketvex.schema.model import Schema
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary

Json = dict[str, Any]


class Proof(NamedTuple):
    rows: int
    """How many rows stood in the tables."""

    def __str__(self) -> str:
        return f"proven up, down and up again on a scratch server with {self.rows} rows"


def prove(
    binary: Binary, data_dir: Path, files: Sequence[tuple[str, str]], before: Schema, after: Schema
) -> Proof:
    """Run the files up, down and up again on a copy of `data_dir`; raises NotAsIntended where they fail.

    After up and after down the collections must be those of `after` and `before`, every value of a
    field that both have must be what it was, and after down all values of before must be back.
    """
    with tempfile.TemporaryDirectory(prefix="pocketvex-proof-") as folder:
        copy = Path(folder) / "data"
        scratch.copy(data_dir, copy)
        rows = insert_rows(copy, before, after)
        values = read_values(copy, before)
        names = ", ".join(name for name, _ in files)
        original = scratch.collections(binary, copy)
        _up(binary, copy, files)
        _reached(binary, copy, after, f"up of {names}")
        changed = list(lost(surviving(values, before, after), read_values(copy, after)))
        if changed:
            raise _lost(f"up of {names}", changed, after)
        for name, text in reversed(files):
            try:
                scratch.migrate_up(binary, copy, {f"{name}.down.js": down_step(name, text)}, env=_env(files))
            except scratch.MigrationFailed as error:
                raise NotAsIntended(f"down of {name} fails", why=error.reason) from error
            scratch.forget(copy, [f"{name}.down.js"])
        _reached(binary, copy, before, f"down of {names}")
        _restored(original, scratch.collections(binary, copy), f"down of {names}")
        changed = list(lost(values, read_values(copy, before)))
        if changed:
            raise _lost(f"down of {names}", changed, before)
        _up(binary, copy, files)
        _reached(binary, copy, after, f"up of {names} after its down")
        return Proof(rows)


def _env(files: Sequence[tuple[str, str]]) -> dict[str, str]:
    return dict(placeholders(text for _, text in files))


def _up(binary: Binary, data_dir: Path, files: Sequence[tuple[str, str]]) -> None:
    try:
        scratch.migrate_up(binary, data_dir, dict(files), env=_env(files))
    except scratch.MigrationFailed as error:
        raise NotAsIntended(f"up of {error.file} fails", why=error.reason) from error


def _reached(binary: Binary, data_dir: Path, wanted: Schema, what: str) -> None:
    now = Schema.from_json(scratch.collections(binary, data_dir))
    diff = compare(wanted, now, version=binary.version, ask=False)
    if diff:
        left = ", ".join(operation.path for operation in diff.operations[:5])
        raise NotAsIntended(f"{what} does not end where it should", why=f"still different: {left}")


def _restored(before: Sequence[Json], now: Sequence[Json], what: str) -> None:
    """Beyond what a comparison sees: ids, and the order of fields."""
    there = {item["id"]: item for item in now}
    for item in before:
        again = there.get(item["id"])
        if again is None:
            raise NotAsIntended(f"{what} does not end where it should", why=f"{item['name']} has another id")
        ids, now_ids = ([f["id"] for f in c["fields"]] for c in (item, again))
        if item["type"] != "view" and ids != now_ids:
            raise NotAsIntended(
                f"{what} does not end where it should",
                why=f"{item['name']} has the fields {now_ids} instead of {ids}",
            )


def _lost(
    what: str, changed: Sequence[tuple[tuple[str, str, str], object, object]], schema: Schema
) -> NotAsIntended:
    (collection, field, record), before, after = changed[0]
    names = {(c.id, f.id): f"{c.name}.{f.name}" for c in schema.collections for f in c.fields}
    path = names.get((collection, field), f"{collection}.{field}")
    return NotAsIntended(
        f"{what} changes values that it should not",
        why=f"{path} of {record} was {before!r} and is {after!r} ({len(changed)} in all)",
    )
