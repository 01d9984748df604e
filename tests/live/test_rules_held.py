"""Rules with mistakes that a server holds: PocketBase looks at them only when it saves them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from binaries import LATEST, SUPPORTED, binary_of
from conftest import ServerFactory
from pocketvex.errors import SchemaError, UsageError
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from projects import Json, Project, paths, posts, text

BY_MIGRATION = """
const posts = app.findCollectionByNameOrId("posts");
posts.listRule = "title == 'a'";
posts.viewRule = "titel = 'a'";
app.saveNoValidate(posts);
"""
HELD: Json = {"listRule": "title == 'a'", "viewRule": "titel = 'a'"}


@pytest.fixture(params=[SUPPORTED[0], LATEST])
def running(
    request: pytest.FixtureRequest, server: ServerFactory, data_dir: Callable[[Binary], Path], tmp_path: Path
) -> Running:
    binary = binary_of(request.param)
    home = data_dir(binary)
    running = server(binary, data_dir=home)
    project = Project(tmp_path, posts())
    project.up(running)
    scratch.run_once(binary, home, BY_MIGRATION)
    with project.session(running) as session:
        session.target.refresh()
    return running


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, posts(**HELD))


def test_what_the_server_holds_is_in_sync(project: Project, running: Running) -> None:
    assert not project.dev(running)[0].plan


def test_what_it_does_not_hold_is_refused_before_anything_is_sent(project: Project, running: Running) -> None:
    project.declare(posts(text("x"), **{**HELD, "viewRule": "titell = 'a'"}))
    with pytest.raises(SchemaError) as error:
        project.dev(running)
    assert [(p.path, p.code) for p in error.value.problems] == [("posts.viewRule", "PV701")]
    project.declare(posts(**HELD))
    assert not project.dev(running)[0].plan


def test_nothing_else_of_the_collection_can_be_saved_until_it_is_corrected(
    project: Project, running: Running
) -> None:
    project.declare(posts(text("x"), **HELD))
    outcome, _ = project.dev(running)
    assert not outcome.applied
    (change,) = outcome.plan.changes
    assert change.judgement.code == "PV504"
    assert change.judgement.reason == (
        "listRule has a mistake, which has to be corrected first: there is no operator `==`: use ="
    )
    project.declare(posts(text("x"), listRule="title = 'a'"))
    outcome, _ = project.dev(running)
    assert sorted(paths(outcome.applied)) == ["posts.x", "posts:listRule", "posts:viewRule"]
    project.up(running)
    assert not project.dev(running)[0].plan


def test_no_migration_says_it(project: Project, running: Running) -> None:
    for refused in (project.up, project.generate):
        with pytest.raises(UsageError, match="posts:listRule: listRule has a mistake"):
            refused(running)
    for path in project.config.migrations.iterdir():
        path.unlink()
    with pytest.raises(SchemaError) as error:
        project.baseline(running)
    assert [problem.path for problem in error.value.problems] == ["posts.listRule", "posts.viewRule"]
    assert project.files == []
