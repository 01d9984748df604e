"""A Python process that serves one load: started, asked, heard, and ended with all that it started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any, NamedTuple

from pocketvex.schema.words import counted

PRINTED_LIMIT = 64 * 1024
_HEADER = 10
_POSIX = os.name == "posix"
_KEPT_BACK = ("PB_ADMIN_PASS", "PB_TOKEN")
"""Secrets that schema modules have no business with."""
_BOOT = "from pocketvex.load.child import main; main()"


class Heard(NamedTuple):
    """What came back: an answer, or the last module that was begun and what faulthandler said."""

    answer: bytes | None
    importing: str
    dump: str
    printed: str
    status: int | None
    """The exit status where the process ended by itself."""


class Interpreter:
    """One child process. All methods may be called from any thread."""

    def __init__(self, *, warm: bool = False) -> None:
        self._mark = f"\0{os.urandom(16).hex()}\0"
        self._changed = threading.Condition()
        self._answer: bytes | None = None
        self._importing = ""
        self._dump = b""
        self._silent = False
        self._printed = bytearray()
        self._dropped = 0
        self._said_all = threading.Event()
        self._asked = False
        self._killed = False
        self._life = threading.Lock()
        # -P: a `json.py` in the working directory is not to be what our own modules import.
        command = [sys.executable, "-P", "-c", _BOOT, *(["warm"] if warm else [])]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name not in _KEPT_BACK},
            **_own_group(),
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: dict[str, Any]) -> None:
        """Send the request; `hear` gives what comes back."""
        self._asked = True
        for read in (self._read_frames, self._read_printed):
            threading.Thread(target=read, daemon=True).start()
        line = json.dumps({**request, "mark": self._mark}) + "\n"
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode())
            self._process.stdin.close()
        except OSError:
            pass  # it died; hearing nothing says so

    def hear(self, timeout: float) -> Heard:
        """Wait for the answer, the end of the process, or the time; `end` has to follow."""
        deadline = time.monotonic() + timeout
        status = None
        with self._changed:
            while self._answer is None and not self._silent and time.monotonic() < deadline:
                # A forked grandchild may keep the pipe open after the end, so the end is looked for too.
                self._changed.wait(min(0.05, timeout))
                if self._answer is None and (status := self._process.poll()) is not None:
                    self._changed.wait_for(lambda: self._answer is not None or self._silent, 0.25)
                    break
        if self._answer is None:
            status = self._end_status() if self._silent else status
            self.end()
        self._said_all.wait(0.5)
        with self._changed:
            return Heard(
                self._answer, self._importing, self._dump.decode("utf-8", "replace"), self._text(), status
            )

    def _end_status(self) -> int | None:
        """Standard output is closed: the process is ending, or has closed it and goes on."""
        try:
            return self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        """Kill the process and its group; what it had not written yet is lost."""
        with self._life:
            if self._killed:
                return
            self._killed = True
            # Before it is waited for, where that can be had: after it, the number may be another's.
            _kill_group(self._process)
            self._process.wait()
            # Once it was asked, whoever reads its output closes that.
            unread = () if self._asked else (self._process.stdout, self._process.stderr)
            for pipe in (self._process.stdin, *unread):
                try:
                    if pipe is not None:
                        pipe.close()
                except OSError:
                    pass  # a request that nobody read

    def _read_frames(self) -> None:
        assert self._process.stdout is not None
        data = bytearray()
        with self._process.stdout as pipe:
            while chunk := os.read(pipe.fileno(), 1 << 20):
                data += chunk
                with self._changed:
                    self._take_frames(data)
                    if self._answer is not None:
                        self._changed.notify_all()
                        return
        with self._changed:
            self._silent = True
            self._changed.notify_all()

    def _take_frames(self, data: bytearray) -> None:
        """Remove from the front of `data` what is complete."""
        while data and self._answer is None:
            if data[0] != 0:
                end = data.find(0)
                text = len(data) if end < 0 else end
                self._dump += data[:text]
                del data[:text]
                continue
            size = int(data[2:_HEADER], 16) if len(data) >= _HEADER else 0
            if len(data) < _HEADER + size:
                return
            body = bytes(data[_HEADER : _HEADER + size])
            if data[1:2] == b"A":
                self._answer = body
            else:
                self._importing = body.decode("utf-8", "surrogateescape")
            del data[: _HEADER + size]

    def _read_printed(self) -> None:
        assert self._process.stderr is not None
        mark, tail = self._mark.encode(), b""
        with self._process.stderr as pipe:
            while chunk := os.read(pipe.fileno(), 1 << 16):
                data = tail + chunk
                said, found, _ = data.partition(mark)
                # The mark may be split between two chunks.
                keep = 0 if found else min(len(mark) - 1, len(said))
                said, tail = said[: len(said) - keep], said[len(said) - keep :]
                self._keep(said)
                if found:
                    break
            else:
                self._keep(tail)
        self._said_all.set()

    def _keep(self, data: bytes) -> None:
        room = PRINTED_LIMIT - len(self._printed)
        self._printed += data[:room]
        self._dropped += max(0, len(data) - room)

    def _text(self) -> str:
        text = self._printed.decode("utf-8", "replace")
        if not _POSIX:
            text = text.replace("\r\n", "\n")
        return f"{text}\n… and {counted(self._dropped, 'byte')} more" if self._dropped else text


def _own_group() -> dict[str, Any]:
    """A group of its own: Ctrl-C is the parent's to handle, and the group can be ended as one."""
    if _POSIX:
        return {"start_new_session": True}
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return {"creationflags": flags}


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if _POSIX:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
    elif process.poll() is None:
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
        process.kill()
