"""What many tests begin with: a project and its server, made once for each version, and copied."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pocketvex.schema.model import Schema
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from pocketvex.store.state import state_file

if TYPE_CHECKING:
    from conftest import ServerFactory
    from projects import Project

Make = Callable[["Project", Running], object]


class Prepare(Protocol):
    def __call__(self, project: Project, binary: Binary, make: Make) -> Running: ...


class Made(NamedTuple):
    project: Path
    data: Path
    code: Schema
    key: str
    """By which the project remembered its server."""


class Prepared:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[tuple[str, ...], Made] = {}

    def start(self, project: Project, binary: Binary, make: Make, server: ServerFactory) -> Running:
        name = (make.__module__, make.__qualname__, str(binary.version), repr(project.code))
        if (made := self._made.get(name)) is not None:
            return _copied(made, project, binary, server)
        running = server(binary)
        make(project, running)
        self._made[name] = self._kept(project, running)
        return running

    def _kept(self, project: Project, running: Running) -> Made:
        home = Path(tempfile.mkdtemp(dir=self._folder))
        shutil.copytree(project.root, home / "project")
        scratch.copy(running.data_dir, home / "pb_data")
        return Made(home / "project", home / "pb_data", project.code, _key(project, running))


def _copied(made: Made, project: Project, binary: Binary, server: ServerFactory) -> Running:
    data = project.root.with_name(f"{project.root.name}-pb_data")
    scratch.copy(made.data, data)
    shutil.copytree(made.project, project.root, dirs_exist_ok=True)
    project.code = made.code
    running = server(binary, data_dir=data)
    # It is remembered by its address, and has another port now.
    remembered = state_file(project.root, made.key)
    if remembered.exists():
        remembered.rename(state_file(project.root, _key(project, running)))
    return running


def _key(project: Project, running: Running) -> str:
    return project.host(running, native=True, local=True).key
