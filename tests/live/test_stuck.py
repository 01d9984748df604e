"""Collections that PocketBase refuses to save: said before anything is sent, with the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from binaries import binary_of
from conftest import ServerFactory
from pocketvex.server.binaries import Binary
from projects import Project, paths, put, rows, text

Json = dict[str, Any]
EMPTY = ["CREATE UNIQUE INDEX `idx_tokenKey_x1` ON `` (`tokenKey`)",
         "CREATE UNIQUE INDEX `idx_email_x1` ON `` (`email`) WHERE `email` != ''"]  # fmt: skip


def meetings(*fields: Json, name: str = "meetings", **more: Any) -> Json:
    return {"name": name, "fields": [text("title"), *fields], **more}


def reasons(project: Project, running: Any) -> dict[str, str]:
    outcome, draft = project.dev(running)
    assert not outcome.applied
    assert not draft.exists
    return {c.path: f"{c.judgement.code} {c.judgement.reason}" for c in outcome.plan.changes}


def test_a_name_that_is_an_id(tmp_path: Path, server: ServerFactory, latest: Binary) -> None:
    running = server(latest)
    project = Project(tmp_path, meetings(text("place")))
    with project.session(running) as session:
        made = {"id": "meetings", "name": "meetings", "type": "base", "fields": [text("title")]}
        assert session.target.client._request("POST", "/api/collections", json=made).ok
        put(session, "meetings", title="one")
    said = "PV504 the name is its own id, and PocketBase refuses to save that: give it another name"
    assert reasons(project, running) == {"meetings.place": said}
    project.declare(meetings(), meetings(name="other", id="taken"), meetings(name="taken"))
    outcome, _ = project.dev(running)
    assert sorted(paths(outcome.applied)) == ["other", "taken"]
    assert "taken" not in {c["id"] for c in outcome.live}
    project.declare(meetings(text("place"), name="meets", renamed_from="meetings"))
    outcome, _ = project.dev(running)
    assert {"meets", "meets.place"} <= set(paths(outcome.applied))
    with project.session(running) as session:
        assert [row["title"] for row in rows(session, "meets")] == ["one"]


def test_an_index_without_a_table(tmp_path: Path, server: ServerFactory) -> None:
    """The dashboard of 0.38.0 stores it so, and older servers keep what they are sent."""
    running = server(binary_of("0.36.9"))
    project = Project(tmp_path, {"name": "operators", "type": "auth", "fields": [text("shift")]})
    with project.session(running) as session:
        made = {"name": "operators", "type": "auth", "indexes": EMPTY}
        assert session.target.client._request("POST", "/api/collections", json=made).ok
    said = "PV504 it has an index without a table, which this PocketBase does not save: update it to 0.38.1"
    assert reasons(project, running) == {"operators.shift": said}


def test_on_a_new_server_it_gets_another_id(tmp_path: Path, server: ServerFactory, latest: Binary) -> None:
    first, second = server(latest), server(latest)
    project = Project(tmp_path / "project", meetings(text("place"), id="meetings"))
    with project.session(first) as session:
        made = {
            "id": "meetings",
            "name": "meetings",
            "type": "base",
            "fields": [text("title"), text("place")],
        }
        assert session.target.client._request("POST", "/api/collections", json=made).ok
    project.baseline(first)
    assert not project.sync(first).plan
    clone = project.clone(tmp_path / "clone")
    outcome = clone.sync(second)
    assert not outcome.plan
    assert "meetings" not in {c["id"] for c in outcome.live}
    clone.declare(meetings(text("place"), text("more"), id="meetings"))
    assert paths(clone.sync(second).applied) == ["meetings.more"]
