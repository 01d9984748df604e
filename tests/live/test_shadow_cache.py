"""What is kept of replayed histories: the ones in use, and not for ever all that there ever were."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pocketvex.history import shadow
from pocketvex.server.binaries import Binary


def history(number: int) -> list[tuple[str, str]]:
    return [(f"{number}_nothing.js", "migrate((app) => {}, (app) => {})")]


def age(path: Path, hours: float) -> None:
    then = time.time() - hours * 3600
    os.utime(path, (then, then))


def test_what_was_used_last_stays(latest: Binary, tmp_path: Path) -> None:
    cache = tmp_path / ".pocketvex" / "shadow"
    first = shadow.replay(latest, history(1), cache)
    home = first.data_dir.parent
    others = [cache / f"{number:032x}" for number in range(shadow._KEEP + 3)]
    for hours, path in enumerate(others, 2):
        path.mkdir()
        age(path, hours)
    busy, killed = cache / f".{home.name}-building", cache / f".{home.name}-killed"
    for path, hours in ((busy, 0.5), (killed, 5)):
        path.mkdir()
        age(path, hours)
    age(home, 1000)
    # It is read from the cache, so used, and then another is built.
    assert shadow.replay(latest, history(1), cache).snapshots == first.snapshots
    shadow.replay(latest, history(2), cache)
    there = {path for path in cache.iterdir() if not path.name.startswith(".")}
    assert home in there
    assert len(there) == shadow._KEEP
    assert set(others[: shadow._KEEP - 2]) <= there
    assert busy.exists()
    assert not killed.exists()
    assert not [path for path in cache.iterdir() if "gone" in path.name]


def test_what_another_command_may_be_at_stays(latest: Binary, tmp_path: Path) -> None:
    cache = tmp_path / ".pocketvex" / "shadow"
    for number in range(shadow._KEEP + 5):
        (cache / f"{number:032x}").mkdir(parents=True)
    shadow.replay(latest, history(1), cache)
    assert len(list(cache.iterdir())) == shadow._KEEP + 6


CREATES = """migrate((app) => {
  app.save(new Collection({type: "base", name: "NAME", fields: [{type: "text", name: "title"}]}));
}, (app) => {})"""


def test_what_comes_after_a_built_beginning_runs_alone_and_gives_the_same(
    binary: Binary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [(f"{n}_{name}.js", CREATES.replace("NAME", name)) for n, name in enumerate(("a", "b", "c"), 1)]
    files.insert(1, ("1_silent.js", "// nothing is called here"))
    here, there = tmp_path / "here" / "shadow", tmp_path / "there" / "shadow"
    shadow.replay(binary, files[:2], here)
    told: list[str] = []
    late = shadow.replay(binary, files, here, progress=told.append)
    monkeypatch.setattr(shadow, "_base", lambda *_: None)
    whole = shadow.replay(binary, files, there, progress=print)
    assert [state_of(s) for s in late.snapshots] == [state_of(s) for s in whole.snapshots]
    assert (late.names, late.silent) == (whole.names, whole.silent)
    assert rows(late.data_dir) == rows(whole.data_dir)
    assert not [line for line in told if "1_" in line]


def state_of(collections: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    return sorted((c["name"], [field["name"] for field in c["fields"]]) for c in collections)


def rows(data_dir: Path) -> list[str]:
    with closing(sqlite3.connect(data_dir / "data.db")) as database:
        return [file for (file,) in database.execute("SELECT file FROM _migrations ORDER BY file")]
