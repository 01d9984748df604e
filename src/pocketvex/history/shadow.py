"""The shadow: a scratch PocketBase on which the history is replayed, and new files are proven.

Nothing of it needs a running server: PocketBase's own `migrate up` builds the directory, and a step
between two files writes down what the first one made. The result is kept by the hash of the history.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketvex.errors import HistoryError
from pocketvex.history.trust import require_trust
from pocketvex.server.binaries import Binary
from pocketvex.server.surroundings import Surroundings
from pocketvex.steps.header import body_hash
from pocketvex.target.recorded import Recorded
from pocketvex.target.variables import missing, placeholders, values_read, waits_for, way_out

if TYPE_CHECKING:
    from pocketvex.server import scratch

__all__ = ["Far", "Recorded", "ReplayFailed", "forget_others", "placeholders", "replay"]

Json = dict[str, Any]
_FORMAT = 3
"""Part of the hash: a cache that an older PocketVex wrote is not read."""
_SNAPSHOTS = "snapshots.json"
_NOWHERE = Surroundings()
_REMEMBERED = 4
_READ: dict[Path, Recorded] = {}
"""What this process read last. `dev` asks for the same on every save, and content names the folder."""
_KEEP, _HOUR = 12, 3600.0
"""So many histories are kept beside the one in use: those of branches, and of a file or two ago."""


class ReplayFailed(HistoryError):
    """A file of the history fails on an empty server; `reason` is what PocketBase says."""

    def __init__(
        self, error: scratch.MigrationFailed, names: Sequence[str], waits: Sequence[str] = ()
    ) -> None:
        start = "give replay a place to start: `pocketvex migrate baseline --replace`."
        super().__init__(
            f"the history cannot be replayed from nothing: {error.file} fails",
            why="\n".join([error.reason, *([waits_for(waits)] if waits else []), *_hints(error, names)]),
            where=error.where if error.where and error.where.file in names else None,
            todo=f"{way_out(waits)} Else {start}" if waits else f"Mend the file, or {start}",
        )
        self.file = error.file
        self.reason = error.reason


def _hints(error: scratch.MigrationFailed, names: Sequence[str]) -> Iterator[str]:
    """What is behind the words of PocketBase, where they alone do not say it."""
    stamp = error.file.partition("_")[0]
    if [name for name in names if name.partition("_")[0] == stamp and name != error.file]:
        yield "Another file was written in the same second: PocketBase runs the two by their names."
    if "could not convert" in error.reason and "to error" in error.reason:
        yield "A migration returns nothing and is not async: PocketBase takes a value for an error."
    if error.file.endswith(".ts") and "SyntaxError" in error.reason:
        yield "PocketBase runs .ts files as they are: types in them are no JavaScript."
    if "Invalid module" in error.reason:
        yield "It loads a module, and a replay runs without the hooks of the project."
    if re.search(r"\b(?:Dao|SchemaField) is not defined", error.reason):
        yield (
            "It was written for PocketBase 0.22 or earlier (`new Dao(db)`), and no later one can run it: "
            "there, a history begins anew with what the upgraded server has."
        )
    if "no rows in result set" in error.reason:
        yield "It looks for a collection or record that no file before it makes."


def replay(
    binary: Binary,
    files: Sequence[tuple[str, str]],
    cache: Path,
    *,
    around: Surroundings = _NOWHERE,
    progress: Callable[[str], None] | None = None,
) -> Recorded:
    """Build a database from nothing by running the files (name, text) in order; or read it from the cache.

    `cache` is a folder in `.pocketvex`. `progress` is told which file runs. Raises ReplayFailed, which names
    the file that cannot be replayed, and ConsentNeeded where one reaches out of the database and nobody has
    agreed to run it here.
    """
    home = cache / _keys(binary, files, around)[-1]
    names = tuple(name for name, _ in files)
    known = _READ.get(home)
    if known is not None and (home / _SNAPSHOTS).exists():
        _used(home)
        return known
    kept = _kept(home)
    if kept is None:
        require_trust(cache.parent.parent, files)
        _build(binary, files, home, around, progress)
        kept = json.loads((home / _SNAPSHOTS).read_text(encoding="utf-8"))
        forget_others(cache)
    _used(home)
    while len(_READ) >= _REMEMBERED:
        _READ.pop(next(iter(_READ)), None)
    _READ[home] = Recorded(names, kept["snapshots"], home / "data", tuple(kept["silent"]))
    return _READ[home]


def _keys(binary: Binary, files: Sequence[tuple[str, str]], around: Surroundings) -> list[str]:
    """The names under which this history and each of its beginnings are kept: from no file to all."""
    digest = sha256(json.dumps([_FORMAT, str(binary.version)]).encode())
    given = {**os.environ, **around.env}
    keys = [digest.hexdigest()[:32]]
    for name, text in files:
        digest.update(json.dumps([name, body_hash(text), values_read([text], given)]).encode())
        keys.append(digest.hexdigest()[:32])
    return keys


def _kept(home: Path) -> Json | None:
    """What was built before; what a crash of the machine cut off is built again."""
    try:
        found: Json = json.loads((home / _SNAPSHOTS).read_text(encoding="utf-8"))
        return found
    except FileNotFoundError:
        return None
    except ValueError:
        shutil.rmtree(home, ignore_errors=True)
        return None


def _build(
    binary: Binary,
    files: Sequence[tuple[str, str]],
    home: Path,
    around: Surroundings,
    progress: Callable[[str], None] | None,
) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    # Here, not at the top: mostly it is built already.
    import tempfile

    from pocketvex.server import scratch

    building = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
    try:
        snapshots, silent = _begin(_base(binary, files, home.parent, around), building / "data")
        new = files[max(0, len(snapshots) - 1) :]
        steps: dict[str, str] = {"0000000000_pv.js": scratch.snapshot_step(building / "0.json")}
        for number, (name, text) in enumerate(new, 1):
            steps[name] = text
            # Byte order puts it right behind the file, and before any other that is not named like it.
            steps[f"{name}.pv.js"] = scratch.snapshot_step(building / f"{number}.json")
        names = [name for name, _ in new]
        far = Far(building, names, progress)
        try:
            env = placeholders((text for _, text in files), around.env)
            ran = scratch.migrate_up(
                binary, building / "data", steps, env=env, around=around, running=far.running
            ).applied
        except scratch.MigrationFailed as error:
            text = dict(files).get(error.file, "")
            every = [name for name, _ in files]
            raise ReplayFailed(error, every, missing(text, {**os.environ, **around.env})) from error
        finally:
            far.end()
        scratch.forget(building / "data", [name for name in steps if name.endswith("pv.js")])
        for number in range(len(new) + 1):
            seen = building / f"{number}.json"
            if number or not snapshots:
                snapshots.append(json.loads(seen.read_text(encoding="utf-8")))
            seen.unlink()
        (building / "data" / "types.d.ts").unlink(missing_ok=True)
        kept = {"snapshots": snapshots, "silent": [*silent, *(name for name in names if name not in ran)]}
        (building / _SNAPSHOTS).write_text(json.dumps(kept), encoding="utf-8")
        try:
            os.replace(building, home)
        except OSError:
            if not (home / _SNAPSHOTS).exists():  # another command may have been first
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _base(binary: Binary, files: Sequence[tuple[str, str]], cache: Path, around: Surroundings) -> Path | None:
    """The longest beginning of these files that is built already: only what comes after it has to run."""
    homes = [cache / key for key in _keys(binary, files, around)[:-1]]
    return next((home for home in reversed(homes) if (home / _SNAPSHOTS).exists()), None)


def _begin(base: Path | None, data: Path) -> tuple[list[list[Json]], list[str]]:
    """Copy what is built; the states that it went through, and the files that did nothing in it."""
    from pocketvex.server import scratch

    if base is None or (kept := _kept(base)) is None:
        return [], []
    scratch.copy(base / "data", data)
    if not (data / "data.db").exists():  # dropped meanwhile
        return [], []
    _used(base)
    return kept["snapshots"], kept["silent"]


class Far:
    """How far a run is: before each file a step writes `NUMBER.json` into a folder."""

    def __init__(self, folder: Path, names: Sequence[str], progress: Callable[[str], None] | None) -> None:
        self._folder = folder
        self._names = names
        self._progress = progress
        self._begun = 0

    def running(self) -> str:
        """The file that runs now; told as well."""
        while (self._folder / f"{self._begun}.json").exists():
            self._begun += 1
        if not 0 < self._begun <= len(self._names):
            return "a migration of PocketBase's own" if not self._begun else "the last step"
        name = self._names[self._begun - 1]
        if self._progress is not None:
            self._progress(f"{name} ({self._begun} of {len(self._names)})")
        return name

    def end(self) -> None:
        if self._progress is not None:
            self._progress("")


def forget_others(cache: Path, keep: int = _KEEP) -> None:
    """Drop what was used longest ago, but for `keep` entries; and what builds that were killed left behind.

    What was used within the hour stays: another command may be at it.
    """
    before = time.time() - _HOUR
    found = [(_last_use(path), path) for path in cache.iterdir() if path.is_dir()]
    entries = sorted((entry for entry in found if not entry[1].name.startswith(".")), reverse=True)
    left_behind = [entry for entry in found if entry[1].name.startswith(".")]
    for used, path in (*entries[keep:], *left_behind):
        if used < before:
            _drop(path)


def _drop(path: Path) -> None:
    # Under another name first: nobody finds half of it.
    aside = path.with_name(f".{path.name.lstrip('.')}-gone-{os.getpid()}")
    with suppress(OSError):
        os.replace(path, aside)
        shutil.rmtree(aside, ignore_errors=True)


def _used(home: Path) -> None:
    with suppress(OSError):  # a cache that cannot be written still serves
        os.utime(home)


def _last_use(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another command was first
        return time.time()
