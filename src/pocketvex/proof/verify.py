"""`migrate verify`: the whole history, from nothing, each file up, down and up again with rows in the tables.

It needs no server. What PocketVex wrote is proven; of other files it is shown that they replay, and said
what their down restores.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from pocketvex.diff.compare import compare
from pocketvex.errors import NotAsIntended
from pocketvex.findings import Finding, Location
from pocketvex.history.folder import History, MigrationFile
from pocketvex.history.inspect import called_twice, in_file, look_at
from pocketvex.history.runtimes import advisories, strange_runtimes
from pocketvex.history.shadow import ReplayFailed, replay
from pocketvex.history.trust import reaches_out
from pocketvex.proof.prove import judge, moved
from pocketvex.proof.rows import make_rows
from pocketvex.proof.trial import Trial, try_files
from pocketvex.proof.values import lost, values_of
from pocketvex.schema.model import Schema
from pocketvex.schema.words import counted
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.surroundings import Surroundings
from pocketvex.steps.header import is_written_by_us
from pocketvex.store.files import LOCAL, local_dir, write_atomically
from pocketvex.store.temporary import temporary
from pocketvex.target.recorded import Recorded
from pocketvex.target.variables import values_read

_FORMAT = 3
"""Part of the hash: what an older PocketVex found is not believed."""
_SILENT = "it registers no migration here: PocketBase passes over it"
_WORTH_IT = 8
"""So many files are worth a scratch server more, which runs those before them again."""


@dataclass(frozen=True)
class Checked:
    """One file: `proven`, `replayed` (it runs; not ours to promise more), `silent` (it registers nothing),
    `failed`, or `not reached`."""

    name: str
    state: str
    note: str = ""
    rows: int = 0
    kept: int = 0
    """How many rows had all their values after up as well."""


Result = tuple[Checked, list[Finding]]
"""What is told of one file, and what is wrong with it."""


@dataclass(frozen=True)
class Verified:
    version: str
    files: tuple[Checked, ...]
    findings: tuple[Finding, ...]
    tried: tuple[str, ...] = ()
    """The files that were proven now, and not some time before."""
    advisories: tuple[Finding, ...] = ()
    """What sound files can lose: no failure."""

    @property
    def cached(self) -> bool:
        return bool(self.files) and not self.tried


def verify(
    root: Path,
    history: History,
    binary: Binary,
    *,
    around: Surroundings = scratch.NOWHERE,
    progress: Callable[[str], None] = lambda _: None,
    cores: int | None = None,
) -> Verified:
    """Prove every file of the history from nothing; what was found of a file is remembered.

    A file is proven again where it, or one before it, has changed. Raises ConsentNeeded where a file reaches
    out of the database and nobody has agreed to its replay.
    """
    kept = local_dir(root) / "verified" / f"{binary.version}.json"
    known = _read(kept)
    keys = _keys(history, binary, around)
    before = [known.get(key) for key in keys]
    tried = tuple(file.name for file, key in zip(history.files, keys, strict=True) if key not in known)
    if tried:
        ground = _Ground(root / LOCAL / "shadow", binary, around, progress, cores or idle_cores())
        found = _verify(ground, history, before)
        known = dict(zip(keys, found, strict=True))
        write_atomically(kept, json.dumps({k: [asdict(c), f] for k, (c, f) in known.items()}))
    results = [known[key] for key in keys]
    findings = [finding for _, found in results for finding in found]
    files = tuple(checked for checked, _ in results)
    edited = [*look_at(history), *strange_runtimes(history)]
    return Verified(str(binary.version), files, (*edited, *findings), tried, tuple(advisories(history)))


def _keys(history: History, binary: Binary, around: Surroundings) -> list[str]:
    """One for each file, which changes with it and with all before it."""
    given = values_read((text for _, text in history.pairs()), {**os.environ, **around.env})
    digest = sha256(json.dumps([_FORMAT, str(binary.version), given]).encode())
    found = []
    for file in history.files:
        digest.update(f"{file.name}\0{file.hash}\0".encode())
        found.append(digest.hexdigest()[:32])
    return found


class _Ground(NamedTuple):
    cache: Path
    binary: Binary
    around: Surroundings
    progress: Callable[[str], None]
    cores: int

    def built(self, files: Sequence[MigrationFile]) -> Recorded:
        pairs = [(file.name, file.text) for file in files]
        return replay(self.binary, pairs, self.cache, around=self.around, progress=self.progress)


def _verify(ground: _Ground, history: History, known: Sequence[Result | None]) -> list[Result]:
    files = list(history.files)
    failed: Result | None = None
    ground.progress(f"replaying {_counted(len(files))} on PocketBase {ground.binary.version}")
    try:
        recorded = ground.built(files)
    except ReplayFailed as error:
        failed = Checked(error.file, "failed"), [_unreplayable(error)]
        files = files[: [file.name for file in files].index(error.file)]
        recorded = ground.built(files)
    found = _results(ground, files, recorded, known)
    if failed is not None:
        found.append(failed)
    rest = history.files[len(found) :]
    return [*found, *((Checked(file.name, "not reached"), []) for file in rest)]


def _results(
    ground: _Ground, files: Sequence[MigrationFile], recorded: Recorded, known: Sequence[Result | None]
) -> list[Result]:
    """What is known, and of the rest what trials show: on as many scratch servers as there are idle cores."""
    schemas = [Schema.from_json(snapshot) for snapshot in recorded.snapshots]
    # What reaches out is run, as somebody agreed to, and not three times more.
    alone = any(reaches_out(file.text) for file in files)
    parts = split([n for n in range(len(files)) if known[n] is None], 1 if alone else ground.cores)

    def tried(part: Sequence[int]) -> dict[int, Result]:
        steps = [
            (
                file.name,
                file.text,
                make_rows(schemas[number], schemas[number + 1])
                if number in part and not reaches_out(file.text)
                else None,
            )
            for number, file in enumerate(files[: part[-1] + 1])
        ]
        with temporary("verify") as folder:
            data_dir = folder / "data"
            scratch.copy(ground.built([]).data_dir, data_dir)
            trials = try_files(ground.binary, data_dir, steps, ground.around, ground.progress).trials
        return {
            n: _check(files[n], trials[n], schemas[n], schemas[n + 1], ground.binary)
            if files[n].name not in recorded.silent
            else (Checked(files[n].name, "silent", _SILENT), [])
            for n in part
        }

    with ThreadPoolExecutor(max(1, len(parts))) as pool:
        found = {number: result for part in pool.map(tried, parts) for number, result in part.items()}
    ground.progress("")
    return [known[n] or found[n] for n in range(len(files))]


def _unreplayable(error: ReplayFailed) -> Finding:
    line = error.where.line if error.where else 0
    return in_file(error.file, "cannot be run on an empty server", error.why, error.todo, line)


def split(numbers: Sequence[int], parts: int) -> list[Sequence[int]]:
    """Runs of numbers of about the same length, in order; no more of them than are worth a server."""
    count = max(1, min(parts, len(numbers) // _WORTH_IT))
    size = -(-len(numbers) // count)
    return [numbers[first : first + size] for first in range(0, len(numbers), size)] if numbers else []


def idle_cores() -> int:
    """How many processors have nothing to do at the moment, at least one."""
    cores = os.cpu_count() or 1
    try:
        return max(1, round(cores - os.getloadavg()[0]))
    except (AttributeError, OSError):  # Windows does not tell
        return max(1, cores // 2)


def _check(file: MigrationFile, trial: Trial | None, before: Schema, after: Schema, binary: Binary) -> Result:
    name = file.name
    if file.unwritten:
        return Checked(name, "replayed", "nobody has written it yet"), []
    if trial is None:
        used = ", ".join(reaches_out(file.text))
        return Checked(name, "replayed", f"it runs; not tried with rows, since it uses {used}"), []
    if trial.calls != 1:
        return Checked(name, "failed"), [called_twice(name, trial.calls)]
    if not is_written_by_us(file.text):
        return Checked(name, "replayed", _down_in_words(trial, before, binary)), []
    try:
        proof = judge(trial, before, after, binary)
    except NotAsIntended as error:
        todo = "Restore the file from version control, or write what is missing and seal that."
        return Checked(name, "failed"), [in_file(name, error.what, error.why, todo, trial.line)]
    return Checked(name, "proven", rows=proof.rows, kept=proof.kept), []


def _down_in_words(trial: Trial, before: Schema, binary: Binary) -> str:
    """What is shown of a file that PocketVex did not write."""
    if trial.step in ("rows", "up"):
        return f"it runs on empty tables only: {trial.error}"
    if not trial.has_down:
        return "it has no down"
    if trial.step == "down":
        return f"its down fails: {trial.error}"
    if trial.step == "again":
        return f"it cannot run again after its down: {trial.error}"
    start, there = trial.before, trial.down
    assert start is not None
    assert there is not None
    if there is start:
        return "its down restores structure and values"
    back = Schema.from_json(there.collections)
    left = compare(before, back, version=binary.version, ask=False).operations
    if left or (other := moved(before, there.collections)):
        return f"its down does not restore {left[0].path}" if left else f"its down differs: {other}"
    if changed := list(lost(values_of(start.tables), values_of(there.tables))):
        return f"its down restores the structure, and not {len(changed)} of the values"
    return "its down restores structure and values"


def _read(kept: Path) -> dict[str, Result]:
    try:
        found = json.loads(kept.read_text(encoding="utf-8"))
        return {k: (Checked(**c), [_finding(*item) for item in f]) for k, (c, f) in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _finding(path: str, message: str, where: Sequence[Any], *more: Any) -> Finding:
    return Finding(path, message, Location(*where), *more)


def _counted(number: int) -> str:
    return counted(number, "migration")
