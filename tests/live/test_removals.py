"""Removals where only HTTP reaches the server: whatever goes wrong on the way, nothing is lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from binaries import LATEST, SUPPORTED, binary_of
from conftest import ServerFactory
from pocketvex.errors import PocketVexError, Unreachable, UsageError
from pocketvex.run.situation import Choices
from pocketvex.run.sync import sync
from pocketvex.schema.model import GOING_PREFIX
from pocketvex.server.process import Running
from pocketvex.target.session import Session
from pocketvex.target.start import start
from projects import Json, Project, dashboard, names, posts, put, rows, text

OPEN = {"listRule": "", "viewRule": "", "createRule": "", "updateRule": ""}
BODY = text("body", required=True, max=70)
INDEX = "CREATE UNIQUE INDEX idx_body ON posts (body)"
SHOWN = {"name": "shown", "type": "view", "viewQuery": "SELECT id, title AS body FROM posts", "listRule": ""}
OUTER = {"name": "outer", "type": "view", "viewQuery": "SELECT id, body AS t FROM shown", "listRule": ""}
FULL = (
    posts(BODY, indexes=[INDEX], **OPEN),
    SHOWN,
    {"name": "tags", "fields": [text("t"), {"name": "pal", "type": "relation", "target": "pals"}],
     "indexes": ["CREATE INDEX idx_t ON tags (t)"], **OPEN},
    {"name": "pals", "fields": [text("p"), {"name": "tag", "type": "relation", "target": "tags"}], **OPEN},
    {"name": "people", "type": "auth", "fields": [text("nick")], "authRule": "verified = true", **OPEN},
)  # fmt: skip
LEFT = (posts(**OPEN), SHOWN)
AGREED = frozenset({"posts.body", "posts@idx_body"})


@pytest.fixture(params=[SUPPORTED[0], LATEST])
def running(request: pytest.FixtureRequest, server: ServerFactory) -> Running:
    return server(binary_of(request.param))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def begin(project: Project, running: Running) -> dict[str, Json]:
    """All of it, with a row, and a view of somebody else behind ours; as the server has it."""
    project.declare(*FULL)
    project.sync(running, native=False)
    with project.session(running, native=False) as session:
        assert session.target.client._request("POST", "/api/collections", json=OUTER).ok
        put(session, "posts", title="one", body="precious")
        return structure(session)


class Beginning:
    """What `begin` leaves of a server and its project, as often as it is wanted."""

    def __init__(self, project: Project, running: Running) -> None:
        self.before = begin(project, running)
        running.halt()
        self._running = running
        home = project.root.with_name("beginning")
        self._kept = {place: home / place.name for place in (running.data_dir, project.root / ".pocketvex")}
        for place, kept in self._kept.items():
            shutil.copytree(place, kept)

    def bring_back(self) -> None:
        self._running.halt()
        for place, kept in self._kept.items():
            shutil.rmtree(place)
            shutil.copytree(kept, place)
        self._running.start()


def structure(session: Session) -> dict[str, Json]:
    def told(item: Json) -> Json:
        fields = [{k: v for k, v in f.items() if item["type"] != "view" or k != "id"} for f in item["fields"]]
        indexes = sorted(text.replace("`", "") for text in item["indexes"] or [])
        return {**item, "fields": fields, "indexes": indexes, "created": "", "updated": ""}

    return {item["name"]: told(item) for item in session.target.client.collections()}


class Killed(BaseException):
    """What nothing catches to go on."""

    why = ""


class Wire:
    """Counts what is sent from a moment on, and fails at one of the requests, or from there on."""

    def __init__(self, session: Session, at: int, mode: str) -> None:
        self.session, self.at, self.mode, self.seen = session, at, mode, 0
        self.real = session.target.client._request
        session.target.client._request = self.request  # type: ignore[method-assign]

    def request(self, method: str, path: str, **options: Any) -> Any:
        self.seen += 1
        if self.seen < self.at or (self.seen > self.at and self.mode in ("refused", "lost")):
            return self.real(method, path, **options)
        if self.mode == "lost" or (self.mode == "gone after" and self.seen == self.at):
            self.real(method, path, **options)
        raise Killed if self.mode == "killed" else Unreachable("the server is gone")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "mode"), [(SUPPORTED[0], "lost"), (LATEST, "gone after"), (LATEST, "killed")]
)
def test_at_whatever_request_it_fails_everything_is_there_or_gone(
    project: Project, server: ServerFactory, version: str, mode: str
) -> None:
    """Refused: one request. Lost: its answer. Gone: the server does not come back. Killed: nor do we."""
    running = server(binary_of(version))
    beginning = Beginning(project, running)
    before = beginning.before
    project.declare(*LEFT)
    for at in range(1, 100):
        beginning.bring_back()
        error = removed(project, running, at, mode)
        if error is None:
            break
        if mode.startswith("gone") and "Not done" in error.why:
            assert "`pocketvex dev` or `pocketvex schema apply` puts it back" in error.todo
            assert "the view outer nowhere" in error.why
        with project.session(running, native=False) as session:
            if mode not in ("refused", "lost"):
                start(session, write=True)
            assert not session.memory.state.away
            after = structure(session)
            assert not [name for name in after if name.startswith(GOING_PREFIX)]
            views = "shown", "outer"
            assert [after[name] for name in views] == [before[name] for name in views]
            for name in before.keys() & after.keys() - {"posts"}:
                assert after[name] == without_links(before[name], after)
            if names(session.target.fetch(), "posts") == ["id", "title", "body"]:
                assert after["posts"] == before["posts"]
                assert [row["body"] for row in rows(session, "posts")] == ["precious"]
            else:
                assert names(session.target.fetch(), "posts") == ["id", "title"]
                assert last_kept(project) == [{"id": rows(session, "posts")[0]["id"], "body": "precious"}]
            assert [row["title"] for row in rows(session, "posts")] == ["one"]
    assert at > 15
    with project.session(running, native=False) as session:
        assert structure(session).keys() == before.keys() - {"tags", "pals", "people"}
        assert names(session.target.fetch(), "posts") == ["id", "title"]


def removed(project: Project, running: Running, at: int, mode: str) -> Any:
    """One pass, in which the request fails that comes so long after the first view is deleted."""
    with project.session(running, native=False) as session:
        real = session.target.client.delete_collection

        def first(id: str) -> None:
            session.target.client.delete_collection = real  # type: ignore[method-assign]
            Wire(session, at, mode)
            real(id)

        session.target.client.delete_collection = first  # type: ignore[method-assign]
        try:
            sync(session, project.code, Choices(confirmed=AGREED))
        except (PocketVexError, Killed) as error:
            return error
        return None


def last_kept(project: Project) -> Any:
    files = (project.root / ".pocketvex" / "kept").glob("*.json")
    return json.loads(max(files, key=lambda path: path.stat().st_mtime_ns).read_text())


def without_links(was: Json, after: dict[str, Json]) -> Json:
    """As it was, without the relations to what is gone for good."""
    ids = {item["id"] for item in after.values()}
    fields = [f for f in was["fields"] if f["type"] != "relation" or f["collectionId"] in ids]
    return {**was, "fields": fields}


def begun(project: Project, running: Running) -> Json:
    """A removal that was killed when `posts.body` was hidden; what `posts` was before."""
    before = begin(project, running)["posts"]
    project.declare(*LEFT, *FULL[2:])
    with project.session(running, native=False) as session:
        real = session.target.client.patch_collection

        def last(id: str, body: Json) -> None:
            real(id, body)
            Wire(session, 1, "killed")
            raise Killed

        session.target.client.patch_collection = last  # type: ignore[method-assign, assignment]
        with pytest.raises(Killed):
            sync(session, project.code, Choices(confirmed=AGREED))
    with project.session(running, native=False) as session:
        assert f"{GOING_PREFIX}body" in names(session.target.client.collections(), "posts")
    return before


def test_what_is_hidden_is_named_where_nothing_is_written_and_back_before_anything_is_compared(
    project: Project, running: Running
) -> None:
    before = begun(project, running)
    project.declare(*FULL)
    with project.session(running, native=False) as session:
        raw = start(session, write=False).raw
        named, *views = session.reporter.notes
        assert named.startswith("posts.body is hidden as posts._pv_going_body since a removal was cut off")
        assert "`pocketvex dev`" in named
        assert [note.partition(" is away")[0] for note in views] == ["the view shown", "the view outer"]
        known = session.target.schema_of(raw).collection("posts")
        assert known is not None
        assert [field.name for field in known.fields] == ["id", "title"]
    outcome = project.sync(running, native=False)
    assert not outcome.applied
    assert not outcome.plan
    with project.session(running, native=False) as session:
        assert structure(session)["posts"] == before
        assert {"shown", "outer"} <= structure(session).keys()
        assert [row["body"] for row in rows(session, "posts")] == ["precious"]


def test_another_machine_brings_it_back_by_its_name(project: Project, running: Running) -> None:
    begun(project, running)
    shutil.rmtree(project.root / ".pocketvex")
    project.declare(*FULL)
    project.sync(running, native=False, confirmed=["posts", "shown"])
    with project.session(running, native=False) as session:
        assert names(session.target.fetch(), "posts") == ["id", "title", "body"]
        assert [row["body"] for row in rows(session, "posts")] == ["precious"]


def test_a_name_that_another_has_by_now_keeps_it_hidden_and_is_said(
    project: Project, running: Running
) -> None:
    begun(project, running)
    with project.session(running, native=False) as session:
        dashboard(session, "posts", lambda c: {"fields": [*c["fields"], {"name": "body", "type": "text"}]})
        start(session, write=True)
        assert any("there is another posts.body now" in note for note in session.reporter.notes)
        assert session.memory.state.away
        row = rows(session, "posts")[0]
        assert (row[f"{GOING_PREFIX}body"], row["body"]) == ("precious", "")
        dashboard(session, "posts", lambda c: {"fields": [f for f in c["fields"] if f["name"] != "body"]})
        start(session, write=True)
        assert not session.memory.state.away
        assert rows(session, "posts")[0]["body"] == "precious"


@pytest.mark.parametrize("kind", ["field", "collection"])
def test_a_value_that_is_written_while_an_agreed_removal_begins_is_kept(
    project: Project, running: Running, kind: str
) -> None:
    """Between consent and the moment from which nobody can write: a user's write that was acknowledged."""
    page = {"name": "page", "fields": [text("t")], **OPEN}
    project.declare(posts(text("body"), **OPEN), page)
    project.sync(running, native=False)
    with project.session(running, native=False) as session:
        post = put(session, "posts", title="one", body="old")
        put(session, "page", t="old")
    project.declare(*([posts(**OPEN), page] if kind == "field" else [posts(text("body"), **OPEN)]))
    with project.session(running, native=False) as session:
        real = session.target.client.patch_collection
        ours = f"{running.url}/api/collections/posts/records/{post['id']}"

        def overtaken(id: str, body: Json) -> Json:
            session.target.client.patch_collection = real  # type: ignore[method-assign]
            if kind == "field":
                assert httpx.patch(ours, json={"body": "precious"}).status_code == 200
            else:
                new = httpx.post(f"{running.url}/api/collections/page/records", json={"t": "precious"})
                assert new.status_code == 200
            done = real(id, body)
            # From here on nobody reaches it, by whatever name.
            httpx.patch(ours, json={f"{GOING_PREFIX}body": "late", "body": "late"})
            for name in ("page", f"{GOING_PREFIX}page", id) if kind == "collection" else ():
                refused = httpx.post(f"{running.url}/api/collections/{name}/records", json={"t": "late"})
                assert refused.status_code in (403, 404)
            return done

        session.target.client.patch_collection = overtaken  # type: ignore[method-assign]
        outcome = sync(session, project.code, Choices(confirmed=frozenset({"posts.body", "page"})))
    (path,) = outcome.kept_aside
    kept = json.loads(path.read_text())
    if kind == "field":
        assert kept == [{"id": post["id"], "body": "precious"}]
    else:
        assert sorted(row["t"] for row in kept) == ["old", "precious"]
        assert {row["collectionName"] for row in kept} == {"page"}


def test_a_view_that_goes_with_the_field_that_it_shows_is_gone(project: Project, running: Running) -> None:
    project.declare(posts(text("body")), {**SHOWN, "viewQuery": "SELECT id, body FROM posts"})
    project.sync(running, native=False)
    project.declare(posts())
    project.sync(running, native=False)
    with project.session(running, native=False) as session:
        assert names(session.target.fetch(), "posts") == ["id", "title"]
        assert "shown" not in structure(session)


def test_a_file_that_cannot_be_written_leaves_all_as_it_was(
    project: Project, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pocketvex.target import aside

    before = begin(project, running)
    project.declare(*LEFT, *FULL[2:])

    def full(*_: Any, **__: Any) -> None:
        raise UsageError("the disk is full")

    monkeypatch.setattr(aside, "write_atomically", full)
    with project.session(running, native=False) as session:
        with pytest.raises(UsageError) as failed:
            sync(session, project.code, Choices(confirmed=AGREED))
        assert failed.value.why == "Not done: posts.body. Back as before: posts.body, shown, outer."
        assert structure(session) == before
        assert [row["body"] for row in rows(session, "posts")] == ["precious"]


def test_rows_that_came_meanwhile_and_are_equal_cost_the_index_and_no_value(
    project: Project, running: Running
) -> None:
    begun(project, running)
    for title in ("two", "three"):
        new = httpx.post(f"{running.url}/api/collections/posts/records", json={"title": title})
        assert new.status_code == 200
    with project.session(running, native=False) as session:
        raw = start(session, write=True).raw
        assert names(raw, "posts") == ["id", "title", "body"]
        assert any("not made again" in note and "idx_body" in note for note in session.reporter.notes)
        assert sorted(row["body"] for row in rows(session, "posts")) == ["", "", "precious"]
