"""One `pocketbase serve` of this process, for as long as a `with` block lasts."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from pocketvex.errors import ServerProcessError
from pocketvex.server import launch
from pocketvex.server.binaries import Binary
from pocketvex.server.scratch import run_once


class Running:
    """A server on a loopback port, ready when the constructor returns.

    `migrations_dir` and `hooks_dir` default to empty ones. `env` is added to this process's environment.
    The console output goes to `log` (default: a file that `stop` removes). Give a new directory a superuser
    first: without one PocketBase opens a browser. On Linux the server ends with the thread that started it.
    """

    def __init__(
        self,
        binary: Binary,
        data_dir: Path,
        *,
        port: int = 0,
        hooks_dir: Path | None = None,
        migrations_dir: Path | None = None,
        automigrate: bool = False,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        log: Path | None = None,
        timeout: float = 60,
    ) -> None:
        self.binary = binary
        self.data_dir = data_dir.absolute()
        self._folder = Path(tempfile.mkdtemp(prefix="pocketvex-"))
        self.log = log or self._folder / "server.log"
        self._port = port
        self._hooks_dir = (hooks_dir or self._folder / "no-hooks").absolute()
        self._migrations_dir = (migrations_dir or self._folder / "no-migrations").absolute()
        self._automigrate = automigrate
        self._args = tuple(args)
        self._env = env
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        return f"http://{launch.HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """The server's process id, 0 when it does not run."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start it again after `halt`, on the same port."""
        attempts = 1 if self._port or self.port else 5
        for attempt in range(attempts):
            self.port = self._port or self.port or launch.free_port()
            try:
                self._start_once()
                return
            except ServerProcessError as error:
                self.halt()
                # Another program can take a free port before the server does.
                if "address already in use" not in error.why or attempt == attempts - 1:
                    raise
                self.port = 0

    def halt(self) -> None:
        """End the server and keep everything for `start`."""
        if self._process is not None:
            launch.stop(self._process)
            self._process = None

    def restart(self) -> None:
        self.halt()
        self.start()

    def stop(self) -> None:
        """End the server for good; may be called again."""
        self.halt()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start_once(self) -> None:
        command = launch.serve_command(
            self.binary.path,
            port=self.port,
            data_dir=self.data_dir,
            migrations_dir=self._migrations_dir,
            hooks_dir=self._hooks_dir,
            automigrate=self._automigrate,
            args=self._args,
        )
        since = self.log.stat().st_size if self.log.exists() else 0
        self._process = launch.spawn(command, log=self.log, env=self._env)
        launch.Start(self._process, port=self.port, log=self.log, since=since).wait(self._timeout)


# The password travels in the environment, which other users cannot see, and never in a command line.
_SUPERUSER = """
  const email = $os.getenv("POCKETVEX_SUPERUSER_EMAIL");
  let record;
  try {
    record = app.findAuthRecordByEmail("_superusers", email);
  } catch (_) {
    record = new Record(app.findCollectionByNameOrId("_superusers"));
    record.set("email", email);
  }
  record.set("password", $os.getenv("POCKETVEX_SUPERUSER_PASSWORD"));
  app.save(record);
"""


def create_superuser(binary: Binary, data_dir: Path, email: str, password: str) -> None:
    """Make this superuser, or give an existing one this password; PocketBase wants 8 characters or more."""
    env = {"POCKETVEX_SUPERUSER_EMAIL": email, "POCKETVEX_SUPERUSER_PASSWORD": password}
    run_once(binary, data_dir, _SUPERUSER, env=env)
