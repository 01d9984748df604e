"""Runs checks beside each other, each within its time: one that is late or breaks is a finding itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from pocketvex.errors import PocketVexError
from pocketvex.findings import LEVELS, Finding


class Check(NamedTuple):
    """`look` finds what is wrong with `subject`; it may take `seconds`."""

    subject: str
    look: Callable[[], Iterable[Finding]]
    seconds: float = 10.0


class Examined(NamedTuple):
    """What was looked at, and what was found of it, the gravest first."""

    subject: str
    findings: tuple[Finding, ...] = ()


def examine(checks: Sequence[Check]) -> list[Examined]:
    """What each of them finds, in their order."""
    runs = [_Run(check) for check in checks]
    started = time.monotonic()
    for run in runs:
        run.thread.start()
    found = []
    for run in runs:
        run.thread.join(max(0.0, started + run.check.seconds - time.monotonic()))
        findings = sorted(run.result(), key=lambda finding: LEVELS.index(finding.level))
        found.append(Examined(run.check.subject, tuple(findings)))
    return found


class _Run:
    def __init__(self, check: Check) -> None:
        self.check = check
        self.found: list[Finding] | None = None
        # A daemon: what hangs in it must not keep the command from ending.
        self.thread = threading.Thread(target=self._run, name=f"pocketvex-{check.subject}", daemon=True)

    def _run(self) -> None:
        try:
            self.found = list(self.check.look())
        except PocketVexError as error:
            self.found = [of_error(self.check.subject, error)]
        except Exception as error:  # a check is code that looks at what is broken
            self.found = [_broke(self.check.subject, f"{type(error).__name__}: {error}")]

    def result(self) -> list[Finding]:
        if self.found is None:
            return [_broke(self.check.subject, f"it took longer than {self.check.seconds:g} s")]
        return self.found


def of_error(subject: str, error: PocketVexError, code: str = "PV801") -> Finding:
    """What stops other commands, as a finding."""
    problems = "; ".join(map(str, error.problems[:3]))
    what = f"{error.what}: {problems}" if problems else error.what
    return Finding(subject, what, error.where, code=code, why=error.why, todo=error.todo)


def _broke(subject: str, why: str) -> Finding:
    todo = "Run `pocketvex doctor` again; if it stays, the command that is about it says more."
    message = "could not be looked at"
    return Finding(subject, message, code="PV802", level="warning", why=why, todo=todo)
