"""The proof of migrations: up reaches what the code declares, down restores what was, up again.

Each file is tried on a copy of the shadow with rows in the tables, and then run as it stands, before it
is kept. All of it is one run of PocketBase.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pocketvex.diff.compare import compare
from pocketvex.errors import NotAsIntended
from pocketvex.proof.rows import make_rows, without_rows
from pocketvex.proof.trial import State, Trial, try_files
from pocketvex.proof.values import Key, lost, surviving, untouched_rows, values_of
from pocketvex.proof.viewed import Row
from pocketvex.schema.model import Schema
from pocketvex.schema.words import counted
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.store.temporary import temporary

Json = dict[str, Any]
_VIEW_REFUSES = re.compile(r"with (?:empty or invalid|non-unique) ids|malformed JSON")


class Candidate(NamedTuple):
    """A file to prove, and what is there before and after it."""

    name: str
    text: str
    before: Schema
    after: Schema


class Proof(NamedTuple):
    version: str
    rows: int
    """How many rows stood in the tables."""
    kept: int
    """How many of them had all their values after up as well; after down all have."""
    untried: tuple[str, ...] = ()
    """Changed tables without any row: a view takes none of those that could be made."""

    def __str__(self) -> str:
        said = f"proven up, down and up again on PocketBase {self.version} with {counted(self.rows, 'row')}"
        if self.untried:
            said += f" (none in {', '.join(self.untried)}, for the sake of a view)"
        if self.kept == self.rows:
            return f"{said}: {self.kept} kept their values" if self.rows else said
        return f"{said}: {self.kept} kept their values in up, {self.rows} after down"


def prove(
    binary: Binary, data_dir: Path, files: Sequence[tuple[str, str]], before: Schema, after: Schema
) -> Proof:
    """Prove one file (name, text) on a copy of `data_dir`; raises NotAsIntended where it fails."""
    ((name, text),) = files
    (proof,) = prove_parts(binary, data_dir, [Candidate(name, text, before, after)])
    return proof


def prove_parts(binary: Binary, data_dir: Path, parts: Sequence[Candidate]) -> list[Proof]:
    """Prove files that follow each other on a copy of `data_dir`; raises NotAsIntended where one fails.

    After up and after down the collections must be those of `after` and `before`, every value of a
    field that both have must be what it was, and after down all values of before must be back.
    """
    try:
        return _prove_parts(binary, data_dir, parts, make_rows)
    except NotAsIntended as error:
        # The view of another schema, or of a newer SQLite: what it takes nobody knows beforehand.
        if not _VIEW_REFUSES.search(error.why):
            raise
        return _prove_parts(binary, data_dir, parts, lambda before, after: [])


def _prove_parts(
    binary: Binary,
    data_dir: Path,
    parts: Sequence[Candidate],
    rows_for: Callable[[Schema, Schema], list[Row]],
) -> list[Proof]:
    files = [(part.name, part.text, rows_for(part.before, part.after)) for part in parts]
    with temporary("proof") as folder:
        copy = folder / "data"
        scratch.copy(data_dir, copy)
        try:
            tried = try_files(binary, copy, files)
        except scratch.MigrationFailed as error:
            raise NotAsIntended(f"up of {error.file} fails", why=error.reason) from error
    proofs = [
        judge(trial, part.before, part.after, binary)._replace(
            untried=without_rows(rows, part.before, part.after)
        )
        for trial, part, (_, _, rows) in zip(tried.trials, parts, files, strict=True)
        if trial is not None
    ]
    if parts:
        _reached(tried.final, parts[-1].after, f"up of {parts[-1].name}", binary)
    return proofs


def judge(trial: Trial, before: Schema, after: Schema, binary: Binary) -> Proof:
    """What a trial shows, where it is as it should be; else raises NotAsIntended."""
    name = trial.name
    if trial.step == "rows":
        raise NotAsIntended(f"no rows could be made to prove {name}", why=trial.error)
    if trial.step:
        what = {"up": "up of {}", "down": "down of {}", "again": "up of {} after its down"}[trial.step]
        raise NotAsIntended(f"{what.format(name)} fails", why=trial.error)
    start, there = trial.before, trial.after
    assert start is not None
    assert there is not None
    _reached(there.collections, after, f"up of {name}", binary)
    values, now = values_of(start.tables), values_of(there.tables)
    expected = surviving(values, before, after)
    if changed := list(lost(expected, now)):
        raise _lost(f"up of {name}", changed, after)
    if trial.down is None or trial.again is None:
        raise NotAsIntended(f"{name} has no down part")
    if trial.down is not start:
        _restored(trial.down, before, f"down of {name}", binary)
        if changed := list(lost(values, values_of(trial.down.tables))):
            raise _lost(f"down of {name}", changed, before)
    if trial.again is not there:
        _reached(trial.again.collections, after, f"up of {name} after its down", binary)
    rows = len({(collection, record) for collection, _, record in values})
    return Proof(str(binary.version), rows, untouched_rows(values, now))


def _reached(collections: Sequence[Json], wanted: Schema, what: str, binary: Binary) -> None:
    now = Schema.from_json(collections)
    diff = compare(wanted, now, version=binary.version, ask=False)
    if diff:
        left = ", ".join(operation.path for operation in diff.operations[:5])
        raise NotAsIntended(f"{what} does not end where it should", why=f"still different: {left}")


def _restored(there: State, wanted: Schema, what: str, binary: Binary) -> None:
    _reached(there.collections, wanted, what, binary)
    if other := moved(wanted, there.collections):
        raise NotAsIntended(f"{what} does not end where it should", why=other)


def moved(before: Schema, now: Sequence[Json]) -> str:
    """What is not back beyond what a comparison sees: ids, and the order of fields; "" where all is."""
    there = {item["id"]: item for item in now}
    for collection in before.collections:
        again = there.get(collection.id)
        if again is None:
            return f"{collection.name} has another id"
        ids, now_ids = [f.id for f in collection.fields], [f["id"] for f in again["fields"]]
        if collection.type != "view" and ids != now_ids:
            return f"{collection.name} has the fields {now_ids} instead of {ids}"
    return ""


def _lost(what: str, changed: Sequence[tuple[Key, object, object]], schema: Schema) -> NotAsIntended:
    (collection, field, record), before, after = changed[0]
    names = {(c.id, f.id): f"{c.name}.{f.name}" for c in schema.collections for f in c.fields}
    path = names.get((collection, field), f"{collection}.{field}")
    return NotAsIntended(
        f"{what} changes values that it should not",
        why=f"{path} of {record} was {before!r} and is {after!r} ({len(changed)} in all)",
    )
