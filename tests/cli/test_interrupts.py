"""Ctrl+C comes at any moment: it is never lost, and breaks nothing that others hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from interrupted import KINDS

TIMES = 150


@pytest.mark.skipif(sys.platform == "win32", reason="there a process cannot be sent a signal")
@pytest.mark.parametrize("when", ["before it is left", "afterwards"])
def test_a_command_that_is_done_is_not_ended_by_what_waited(when: str) -> None:
    """`threading` is waited for at the end, where nothing is raised: the timer would outlive its handler."""
    program = f"""
import os, signal, threading
from pocketvex.cli.interrupts import end_when_told
leave = end_when_told()
stop = threading.Event()
def asks():
    for _ in range(50):
        os.kill(os.getpid(), signal.SIGINT)
        stop.wait(0.002)
if {when == "afterwards"}:
    leave()
    threading.Thread(target=asks).start()
else:
    threading._register_atexit(lambda: (os.kill(os.getpid(), signal.SIGINT), leave()))
print("done", flush=True)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr, done.returncode) == ("done\n", "", 0)


@pytest.mark.skipif(sys.platform == "win32", reason="there a process cannot be sent Ctrl+C by itself")
@pytest.mark.parametrize("kind", KINDS)
def test_each_interrupt_arrives_as_one(kind: str, tmp_path: Path) -> None:
    """With Python's own handler `forgets` fails at once, `imports` and `waits` one time in some thousands."""
    script = Path(__file__).with_name("interrupted.py")
    done = subprocess.run(
        [sys.executable, script, kind, tmp_path, str(TIMES)], capture_output=True, text=True, timeout=300
    )
    assert (done.stdout, done.stderr, done.returncode) == (f"{TIMES}\n", "", 0)
