"""Real servers for every test that asks: `binary` runs a test on every supported version, `latest` on one."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from filelock import FileLock

sys.path.insert(0, str(Path(__file__).parent))

import sampling
import shadows
from binaries import LATEST, SUPPORTED, binary_of
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running, create_superuser
from prepared import Make, Prepare, Prepared

if TYPE_CHECKING:
    from projects import Project

# A shell has what it starts in the background ignore Ctrl+C, and so would all that the tests start and end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The servers of tests live for seconds, with a few rows: collecting their garbage is a tenth of their work.
os.environ.setdefault("GOGC", "400")

EMAIL = "admin@example.com"
PASSWORD = "password1234"
QUICK_HASH = "$2b$04$3uiCgFhh4M2BX4Z.O6wJuOorNMy2CdmmQlQBosoEFWonJbGIzb1EC"
"""Of the password. PocketBase's own take 60 ms to check, for each of thousands of logins."""


_HOMES = count()


@pytest.fixture(scope="session", autouse=True)
def no_vault_of_a_person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The logins of tests are nobody's, and no keyring of a desktop is asked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.getbasetemp() / "homes"))
        patch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
        yield


@pytest.fixture(autouse=True)
def vault_of_its_own(
    no_vault_of_a_person: None, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Of each test: one for all would grow with every server, and is read as a whole."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.getbasetemp() / "homes" / str(next(_HOMES))))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """What `-n auto` means: more workers than cores, since a test mostly waits for its server."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items[:], left_out = sampling.select(items)
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [
        report
        for category in ("passed", "failed", "skipped", "error", "")
        for report in terminalreporter.getreports(category)
        if isinstance(report, pytest.TestReport)
    ]
    if len(reports) < 300:  # three to a test
        return
    terminalreporter.section("the longest tests, and what each group took")
    for line in sampling.summary(reports):
        terminalreporter.line(line)


@pytest.fixture(scope="session", autouse=True)
def _shared_shadows(shared: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        shadows.share(shared / "shadows", patch)
        yield


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder of this run that all workers have in common."""
    root = tmp_path_factory.getbasetemp()
    return root if worker_id == "master" else root.parent


@pytest.fixture(params=SUPPORTED)
def binary(request: pytest.FixtureRequest) -> Binary:
    return binary_of(request.param)


@pytest.fixture(scope="session")
def latest() -> Binary:
    return binary_of(LATEST)


@pytest.fixture(scope="session")
def template(shared: Path) -> Callable[[Binary], Path]:
    """A data directory per version that has the superuser; copy it, never start a server on it."""

    def template_of(binary: Binary) -> Path:
        folder = shared / "pocketbase-templates" / str(binary.version)
        folder.parent.mkdir(exist_ok=True)
        with FileLock(folder.with_name(f"{folder.name}.lock")):
            if not (folder / "ready").exists():
                create_superuser(binary, folder, EMAIL, PASSWORD)
                _hash_anew(folder)
                (folder / "ready").touch()
        return folder

    return template_of


def _hash_anew(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "data.db")) as database, database:
        database.execute("UPDATE _superusers SET password = ? WHERE email = ?", [QUICK_HASH, EMAIL])


@pytest.fixture
def data_dir(template: Callable[[Binary], Path], tmp_path: Path) -> Callable[[Binary], Path]:
    """A new data directory with the superuser, and no server."""
    made: list[Path] = []

    def make(binary: Binary) -> Path:
        to = tmp_path / f"pb_data{len(made) or ''}"
        made.append(to)
        scratch.copy(template(binary), to)
        return to

    return make


class ServerFactory(Protocol):
    def __call__(self, binary: Binary, **options: Any) -> Running: ...


@pytest.fixture
def server(data_dir: Callable[[Binary], Path]) -> Iterator[ServerFactory]:
    """`server(binary, **options of Running)`: a server on a new data directory, stopped after the test.

    Its superuser is `admin@example.com` with `password1234`.
    """
    with ExitStack() as stack:

        def start(binary: Binary, **options: Any) -> Running:
            data = options.pop("data_dir", None) or data_dir(binary)
            return stack.enter_context(Running(binary, data, **options))

        yield start


@pytest.fixture(scope="session")
def _prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return Prepared(tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def prepared(_prepared: Prepared, server: ServerFactory) -> Prepare:
    """`prepared(project, binary, make)`: a server that `make(project, server)` has worked on.

    It is made once for each version and code; tests that come later have a copy, and one of the project.
    """

    def start(project: Project, binary: Binary, make: Make) -> Running:
        return _prepared.start(project, binary, make, server)

    return start
