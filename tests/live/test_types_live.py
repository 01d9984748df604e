"""The emitted client on real servers: what its types say is held against what a server returns and takes.

The modules in `tests/types/live` use the client as people do. The compiler tells what it takes each value
for (`describe.mjs`), and the values of a real server are held against that (`check.ts`): so the types
themselves are what is tested, and not a second description of them.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

import node
from conftest import EMAIL, ServerFactory
from pocketvex.errors import SchemaError
from pocketvex.run.types import CLIENT, TYPES, files_of_code, view_fields
from pocketvex.server.binaries import Binary
from pocketvex.types.render import render_types
from projects import Project
from typed import TABLES, everything, view
from typescript import compile_with

HERE = Path(__file__).parents[1] / "types" / "live"


def project_for(binary: Binary, folder: Path) -> Project:
    return Project(folder, *everything(tuple(binary.version)))


@pytest.fixture(scope="session")
def front_end(latest: Binary, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The modules with the client of the whole schema, compiled once for all versions."""
    root = tmp_path_factory.getbasetemp()
    folder = (root if worker_id == "master" else root.parent) / "types-live"
    with FileLock(f"{folder}.lock"):
        if not (folder / "ready").exists():
            node.project(folder)
            project = project_for(latest, folder.with_name("types-live-project"))
            for name, text in files_of_code(project.config, project.code, lambda: latest).items():
                (folder / name).write_text(text, encoding="utf-8")
            for source in HERE.iterdir():
                shutil.copy(source, folder)
            compile_with(folder / "describe.mjs", folder)
            (folder / "ready").touch()
    return folder


@pytest.mark.slow
def test_what_servers_return_and_take_is_what_the_types_say(
    front_end: Path, server: ServerFactory, binary: Binary, tmp_path: Path
) -> None:
    running = server(binary)
    project_for(binary, tmp_path / "project").sync(running)
    said = json.loads(node.run(front_end / "run.mjs", running.url, str(binary.version), EMAIL))
    assert said["problems"] == []
    has_places = binary.version >= (0, 27)
    assert [label for label in said["missed"] if has_places or "place" not in label] == []


def test_the_columns_of_views_are_the_same_on_every_server(
    front_end: Path, binary: Binary, latest: Binary, tmp_path: Path
) -> None:
    older = project_for(binary, tmp_path / "older")
    columns = view_fields(older.config, older.code, lambda: binary)
    code = project_for(latest, tmp_path / "latest").code
    assert render_types(code, view_fields=columns) == (front_end / TYPES).read_text(encoding="utf-8")


def test_a_fresh_clone_gets_the_same_bytes(latest: Binary, tmp_path: Path) -> None:
    project = project_for(latest, tmp_path / "project")
    first = files_of_code(project.config, project.code, lambda: latest)
    assert sorted(first) == [CLIENT, TYPES]

    def never() -> Binary:
        raise AssertionError("the columns of views are in the cache")

    assert files_of_code(project.config, project.code, never) == first
    clone = project_for(latest, tmp_path / "clone")
    assert files_of_code(clone.config, clone.code, lambda: latest) == first


def test_a_view_that_no_server_takes_is_named(binary: Binary, tmp_path: Path) -> None:
    project = Project(tmp_path / "project", *TABLES, view("shown", "SELECT id, nope FROM posts"))
    with pytest.raises(SchemaError) as failure:
        view_fields(project.config, project.code, lambda: binary)
    assert "nope" in str(failure.value)
    assert "shown" in str(failure.value)
