"""A history that others wrote, in a clone: what it declares is managed wherever the code agreed with it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from conftest import ServerFactory
from pocketvex.run.situation import Choices
from pocketvex.run.sync import sync
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from projects import Project, dashboard, kept, names, paths, posts, put, rows, text
from terminal import Project as Folder

Json = dict[str, Any]
INDEX = "CREATE UNIQUE INDEX `idx_posts_slug_unique` ON `posts` (`slug`) WHERE `slug` != ''"
BY_HAND = "CREATE INDEX `by_hand` ON `posts` (`slug`, `title` DESC)"
FILE = f"""migrate((app) => app.save(new Collection({{
  type: "base", name: "posts", fields: [{{ type: "text", name: "title" }}, {{ type: "text", name: "slug" }},
    {{ type: "text", name: "body" }}],
  indexes: [{INDEX!r}],
}})), (app) => app.delete(app.findCollectionByNameOrId("posts")));
"""
SLUG = {"name": "slug", "type": "text", "unique": True}


@pytest.fixture
def running(server: ServerFactory, latest: Binary) -> Running:
    return server(latest)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "clone", posts(SLUG, text("body")))
    made.write("1700000000_created_posts.js", FILE)
    return made


def test_a_field_that_the_code_drops_goes(project: Project, running: Running) -> None:
    assert not kept(project.dev(running)[0].plan)
    with project.session(running) as session:
        put(session, "posts", title="one", body="precious")
    project.declare(posts(SLUG))
    outcome, draft = project.dev(running)
    assert paths(outcome.plan.changes) == ["posts.body"]
    assert draft.exists
    assert not kept(outcome.plan)
    (file,) = project.generate(running)
    project.up(running)
    assert "body" not in names(project.sync(running).live, "posts")
    project.down(running)
    with project.session(running) as session:
        assert [row["body"] for row in rows(session, "posts")] == ["precious"]
    assert file in project.files


def test_what_was_never_agreed_with_is_kept_and_nobody_says_otherwise(tmp_path: Path) -> None:
    """The line was dropped elsewhere: a file of the dashboard that the code lags behind looks the same."""
    folder = Folder(tmp_path)
    folder.write("pb_migrations/1700000000_created_posts.js", FILE)
    code = "from pocketvex import Base, field\n\nclass Posts(Base):\n    title = field.text()\n"
    folder.write("schema/posts.py", f"{code}    slug = field.text(unique=True)\n")
    done = folder.ok("migrate", "generate")
    assert done.out == "nothing to do: the history has more than the code declares\n"
    assert "posts.body" in done.err


def test_a_field_with_an_index_of_our_naming_is_renamed(project: Project, running: Running) -> None:
    project.dev(running)
    with project.session(running) as session:
        put(session, "posts", title="one", slug="a")
    project.declare(
        posts({"name": "handle", "type": "text", "unique": True, "renamed_from": "slug"}, text("body"))
    )
    assert len(project.generate(running)) == 1
    project.up(running)
    outcome = project.sync(running)
    assert not outcome.plan
    assert not kept(outcome.plan)
    with project.session(running) as session:
        assert [row["handle"] for row in rows(session, "posts")] == ["a"]
    shutil.rmtree(project.root / ".pocketvex")
    assert not project.sync(running).plan


def test_an_index_that_is_kept_follows_the_name_of_its_column(project: Project, running: Running) -> None:
    project.dev(running)
    with project.session(running) as session:
        dashboard(session, "posts", lambda c: {"indexes": [*c["indexes"], BY_HAND]})
        put(session, "posts", title="one", slug="a")
    project.declare(
        posts({"name": "handle", "type": "text", "unique": True, "renamed_from": "slug"}, text("body"))
    )
    outcome, _ = project.dev(running)
    assert kept(outcome.plan) == {"posts@by_hand": "drift"}
    assert not outcome.plan
    indexes = next(c for c in outcome.live if c["name"] == "posts")["indexes"]
    assert any("by_hand" in text and "`handle`, `title` DESC" in text for text in indexes)
    project.up(running)
    outcome = project.sync(running)
    assert not outcome.plan
    assert kept(outcome.plan) == {"posts@by_hand": "drift"}
    with project.session(running) as session:
        assert [row["handle"] for row in rows(session, "posts")] == ["a"]


def test_a_branch_without_a_file_that_ran_here_names_it(tmp_path: Path, running: Running) -> None:
    project = Project(tmp_path, posts(text("body")))
    project.up(running)
    main = project.clone(tmp_path / "main")
    with project.session(running) as session:
        put(session, "posts", body="precious")
    project.declare(posts())
    project.up(running)
    gone = project.files[-1]
    # The same machine on the other branch: it remembers what it did.
    shutil.copytree(project.root / ".pocketvex", main.root / ".pocketvex", dirs_exist_ok=True)
    for _ in range(2):
        with main.session(running) as session:
            outcome = sync(session, main.code, Choices())
            assert kept(outcome.plan) == {"posts.body": "drift"}
            (note,) = [note for note in session.reporter.notes if gone in note]
            assert "`pocketvex migrate down` takes it back" in note
    shutil.copytree(main.root / ".pocketvex", project.root / ".pocketvex", dirs_exist_ok=True)
    project.down(running)
    with main.session(running) as session:
        outcome = sync(session, main.code, Choices())
        assert not kept(outcome.plan)
        assert not [note for note in session.reporter.notes if gone in note]
        assert [row["body"] for row in rows(session, "posts")] == ["precious"]
