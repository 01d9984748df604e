"""The suite runs each test on the newest server and, over some commits, on every other."""

from __future__ import annotations

from binaries import LATEST, SUPPORTED
from sampling import sampled


def test_every_server_has_its_turn() -> None:
    chosen = [sampled(SUPPORTED, "tests/live/test_pull.py::test_one[*]", f"commit {n}") for n in range(60)]
    assert all(len(versions) == 2 and LATEST in versions for versions in chosen)
    assert set().union(*chosen) == set(SUPPORTED)


def test_the_same_commit_has_the_same_servers_and_not_all_tests_the_same() -> None:
    tests = [f"tests/live/test_pull.py::test_{n}[*]" for n in range(60)]
    chosen = [sampled(SUPPORTED, test, "a commit") for test in tests]
    assert chosen == [sampled(SUPPORTED, test, "a commit") for test in tests]
    assert set().union(*chosen) == set(SUPPORTED)


def test_two_servers_that_a_test_names_are_both_meant() -> None:
    assert sampled((SUPPORTED[0], LATEST), "a test", "a commit") == {SUPPORTED[0], LATEST}
