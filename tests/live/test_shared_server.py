"""Two projects on one server: what was there before is not this one's to take away."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import ServerFactory
from pocketvex.errors import ConsentNeeded
from pocketvex.server.binaries import Binary
from projects import Project, kept, names, paths, posts, put, rows, text


def test_another_projects_collection_of_the_same_name_stays(
    tmp_path: Path, server: ServerFactory, latest: Binary
) -> None:
    running = server(latest)
    theirs = Project(tmp_path / "theirs", posts(text("body")))
    theirs.up(running)
    own, maker = Project(tmp_path / "own", posts(text("body")), posts(name="pages")), server(latest)
    own.up(maker)
    machine = own.clone(tmp_path / "machine")
    machine.sync(running)
    # Dropping a field, the collection, or taking the file back: nothing of it is done, and all of it is said.
    machine.declare(posts(), posts(name="pages"))
    outcome = machine.sync(running)
    assert kept(outcome.plan) == {"posts.body": "first contact"}
    machine.declare(posts(name="pages"))
    outcome = machine.sync(running)
    assert kept(outcome.plan) == {"posts": "first contact"}
    assert "body" in names(outcome.live, "posts")
    with machine.session(running) as session:
        put(session, "posts", title="one", body="theirs")
    with pytest.raises(ConsentNeeded, match="posts: on this server before its migration"):
        machine.down(running)
    with machine.session(running) as session:
        assert [row["body"] for row in rows(session, "posts")] == ["theirs"]
    # What nobody had before goes as ever.
    machine.declare(posts(text("body")))
    assert paths(machine.sync(running).applied) == ["pages"]


def test_a_field_of_ours_in_it_makes_the_collection_not_ours(
    tmp_path: Path, server: ServerFactory, latest: Binary
) -> None:
    running = server(latest)
    theirs = Project(tmp_path / "theirs", posts(text("body")))
    theirs.up(running)
    own = Project(tmp_path / "own", posts(text("more")))
    own.now = theirs.now  # so their files would have the same name
    with own.session(running) as session:
        put(session, "posts", title="one", body="theirs")
    own.dev(running)
    own.up(running)
    with pytest.raises(ConsentNeeded, match="posts: on this server before its migration"):
        own.down(running)
    with own.session(running) as session:
        assert [row["body"] for row in rows(session, "posts")] == ["theirs"]


def test_what_dev_made_here_itself_is_this_projects(
    tmp_path: Path, server: ServerFactory, latest: Binary
) -> None:
    running = server(latest)
    project = Project(tmp_path / "project", posts(text("body")))
    project.dev(running)
    project.up(running)
    project.declare({"name": "other", "fields": [{"name": "n", "type": "number"}]})
    outcome = project.sync(running)
    assert "posts" in paths(outcome.applied)
    project.declare(posts(text("body")))
    project.sync(running)
    project.down(running)
