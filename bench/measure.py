"""Measuring: several things in turn, again and again, so that a busy machine slows all of them alike."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

SCRIPT = Path(sys.executable).parent / "pocketvex"


class Line(NamedTuple):
    """A line of the report; times are medians in milliseconds."""

    what: str
    took: float
    floor_name: str
    floor: float
    target: str
    met: bool | None
    """None where there is no target."""


def environment() -> dict[str, str]:
    """Without the hosts and credentials of whoever measures.

    And without what keeps Python from compiling a module once: who installs a package has it compiled.
    """
    left_out = ("PB_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**kept, "NO_COLOR": "1"}


def command(*arguments: str | Path, cwd: Path, code: int | None = 0) -> str:
    """Run `pocketvex …` and return its stdout."""
    return run([SCRIPT, *arguments], cwd=cwd, code=code)


def run(words: Sequence[str | Path], *, cwd: Path, code: int | None = 0) -> str:
    ran = subprocess.run(
        words,
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if code is not None and ran.returncode != code:
        raise SystemExit(
            f"{' '.join(map(str, words))} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}"
        )
    return ran.stdout


def python(program: str, *arguments: str, cwd: Path) -> str:
    return run([sys.executable, "-c", program, *arguments], cwd=cwd)


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def in_turn(work: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median time of each, one after the other in every round; the first round does not count."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for number in range(rounds + 1):
        for name, function in work.items():
            took = milliseconds(function)
            if number:
                times[name].append(took)
    return {name: median(found) for name, found in times.items()}
