"""Temporary folders: gone with the work, and with the next command where the work was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pocketvex.store import temporary as module
from pocketvex.store.temporary import temporary
from terminal import until

KILLED = """
import os, signal, sys
from pocketvex.store.temporary import temporary
with temporary("proof") as folder:
    (folder / "rows").write_text("somebody's")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    module._remove_left.cache_clear()
    return tmp_path


def worker(folder: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED],
        env={**os.environ, "TMPDIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def older(folder: Path) -> None:
    before = time.time() - 3600
    os.utime(folder, (before, before))


def test_it_is_gone_with_the_work(folder: Path) -> None:
    with temporary("check") as made:
        (made / "data").mkdir()
        assert made.parent == folder
    assert not list(folder.iterdir())


def test_what_was_killed_goes_with_the_next_and_what_runs_stays(folder: Path) -> None:
    dead, left = worker(folder)
    alive, held = worker(folder)
    with dead, alive:
        dead.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        dead.wait()
        others = [folder / "pocketvex-bug-1", folder / "another"]
        for path in others:
            path.mkdir()
        for path in (left, held, *others):
            older(path)
        assert (left / "rows").exists()
        with temporary("check"):
            assert sorted(p.name for p in folder.iterdir() if p not in others and p != held)[0].startswith(
                "pocketvex-check-"
            )
            assert not left.exists()
            assert (held / "rows").exists()
            assert all(path.exists() for path in others)
        alive.communicate("")
    until(lambda: not held.exists(), "the other is done")


def test_a_folder_that_is_new_may_not_be_locked_yet(folder: Path) -> None:
    new = folder / "pocketvex-proof-new"
    new.mkdir()
    (new / ".held").touch()
    with temporary("check"):
        assert new.exists()
