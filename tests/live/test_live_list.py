"""The live list of `api-client.ts`, compiled and run by Node with the official SDK against real servers."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import node
from binaries import LATEST, SUPPORTED, binary_of
from conftest import ServerFactory
from pocketvex.run.types import view_fields
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from pocketvex.types.render import render_client, render_types
from projects import Project, text
from typescript import STRICTER, VERSIONS, emit, tsc

Json = dict[str, Any]
SCENARIOS = Path(__file__).parents[1] / "types" / "live_list.mjs"
USAGE = Path(__file__).parents[1] / "types" / "live_list_usage.ts"

FIELDS: list[Json] = [
    text("title"), text("room"), {"name": "n", "type": "number"}, {"name": "done", "type": "bool"},
    {"name": "at", "type": "date"}, {"name": "data", "type": "json"},
    {"name": "owner", "type": "relation", "target": "people"},
    {"name": "created", "type": "autodate", "onCreate": True},
]  # fmt: skip
EVERYONE = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule", "deleteRule"), "")
OWNER = "owner = @request.auth.id"
EVERYWHERE = ("story", "users", "limits", "storm", "views", "unfiltered", "kinds", "subscribers", "unheard")
SLOWER = ("crowd", "requests", "failures", "cut", "quiet")
ENDS = (SUPPORTED[0], LATEST)
"""The versions that what takes long runs on."""

COLLECTIONS: list[Json] = [
    {"name": "people", "type": "auth", "listRule": "", "viewRule": "", "fields": [text("nick")]},
    {"name": "posts", "fields": FIELDS, **EVERYONE},
    {"name": "private", "listRule": OWNER, "viewRule": OWNER, "fields": FIELDS},
    {"name": "locked", "fields": FIELDS},
    {"name": "counts", "type": "view", "listRule": "", "query": "SELECT id, title FROM posts"},
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("project"), *COLLECTIONS)


@pytest.fixture(scope="module")
def emitted(project: Project) -> Path:
    """The folder with what is generated for the collections, and with the scenarios, compiled."""
    folder = project.root / "generated"
    folder.mkdir()
    columns = view_fields(project.config, project.code, lambda: binary_of(LATEST))
    types, client = folder / "types.ts", folder / "api-client.ts"
    types.write_text(render_types(project.code, view_fields=columns), encoding="utf-8")
    client.write_text(render_client(), encoding="utf-8")
    node.project(folder)
    return folder


@pytest.fixture(scope="module")
def scenarios(emitted: Path) -> Path:
    emit([emitted / "api-client.ts"], emitted)
    script = emitted / SCENARIOS.name
    script.write_bytes(SCENARIOS.read_bytes())
    return script


Serve = Callable[[Binary], Running]


@pytest.fixture
def serve(server: ServerFactory, project: Project) -> Serve:
    def start(binary: Binary) -> Running:
        running = server(binary)
        project.sync(running)
        return running

    return start


@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_typed(version: str, emitted: Path) -> None:
    usage = emitted / USAGE.name
    usage.write_bytes(USAGE.read_bytes())
    assert tsc([usage, emitted / "api-client.ts"], STRICTER, version) == ""


@pytest.mark.slow
def test_it_follows_the_server(binary: Binary, serve: Serve, scenarios: Path) -> None:
    names = (*EVERYWHERE, *(SLOWER if str(binary.version) in ENDS else ()))
    node.run(scenarios, serve(binary).url, *names)


@pytest.mark.parametrize("version", ENDS)
def test_more_records_than_one_answer_holds(version: str, serve: Serve, scenarios: Path) -> None:
    running = serve(binary_of(version))
    with closing(sqlite3.connect(running.data_dir / "data.db", timeout=30)) as database, database:
        database.execute(
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1500)"
            " INSERT INTO posts (id, title, n)"
            " SELECT printf('%015d', n * 7919 % 100003), 'many', n / 2 FROM c"
        )
    node.run(scenarios, running.url, "pages")


@pytest.mark.parametrize("version", ENDS)
def test_the_server_ends_and_starts_again(
    version: str, serve: Serve, scenarios: Path, tmp_path: Path
) -> None:
    running = serve(binary_of(version))
    with (
        (tmp_path / "stderr").open("wb+") as said,
        node.start(scenarios, running.url, "restart", stderr=said) as process,
    ):
        try:
            assert process.stdout
            gone = json.loads(process.stdout.readline())["end"]
            running.halt()
            _tell(process)
            assert json.loads(process.stdout.readline()) == {"begin": True}
            # Another process changes the same data before the list can hear of it.
            with closing(sqlite3.connect(running.data_dir / "data.db")) as database, database:
                database.execute("DELETE FROM posts WHERE id = ?", [gone])
                database.execute(
                    "INSERT INTO posts (id, title, n) VALUES ('abcdefghijklmno', 'from elsewhere', 9)"
                )
            running.start()
            _tell(process)
            assert process.wait(60) == 0
        finally:
            process.kill()
            said.seek(0)
            print(said.read().decode())


def _tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()
