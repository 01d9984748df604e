"""What evidence is for: whose rows, what is said, and that it is taken again right before a write."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import projects
from binaries import LATEST, SUPPORTED, binary_of
from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.api.client import Client, Credentials
from pocketvex.errors import NotAsIntended
from pocketvex.plan.verdicts import Verdict
from pocketvex.run.planning import plan_for
from pocketvex.run.situation import Choices, find_situation
from pocketvex.server.binaries import Binary
from pocketvex.target.write import write_changes
from projects import put, schema_of
from terminal import Project, Terminal

WIDE = """from pocketvex import Base, field


class Posts(Base):
    title = field.text()
    n = field.number()
"""
NARROW = WIDE.replace("text()", "text(max=3)")
UNIQUE = WIDE.replace("text()", "text(unique=True)")


@pytest.fixture
def production(server: ServerFactory, latest: Binary) -> Iterator[Client]:
    """A server with rows, and without the column `n`."""
    with Client(server(latest).url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        client.import_collections(
            [{"name": "posts", "type": "base", "fields": [{"name": "title", "type": "text"}]}]
        )
        for number, title in enumerate(["short", "abc", "", "short"]):
            path = "/api/collections/posts/records"
            assert client._request("POST", path, json={"id": f"row{number:012d}", "title": title}).ok
        yield client


@pytest.fixture
def project(tmp_path: Path, production: Client) -> Project:
    found = Project(tmp_path / "app")
    found.write(
        "pocketvex.toml",
        f'default_host = "embedded"\n[hosts.production]\nurl = "{production.url}"\nlocal = false\n',
    )
    found.env |= {"PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD}
    found.write("schema/posts.py", WIDE)
    found.ok("dev", "--once")
    return found


def test_the_rows_of_another_host(project: Project, production: Client) -> None:
    project.ok("migrate", "generate", "first")
    project.write("schema/posts.py", NARROW)
    (own,) = project.ok("schema", "diff", "--format", "json").json["changes"]
    assert (own["verdict"], own["evidence"]) == ("safe", None)
    done = project.ok("schema", "diff", "--evidence", "production", "--format", "json")
    assert production.url in done.err
    (change,) = done.json["changes"]
    assert change["verdict"] == "unsafe"
    assert change["evidence"] == {
        "rows": 2, "of": 4, "ids": ["row000000000000", "row000000000003"], "values": [],
    }  # fmt: skip
    before = production.collections()
    sealed = project.ok("migrate", "generate", "narrow", "--evidence", "production").out.strip()
    text = project.read(sealed)
    assert "2 of 4 rows" in text
    assert "The rows that are counted here are those of production." in text
    assert production.collections() == before


def test_what_another_host_does_not_have_is_unknown(project: Project) -> None:
    project.write("schema/posts.py", WIDE.replace("number()", "number(only_int=True)"))
    (change,) = project.ok("schema", "diff", "--evidence", "production", "--format", "json").json["changes"]
    assert change["verdict"] == "unsafe"
    assert change["evidence"] == {"rows": None, "of": 4, "ids": [], "values": []}


def test_equals_are_named_and_nothing_is_written(project: Project, production: Client) -> None:
    project.ok("migrate", "generate", "first")
    project.write("schema/posts.py", UNIQUE)
    before = production.collections()
    done = project("schema", "diff", "--host", "production")
    assert "[impossible, PV103]" in done.out
    assert "    rows: row000000000000, row000000000003" in done.out
    assert '    values: "short" in 2' in done.out
    said = project("migrate", "generate", "unique", "--evidence", "production")
    assert said.code == 2
    assert '"short" in 2' in said.err
    assert production.collections() == before


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are POSIX")
def test_a_terminal_shows_how_far_it_is(project: Project, server: ServerFactory, latest: Binary) -> None:
    running = server(latest)
    with Client(running.url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        client.import_collections(
            [{"name": "posts", "type": "base", "fields": [{"name": "title", "type": "text"}]}]
        )
    running.halt()
    with closing(sqlite3.connect(running.data_dir / "data.db")) as database, database:
        rows = ((f"row{number:012d}", "abc") for number in range(1500))
        database.executemany("INSERT INTO posts (id, title) VALUES (?, ?)", rows)
    running.start()
    project.write("schema/posts.py", WIDE.replace("text()", 'text(pattern="^a")'))
    with Terminal(project, "schema", "diff", "--evidence", running.url) as terminal:
        assert terminal.ends() == 0
        assert "reading posts: 1000 of 1500 rows" in terminal.text
    assert "reading" not in project.ok("schema", "diff", "--evidence", running.url).err


@pytest.mark.parametrize(
    ("version", "options", "row"),
    [
        (SUPPORTED[0], {"title": {"max": 3}}, {"title": "a longer one"}),
        (LATEST, {"title": {"pattern": "^[a-z]*$"}}, {"title": "NO"}),
        (SUPPORTED[0], {"n": {"onlyInt": True}}, {"n": 1.5}),
        (LATEST, {"s": {"values": ["a"]}}, {"s": "b"}),
    ],
    ids=["shorter", "a pattern", "whole numbers", "a choice less"],
)
def test_a_row_that_came_since_the_plan(
    version: str, options: projects.Json, row: projects.Json, server: ServerFactory, tmp_path: Path
) -> None:
    running = server(binary_of(version))
    project = projects.Project(tmp_path / "project", posts({}))
    project.dev(running, native=False)
    with project.session(running, native=False) as session:
        put(session, "posts", title="abc", n=1, s="a")
        desired = schema_of(posts(options))
        found = find_situation(session, desired, Choices(), write=False)
        raw, plan = found.raw, plan_for(found)
        (change,) = plan.changes
        assert change.judgement.verdict in (Verdict.HARMLESS, Verdict.SAFE)
        put(session, "posts", **row)
        with pytest.raises(NotAsIntended, match="touched no row when the plan was made"):
            write_changes(session, raw, plan.changes, desired)
        assert session.target.fetch() == raw


def posts(options: projects.Json) -> projects.Json:
    fields: list[projects.Json] = [
        {"name": "title", "type": "text"},
        {"name": "n", "type": "number"},
        {"name": "s", "type": "select", "values": ["a", "b"]},
    ]
    return {"name": "posts", "fields": [field | options.get(field["name"], {}) for field in fields]}
