"""Loads beside each other, cancelled loads, the spare interpreter, and that nothing is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pocketvex.load.loader import LoadCancelled, LoadFailed, load_schema, start_load
from pocketvex.load.spare import Spare

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
POSTS = "from pocketvex import Base, field\nclass Posts(Base):\n    n = field.text(max={})\n"
WAITS = "import os, threading\nopen('pid', 'w').write(str(os.getpid()))\nthreading.Event().wait()\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "posts.py").write_text(POSTS.format(1))
    return tmp_path


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A zombie whose parent is init's business has ended as well.
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_spare_serves_load_after_load_with_fresh_code(project: Path) -> None:
    with Spare() as spare:
        for limit in (1, 2, 3):
            (project / "schema" / "posts.py").write_text(POSTS.format(limit))
            loaded = load_schema(project, project / "schema", timeout=30, warm=spare)
            assert loaded.schema.collections[0].fields[0].options()["max"] == limit


def test_each_load_has_an_interpreter_of_its_own(project: Path) -> None:
    (project / "schema" / "state.py").write_text(
        "import sys\nassert not hasattr(sys, 'was_here')\nsys.was_here = True\n"
    )
    with Spare() as spare:
        for _ in range(3):
            load_schema(project, project / "schema", timeout=30, warm=spare)


def test_a_spare_that_died_is_replaced(project: Path) -> None:
    with Spare() as spare:
        waiting = spare.take()
        waiting.end()
        spare._waiting = waiting
        assert load_schema(project, project / "schema", timeout=30, warm=spare).schema.names() == {"posts"}


def test_loads_go_on_beside_each_other(project: Path) -> None:
    with Spare() as spare:
        pending = [start_load(project, project / "schema", timeout=30, warm=spare) for _ in range(5)]
        assert [p.result().schema.names() for p in pending] == [{"posts"}] * 5


def test_a_result_can_be_asked_for_twice(project: Path) -> None:
    pending = start_load(project, project / "schema", timeout=30)
    assert pending.result() is pending.result()
    pending.cancel()
    assert pending.result().schema.names() == {"posts"}


@POSIX
def test_a_cancelled_load_ends_with_its_processes(project: Path) -> None:
    (project / "schema" / "waits.py").write_text(WAITS)
    os.mkfifo(project / "pid")
    pending = start_load(project, project / "schema", timeout=60)
    pid = int((project / "pid").read_text())
    pending.cancel()
    with pytest.raises(LoadCancelled):
        pending.result()
    pending._thread.join()
    assert gone(pid)


def test_cancelled_at_once(project: Path) -> None:
    for _ in range(5):
        with start_load(project, project / "schema", timeout=30) as pending:
            pending.cancel()
        with pytest.raises(LoadCancelled):
            pending.result()


@POSIX
def test_what_a_module_started_ends_with_the_load(project: Path) -> None:
    (project / "schema" / "starts.py").write_text(
        "import subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import threading; threading.Event().wait()'])\n"
        "print(p.pid)\n"
    )
    pending = start_load(project, project / "schema", timeout=30)
    pid = int(pending.result().printed)
    pending._thread.join()
    descriptor = os.pidfd_open(pid) if hasattr(os, "pidfd_open") and not gone(pid) else None
    if descriptor is not None:
        import select

        select.select([descriptor], [], [], 10)
        os.close(descriptor)
    assert gone(pid)


@POSIX
def test_a_spare_ends_with_the_process_that_keeps_it() -> None:
    script = (
        "import os\nfrom pocketvex.load.spare import Spare\n"
        "s = Spare()\nprint(s._waiting._process.pid, flush=True)\nos._exit(0)\n"
    )
    keeper = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    out, _ = keeper.communicate()  # the end of the pipe: the spare does not hold it
    pid = int(out)
    if hasattr(os, "pidfd_open") and not gone(pid):
        import select

        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        select.select([descriptor], [], [], 10)
        os.close(descriptor)
    assert gone(pid)


def test_an_interpreter_that_cannot_start_says_what_it_said(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "json.py").write_text("raise RuntimeError('a json of one\\'s own')\n")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    with pytest.raises(LoadFailed) as caught:
        load_schema(project, project / "schema", timeout=30)
    assert "ended before it began" in caught.value.what
    assert "a json of one's own" in caught.value.why


def test_the_child_begins_without_pydantic(project: Path) -> None:
    (project / "schema" / "posts.py").write_text(
        POSTS.format(1)
        + "import sys\nprint(*[m for m in ('pydantic', 'httpx', 'inspect') if m in sys.modules])\n"
    )
    assert load_schema(project, project / "schema", timeout=30).printed == "\n"
