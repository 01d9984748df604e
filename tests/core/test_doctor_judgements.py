"""What `doctor` makes of what it sees, and how it looks: checks that hang and break included."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pocketvex.doctor.examine import Check, examine
from pocketvex.doctor.project import _holds, hosts, ignored, packages
from pocketvex.doctor.server import judged_backups, judged_settings
from pocketvex.errors import UsageError
from pocketvex.findings import Finding
from pocketvex.store.config import load_config


def told(findings: Iterator[Finding]) -> list[tuple[str, str, str]]:
    return [(f.level, f.code, f"{f.path}: {f.message}") for f in findings]


QUIET = {"backups": {"cron": "0 0 * * *"}, "logs": {"maxDays": 5}, "rateLimits": {"enabled": False}}


@pytest.mark.parametrize(
    ("settings", "protected", "expected"),
    [
        (QUIET, True, []),
        ({}, False, []),
        ({**QUIET, "backups": {"cron": ""}}, True, [
            ("warning", "PV822", "backups: the server makes none by itself"),
        ]),
        ({**QUIET, "logs": {"maxDays": 0}}, True, [
            ("notice", "PV823", "logs: are off: nobody can look up what went wrong"),
        ]),
        ({**QUIET, "rateLimits": {"enabled": True, "rules": [
            {"label": "*:auth", "maxRequests": 2, "duration": 3}, {"label": "/api/", "maxRequests": 300},
        ]}}, False, [("notice", "PV821", "rate limits: are on (*:auth: 2 in 3 s)")]),
        ({**QUIET, "superuserIPs": ["10.0.0.1"]}, False, [
            ("notice", "PV821", "superuser addresses: superusers come from 10.0.0.1 only"),
        ]),
    ],
    ids=["quiet", "of a laptop", "no schedule", "no logs", "limits", "addresses"],
)  # fmt: skip
def test_settings(settings: dict[str, Any], protected: bool, expected: list[tuple[str, str, str]]) -> None:
    assert told(judged_settings(settings, protected=protected)) == expected


NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "expected"),
    [([], "the server has none"), ([30, 8], "the newest is 8 days old"), ([30, 6], "")],
)
def test_backups(days: list[int], expected: str) -> None:
    dates = {f"{n}.zip": NOW - timedelta(days=n) for n in days}
    assert [f.message for f in judged_backups(dates, NOW)] == ([expected] if expected else [])


def test_hosts_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "pocketvex.toml").write_text(
        'env_file = ".env"\n[hosts.live]\nurl = "http://api.example.com"\npassword = "env:LIVE_PASS"\n'
    )
    found = hosts(load_config(tmp_path), {})
    assert told(found) == [
        ("warning", "PV801", "configuration: env_file .env is not there"),
        ("notice", "PV804", "live: LIVE_PASS is not set"),
        ("warning", "PV805",
         "live: http://api.example.com is not encrypted: passwords and tokens go there in the clear"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("version", "sign", "bound", "holds"),
    [("0.28.1", ">=", "0.28", True), ("0.29", "<", "0.29", False), ("2", ">=", "2.0.1", False),
     ("50.0.2", "<", "51", True)],
)  # fmt: skip
def test_bounds(version: str, sign: str, bound: str, holds: bool) -> None:
    assert _holds(version, sign, bound) is holds


def test_this_environment_is_one_that_it_was_made_for() -> None:
    assert told(packages()) == []


@pytest.mark.parametrize(
    ("text", "yes"),
    [("", False), ("node_modules/\n", False), (".pocketvex/\n", True), ("/.pocketvex/", True)],
)
def test_what_keeps_the_local_state_out_of_git(tmp_path: Path, text: str, yes: bool) -> None:
    (tmp_path / ".gitignore").write_text(text)
    assert ignored(tmp_path) is yes


def test_a_check_that_hangs_or_breaks_is_a_finding_and_the_others_go_on() -> None:
    hangs = threading.Event()

    def late() -> list[Finding]:
        hangs.wait(20)
        return []

    def breaks() -> list[Finding]:
        raise ZeroDivisionError("division by zero")

    def refuses() -> list[Finding]:
        raise UsageError("it cannot be", why="Because.", todo="Do this.")

    def finds() -> list[Finding]:
        return [Finding("d", "so so", level="notice"), Finding("d", "bad")]

    checks = [Check("a", late, 0.05), Check("b", breaks), Check("c", refuses), Check("d", finds)]
    found = examine(checks)
    hangs.set()
    assert [one.subject for one in found] == ["a", "b", "c", "d"]
    assert [(f.code, f.level, f.message, f.why) for one in found for f in one.findings] == [
        ("PV802", "warning", "could not be looked at", "it took longer than 0.05 s"),
        ("PV802", "warning", "could not be looked at", "ZeroDivisionError: division by zero"),
        ("PV801", "error", "it cannot be", "Because."),
        ("", "error", "bad", ""),
        ("", "notice", "so so", ""),
    ]
