"""`migrate up` and `down` on a server that only HTTP reaches: history, the next native start, roads mixed."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conftest import ServerFactory
from pocketvex.errors import Locked, NotAsIntended, ServerProcessError
from pocketvex.remote.record import entries, record_of
from pocketvex.schema.model import RECORD_NAME
from pocketvex.server.binaries import Binary
from pocketvex.server.ledger import applied
from pocketvex.server.process import Running
from pocketvex.target.hold import holding
from pocketvex.versions import SQL_OVER_HTTP
from prepared import Prepare
from projects import Project, posts, put, rows, text

Json = dict[str, Any]
NUMBER = {"name": "price", "type": "number"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", posts(text("body"), text("price")))


def sealed(project: Project, prepared: Prepare, binary: Binary) -> list[str]:
    """Three files: one makes, one renames and converts, one takes away; no server is remembered."""
    prepared(project, binary, history).stop()
    shutil.rmtree(project.root / ".pocketvex")
    assert len(project.files) == 3
    return project.files


def history(project: Project, maker: Running) -> None:
    project.up(maker)
    for fields in (
        [{**text("text"), "renamed_from": "body"}, NUMBER],
        [NUMBER],
    ):
        project.now += 10
        project.declare(posts(*fields))
        project.up(maker)
    project.declare(posts(NUMBER))


def remote(project: Project, running: Running, do: str, **more: Any) -> Any:
    """What a machine does that remembers nothing, as a job of CI."""
    shutil.rmtree(project.root / ".pocketvex", ignore_errors=True)
    return getattr(project, do)(running, native=False, local=False, backup=False, **more)


def test_up_down_and_up_again_by_machines_that_remember_nothing(
    project: Project, prepared: Prepare, server: ServerFactory, binary: Binary, tmp_path: Path
) -> None:
    files = sealed(project, prepared, binary)
    running = server(binary)
    assert remote(project, running, "up", to=files[0], recorded_only=True).files == (files[0],)
    with project.session(running) as session:
        put(session, "posts", title="one", body="text", price="12.50")
        put(session, "posts", title="two", body="", price="dear")
        before = rows(session, "posts")
    assert remote(project, running, "up").files == tuple(files[1:])
    assert set(project.status(running, native=False).values()) == {"applied"}
    with project.session(running) as session:
        assert sorted(row["price"] for row in rows(session, "posts")) == [0, 12.5]
    assert remote(project, running, "diff").changes == ()
    assert remote(project, running, "down", count=2).files == (files[2], files[1])
    with project.session(running) as session:
        there = [{k: v for k, v in row.items() if not k.startswith("_pv_")} for row in rows(session, "posts")]
        assert there == before
    assert remote(project, running, "up").files == tuple(files[1:])
    with project.session(running) as session:
        assert sorted(row["price"] for row in rows(session, "posts")) == [0, 12.5]

    # Its own start with the folder does nothing, recorded or not.
    running.halt()
    ran = subprocess.run(
        [
            *(str(binary.path), "migrate", "up", "--dir", str(running.data_dir)),
            *("--migrationsDir", str(project.config.migrations)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ailed" not in ran.stdout + ran.stderr
    assert ("No new migrations" in ran.stdout) == (binary.version >= SQL_OVER_HTTP)
    running.start()
    assert applied(running.data_dir) == tuple(files)
    assert remote(project, running, "diff").changes == ()
    with project.session(running) as session:
        assert sorted(row["price"] for row in rows(session, "posts")) == [0, 12.5]


WAYS = ["".join(way) for way in itertools.product("nh", repeat=3)]


@pytest.mark.parametrize("back", ["n", "h"])
@pytest.mark.parametrize("way", WAYS)
def test_roads_in_every_order(
    project: Project,
    prepared: Prepare,
    server: ServerFactory,
    binary: Binary,
    way: str,
    back: str,
) -> None:
    """Each file natively or over HTTP, and all of them back: values come back, or nothing begins."""
    files = sealed(project, prepared, binary)
    running = server(binary)
    before: list[Json] = []
    for number, (name, by) in enumerate(zip(files, way, strict=True)):
        project.up(running, to=name, recorded_only=True, native=by == "n", local=False, backup=False)
        if number == 0:
            with project.session(running) as session:
                put(session, "posts", title="one", body="text", price="12.50")
                put(session, "posts", title="two", body="long", price="dear")
                before = rows(session, "posts")
    with project.session(running) as session:
        after = rows(session, "posts")
    said = ""
    try:
        project.down(running, 2, native=back == "n", local=False, backup=False)
    except (ServerProcessError, NotAsIntended) as error:
        said = error.why
    if said:
        assert "kept" in said
        with project.session(running) as session:
            assert rows(session, "posts") == after
        return
    with project.session(running) as session:
        there = [{k: v for k, v in row.items() if not k.startswith("_pv_")} for row in rows(session, "posts")]
    assert there == before


def test_one_at_a_time(project: Project, prepared: Prepare, server: ServerFactory, binary: Binary) -> None:
    sealed(project, prepared, binary)
    running = server(binary)
    with project.session(running, native=False) as session, holding(session.target.client, who="Ann"):
        raw = session.target.fetch()
        with pytest.raises(Locked, match=r"is being migrated by Ann, since .*: nothing was written"):
            remote(project, running, "up")
        assert session.target.fetch() == raw
    assert len(remote(project, running, "up").files) == 3


def test_a_holder_that_is_gone_is_followed_by_the_next(
    project: Project,
    prepared: Prepare,
    server: ServerFactory,
    binary: Binary,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from datetime import timedelta

    from pocketvex.target import hold

    sealed(project, prepared, binary)
    running = server(binary)
    with project.session(running, native=False) as session:
        client = session.target.client
        with holding(client, who="Ann") as gone:
            monkeypatch.setattr(hold, "LEASE", timedelta(milliseconds=-1))
            with holding(client, who="Bob") as next_:
                assert next_.fence > gone.fence
            monkeypatch.undo()
    assert len(remote(project, running, "up").files) == 3


def test_what_is_put_away_is_nobody_elses_business(
    project: Project, prepared: Prepare, server: ServerFactory, binary: Binary
) -> None:
    files = sealed(project, prepared, binary)
    running = server(binary)
    remote(project, running, "up")
    with project.session(running, native=False) as session:
        raw = session.target.fetch()
        assert record_of(raw) is not None
        assert [entry.name for entry in entries(raw)] == files
        live = session.target.schema_of(raw)
        assert RECORD_NAME not in live.names()
        (there,) = [c for c in live.collections if c.name == "posts"]
        assert [field.name for field in there.fields] == ["id", "title", "price"]
        (there_raw,) = [c for c in raw if c["name"] == "posts"]
        hidden = [f for f in there_raw["fields"] if f["name"].startswith("_pv_")]
        assert len(hidden) == 2
        assert all(field["hidden"] for field in hidden)
