"""Which of the five servers a test runs on, in which order, and what the run took.

A test that names a server of each version runs on the newest, and on one of the others: which one depends
on the test and on the commit, so a week of commits sees all of them. POCKETVEX_SERVERS=all runs every one,
but for those marked `wide`, which need POCKETVEX_SERVERS=every.
"""

from __future__ import annotations

import os
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

from binaries import SUPPORTED

ALL = "POCKETVEX_SERVERS"


@cache
def commit() -> str:
    """Empty outside of a clone."""
    found = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return found.stdout.strip()


def sampled(versions: Sequence[str], test: str, commit: str) -> set[str]:
    """The newest of these versions, and one of the others; two or fewer are all wanted."""
    ordered = sorted(versions, key=SUPPORTED.index)
    if len(ordered) <= 2:
        return set(ordered)
    *others, newest = ordered
    number = int.from_bytes(sha256(f"{test} {commit}".encode()).digest()[:4], "big")
    return {newest, others[number % len(others)]}


def select(items: list[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """The items that run, long ones first, and those that do not."""
    ordered = sorted(items, key=lambda item: item.get_closest_marker("slow") is None)
    if os.environ.get(ALL) == "every" or os.environ.get("OBSERVED"):
        return ordered, []
    every = os.environ.get(ALL) == "all"
    there: dict[str, set[str]] = defaultdict(set)
    for item in items:
        version = "" if every and item.get_closest_marker("wide") is None else _version(item)
        if version:
            there[_test(item, version)].add(version)
    wanted = {test: sampled([*versions], test, commit()) for test, versions in there.items()}
    runs = [i for i in ordered if (v := _version(i)) in wanted.get(_test(i, v), {v})]
    kept = set(runs)
    return runs, [item for item in ordered if item not in kept]


def _version(item: pytest.Item) -> str:
    """The version of the server that is named in the parameters of a test."""
    spec = getattr(item, "callspec", None)
    named = [value for value in spec.params.values() if value in SUPPORTED] if spec else []
    return named[0] if named else ""


def _test(item: pytest.Item, version: str) -> str:
    return item.nodeid.replace(version, "*")


def summary(reports: Iterable[pytest.TestReport], longest: int = 20) -> list[str]:
    """The longest tests, and the seconds of each group: all that the workers spent, one after the other."""
    tests: dict[str, float] = defaultdict(float)
    for report in reports:
        tests[report.nodeid] += report.duration
    groups: dict[str, float] = defaultdict(float)
    for test, seconds in tests.items():
        groups[_group(test)] += seconds

    def lines(of: dict[str, float]) -> list[str]:
        ordered = sorted(of.items(), key=lambda item: -item[1])
        return [f"{seconds:8.1f} s  {name}" for name, seconds in ordered]

    return [*lines(tests)[:longest], "", *lines(groups)]


def _group(test: str) -> str:
    """`core`, `cli`, …, and of the live tests what their module begins with: `live/migrate`."""
    folder, _, module = test.partition("::")[0].removeprefix("tests/").rpartition("/")
    first = module.removeprefix("test_").removesuffix(".py").partition("_")[0]
    return f"live/{first}" if folder == "live" else folder.partition("/")[0]
