"""Starting and ending one `pocketbase serve`; for `process` and, in its own interpreter, for `supervisor`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pocketvex.errors import ServerProcessError

HOST = "127.0.0.1"

# Asks Linux to kill this process with its parent, looks whether the parent died meanwhile, and becomes the
# server. A preexec_fn would do the same inside a fork of a process that may have threads.
_TRAMPOLINE = """
import os, sys
try:
    import ctypes
    ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
except (ImportError, OSError, AttributeError):
    pass
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
try:
    os.execv(sys.argv[2], sys.argv[2:])
except OSError as error:
    sys.exit(f"{sys.argv[2]} cannot be run: {error.strerror}")
"""


def serve_command(
    binary: Path,
    *,
    port: int,
    data_dir: Path,
    migrations_dir: Path,
    hooks_dir: Path,
    automigrate: bool = False,
    args: Sequence[str] = (),
) -> list[str]:
    """The command line; `holders.serves` recognises a server of ours by what stands here."""
    flag = str(automigrate).lower()
    paths = [f"--dir={data_dir}", f"--hooksDir={hooks_dir}", f"--migrationsDir={migrations_dir}"]
    return [str(binary), "serve", f"--http={HOST}:{port}", *paths, f"--automigrate={flag}", *args]


def spawn(
    command: Sequence[str], *, log: Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start `command` with its console output appended to `log`.

    On Linux it dies with the *thread* that called this, so call it from one that stays.
    """
    options: dict[str, Any] = {}
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    else:
        # A group of its own: Ctrl-C is for the command, which then stops its server in good order.
        options["process_group"] = 0
    if sys.platform == "linux":
        command = [sys.executable, "-I", "-S", "-c", _TRAMPOLINE, str(os.getpid()), *command]
    with log.open("ab") as output:
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                **options,
            )
        except OSError as error:
            raise ServerProcessError(
                f"{command[0]} cannot be run",
                why=f"{error.strerror or error}.",
                todo="Check the path of the PocketBase binary.",
            ) from error


class Start:
    """A server on its way up: `poll` until it is True; it raises when the server ends instead."""

    def __init__(self, process: subprocess.Popen[bytes], *, port: int, log: Path, since: int = 0) -> None:
        self._process = process
        self._port = port
        self._log = log
        self._since = since
        self._listening = False
        self._todo = f"The whole output is in {log}."

    def poll(self) -> bool:
        """Whether the server answers now; never blocks for longer than one local request."""
        if self._process.poll() is not None:
            raise ServerProcessError(
                "PocketBase did not start",
                why=tail(self._log, self._since),
                todo=self._todo,
            )
        # The line is printed once the port is really its own: until then another program may answer there.
        if not self._listening:
            self._listening = b"Server started at" in read_from(self._log, self._since)
        return self._listening and healthy(self._port)

    def wait(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not self.poll():
            if time.monotonic() > deadline:
                raise ServerProcessError(
                    f"PocketBase was not ready within {timeout:.0f} seconds",
                    why=tail(self._log, self._since),
                    todo=self._todo,
                )
            time.sleep(0.002)


def healthy(port: int) -> bool:
    """Whether `/api/health` answers with 200; by hand, since http.client alone takes 15 ms to import."""
    try:
        with socket.create_connection((HOST, port), timeout=2) as connection:
            connection.sendall(
                f"GET /api/health HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
            )
            return connection.recv(64).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


def stop(process: subprocess.Popen[bytes], timeout: float = 10) -> None:
    """Ask the server to end, wait, and after `timeout` seconds make it end."""
    process.terminate()
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def read_from(path: Path, start: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read()
    except FileNotFoundError:
        return b""


def tail(log: Path, start: int = 0, lines: int = 12) -> str:
    """The last lines of a console output, up to the stack trace if it ends in a panic."""
    text = read_from(log, start).decode(errors="replace").split("\n\ngoroutine ")[0].strip()
    return "\n".join(text.splitlines()[-lines:]) or "It said nothing."


def free_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
