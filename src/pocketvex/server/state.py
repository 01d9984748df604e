"""The directory of an embedded server: what lies where, and how its small files are read and written."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
from pathlib import Path
from typing import Any, NamedTuple

from pocketvex.errors import ServerProcessError
from pocketvex.versions import Version


class State:
    """Paths below the state directory; nothing is created before `prepare`."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.data = self.root / "data"
        self.superuser = self.root / "superuser.json"
        self.port = self.root / "port"
        self.version = self.root / "version"
        self.server = self.root / "server.json"
        self.failure = self.root / "failure"
        self.log = self.root / "server.log"
        self.supervisor_log = self.root / "supervisor.log"
        self.backups = self.root / "backups"
        # Held for as long as a supervisor lives, and while a command prepares the start of one.
        self.supervisor_lock = self.root / "supervisor.lock"
        self.start_lock = self.root / "start.lock"
        self.starting = self.root / "start.json"
        # Never created: with it, `serve` has nothing to run.
        self.no_migrations = self.root / "no-migrations"
        self.no_hooks = self.root / "no-hooks"

    def prepare(self) -> None:
        """Make the directories, for this user only: they hold a password. OSError where that cannot be."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.data.mkdir(mode=0o700, exist_ok=True)
        # PocketBase serves a database that is read-only, and then fails at the first write.
        for path in (self.root, self.data, self.data / "data.db", self.data / "auxiliary.db"):
            if path.exists() and not os.access(path, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


class Superuser(NamedTuple):
    email: str
    password: str


def read_text(path: Path) -> str:
    """The text of a small file, empty when there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def read_json(path: Path) -> dict[str, Any]:
    """The object in a small file; empty when there is none, or when it is damaged."""
    try:
        found = json.loads(read_text(path) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def write_private(path: Path, content: str | dict[str, Any]) -> None:
    """Replace a file by one that only this user can read, in one step."""
    text = content if isinstance(content, str) else json.dumps(content, indent=1)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(fresh, path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise


def kept_superuser(state: State) -> Superuser | None:
    """What `superuser.json` says, unproven."""
    found = read_json(state.superuser)
    if isinstance(email := found.get("email"), str) and isinstance(password := found.get("password"), str):
        return Superuser(email, password)
    return None


def refuse_older(state: State, version: Version) -> None:
    """PocketBase does not open data that a newer one has migrated, or worse, it does."""
    seen = seen_version(state)
    if seen is not None and version < seen:
        raise ServerProcessError(
            f"the data in {state.data} was made by PocketBase {seen}, and {version} is older",
            todo=f"Use PocketBase {seen} or later, or restore a copy from {state.backups}.",
        )


def seen_version(state: State) -> Version | None:
    """The newest version that has opened the data."""
    try:
        return Version.parse(read_text(state.version))
    except ValueError:
        return None
