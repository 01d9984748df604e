"""Ctrl+C comes at any moment: it is never lost, and breaks nothing that others hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from interrupted import KINDS

TIMES = 150


@pytest.mark.skipif(sys.platform == "win32", reason="there a process cannot be sent Ctrl+C by itself")
@pytest.mark.parametrize("kind", KINDS)
def test_each_interrupt_arrives_as_one(kind: str, tmp_path: Path) -> None:
    """With Python's own handler `forgets` fails at once, `imports` and `waits` one time in some thousands."""
    script = Path(__file__).with_name("interrupted.py")
    done = subprocess.run(
        [sys.executable, script, kind, tmp_path, str(TIMES)], capture_output=True, text=True, timeout=300
    )
    assert (done.stdout, done.stderr, done.returncode) == (f"{TIMES}\n", "", 0)
