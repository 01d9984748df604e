"""Plans that are kept: what moved since, as a comparison of values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pocketvex.plan.saved import (
    Counted,
    SavedFile,
    SavedPlan,
    collections_moved,
    evidence_moved,
    files_moved,
    server_moved,
)

THEN = SavedPlan(
    url="https://api.example.com", born="2026-01-01", pocketbase="0.40.6", road="sql",
    base={"posts": "a", "users": "b"}, files=(SavedFile("2_b.js", "hash", ()),), later=("3_c.js",),
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"url": "https://other.example.com"}, ["it was made for https://api.example.com"]),
        ({"born": "2027"}, ["https://api.example.com has other data than the server that it was made for"]),
        ({"pocketbase": "0.41.0"}, ["the server was PocketBase 0.40.6, and is 0.41.0"]),
        ({"base": {"posts": "a", "users": "c"}}, ["changed on the server: users"]),
        ({"base": {"posts": "a", "notes": "b"}}, ["new on the server: notes", "gone from the server: users"]),
    ],
)
def test_what_moved_on_the_server(change: dict[str, object], said: list[str]) -> None:
    now = replace(THEN, **change)  # type: ignore[arg-type]
    assert [*server_moved(THEN, now), *collections_moved(THEN, now)] == said


def test_many_collections_are_not_all_named() -> None:
    names = [f"c{number}" for number in range(8)]
    now = replace(THEN, base={**THEN.base, **dict.fromkeys(names, "x")})
    assert [*collections_moved(THEN, now)] == ["new on the server: c0, c1, c2, c3, c4, c5 and 2 more"]


@pytest.mark.parametrize(
    ("hashes", "lacking", "applied", "said"),
    [
        ({"2_b.js": "hash"}, ["2_b.js", "3_c.js"], [], []),
        ({}, [], [], ["2_b.js is gone"]),
        ({"2_b.js": "other"}, ["2_b.js"], [], ["2_b.js was edited"]),
        ({"2_b.js": "hash"}, [], ["2_b.js"], ["2_b.js has run already"]),
        ({"2_b.js": "hash"}, [], [], ["2_b.js would not run"]),
        ({"2_b.js": "hash"}, ["1_a.js", "2_b.js"], [], ["1_a.js is not in it, and would run as well"]),
    ],
)
def test_what_became_of_the_files(
    hashes: dict[str, str], lacking: list[str], applied: list[str], said: list[str]
) -> None:
    assert [*files_moved(THEN, hashes, lacking, applied)] == said


def grown(before: Counted | None, now: Counted) -> Iterator[str]:
    then, later = (
        replace(THEN, files=(SavedFile("2_b.js", "hash", (counted,) if counted else ()),))
        for counted in (before, now)
    )
    return evidence_moved(then, later)


def counted(rows: int | None, verdict: str = "unsafe") -> Counted:
    return Counted("posts.body", "drop_field", verdict, rows, rows)


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (counted(3), counted(3), ""),
        (counted(3), counted(2), ""),
        (counted(3), counted(0, "harmless here"), ""),
        (counted(None), counted(None), ""),
        (counted(None), counted(5), ""),
        (counted(3, "safe"), counted(9, "safe"), ""),
        (counted(3), counted(4), "3 of 3 rows then, 4 of 4 rows now"),
        (counted(3), counted(None), "3 of 3 rows then, an unknown number of rows now"),
        (counted(0, "safe"), counted(0, "impossible"), "safe then, impossible now"),
        (counted(0, "harmless here"), counted(1), "0 of 0 rows then, 1 of 1 row now"),
        (None, counted(1), "unsafe now, with 1 of 1 row"),
    ],
)
def test_what_the_rows_say_now(before: Counted | None, now: Counted, said: str) -> None:
    assert [*grown(before, now)] == ([f"2_b.js: posts.body: {said}"] if said else [])
