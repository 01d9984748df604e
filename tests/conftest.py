"""Real servers for every test that asks: `binary` runs a test on every supported version, `latest` on one."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from filelock import FileLock

sys.path.insert(0, str(Path(__file__).parent))

import sampling
from binaries import LATEST, SUPPORTED, binary_of
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running, create_superuser

# A shell has what it starts in the background ignore Ctrl+C, and so would all that the tests start and end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

EMAIL = "admin@example.com"
PASSWORD = "password1234"


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


@pytest.fixture(params=SUPPORTED)
def binary(request: pytest.FixtureRequest) -> Binary:
    return binary_of(request.param)


@pytest.fixture(scope="session")
def latest() -> Binary:
    return binary_of(LATEST)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[Binary], Path]:
    """A data directory per version that has the superuser; copy it, never start a server on it."""
    root = tmp_path_factory.getbasetemp()
    shared = root if worker_id == "master" else root.parent

    def template_of(binary: Binary) -> Path:
        folder = shared / "pocketbase-templates" / str(binary.version)
        folder.parent.mkdir(exist_ok=True)
        with FileLock(folder.with_name(f"{folder.name}.lock")):
            if not (folder / "ready").exists():
                create_superuser(binary, folder, EMAIL, PASSWORD)
                (folder / "ready").touch()
        return folder

    return template_of


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
