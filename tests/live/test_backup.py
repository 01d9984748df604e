"""A backup stands before values go; where none can be made, nothing is written."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from binaries import LATEST, SUPPORTED, binary_of
from conftest import ServerFactory
from pocketvex.errors import BackupFailed, ServerProcessError
from pocketvex.server.binaries import Binary
from pocketvex.server.ledger import applied
from pocketvex.server.process import Running
from pocketvex.target.backup import back_up
from pocketvex.target.session import connect
from pocketvex.target.write import fingerprint
from projects import Json, Project, dashboard, names, paths, posts, put, rows, text
from terminal import Project as AtTerminal
from terminal import posts as module
from terminal import until

NAME = re.compile(r"pv_\d{8}t\d{6}z_[a-z0-9_]+\.zip")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", posts(text("body"), {"name": "photo", "type": "file"}))


def with_a_row(project: Project, running: Running) -> Running:
    project.up(running)
    with project.session(running) as session:
        row = put(session, "posts", title="one", body="text")
        token, _ = session.target.client._sign_in.token()
        httpx.patch(
            f"{running.url}/api/collections/posts/records/{row['id']}",
            files={"photo": ("a.txt", b"hello")},
            headers={"Authorization": token},
        ).raise_for_status()
        assert session.target.client.backups() == {}
    return running


def by_hand(collection: Json) -> Json:
    """A field that somebody adds in the dashboard."""
    return {"fields": [*collection["fields"], text("extra")]}


@contextmanager
def drifted(project: Project, running: Running) -> Iterator[None]:
    """A field of the dashboard, with a value in it."""
    with project.session(running, native=False) as session:
        dashboard(session, "posts", by_hand)
        put(session, "posts", extra="a value")
    yield


def test_a_migration_that_removes_has_a_backup_that_restores(
    project: Project, server: ServerFactory, binary: Binary
) -> None:
    running = with_a_row(project, server(binary))
    project.declare(posts({"name": "photo", "type": "file"}))
    project.up(running)
    with project.session(running) as session:
        ((name, size),) = session.target.client.backups().items()
        assert NAME.fullmatch(name)
        assert "drop_posts_body" in name
        assert size > 1000
        assert sorted(p.name for p in (running.data_dir / "backups").iterdir()) == [name]
        assert "body" not in names(session.target.fetch(), "posts")
        assert session.target.client._request("POST", f"/api/backups/{name}/restore").ok

        def restored() -> list[Json]:
            try:
                return [row for row in rows(session, "posts") if row.get("body") == "text"]
            except Exception:
                return []  # it starts anew, and up to 0.28 it forgets where it listens for a moment

        ((row),) = until(restored, "the backup is restored")
        file = httpx.get(f"{running.url}/api/files/posts/{row['id']}/{row['photo']}")
        assert file.text == "hello"
    assert applied(running.data_dir) == tuple(project.files[:1])


def test_where_no_row_is_nothing_is_lost(project: Project, server: ServerFactory, latest: Binary) -> None:
    project.up(running := server(latest))
    project.declare(posts())
    project.up(running)
    project.down(running)
    with project.session(running) as session:
        assert session.target.client.backups() == {}


def test_down_has_one_and_what_only_adds_has_none(
    project: Project, server: ServerFactory, latest: Binary
) -> None:
    running = with_a_row(project, server(latest))
    project.declare(posts(text("body"), {"name": "photo", "type": "file"}, text("more")))
    project.up(running)
    with project.session(running) as session:
        assert session.target.client.backups() == {}
    project.down(running)
    with project.session(running) as session:
        (name,) = session.target.client.backups()
    assert "_down_add_posts_more" in name


def test_a_clone_loses_nothing_by_what_the_history_once_removed(
    project: Project, server: ServerFactory, latest: Binary, tmp_path: Path
) -> None:
    project.up(first := server(latest))
    project.declare(posts(), posts(name="notes"))
    project.up(first)
    with project.session(first) as session:
        put(session, "notes", title="one")
    project.declare(posts(), {**posts(name="memos"), "renamed_from": "notes"})
    project.generate(first, "other name")
    project.declare(posts(), {"name": "memos", "fields": [{"name": "n", "type": "number"}]})
    project.generate(first, "other fields")
    clone = project.clone(tmp_path / "clone")
    clone.up(second := server(latest))
    with clone.session(second) as session:
        assert session.target.client.backups() == {}
    # Under its new name it is what the server has under the old one.
    project.up(first)
    with project.session(first) as session:
        assert [name for name in session.target.client.backups() if name.endswith("_other_fields.zip")]


def test_declined_by_name(project: Project, server: ServerFactory, latest: Binary) -> None:
    running = with_a_row(project, server(latest))
    project.declare(posts())
    project.up(running, backup=False)
    with project.session(running) as session:
        assert session.target.client.backups() == {}
        assert "body" not in names(session.target.fetch(), "posts")


def test_a_hand_written_step_may_do_anything(project: Project, server: ServerFactory, latest: Binary) -> None:
    running = with_a_row(project, server(latest))
    project.write("1900000000_by_hand.js", "migrate((app) => {}, (app) => {});\n")
    project.up(running)
    with project.session(running) as session:
        (name,) = session.target.client.backups()
    assert name.endswith("_by_hand.zip")


# Over HTTP


@pytest.mark.parametrize("version", [SUPPORTED[0], LATEST])
def test_what_somebody_else_made_is_backed_up_by_the_server_before_it_goes(
    project: Project, server: ServerFactory, version: str
) -> None:
    running = with_a_row(project, server(binary_of(version)))
    with drifted(project, running):
        outcome = project.sync(running, native=False, confirmed={"posts.extra"})
    assert paths(outcome.applied) == ["posts.extra"]
    with project.session(running, native=False) as session:
        ((name, size),) = session.target.client.backups().items()
    assert re.fullmatch(r"pv_\w+_remove_posts_extra\.zip", name)
    assert size > 1000


REFUSES = "onBackupCreate((e) => { throw new BadRequestError('the disk is full') })\n"
NO_SUCH_STORE = {
    "backups": {
        "s3": {
            "enabled": True, "bucket": "b", "region": "r", "endpoint": "http://127.0.0.1:9",
            "accessKey": "a", "secret": "s", "forcePathStyle": True,
        }
    }
}  # fmt: skip


@pytest.mark.parametrize(("version", "why"), [(SUPPORTED[0], "hook"), (LATEST, "hook"), (LATEST, "store")])
def test_without_a_backup_nothing_is_written(
    project: Project, server: ServerFactory, tmp_path: Path, version: str, why: str
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    if why == "hook":
        (hooks / "main.pb.js").write_text(REFUSES)
    running = with_a_row(project, server(binary_of(version), hooks_dir=hooks))
    with drifted(project, running), project.session(running, native=False) as session:
        if why == "store":
            assert session.target.client._request("PATCH", "/api/settings", json=NO_SUCH_STORE).ok
        before = session.target.fetch()
        with pytest.raises(BackupFailed) as failed:
            project.sync(running, native=False, confirmed={"posts.extra"})
        assert "nothing was written" in failed.value.what
        assert "--no-backup" in failed.value.todo
        assert fingerprint(session.target.fetch()) == fingerprint(before)
        assert [row["extra"] for row in rows(session, "posts") if row["extra"]] == ["a value"]
        assert not list((project.root / ".pocketvex").glob("kept/*"))
        outcome = project.sync(running, native=False, confirmed={"posts.extra"}, backup=False)
        assert paths(outcome.applied) == ["posts.extra"]


def test_a_migration_that_has_no_backup_is_a_draft_again(
    project: Project, server: ServerFactory, latest: Binary
) -> None:
    running = with_a_row(project, server(latest))
    project.declare(posts())
    _, draft = project.dev(running)
    assert draft.exists
    (running.data_dir / "backups").rmdir()
    (running.data_dir / "backups").write_text("no folder")
    files, text = project.files, project.draft
    with pytest.raises(BackupFailed):
        project.up(running)
    assert (project.files, project.draft) == (files, text)
    assert applied(running.data_dir) == tuple(files)


def test_one_at_a_time(project: Project, server: ServerFactory, latest: Binary, tmp_path: Path) -> None:
    """Another backup runs: what the server says comes through, with the way on."""
    hooks, begun = tmp_path / "hooks", tmp_path / "begun"
    hooks.mkdir()
    mark = f"$os.writeFile({json.dumps(str(begun))}, [], 0o644)"
    (hooks / "main.pb.js").write_text(f"onBackupCreate((e) => {{ {mark}; sleep(2000); e.next() }})\n")
    running = with_a_row(project, server(latest, hooks_dir=hooks))
    with project.session(running, native=False) as session:
        other = threading.Thread(target=session.target.client.create_backup, args=["other.zip"])
        with connect(project.config, session.target.host) as second:
            second.target.fetch()
            other.start()
            until(begun.exists, "the other one has begun")
            with pytest.raises(BackupFailed) as failure:
                back_up(second.target, second.reporter, "x")
            other.join()
    error = failure.value
    assert "Wait" in error.todo


@contextmanager
def impatient_proxy(to: str) -> Iterator[str]:
    """Hands everything on, and gives up on backups: the server makes them all the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {
                k: v for k, v in self.headers.items() if k.lower() in ("authorization", "content-type")
            }
            found = httpx.request(self.command, to + self.path, content=body, headers=headers)
            lost = self.command == "POST" and self.path == "/api/backups"
            self.send_response(504 if lost else found.status_code)
            content = b"<h1>504</h1>" if lost else found.content
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Type", "text/html" if lost else "application/json")
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_port}"
        proxy.shutdown()


def test_an_answer_that_a_proxy_lost_is_looked_for(
    project: Project, server: ServerFactory, latest: Binary
) -> None:
    running = server(latest)
    with impatient_proxy(running.url) as url:
        host = replace(project.host(running, native=False, local=False), url=url)
        with connect(project.config, host) as session:
            name, *others = [back_up(session.target, session.reporter, "Drop posts.body!") for _ in range(3)]
            assert session.target.client.backups()[name] > 1000
            assert name.endswith("_drop_posts_body.zip")
            # Two of one second have two names.
            assert len({name, *others}) == 3


# Locks that a backup costs

OLD = pytest.param("0.23.12", id="0.23.12"), pytest.param("0.39.11", id="0.39.11")
posix = pytest.mark.skipif(sys.platform == "win32", reason="there, no lock is lost")


@posix
@pytest.mark.parametrize("version", OLD)
def test_no_migration_is_run_beside_a_server_that_lost_its_locks(
    project: Project, server: ServerFactory, version: str
) -> None:
    running = with_a_row(project, server(binary_of(version)))
    with project.session(running) as session:
        session.target.client.create_backup("by_hand.zip")
    project.declare(posts(text("body"), text("more")))
    project.generate(running)
    for run in (project.up, project.down):
        with pytest.raises(ServerProcessError, match="lost its locks") as failed:
            run(running)
        assert "Restart" in failed.value.todo
    assert len(applied(running.data_dir)) == 1
    running.restart()
    project.up(running)
    with project.session(running) as session:
        assert put(session, "posts", more="kept")["more"] == "kept"
    running.restart()
    with project.session(running) as session:
        assert "kept" in [row["more"] for row in rows(session, "posts")]


@posix
def test_the_embedded_server_is_restarted_and_no_write_is_lost(tmp_path: Path) -> None:
    """A backup by hand in its dashboard, a migration, and what is written before and after it."""
    old = binary_of("0.39.11")
    app = AtTerminal(tmp_path / "app")
    app.write("pocketvex.toml", 'pocketbase = "0.39.11"\n')
    app.write("schema/posts.py", module())
    app.ok("migrate", "up")
    app.write("schema/posts.py", module("slug = field.text()"))
    with app.client(old) as client:
        client.create_backup("by_hand.zip")
        client._request("POST", "/api/collections/posts/records", json={"title": "before"})
        app.ok("migrate", "up")
        client._request("POST", "/api/collections/posts/records", json={"title": "after"})
    with app.client(old) as client:
        assert {row["title"] for row in client.records("posts")} == {"before", "after"}
