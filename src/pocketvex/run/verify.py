"""`migrate verify`: the whole history, from nothing, each file up, down and up again with rows in the tables.

It needs no server. What PocketVex wrote is proven; of other files it is shown that they replay, and said
what their down restores.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pocketvex.diff.compare import compare
from pocketvex.errors import NotAsIntended
from pocketvex.render.header import is_written_by_us
from pocketvex.run.folder import Finding, called_twice, look_at, never_called
from pocketvex.run.prove import judge, moved
from pocketvex.run.rows import make_rows
from pocketvex.run.runtimes import advisories, strange_runtimes
from pocketvex.run.shadow import Recorded, ReplayFailed, replay
from pocketvex.run.trial import Trial, try_files
from pocketvex.run.trust import reaches_out
from pocketvex.run.values import lost, values_of
from pocketvex.schema.model import Schema
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.store.files import LOCAL, local_dir, write_atomically
from pocketvex.store.history import History, MigrationFile

_FORMAT = 1
"""Part of the hash: what an older PocketVex found is not believed."""


@dataclass(frozen=True)
class Checked:
    """One file: `proven`, `replayed` (it runs; not ours to promise more), `failed`, or `not reached`."""

    name: str
    state: str
    note: str = ""
    rows: int = 0
    kept: int = 0
    """How many rows had all their values after up as well."""


@dataclass(frozen=True)
class Verified:
    version: str
    files: tuple[Checked, ...]
    findings: tuple[Finding, ...]
    cached: bool = False
    advisories: tuple[Finding, ...] = ()
    """What sound files can lose: no failure."""


def verify(
    root: Path, history: History, binary: Binary, *, progress: Callable[[str], None] = lambda _: None
) -> Verified:
    """Prove every file of the history from nothing; what was found for the same files is remembered.

    Raises ConsentNeeded where a file reaches out of the database and nobody has agreed to its replay.
    """
    kept = local_dir(root) / "verified" / f"{_key(history, binary)}.json"
    found = _read(kept)
    cached = found is not None
    if found is None:
        found = _verify(root, history, binary, progress)
        write_atomically(kept, json.dumps([[asdict(c) for c in found[0]], found[1]]))
        _forget_others(kept)
    files, findings = found
    edited = [*look_at(history), *strange_runtimes(history)]
    known = tuple(advisories(history))
    return Verified(str(binary.version), tuple(files), (*edited, *findings), cached, known)


def _key(history: History, binary: Binary) -> str:
    content = [_FORMAT, str(binary.version), [(file.name, file.hash) for file in history.files]]
    return sha256(json.dumps(content).encode()).hexdigest()[:32]


def _verify(
    root: Path, history: History, binary: Binary, progress: Callable[[str], None]
) -> tuple[list[Checked], list[Finding]]:
    cache = root / LOCAL / "shadow"
    files = list(history.files)
    findings: list[Finding] = []
    failed = ""
    progress(f"replaying {_counted(len(files))} on PocketBase {binary.version}")
    try:
        recorded = replay(binary, history.pairs(), cache)
    except ReplayFailed as error:
        failed = error.file
        findings.append(_unreplayable(error))
        files = files[: [file.name for file in files].index(failed)]
        recorded = replay(binary, [(file.name, file.text) for file in files], cache)
    progress(f"trying {_counted(len(files))} up, down and up again")
    checked: list[Checked] = []
    for file, trial, before, after in _trials(binary, files, recorded, cache):
        one, found = _check(file, trial, before, after, binary)
        checked.append(one)
        findings += found
    for file in history.files[len(files) :]:
        checked.append(Checked(file.name, "failed" if file.name == failed else "not reached"))
    return checked, findings


def _unreplayable(error: ReplayFailed) -> Finding:
    line = error.where.line if error.where else 0
    return Finding(error.file, "cannot be run on an empty server", error.why, error.todo, line)


def _trials(
    binary: Binary, files: Sequence[MigrationFile], recorded: Recorded, cache: Path
) -> list[tuple[MigrationFile, Trial | None, Schema, Schema]]:
    schemas = [Schema.from_json(snapshot) for snapshot in recorded.snapshots]
    # What reaches out is run, as somebody agreed to, and not three times more.
    steps = [
        (file.name, file.text, None if reaches_out(file.text) else make_rows(before, after))
        for file, before, after in zip(files, schemas, schemas[1:], strict=False)
    ]
    with tempfile.TemporaryDirectory(prefix="pocketvex-verify-") as folder:
        data_dir = Path(folder) / "data"
        scratch.copy(replay(binary, [], cache).data_dir, data_dir)
        tried = try_files(binary, data_dir, steps)
    return list(zip(files, tried.trials, schemas, schemas[1:], strict=False))


def _check(
    file: MigrationFile, trial: Trial | None, before: Schema, after: Schema, binary: Binary
) -> tuple[Checked, list[Finding]]:
    name = file.name
    if file.unwritten:
        return Checked(name, "replayed", "nobody has written it yet"), []
    if trial is None:
        used = ", ".join(reaches_out(file.text))
        return Checked(name, "replayed", f"it runs; not tried with rows, since it uses {used}"), []
    if trial.calls != 1:
        finding = never_called(name) if trial.calls == 0 else called_twice(name, trial.calls)
        return Checked(name, "failed"), [finding]
    if not is_written_by_us(file.text):
        return Checked(name, "replayed", _down_in_words(trial, before, binary)), []
    try:
        proof = judge(trial, before, after, binary)
    except NotAsIntended as error:
        todo = "Restore the file from version control, or write what is missing and seal that."
        return Checked(name, "failed"), [Finding(name, error.what, error.why, todo, trial.line)]
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


def _read(kept: Path) -> tuple[list[Checked], list[Finding]] | None:
    try:
        checked, findings = json.loads(kept.read_text(encoding="utf-8"))
        return [Checked(**item) for item in checked], [Finding(*item) for item in findings]
    except (OSError, ValueError, TypeError):
        return None


def _forget_others(kept: Path, count: int = 20) -> None:
    entries = sorted(kept.parent.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in entries[count:]:
        old.unlink(missing_ok=True)


def _counted(number: int) -> str:
    return f"{number} migration{'s' if number != 1 else ''}"


def as_json(found: Verified) -> dict[str, Any]:
    """One object with a version: what `--format json` prints."""
    return {
        "version": 1,
        "pocketbase": found.version,
        "files": [asdict(file) for file in found.files],
        "findings": [finding._asdict() for finding in found.findings],
        "advisories": [advisory._asdict() for advisory in found.advisories],
    }
