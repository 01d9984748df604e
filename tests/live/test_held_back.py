"""What a `down` took back waits for `migrate up`, also where `dev` had gone on from it under other names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from binaries import LATEST, SUPPORTED, binary_of
from conftest import ServerFactory
from pocketvex.errors import UsageError
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from prepared import Prepare
from projects import Json, Project, kept, paths, posts, put, rows, text

BASE = {"name": "base", "fields": [text("t")]}
NOTES = {"name": "notes", "fields": [{"name": "about", "type": "relation", "target": "articles"}]}

WALKS = {
    "a collection renamed": ([posts(text("x"), name="articles", renamed_from="posts")], {"articles"}, "x"),
    "and its field": (
        [posts(text("y", renamed_from="x"), name="articles", renamed_from="posts")],
        {"articles"},
        "y",
    ),
    "and pointed at": ([posts(text("x"), name="articles", renamed_from="posts"), NOTES], {"articles"}, "x"),
    "a field renamed": ([posts(text("y", renamed_from="x"))], {"posts"}, "y"),
    "a rule changed": ([posts(text("x"), listRule="")], {"posts"}, "x"),
    "another collection made": ([posts(text("x")), {"name": "more", "fields": [text("t")]}], {"posts"}, "x"),
}


@pytest.fixture(params=[SUPPORTED[0], LATEST])
def binary(request: pytest.FixtureRequest) -> Binary:
    return binary_of(request.param)


@pytest.fixture
def running(binary: Binary, server: ServerFactory) -> Running:
    return server(binary)


def begin(project: Project, running: Running) -> None:
    """Two collections of two migrations."""
    project.up(running)
    project.declare(BASE, posts(text("x")))
    project.up(running)


@pytest.mark.parametrize("filled", [True, False], ids=["with rows", "empty"])
@pytest.mark.parametrize(("after", "waiting", "column"), WALKS.values(), ids=WALKS)
def test_a_collection_that_dev_went_on_from(
    tmp_path: Path,
    binary: Binary,
    prepared: Prepare,
    after: Sequence[Json],
    waiting: set[str],
    column: str,
    filled: bool,
) -> None:
    project = Project(tmp_path / "project", BASE)
    running = prepared(project, binary, begin)
    (name,) = waiting
    values = ["kept"] if filled else []
    with project.session(running) as session:
        for value in values:
            put(session, "posts", x=value)
    project.declare(BASE, *after)
    project.dev(running)
    project.down(running)
    for _ in range(2):
        outcome, _ = project.dev(running)
        assert kept(outcome.plan)[name] == "held"
    project.up(running)
    assert not project.dev(running)[0].plan
    with project.session(running) as session:
        assert [row[column] for row in rows(session, name)] == values
    project.down(running, 2)
    project.up(running)
    with project.session(running) as session:
        assert [row[column] for row in rows(session, name)] == values


def test_a_field_that_dev_renamed(tmp_path: Path, running: Running) -> None:
    project = Project(tmp_path, posts())
    project.up(running)
    project.declare(posts(text("x")))
    project.up(running)
    with project.session(running) as session:
        put(session, "posts", x="kept")
    project.declare(posts(text("y", renamed_from="x")))
    project.dev(running)
    project.down(running)
    assert kept(project.dev(running)[0].plan) == {"posts.y": "held"}
    project.up(running)
    assert not project.dev(running)[0].plan
    with project.session(running) as session:
        assert [row["y"] for row in rows(session, "posts")] == ["kept"]


def test_what_a_held_file_removes_is_nothing_that_was_renamed(tmp_path: Path, running: Running) -> None:
    project = Project(tmp_path, posts(text("subtitle")))
    project.up(running)
    with project.session(running) as session:
        put(session, "posts", subtitle="kept")
    project.declare(posts())
    (dropped,) = project.up(running).files
    project.down(running)

    # It is no question whether the new field is the old one: the file says that the old one goes.
    project.declare(posts(text("kicker")))
    plan = project.diff(running)
    assert (paths(plan.changes), plan.questions) == (["posts.kicker"], ())
    assert kept(plan) == {"posts.subtitle": "held"}

    # Who says that it is has to take the file back first: otherwise the values would go, and it be empty.
    project.declare(posts(text("kicker", renamed_from="subtitle")))
    for command in (project.diff, project.dev, project.up, project.generate):
        with pytest.raises(UsageError, match=f"{dropped} removes posts.subtitle"):
            command(running)
    project.declare(posts(text("kicker")))
    with pytest.raises(UsageError, match=f"{dropped} removes posts.subtitle"):
        project.dev(running, answers={"posts.subtitle": "posts.kicker"})

    sums = project.config.migrations / "pocketvex.sum"
    lines = sums.read_text(encoding="utf-8").splitlines(keepends=True)
    sums.write_text("".join(line for line in lines if dropped not in line), encoding="utf-8")
    (project.config.migrations / dropped).unlink()
    project.declare(posts(text("kicker", renamed_from="subtitle")))
    project.up(running)
    with project.session(running) as session:
        assert [row["kicker"] for row in rows(session, "posts")] == ["kept"]
