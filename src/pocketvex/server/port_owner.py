"""Who holds a port, and whether a process is a server of ours: a file's word alone never stops a process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from pocketvex.server.launch import HOST

if sys.platform == "win32":
    _ENDINGS = (signal.SIGTERM,)  # which kills, there
else:
    _ENDINGS = (signal.SIGTERM, signal.SIGKILL)


class PortOwner(NamedTuple):
    """What listens on a port; `pid` is 0 where the system does not tell."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"{self.command} (process {self.pid})" if self.pid else "another program"


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        if sys.platform != "win32":
            # As Go does: connections of a server that just ended do not count. On Windows it would share.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def owner_of(port: int) -> PortOwner:
    """What listens on this loopback port; only Linux tells which process it is."""
    inodes = _listening_inodes(port)
    if inodes:
        for process in Path("/proc").glob("[0-9]*"):
            if inodes & _open_files(process):
                pid = int(process.name)
                return PortOwner(pid, " ".join(command_of(pid))[:200])
    return PortOwner(0, "")


def command_of(pid: int) -> list[str]:
    """The command line of a process; empty when it has ended or is not ours to see."""
    if sys.platform == "linux":
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return []
        return line.rstrip("\0").split("\0") if line else []
    if sys.platform == "win32":
        query = f'(Get-CimInstance Win32_Process -Filter "ProcessId={int(pid)}").CommandLine'
        command = ["powershell", "-NoProfile", "-NonInteractive", "-Command", query]
    else:
        command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    said = done.stdout.decode(errors="replace").strip()
    return [said] if said else []


def serves(pid: int, data_dir: Path) -> bool:
    """Whether this process is a `serve` over exactly this data directory, as `launch` starts it."""
    command = command_of(pid)
    flag = f"--dir={data_dir}"
    if len(command) > 1:
        return "serve" in command and flag in command
    # Without a list of arguments, the flag that `launch` writes next marks the end of the path.
    return (
        bool(command)
        and " serve " in command[0]
        and any(f"{flag}{end}" in command[0] for end in (" --hooksDir=", '" "--hooksDir=', '" --hooksDir='))
    )


def end_server(pid: int, data_dir: Path, timeout: float = 10) -> None:
    """Stop a server of ours that has lost its supervisor; returns when it has ended, or would not."""
    for how in _ENDINGS:
        deadline = time.monotonic() + timeout
        if serves(pid, data_dir):
            with contextlib.suppress(OSError):
                os.kill(pid, how)
        while serves(pid, data_dir) and time.monotonic() < deadline:
            time.sleep(0.005)


def _open_files(process: Path) -> set[str]:
    found = set()
    # Processes of other users are closed to us, and files close while we look.
    with contextlib.suppress(OSError):
        for handle in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(os.readlink(handle))
    return found


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            listening = columns[3] == "0A"
            if listening and int(columns[1].rsplit(":", 1)[1], 16) == port:
                found.add(f"socket:[{columns[9]}]")
    return found
