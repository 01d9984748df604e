"""Names that are said to be another's: where both are there, nothing goes before somebody says which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from binaries import LATEST, SUPPORTED, binary_of
from conftest import ServerFactory
from pocketvex.errors import ConsentNeeded
from pocketvex.run.situation import Choices
from pocketvex.run.sync import sync
from pocketvex.server.binaries import Binary
from pocketvex.target.session import Session
from projects import Project, paths, put, rows, text

Json = dict[str, Any]


def two(session: Session) -> list[tuple[str, str]]:
    return [(row["a"], row["b"]) for row in rows(session, "things")]


def things(*fields: Json) -> Json:
    return {"name": "things", "fields": list(fields)}


def test_a_rename_to_a_name_that_is_there_asks_before_anything_goes(
    tmp_path: Path, server: ServerFactory, latest: Binary
) -> None:
    running = server(latest)
    project = Project(tmp_path, things(text("a"), text("b")))
    project.up(running)
    with project.session(running) as session:
        put(session, "things", a="A", b="B")
    project.declare(things(text("a", renamed_from="b")))
    outcome, draft = project.dev(running)
    (question,) = outcome.plan.questions
    assert question.id == "things.b"
    assert "a is said to be renamed from it, and both are there" in question.text
    assert not draft.exists
    with pytest.raises(ConsentNeeded):
        project.generate(running)
    with project.session(running) as session:
        assert two(session) == [("A", "B")]
    outcome, draft = project.dev(running, answers={"things.b": ""})
    assert paths(outcome.plan.changes) == ["things.b"]
    assert draft.exists


def test_names_are_exchanged_by_ids(tmp_path: Path, server: ServerFactory, latest: Binary) -> None:
    running = server(latest)
    project = Project(tmp_path, things(text("a", id="ida"), text("b", id="idb")))
    project.up(running)
    with project.session(running) as session:
        put(session, "things", a="A", b="B")
    project.declare(things(text("a", id="idb", renamed_from="b"), text("b", id="ida", renamed_from="a")))
    for _ in range(2):
        assert not project.dev(running)[0].plan
        with project.session(running) as session:
            assert two(session) == [("B", "A")]
    assert len(project.up(running).sealed) == 1
    assert not project.dev(running)[0].plan


def test_a_slip_in_an_answer_is_named_once(tmp_path: Path, server: ServerFactory, latest: Binary) -> None:
    running = server(latest)
    project = Project(tmp_path, things(text("a")))
    project.up(running)
    project.declare(things(text("b")))
    said = "things.aa=things.b answers nothing: there is no things.aa; did you mean things.a?"
    with project.session(running) as session:
        for _ in range(2):
            outcome = sync(session, project.code, Choices(answers={"things.aa": "things.b"}))
        assert [note for note in session.reporter.notes if "answers nothing" in note] == [said]
    assert [question.id for question in outcome.plan.questions] == ["things.a"]


def test_a_question_comes_before_the_draft(tmp_path: Path, server: ServerFactory, latest: Binary) -> None:
    running = server(latest)
    project = Project(tmp_path, things(text("a"), text("gone")))
    project.up(running)
    with project.session(running) as session:
        put(session, "things", a="A", gone="precious")
    project.declare(things(text("a")))
    assert project.dev(running)[1].exists
    project.declare(things(text("b")))
    outcome, draft = project.dev(running)
    assert [q.id for q in outcome.plan.questions] == ["things.a", "things.gone"]
    assert not draft.exists
    assert project.draft is None
    outcome, draft = project.dev(running, answers={"things.a": "b", "things.gone": ""})
    assert draft.exists
    assert draft.error is None


GROUPED = (
    "SELECT t.id, (SELECT json_group_array({0}) FROM (SELECT {0} FROM things GROUP BY {0})) AS v"
    " FROM things t"
)
VIEWS = {
    "a sub-select": (GROUPED,),
    "another view": ("SELECT id, {0} FROM things", "SELECT id, {0} FROM shown"),
}


@pytest.mark.parametrize("sealed", [True, False], ids=["of a file", "of no file"])
@pytest.mark.parametrize("queries", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("version", [SUPPORTED[0], LATEST])
def test_a_rename_that_a_view_of_no_file_is_against(
    tmp_path: Path, server: ServerFactory, version: str, queries: tuple[str, ...], sealed: bool
) -> None:
    """SQLite renames no column that a view reads so: column and views are changed in one migration."""
    running = server(binary_of(version))

    def views(column: str) -> list[Json]:
        pairs = zip(("shown", "shown_again"), queries, strict=False)
        return [{"name": name, "type": "view", "viewQuery": query.format(column)} for name, query in pairs]

    project = Project(tmp_path, things(text("a")))
    if sealed:
        project.up(running)
    project.declare(things(text("a")), *views("a"))
    project.dev(running)
    with project.session(running) as session:
        put(session, "things", a="A")
    project.declare(things(text("b", renamed_from="a")), *views("b"))
    http = project.sync(running, native=False, confirmed=["things.b"])
    assert not http.applied
    assert "takes a migration" in next(c for c in http.plan.changes if c.path == "things.b").judgement.reason
    for _ in range(2):
        assert not project.dev(running)[0].plan
        with project.session(running) as session:
            assert [row["b"] for row in rows(session, "things")] == ["A"]
    project.up(running)
    assert not project.dev(running)[0].plan
    with project.session(running) as session:
        assert [row["b"] for row in rows(session, "things")] == ["A"]
        assert len(rows(session, "shown")) == 1
