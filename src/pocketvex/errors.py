"""Every error that PocketVex raises on purpose, as one tree with one exit code each.

PocketVexError            1   (only for what is a bug of ours)
├── UsageError            2   a command, an option or a value that cannot be meant
│   ├── ConfigError       2   the configuration of the project
│   │   └── NoProject     2   neither this folder nor one above it is one
│   ├── SchemaError       2   the declared schema; carries every problem found
│   └── HistoryError      2   the folder of migrations
├── Declined              3   a person said no
├── ChangesPending        4   the code is ahead of the history, or of the server
├── ConsentNeeded         5   something waits for consent or for an answer
├── Locked                8   another command works on this project
├── NotAsIntended         9   the server did not end in the state that was intended
└── ServerError          10   unreachable, refused login, or rejected
    ├── Unreachable
    ├── LoginRefused
    │   └── WrongPassword     asked again at a prompt
    ├── UnsupportedServer
    ├── Rejected              the server answered, and said no; carries its reasons
    ├── BackupFailed          no backup, so nothing was written
    └── ServerProcessError    a PocketBase process of ours did not start or failed

An error is raised where it is found and printed in one place (`cli.terminal.output`). A command that only
looks ends with the code of the error that would stop another command, or with one of `Exit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pocketvex.findings import Finding, Location

DISK_FULL = "database or disk is full"
"""SQLite's words."""
TOO_LARGE = "finds the request too large (413)"


class Exit:
    """Exit codes of commands that look, and found something."""

    DRIFT = 6
    """The server has what neither code nor history explain."""
    FINDINGS = 7
    """What was looked at is not as it should be: rules, types, migrations."""


class PocketVexError(Exception):
    """What happened (`what`), why, where, and what to do next (`todo`)."""

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        where: Location | None = None,
        todo: str = "",
        problems: Sequence[Finding] = (),
    ) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.where = where
        self.todo = todo
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.what}" if self.where else self.what]
        lines += [f"  {problem}" for problem in self.problems]
        lines += [text for text in (self.why, self.todo) if text]
        return "\n".join(lines)


class UsageError(PocketVexError):
    exit_code = 2


class ConfigError(UsageError):
    pass


class NoProject(ConfigError):
    pass


class SchemaError(UsageError):
    pass


class HistoryError(UsageError):
    pass


class Declined(PocketVexError):
    exit_code = 3


class ChangesPending(PocketVexError):
    exit_code = 4


class ConsentNeeded(PocketVexError):
    exit_code = 5


class Locked(PocketVexError):
    exit_code = 8


class NotAsIntended(PocketVexError):
    exit_code = 9


class ServerError(PocketVexError):
    exit_code = 10


class Unreachable(ServerError):
    pass


class LoginRefused(ServerError):
    pass


class WrongPassword(LoginRefused):
    """E-mail or password: somebody at a terminal can say it again."""


class UnsupportedServer(ServerError):
    pass


class Rejected(ServerError):
    pass


class BackupFailed(ServerError):
    pass


class ServerProcessError(ServerError):
    pass
