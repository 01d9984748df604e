"""A user at a terminal: projects in temporary folders, and the real `pocketvex` run in them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

import loaded
from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.server.binaries import Binary
from pocketvex.server.embedded import acquire
from pocketvex.server.port_owner import command_of

POCKETVEX = str(Path(sys.executable).with_name("pocketvex"))
T = TypeVar("T")

PATIENCE = 60.0
"""Seconds after which something that should have happened is taken not to happen. Never what is measured."""

POSTS = """from pocketvex import Base, Rules, field


class Posts(Base):
    title = field.text(max=200)
{fields}
    rules = Rules(list="@request.auth.id != ''", view="@request.auth.id != ''")
"""


def posts(*fields: str) -> str:
    """A module with one collection: `title`, and these lines."""
    return POSTS.format(fields="".join(f"    {line}\n" for line in fields))


def until(done: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """Look again and again until it is so."""
    deadline = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.005)
    return found


def ended(pid: int) -> bool:
    return not command_of(pid)


def environment(home: Path, **more: str) -> dict[str, str]:
    """Of a user with nothing set: no server, no credentials, no colour, and folders of their own.

    Nor what keeps Python from writing down what it compiled: each command would compile all of it again.
    """
    left_out = ("PB_", "POCKETVEX_", "PYTEST", "PYTHONDONTWRITEBYTECODE", "DBUS_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
    own = {"XDG_CONFIG_HOME": str(home / "config"), "XDG_DATA_HOME": str(home / "data")}
    own |= {"COLUMNS": "80", "PYTHONUTF8": "1"}
    return {**kept, **own, **more}


class Result(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def _run(
    arguments: Sequence[str], folder: Path, environ: Mapping[str, str], typed: str, patience: float
) -> tuple[int, str, str]:
    done = subprocess.run(
        [POCKETVEX, *arguments],
        cwd=folder,
        env=environ,
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=patience,
    )
    return done.returncode, done.stdout, done.stderr


class Project:
    """A project in `root`; nothing of it is shared with another test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.env = environment(root.parent)
        root.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def read(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def __call__(self, *arguments: str, env: Mapping[str, str] | None = None, input: str = "") -> Result:
        """Run one command to its end."""
        run = loaded.run if loaded.POSSIBLE else _run
        found = Result(*run(arguments, self.root, {**self.env, **(env or {})}, input, PATIENCE * 3))
        assert "Traceback" not in found.out + found.err, found
        return found

    def ok(self, *arguments: str, env: Mapping[str, str] | None = None) -> Result:
        """Run a command that ends well."""
        found = self(*arguments, env=env)
        assert found.code == 0, found
        return found

    def dev(self, *arguments: str, env: Mapping[str, str] | None = None) -> Dev:
        return Dev(self, arguments, env or {})

    @property
    def migrations(self) -> list[str]:
        return sorted(path.name for path in (self.root / "pb_migrations").glob("*.js"))

    @property
    def draft(self) -> str | None:
        path = self.root / "pb_migrations/drafts/next.js"
        return path.read_text(encoding="utf-8") if path.exists() else None

    @property
    def types(self) -> str:
        path = self.root / "generated/types.ts"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @property
    def server(self) -> dict[str, Any]:
        """What the supervisor of the embedded server says of itself; empty where none runs."""
        try:
            found: dict[str, Any] = json.loads((self.root / ".pocketvex/embedded/server.json").read_text())
        except (OSError, ValueError):
            return {}
        return found

    @contextmanager
    def client(self, binary: Binary) -> Iterator[Client]:
        """A superuser of the embedded server, which runs meanwhile."""
        with acquire(self.root / ".pocketvex/embedded", binary) as lease:
            client = Client(lease.url, Credentials(email=lease.email, password=lease.password))
            try:
                yield client
            finally:
                client.close()

    def temporary_files(self) -> list[str]:
        """What a write that was cut off leaves behind."""
        ignored = ("embedded/data", "shadow")
        found = (str(p.relative_to(self.root)) for p in self.root.rglob("*.tmp"))
        return [name for name in found if not any(part in name for part in ignored)]


class Dev:
    """A `pocketvex dev` that runs; both of its streams are read as they come."""

    def __init__(self, project: Project, arguments: tuple[str, ...], env: Mapping[str, str]) -> None:
        self.project = project
        self.process = subprocess.Popen(
            [POCKETVEX, "dev", *arguments],
            cwd=project.root,
            env={**project.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"dev did not end:\n{self.text}") from None
        finally:
            self._reader.join()
            assert self.process.stdout is not None
            self.process.stdout.close()
        if kind is None:
            assert "Traceback" not in self.text, self.text

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def now(self) -> int:
        """How many lines there are: what comes after this is new."""
        return len(self.lines)

    def since(self, mark: int) -> str:
        return "\n".join(self.lines[mark:])

    def says(self, pattern: str, since: int = 0) -> str:
        """Wait for a line that matches."""

        def found() -> str | None:
            for line in list(self.lines[since:]):
                if re.search(pattern, line):
                    return line
            assert self.process.poll() is None or self._reader.is_alive(), (
                f"dev ended with {self.process.returncode} and never said {pattern!r}:\n{self.text}"
            )
            return None

        try:
            line = until(found, f"dev says {pattern!r}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text}") from None
        assert line is not None
        return line

    def signal(self, number: int) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code


class Terminal:
    """`pocketvex` at a terminal of its own: what is typed reaches it, and what it shows is kept in `text`."""

    def __init__(self, project: Project, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        import pty

        self._mine, theirs = pty.openpty()
        self._name = os.ttyname(theirs)
        self.text = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", _IN_A_TERMINAL, POCKETVEX, *arguments],
            cwd=project.root,
            env={**project.env, "TERM": "xterm", **(env or {})},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                chunk = os.read(self._mine, 65536)
            except OSError:  # the other side is closed: that is how a terminal ends
                return
            if not chunk:
                return
            self.text += chunk.decode("utf-8", "replace")
            # A program that asks where the cursor is waits for the answer of a terminal.
            if b"\x1b[6n" in chunk:
                os.write(self._mine, b"\x1b[1;1R")

    def shows(self, text: str) -> None:
        try:
            until(lambda: text in self.text or self.process.poll() is not None, f"it shows {text!r}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text}") from None
        assert text in self.text, self.text

    @property
    def settings(self) -> list[Any]:
        """How the terminal is set up, as `stty` shows it."""
        import termios

        return termios.tcgetattr(self._mine)

    @property
    def echoes(self) -> bool:
        import termios

        return bool(self.settings[3] & termios.ECHO)

    @property
    def unread(self) -> int:
        """How many bytes of whole lines have come to the terminal that nobody has read."""
        import fcntl
        import termios

        theirs = os.open(self._name, os.O_RDWR | os.O_NOCTTY)
        try:
            return int.from_bytes(fcntl.ioctl(theirs, termios.FIONREAD, bytes(4)), sys.byteorder)
        finally:
            os.close(theirs)

    def types(self, text: str) -> None:
        os.write(self._mine, text.encode())

    def ends(self) -> int:
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(PATIENCE)
        os.close(self._mine)
        assert "Traceback" not in self.text, self.text


_IN_A_TERMINAL = """
import fcntl, os, sys, termios
# The terminal becomes that of this session, so that Ctrl+C typed there is a signal.
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def asks(terminal: Terminal, text: str, times: int = 1) -> None:
    """Wait for a prompt to be drawn for the n-th time: what is typed before it is not for it."""

    def asked() -> bool:
        prompts = terminal.text.split("\x1b[?2004h")[1:]
        drawn = [prompt for prompt in prompts if text in prompt]
        return len(drawn) >= times and drawn[-1] is prompts[-1] and "\x1b[?2004l" not in prompts[-1]

    try:
        until(asked, f"{text!r} is asked")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{terminal.text}") from None
