"""Ends an embedded server whose supervisor was killed, as a process that does nothing but wait for that.

Linux would end the server with its parent by itself, but forgets to once PocketBase has executed itself anew
for a changed hook; other systems never do.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

from pocketvex.server.port_owner import end_server

_SOURCE = Path(__file__).absolute().parents[2]
_RUN = "import sys; sys.path.insert(0, sys.argv[1]); from pocketvex.server.{module} import main; main()"


def run_module(module: str) -> list[str]:
    """The command that runs a module of this package; without site-packages it is up in 25 ms."""
    return [sys.executable, "-I", "-S", "-c", _RUN.format(module=module), str(_SOURCE)]


class Guard:
    """The supervisor's end of it: a pipe that the system closes together with the supervisor."""

    def __init__(self, data_dir: Path, log: Path) -> None:
        # A group of its own: it must outlive whatever ends the supervisor.
        options: dict[str, Any] = {"process_group": 0}
        if sys.platform == "win32":
            options = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*run_module("guard"), str(data_dir)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                **options,
            )

    def watch(self, pid: int) -> None:
        """From now on this is the server to end."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(f"{pid}\n".encode())
            self._process.stdin.flush()

    def close(self) -> None:
        """When the server has ended in good order."""
        with contextlib.suppress(OSError):
            self._process.communicate()


def main() -> None:
    """Remember the last process id on stdin; end that server when stdin ends."""
    pid = 0
    for line in sys.stdin:
        pid = int(line)
    if pid:
        end_server(pid, Path(sys.argv[2]))
