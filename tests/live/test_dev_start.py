"""`dev --start`: a command beside it, marked, and ended with it."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

import pytest

from terminal import Project, ended, posts, until

FRONT = """
import os, subprocess, sys, time
print("front end at", os.environ["POCKETBASE_URL"], flush=True)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("pids", os.getpid(), child.pid, flush=True)
if len(sys.argv) > 1:
    child.kill()
    sys.exit(3)
time.sleep(600)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "app")
    found.write("pocketvex.toml", "")
    found.write("schema/posts.py", posts())
    found.write("front.py", FRONT)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_dev_and_so_does_what_it_started(project: Project, number: int) -> None:
    with project.dev("--start", f"{sys.executable} front.py") as dev:
        dev.says("in sync")
        address = re.findall(r"http://127\.0\.0\.1:\d+", dev.text)[0]
        dev.says(f"^start: front end at {address}$")
        pids = [int(word) for word in dev.says("^start: pids").split()[2:]]
        dev.signal(number)
        for pid in pids:
            until(lambda pid=pid: ended(pid), f"{pid} has ended")  # type: ignore[misc]


def test_dev_goes_on_where_it_ends_by_itself(project: Project) -> None:
    with project.dev("--start", f"{sys.executable} front.py fails") as dev:
        dev.says(r"^start: \(ended with exit code 3; `dev` goes on\)$")
        dev.says("in sync")
        mark = dev.now
        project.write("schema/posts.py", posts("slug = field.text()"))
        dev.says("slug", mark)
    assert project("dev", "--once", "--start", "true").code == 2
