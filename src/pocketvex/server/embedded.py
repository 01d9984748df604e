"""The project's own server: commands that run together share one, which ends with the last of them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from pocketvex.errors import ServerProcessError
from pocketvex.server.binaries import Binary, require_supported
from pocketvex.server.guard import run_module
from pocketvex.server.launch import HOST, tail
from pocketvex.server.state import (
    State,
    Superuser,
    kept_superuser,
    read_json,
    refuse_older,
    write_private,
)
from pocketvex.server.supervisor_client import WAIT, Link, Stale
from pocketvex.store.lockfile import FileLock


class Lease:
    """A share in the running server; the server stays up until the last one is closed, or its process ends.

    `version` is that of the server that runs, which another command may have started with another binary.
    `started` says whether this call started it, `backup` where the data was copied to before a newer
    PocketBase opened it.
    """

    def __init__(
        self,
        state: State,
        link: Link,
        user: Superuser,
        *,
        started: bool = False,
        backup: Path | None = None,
    ) -> None:
        self.url = link.url
        self.email = user.email
        self.password = user.password
        self.data_dir = state.data
        self.version = link.version
        self.started = started
        self.backup = backup
        self._state = state
        self._link = link

    def restart(self) -> None:
        """Have the server restarted, with everything on disk read anew; the others keep their leases.

        Needed after `migrate_up` on a server up to 0.37, and when `pb_hooks` appeared after the start.
        """
        self._link.restart()

    def check(self) -> None:
        """Raise ServerProcessError, with the reason, if the server has been given up."""
        self._link.check()

    def close(self) -> None:
        """Give it back; may be called again."""
        self._link.close()

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def acquire(
    state_dir: Path,
    binary: Binary,
    *,
    hooks_dir: Path | None = None,
    port: int | None = None,
    env: Mapping[str, str] | None = None,
) -> Lease:
    """Share the server that runs over `state_dir`, or start one.

    `hooks_dir`, `port` and `env` (added to this process's environment) count for the one that starts it.
    Errors, all of them ServerProcessError: a taken port, data of a newer PocketBase, a directory that cannot
    be written, a server that does not start.
    """
    state = State(state_dir)
    require_supported(binary)
    try:
        refuse_older(state, binary.version)
        return _join(state) or _start_in_turn(state, binary, hooks_dir, port, env)
    except OSError as error:
        raise ServerProcessError(
            f"the embedded server cannot use {error.filename or state.root}",
            why=f"{error.strerror or error}.",
            todo=f"{state.root} must be a writable directory on a disk that is not full.",
        ) from error


def _join(state: State) -> Lease | None:
    """None when no server runs, or when the one that ran is just ending."""
    server = read_json(state.server)
    user = kept_superuser(state)
    if user is None or not {"control", "key", "proof", "url", "version"} <= server.keys():
        return None
    try:
        connection = socket.create_connection((HOST, server["control"]), timeout=WAIT)
    except OSError:
        return None
    try:
        return Lease(state, Link(state, connection, server), user)
    except Stale:
        return None


def _start_in_turn(
    state: State, binary: Binary, hooks_dir: Path | None, wanted: int | None, env: Mapping[str, str] | None
) -> Lease:
    # Not needed to join a server that runs, and SQLite, hashes and the rest take 12 ms to import.
    from pocketvex.server.provision import end_orphan, ensure_port, ensure_superuser, take_version

    state.prepare()
    turn, free = FileLock(state.start_lock), FileLock(state.supervisor_lock)
    if not turn.acquire(WAIT):
        pid = read_json(state.starting).get("pid", "unknown")
        raise ServerProcessError(
            "another command has been starting the embedded server for too long",
            why=f"It is process {pid}.",
            todo="Wait until it is done, or end it; then try again.",
        )
    with turn:
        write_private(state.starting, {"pid": os.getpid()})
        if lease := _join(state):
            return lease
        if not free.acquire(WAIT):
            pid = read_json(state.server).get("pid", "unknown")
            raise ServerProcessError(
                "the last embedded server does not end",
                why=f"Its supervisor (process {pid}) still holds {state.root}.",
                todo="End that process.",
            )
        with free:
            end_orphan(state)
            refuse_older(state, binary.version)
            backup = take_version(state, binary.version)
            user = ensure_superuser(state, binary)
            port = ensure_port(state, wanted)
        _spawn_supervisor(state, binary, port, hooks_dir, env)
        lease = _join(state)
    if lease is None:
        raise ServerProcessError(
            "the embedded server ended at once",
            why=tail(state.supervisor_log),
            todo=f"The whole output is in {state.log} and {state.supervisor_log}.",
        )
    assert lease.password == user.password
    lease.started, lease.backup = True, backup
    return lease


def _spawn_supervisor(
    state: State, binary: Binary, port: int, hooks_dir: Path | None, env: Mapping[str, str] | None
) -> None:
    state.log.unlink(missing_ok=True)
    state.failure.unlink(missing_ok=True)
    config = {
        "state": str(state.root),
        "binary": str(binary.path),
        "version": str(binary.version),
        "port": port,
        "hooks": str(hooks_dir.absolute()) if hooks_dir else "",
    }
    options: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        options = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    with state.supervisor_log.open("wb") as log:
        process = subprocess.Popen(
            run_module("supervisor"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=state.root,
            env={**os.environ, **(env or {})},
            **options,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin as stdin, process.stdout as stdout:
        try:
            stdin.write(json.dumps(config).encode() + b"\n")
            stdin.flush()
            answer = json.loads(stdout.readline() or b'{"error": "it ended at once"}')
        except (OSError, ValueError) as error:
            answer = {"error": str(error)}
    if hasattr(os, "fork"):
        process.wait()  # it has forked
    else:
        process.returncode = 0  # it stays, on purpose: no warning about it
    if "error" in answer:
        raise ServerProcessError(
            f"the supervisor of the embedded server did not start: {answer['error']}",
            why=tail(state.supervisor_log),
        )
