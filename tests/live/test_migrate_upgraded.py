"""Servers born on 0.22 and upgraded, and a history that begins with what a server has."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from binaries import LATEST, UNSUPPORTED, binary_of
from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.errors import HistoryError
from pocketvex.render.python.modules import render_python
from pocketvex.schema.model import Schema
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running, create_superuser
from projects import Project, dashboard, kept, names, paths, posts, put, rows, text
from pulled import declared_by

Json = dict[str, Any]

OLD = [
    {"name": "tags", "type": "base", "schema": [{"name": "name", "type": "text", "options": {}}]},
    {
        "name": "posts",
        "type": "base",
        "schema": [
            {"name": "title", "type": "text", "options": {}},
            {"name": "body", "type": "editor", "options": {}},
            {"name": "views", "type": "number", "options": {}},
            {"name": "kind", "type": "select", "options": {"maxSelect": 1, "values": ["a", "b"]}},
        ],
    },
]


@contextmanager
def born(folder: Path) -> Iterator[httpx.Client]:
    """A server of 0.22 on a new directory, signed in."""
    binary = binary_of(UNSUPPORTED)
    for arguments in (["migrate", "up"], ["admin", "create", EMAIL, PASSWORD]):
        command = [str(binary.path), *arguments, "--dir", str(folder)]
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    running = Running(binary, folder)
    try:
        with httpx.Client(base_url=running.url, timeout=30) as client:
            body = {"identity": EMAIL, "password": PASSWORD}
            token = (
                client.post("/api/admins/auth-with-password", json=body).raise_for_status().json()["token"]
            )
            client.headers["Authorization"] = token
            yield client
    finally:
        running.stop()


@pytest.fixture(params=[("0.23.12",), ("0.23.12", LATEST), (LATEST,)], ids="-".join)
def upgraded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    """A directory born on 0.22.27, opened by newer versions one after the other; the last one serves it."""
    folder = tmp_path / "born_on_0_22"
    with born(folder) as client:
        for collection in OLD:
            client.post("/api/collections", json=collection).raise_for_status()
        tag = client.get("/api/collections/tags").raise_for_status().json()["id"]
        old = client.get("/api/collections/posts").raise_for_status().json()
        link = {"name": "tag", "type": "relation", "options": {"collectionId": tag, "maxSelect": 1}}
        client.patch("/api/collections/posts", json={"schema": [*old["schema"], link]}).raise_for_status()
        one = client.post("/api/collections/tags/records", json={"name": "t"}).raise_for_status().json()["id"]
        row = {"title": "one", "body": "<p>text</p>", "views": 7, "kind": "a", "tag": one}
        client.post("/api/collections/posts/records", json=row).raise_for_status()
    *between, last = request.param
    for version in between:
        create_superuser(binary_of(version), folder, EMAIL, PASSWORD)
        Running(binary_of(version), folder).stop()
    create_superuser(binary_of(last), folder, EMAIL, PASSWORD)
    running = Running(binary_of(last), folder)
    yield running
    running.stop()


def declared(*more: Json, without: str = "") -> list[Json]:
    stamps = [
        {"name": "created", "type": "autodate", "onCreate": True},
        {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
    ]
    fields = [
        text("title"), {"name": "body", "type": "editor"}, {"name": "views", "type": "number"},
        {"name": "kind", "type": "select", "values": ["a", "b"]},
        {"name": "tag", "type": "relation", "target": "tags"},
    ]  # fmt: skip
    left = [field for field in fields if field["name"] != without]
    return [
        {"name": "tags", "fields": [text("name"), *stamps]},
        {"name": "posts", "fields": [*left, *more, *stamps]},
    ]


def the_row(project: Project, running: Running) -> Json:
    with project.session(running) as session:
        return rows(session, "posts")[0]


def test_nothing_is_made_anew_on_a_server_that_was_born_on_0_22(tmp_path: Path, upgraded: Running) -> None:
    project = Project(tmp_path / "project", *declared(text("more")))
    before = the_row(project, upgraded)
    assert before["title"] == "one"
    outcome, _ = project.dev(upgraded)
    assert "posts.more" in paths(outcome.applied)
    assert not [c for c in outcome.applied if c.operation.kind in ("drop_field", "replace_field")]
    assert not outcome.plan
    assert {**before, "more": ""} == {**the_row(project, upgraded)}
    again, _ = project.dev(upgraded)
    assert not again.plan
    assert not again.applied


def test_a_history_begins_with_it_and_migrations_run_on_it(tmp_path: Path, upgraded: Running) -> None:
    project = Project(tmp_path / "project", *declared())
    before = the_row(project, upgraded)
    with project.session(upgraded) as session:
        ids = {c["name"]: (c["id"], [f["id"] for f in c["fields"]]) for c in session.target.fetch()}
    made = project.baseline(upgraded)
    assert [name.split("_", 1)[1] for name in made] == ["baseline.js"]
    assert project.status(upgraded) == {made[0]: "applied"}
    position = project.position(upgraded)
    built = {c.name: (c.id, [f.id for f in c.fields]) for c in position.recorded.schema.collections}
    assert built["posts"] == ids["posts"]
    outcome, _ = project.dev(upgraded)
    assert not outcome.plan.questions
    project.up(upgraded)
    project.declare(*declared(text("more"), without="body"))
    ran = project.up(upgraded)
    assert ran.files
    assert "body" not in the_row(project, upgraded)
    project.down(upgraded, len(ran.files))
    after = the_row(project, upgraded)
    assert {key: after.get(key) for key in before} == before
    project.up(upgraded)
    assert not kept(project.sync(upgraded).plan)


@pytest.mark.parametrize("upgraded", [(LATEST,)], ids="-".join, indirect=True)
def test_it_is_pulled_with_its_ids_and_built_with_them_elsewhere(
    tmp_path: Path, upgraded: Running, server: ServerFactory
) -> None:
    project = Project(tmp_path / "project")
    with project.session(upgraded) as session:
        live = session.target.schema_of(session.target.fetch())
    project.code = declared_by(render_python(live).modules)
    known = {c.name: (c.id, {f.name: f.id for f in c.fields}) for c in live.collections}
    for collection in project.code.with_ids().collections:
        id, fields = known[collection.name]
        assert collection.id == id
        assert {f.name: f.id for f in collection.fields}.items() <= fields.items()
    outcome, _ = project.dev(upgraded)
    assert not outcome.applied
    assert not outcome.plan
    other = server(upgraded.binary)
    project.up(other)
    with project.session(other) as session:
        built = session.target.schema_of(session.target.fetch())
    ids = {c.name: (c.id, {f.name: f.id for f in c.fields}) for c in built.collections}
    # A new server has `users` already, with ids of its own.
    assert {**ids, "users": known["users"]} == known


def test_a_history_of_another_machine_runs_on_hand_made_ids(
    tmp_path: Path, upgraded: Running, server: ServerFactory
) -> None:
    """A clone of a project whose files were written for other ids."""
    project = Project(tmp_path / "project", *declared())
    before = the_row(project, upgraded)
    project.up(server(upgraded.binary))
    assert project.up(upgraded).files == tuple(project.files)
    assert the_row(project, upgraded) == before
    project.declare(*declared(text("more"), without="body"))
    ran = project.up(upgraded)
    assert "body" not in the_row(project, upgraded)
    project.down(upgraded, len(ran.files))
    assert {key: the_row(project, upgraded).get(key) for key in before} == before


def test_a_baseline_on_a_server_whose_own_files_cannot_be_replayed(
    tmp_path: Path, server: ServerFactory, binary: Binary, data_dir: Callable[[Binary], Path]
) -> None:
    project = Project(tmp_path / "project", posts())
    project.config.migrations.mkdir()
    running = server(binary, automigrate=True, migrations_dir=project.config.migrations)
    with project.session(running) as session:
        # An import writes no file, so that the file of the edit after it has nothing to stand on.
        session.target.client.import_collections(Schema.model_validate(project.code).to_json())
        dashboard(session, "posts", lambda c: {"fields": [*c["fields"], text("by_hand")]})
        put(session, "posts", title="one", by_hand="two")
    foreign = project.files
    assert len(foreign) == 1
    with pytest.raises(HistoryError) as failure:
        project.sync(running)
    assert foreign[0] in failure.value.what
    assert "no rows in result set" in failure.value.why
    assert "baseline" in failure.value.todo
    with pytest.raises(HistoryError):
        project.baseline(running)
    (tmp_path / "away").mkdir()
    for name in foreign:
        (project.config.migrations / name).rename(tmp_path / "away" / name)
    project.baseline(running)
    project.declare(posts(text("by_hand")))
    outcome, _ = project.dev(running)
    assert not outcome.plan
    assert not kept(outcome.plan)
    # It builds the same from nothing.
    other = server(binary, data_dir=data_dir(binary), migrations_dir=project.config.migrations)
    assert not project.diff(other).changes
    with project.session(other) as session:
        assert names(session.target.fetch(), "posts") == ["id", "title", "by_hand"]
