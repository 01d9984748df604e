"""`dev` is killed between its write and its memory of it: what it did is its own all the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from binaries import LATEST, SUPPORTED, binary_of
from conftest import ServerFactory
from pocketvex.run import sync as writing
from pocketvex.server.process import Running
from projects import Json, Project, dashboard, kept, names, posts, put, rows, text


class Killed(BaseException):
    pass


OLD = {"name": "notes", "fields": [text("t")]}
NEW = {"name": "papers", "fields": [text("t")], "renamed_from": "notes"}
BACK = {**OLD, "renamed_from": "papers"}
Y = text("y", renamed_from="x")

# What is sealed; what dev wrote since; the save at which it is killed; what the code says when it comes back.
CUTS: dict[str, tuple[Sequence[Json], Sequence[Json], Sequence[Json], Sequence[Json]]] = {
    "a field made, and gone from the code": ([posts()], [posts()], [posts(text("x"))], [posts()]),
    "a field removed, and back in the code": (
        [posts()], [posts(text("x"))], [posts()], [posts(text("x"))]),
    "a collection made, and gone": ([posts()], [posts()], [posts(), OLD], [posts()]),
    "a collection removed, and back": ([posts()], [posts(), OLD], [posts()], [posts(), OLD]),
    "a field renamed, and renamed back": (
        [posts(text("x"))], [posts(text("x"))], [posts(Y)], [posts(text("x", renamed_from="y"))]),
    "a leftover renamed, and on": (
        [posts()], [posts(text("x"))], [posts(Y)], [posts(text("z", renamed_from="y"))]),
    "a collection renamed, and renamed back": (
        [posts(), OLD], [posts(), OLD], [posts(), NEW], [posts(), BACK]),
    "an option": (
        [posts(text("x"))], [posts(text("x"))], [posts(text("x", max=9))], [posts(text("x", max=8))]),
    "a rule": ([posts()], [posts()], [posts(listRule="")], [posts(listRule="title != ''")]),
    "a rule locked": ([posts()], [posts(listRule="")], [posts()], [posts(listRule="title != ''")]),
    "an index": (
        [posts()], [posts()], [posts(indexes=["CREATE INDEX i ON posts (title)"])],
        [posts(indexes=["CREATE UNIQUE INDEX i ON posts (title)"])]),
}  # fmt: skip


@pytest.fixture(params=[SUPPORTED[0], LATEST])
def running(request: pytest.FixtureRequest, server: ServerFactory) -> Running:
    return server(binary_of(request.param))


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Project, Running], None]:
    def dies(*_: Any) -> None:
        raise Killed

    def run(project: Project, running: Running) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(writing, "remember", dies)
            with pytest.raises(Killed):
                project.sync(running)

    return run


@pytest.mark.parametrize(("sealed", "before", "cut", "after"), CUTS.values(), ids=CUTS)
def test_what_was_written_is_not_somebody_elses(
    tmp_path: Path, running: Running, killed: Callable[[Project, Running], None],
    sealed: Sequence[Json], before: Sequence[Json], cut: Sequence[Json], after: Sequence[Json],
) -> None:  # fmt: skip
    project = Project(tmp_path, *sealed)
    project.up(running)
    project.declare(*before)
    project.dev(running)
    project.declare(*cut)
    killed(project, running)
    project.declare(*after)
    outcome, _ = project.dev(running)
    assert not kept(outcome.plan)
    assert not outcome.plan.questions
    assert not outcome.plan.changes
    project.up(running)
    outcome, _ = project.dev(running)
    assert not kept(outcome.plan)
    assert not outcome.plan.changes


def test_values_stay_with_what_was_renamed(
    tmp_path: Path, running: Running, killed: Callable[[Project, Running], None]
) -> None:
    project = Project(tmp_path, posts(text("x")))
    project.up(running)
    with project.session(running) as session:
        put(session, "posts", x="kept")
    project.declare(posts(Y))
    killed(project, running)
    project.declare(posts(text("z", renamed_from="y")))
    project.dev(running)
    with project.session(running) as session:
        assert [row["z"] for row in rows(session, "posts")] == ["kept"]


def test_what_somebody_else_did_meanwhile_is_theirs(
    tmp_path: Path, running: Running, killed: Callable[[Project, Running], None]
) -> None:
    project = Project(tmp_path, posts())
    project.up(running)
    project.declare(posts(text("x"), listRule=""))
    killed(project, running)
    with project.session(running) as session:
        dashboard(session, "posts", lambda before: {"listRule": "title = 'theirs'"})
        dashboard(session, "posts", lambda before: {"fields": [*before["fields"], text("theirs")]})
    project.declare(posts())
    outcome, _ = project.dev(running)
    assert kept(outcome.plan) == {"posts:listRule": "drift", "posts.theirs": "drift"}
    assert "x" not in names(outcome.live, "posts")
