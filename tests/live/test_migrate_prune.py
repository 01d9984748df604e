"""`migrate prune`: what is kept aside is listed with its way back, and goes only when it is named."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import terminal
from conftest import ServerFactory
from pocketvex.errors import ServerProcessError, UsageError
from pocketvex.run.prune import KeptAside, list_kept, prune
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from prepared import Prepare
from projects import Project, names, posts, put, rows, text

TAGS = {"name": "tags", "fields": [text("label"), {"name": "parent", "type": "relation", "target": "tags"}]}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", posts(text("body"), text("slug")), TAGS)


@pytest.fixture
def running(project: Project, prepared: Prepare, binary: Binary) -> Running:
    """A server on which a column with values and a table with rows were removed, in two files."""
    return prepared(project, binary, removed_in_two_files)


def removed_in_two_files(project: Project, started: Running) -> None:
    project.up(started)
    with project.session(started) as session:
        put(session, "posts", title="one", body="text", slug="a")
        put(session, "posts", title="two", body="more")
        first = put(session, "tags", label="x")
        put(session, "tags", label="y", parent=first["id"])
    project.declare(posts(text("slug")), TAGS)
    project.up(started)
    project.declare(posts(text("slug")))
    project.up(started)


def listed(project: Project, running: Running, *, native: bool = True) -> dict[str, KeptAside]:
    with project.session(running, native=native) as session:
        return {kept.name: kept for kept in list_kept(session).kept}


def pruned(project: Project, running: Running, *wanted: str, native: bool = True) -> list[str]:
    with project.session(running, native=native) as session:
        found = list_kept(session).kept
        return [kept.name for kept in prune(session, found, wanted, lambda: None)]


def test_each_thing_is_listed_with_its_rows_its_file_and_its_way_back(
    project: Project, running: Running
) -> None:
    _, second, third = project.files
    found = listed(project, running)
    body = f"posts.body@{second.partition('_')[0]}"
    tags = next(name for name in found if name.startswith("_pv_") and name.endswith("_tags"))
    assert {name: (kept.kind, kept.rows) for name, kept in found.items()} == {
        body: ("values", 2), tags: ("collection", 2),
    }  # fmt: skip
    assert (found[tags].migration, found[tags].way_back) == (third, "`pocketvex migrate down` gives it back")
    assert (found[body].migration, found[body].way_back) == (
        second, "`pocketvex migrate down 2` gives it back",
    )  # fmt: skip


@pytest.mark.parametrize("native", [True, False])
def test_only_what_is_named_goes_and_the_rest_can_still_be_taken_back(
    project: Project, running: Running, binary: Binary, native: bool
) -> None:
    body, tags = sorted(listed(project, running), key=lambda name: name.startswith("_"))
    with pytest.raises(UsageError, match="nothing of that name"):
        pruned(project, running, "posts.body", native=native)
    if not native and tuple(binary.version) < (0, 39):
        assert list(listed(project, running, native=False)) == [tags]
        return
    assert pruned(project, running, body, native=native) == [body]
    assert list(listed(project, running, native=native)) == [tags]
    project.down(running, 2)
    with project.session(running) as session:
        assert sorted(row["label"] for row in rows(session, "tags")) == ["x", "y"]
        assert names(session.target.fetch(), "posts") == ["id", "title", "body", "slug"]
        assert [row["body"] for row in rows(session, "posts")] == ["", ""]
        assert sorted(row["slug"] for row in rows(session, "posts")) == ["", "a"]


@pytest.mark.parametrize("native", [True, False])
def test_a_collection_goes_with_its_rows_and_down_brings_it_back_empty(
    project: Project, running: Running, binary: Binary, native: bool
) -> None:
    tags = next(name for name in listed(project, running) if name.startswith("_pv_"))
    if not native and tuple(binary.version) < (0, 39):
        # The collection can go; the note on what it was lies in a table that nobody can write to.
        pruned(project, running, tags, native=False)
    else:
        pruned(project, running, tags, native=native)
    assert tags not in listed(project, running)
    project.down(running)
    with project.session(running) as session:
        assert rows(session, "tags") == []
        put(session, "tags", label="new")


def test_values_cannot_go_where_nobody_can_write_to_the_table(
    project: Project, running: Running, binary: Binary
) -> None:
    if tuple(binary.version) >= (0, 39):
        pytest.skip("from 0.39 on a superuser can")
    body = next(kept for kept in listed(project, running).values() if kept.kind == "values")
    with project.session(running, native=False) as session, pytest.raises(ServerProcessError):
        prune(session, [body], [body.name], lambda: None)
    assert body.name in listed(project, running)


def test_what_a_file_of_no_history_put_aside_says_so(project: Project, running: Running) -> None:
    for path in project.config.migrations.glob("*"):
        if path.is_file():
            path.unlink()
    found = listed(project, running)
    assert {kept.way_back for kept in found.values()} == {
        "declaring it again gives it back", "declaring it again gives it back where the records are empty",
    }  # fmt: skip


def test_the_command_lists_deletes_and_says_what_is_gone_for_good(tmp_path: Path) -> None:
    project = terminal.Project(tmp_path / "project")
    project.write("schema/posts.py", terminal.posts("body = field.text()"))
    project.ok("dev", "--once")
    project.ok("migrate", "up")
    assert project.ok("migrate", "prune").out == "nothing is kept aside\n"
    kept = project.write(".pocketvex/kept/20260101T000000-posts.old.json", '[{"id": "a"}, {"id": "b"}]\n')
    assert project.ok("migrate", "prune").out == f".pocketvex/kept/{kept.name}: 2 rows\n"
    assert project("migrate", "prune", "--confirm", "posts.body").code == 2
    assert kept.exists()
    said = project.ok("migrate", "prune", "--confirm", f".pocketvex/kept/{kept.name}", "--format", "json")
    assert said.json["kept"][0]["rows"] == 2
    assert "deleted .pocketvex/kept/" in said.err
    assert not kept.exists()


def test_accounts_that_were_put_away_go_with_what_points_at_them(
    tmp_path: Path, server: ServerFactory, latest: Binary
) -> None:
    people = {"name": "people", "type": "auth", "fields": [text("nick")]}
    notes = {"name": "notes", "fields": [{"name": "by", "type": "relation", "target": "people"}]}
    project, started = Project(tmp_path / "project", posts(), people, notes), server(latest)
    project.up(started)
    with project.session(started) as session:
        secret = {"password": "password1234", "passwordConfirm": "password1234"}
        ada = put(session, "people", email="ada@example.com", **secret)
        put(session, "notes", by=ada["id"])
    project.declare(posts())
    project.up(started)
    found = listed(project, started)
    assert {kept.rows for kept in found.values()} == {1}
    assert len(found) == 2
    assert sorted(pruned(project, started, *found)) == sorted(found)
    project.down(started)
    with project.session(started) as session:
        assert rows(session, "people") == rows(session, "notes") == []


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are POSIX")
def test_names_are_typed_at_a_terminal(tmp_path: Path) -> None:
    project = terminal.Project(tmp_path / "project")
    project.write("schema/posts.py", terminal.posts())
    one = project.write(".pocketvex/kept/20260101T000000-posts.one.json", "[]\n")
    two = project.write(".pocketvex/kept/20260101T000000-posts.two.json", "[]\n")
    with terminal.Terminal(project, "migrate", "prune") as at:
        at.shows("Type a name to delete it for good")
        at.types(f".pocketvex/kept/{one.name}\r")
        at.types("\r")
        assert at.ends() == 0
    assert not one.exists()
    assert two.exists()
