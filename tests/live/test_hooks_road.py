"""The road `hooks`: a server that only HTTP reaches, and that has our route among its hooks."""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.api.client import Client
from pocketvex.errors import (
    ConfigError,
    LoginRefused,
    NotAsIntended,
    ServerError,
    Unreachable,
    UnsupportedServer,
)
from pocketvex.render.migration.server_route import HOOK_KEY, NAME, PATH, route_text
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.ledger import reading
from pocketvex.server.process import Running
from pocketvex.target import hooks_road
from pocketvex.target.hooks_road import Hooks, offers_hooks
from pocketvex.target.road import Native, road_to
from pocketvex.target.session import Session
from prepared import Prepare
from projects import Project, posts, put, rows, text
from terminal import until

pytestmark = pytest.mark.wide

Json = dict[str, Any]
Start = Callable[[Path], Running]

KEY = "a key of these tests, of forty characters"
THROWS = """migrate((app) => {
  app.db().newQuery("DELETE FROM {{posts}}").execute();
  throw new Error("no");
}, null);
"""
WRITES = """migrate((app) => {
  app.save(new Collection({ type: "base", name: "made", fields: [{ type: "text", name: "word" }] }));
  app.db().newQuery("UPDATE {{posts}} SET [[title]] = 'written'").execute();
  const settings = app.settings();
  settings.meta.appName = "Written";
  app.save(settings);
}, null);
"""


@pytest.fixture
def hooks(tmp_path: Path) -> Path:
    folder = tmp_path / "hooks"
    folder.mkdir()
    (folder / NAME).write_text(route_text(), encoding="utf-8")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "project", posts(text("body"), {"name": "size", "type": "text"}))
    found.environ[HOOK_KEY] = KEY
    return found


@pytest.fixture
def running(
    project: Project, prepared: Prepare, binary: Binary, server: ServerFactory, hooks: Path
) -> Running:
    """A server with the route, the project's first file, and rows."""
    first = prepared(project, binary, first_file)
    first.stop()
    return server(binary, data_dir=first.data_dir, port=first.port, hooks_dir=hooks, env={HOOK_KEY: KEY})


def first_file(project: Project, started: Running) -> None:
    project.up(started)
    with project.session(started) as session:
        for number in range(5):
            put(session, "posts", title=f"title {number}", body=f"body {number}", size=str(number))


def three_files(project: Project, maker: Running) -> list[str]:
    """Three files more, made elsewhere: a rename of a field, another type, a rename of the collection."""
    size = {"name": "size", "type": "number"}
    steps: list[tuple[Json, dict[str, str]]] = [
        (posts(text("words"), text("size")), {"posts.body": "words"}),
        (posts(text("words"), size), {}),
        (posts(text("words"), size, name="articles"), {"posts": "articles"}),
    ]
    for collection, answers in steps:
        project.declare(collection)
        project.generate(maker, answers=answers)
        project.up(maker, answers=answers)
    assert len(project.files) == 4
    return project.files[1:]


def dump(running: Running) -> list[str]:
    with reading(running.data_dir) as database:
        return list(database.iterdump())


def shape(collections: list[Json]) -> list[Json]:
    """Without what two servers never have in common: when they saved, and the columns of views."""
    return [{k: v for k, v in item.items() if k != "updated"} for item in collections]


def asked(
    running: Running, token: str = "", key: str = KEY, timeout: float = 60.0, **said: Any
) -> httpx.Response:
    """A request of one's own making, signed as the client does it; `said` takes the place of what is sent."""
    sent = {"protocol": 1, "at": str(int(time.time())), "mode": "look", "body": "{}"} | said
    text = "\n".join(str(sent[name]) for name in ("protocol", "at", "mode", "body"))
    sent.setdefault("signature", hmac.new(key.encode(), text.encode(), "sha256").hexdigest())
    return httpx.post(f"{running.url}{PATH}", json=sent, headers={"Authorization": token}, timeout=timeout)


def token_of(running: Running, collection: str = "_superusers", identity: str = EMAIL) -> str:
    url = f"{running.url}/api/collections/{collection}/auth-with-password"
    answer = httpx.post(url, json={"identity": identity, "password": PASSWORD})
    return str(answer.raise_for_status().json()["token"])


def road(session: Session) -> Hooks:
    found = road_to(session)
    assert isinstance(found, Hooks)
    return found


def test_three_files_leave_what_the_native_road_leaves(
    project: Project,
    running: Running,
    server: ServerFactory,
    binary: Binary,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copy = tmp_path / "native"
    scratch.copy(running.data_dir, copy)
    beside = server(binary, data_dir=copy)
    maker = tmp_path / "maker"
    scratch.copy(running.data_dir, maker)
    new = three_files(project, server(binary, data_dir=maker))
    there = project.clone(tmp_path / "there")
    sizes: list[int] = []
    ask = Client.ask_route

    def weighed(client: Client, path: str, body: Json) -> Any:
        sizes.append(len(json.dumps(body)))
        return ask(client, path, body)

    monkeypatch.setattr(Client, "ask_route", weighed)
    assert project.up(beside).files == tuple(new)
    there.environ[HOOK_KEY] = KEY
    assert there.up(running, native=False).files == tuple(new)
    # What all files have in common is sent once.
    assert max(sizes) < 100_000
    with project.session(beside) as native, there.session(running, native=False) as hooked:
        assert shape(native.target.fetch()) == shape(hooked.target.fetch())
        assert rows(native, "articles") == rows(hooked, "articles")
        assert sorted(row["size"] for row in rows(hooked, "articles")) == [0, 1, 2, 3, 4]
        assert native.target.applied() == hooked.target.applied() == tuple(project.files)
    assert set(there.status(running, native=False).values()) == {"applied"}

    assert there.down(running, 3, native=False).files == tuple(reversed(new))
    with there.session(running, native=False) as session:
        assert session.target.applied() == (project.files[0],)
        found = rows(session, "posts")
    assert sorted((row["body"], row["size"]) for row in found) == [(f"body {n}", str(n)) for n in range(5)]
    assert there.up(running, native=False).files == tuple(new)

    # A later start with the same folder has nothing to run.
    running.stop()
    before = dump(running)
    folder = there.config.migrations
    started = server(binary, data_dir=running.data_dir, migrations_dir=folder, port=running.port)
    assert scratch.applied(started.data_dir) == tuple(project.files)
    assert dump(started) == before
    assert set(there.status(started).values()) == {"applied"}


def test_a_server_that_writes_migrations_itself_writes_none_of_these(
    project: Project, prepared: Prepare, latest: Binary, server: ServerFactory, hooks: Path, tmp_path: Path
) -> None:
    first = prepared(project, latest, first_file)
    first.stop()
    folder = tmp_path / "written"
    folder.mkdir()
    there = server(
        latest, data_dir=first.data_dir, hooks_dir=hooks, env={HOOK_KEY: KEY}, automigrate=True,
        migrations_dir=folder,
    )  # fmt: skip
    with project.session(there, native=False) as session:
        road(session).run({"1_writes.js": WRITES})
    assert not list(folder.iterdir())


def test_where_the_second_file_throws_nothing_is_left(project: Project, running: Running) -> None:
    with project.session(running, native=False) as session:
        way, before, live = road(session), dump(running), session.target.fetch()
        with pytest.raises(scratch.MigrationFailed) as failure:
            way.run({"2_throws.js": THROWS, "1_writes.js": WRITES})
        assert failure.value.file == "2_throws.js"
        assert failure.value.reason == "no"
        assert failure.value.where is not None
        assert (failure.value.where.line, failure.value.where.column) == (3, 9)
        assert dump(running) == before
        assert session.target.fetch() == live
        assert app_name(session) == "Acme"
        put(session, "posts", title="the server works")
        way.run({"1_writes.js": WRITES})
        assert app_name(session) == "Written"
        assert session.target.applied() == (project.files[0], "1_writes.js")
        put(session, "made", word="in the new collection")


def test_what_fails_says_what_the_native_road_says(
    project: Project, running: Running, tmp_path: Path
) -> None:
    texts = {
        "thrown": THROWS,
        "of another type": 'migrate((app) => {\n  throw "no";\n}, null);\n',
        "of PocketBase": 'migrate((app) => {\n  app.findCollectionByNameOrId("none");\n}, null);\n',
        "refused": 'migrate((app) => app.save(new Collection({ type: "base", name: "a b" })), null);\n',
        "of SQLite": 'migrate((app) => {\n  app.db().newQuery("SELECT 1 FROM none").execute();\n});\n',
        "a value": "migrate((app) => false, null);\n",
        "a promise": "migrate(async (app) => {}, null);\n",
        "while it is read": 'const one = 1;\nthrow new Error("early");\n',
        "not there": "migrate((app) => {\n  nothing.at(1);\n}, null);\n",
        "no JavaScript": "migrate((app) => {\n  app.save(;\n}, null);\n",
    }
    with project.session(running, native=False) as session:
        way, before = road(session), dump(running)
        for number, (what, file) in enumerate(texts.items()):
            copy = tmp_path / str(number)
            scratch.copy(running.data_dir, copy)
            with pytest.raises(scratch.MigrationFailed) as native:
                scratch.migrate_up(running.binary, copy, {"1_a.js": file})
            with pytest.raises(scratch.MigrationFailed) as hooked:
                way.run({"1_a.js": file})
            said = [error.value.reason.partition(" (and ")[0] for error in (native, hooked)]
            assert said[0] == said[1], what
            if hooked.value.where is not None:
                assert hooked.value.where == native.value.where, what
            assert dump(running) == before, what


def test_what_a_migration_does_not_see_it_does_not_see_here(project: Project, running: Running) -> None:
    leaves = "leftover = 1;\nmigrate((app) => { another = 2; }, null);\n"
    seen = "[typeof $app, typeof $apis, typeof cronAdd, typeof leftover, typeof another]"
    looks = f'migrate((app) => {{\n  throw new Error({seen}.join(" "));\n}}, null);\n'
    with project.session(running, native=False) as session:
        way = road(session)
        way.run({"1_leaves.js": leaves})
        for _ in range(20):  # whichever of the server's engines it comes to
            with pytest.raises(scratch.MigrationFailed) as failure:
                way.run({"2_looks.js": looks})
            assert failure.value.reason == " ".join(["undefined"] * 5)


def test_a_dry_run_leaves_nothing(project: Project, running: Running) -> None:
    with project.session(running, native=False) as session:
        way, live = road(session), session.target.fetch()
        before = dump(running)
        way.try_out({"1_writes.js": WRITES})
        assert dump(running) == before
        assert session.target.fetch() == live
        assert app_name(session) == "Acme"
        with pytest.raises(scratch.MigrationFailed) as failure:
            way.try_out({"1_writes.js": WRITES, "2_throws.js": THROWS})
        assert failure.value.file == "2_throws.js"
        assert dump(running) == before
        put(session, "posts", title="and the server knows its collections")


def test_a_full_disk_is_the_fault_of_no_file(project: Project, running: Running) -> None:
    fills = """migrate((app) => {
  const pages = new DynamicModel({ n: 0 });
  app.db().newQuery("SELECT [[page_count]] AS [[n]] FROM pragma_page_count").one(pages);
  app.db().newQuery("PRAGMA max_page_count = " + (pages.n + 1)).execute();
  app.db().newQuery("UPDATE {{posts}} SET [[title]] = hex(zeroblob(100000))").execute();
}, null);
"""
    with project.session(running, native=False) as session:
        way, before = road(session), dump(running)
        with pytest.raises(ServerError, match="is full: nothing was run") as failure:
            way.run({"1_fills.js": fills})
        assert not isinstance(failure.value, scratch.MigrationFailed)
        assert dump(running) == before


def test_what_fails_when_it_is_committed_is_the_fault_of_no_file(project: Project, running: Running) -> None:
    late = """migrate((app) => {
  app.db().newQuery("CREATE TABLE one (id INTEGER PRIMARY KEY)").execute();
  app.db().newQuery("CREATE TABLE two (one INTEGER REFERENCES one (id))").execute();
  app.db().newQuery("PRAGMA defer_foreign_keys = ON").execute();
  app.db().newQuery("INSERT INTO two VALUES (7)").execute();
}, null);
"""
    with project.session(running, native=False) as session:
        way, before = road(session), dump(running)
        with pytest.raises(ServerError, match="could not end the transaction: nothing was run"):
            way.run({"1_late.js": late})
        assert dump(running) == before


def test_a_file_that_registers_nothing_is_no_failure(project: Project, running: Running) -> None:
    with project.session(running, native=False) as session:
        road(session).run({"1_silent.js": "const one = 1;\n", "2_writes.js": WRITES})
        assert session.target.applied() == (project.files[0], "2_writes.js")


def test_a_request_that_is_sent_again_does_nothing(project: Project, running: Running) -> None:
    with project.session(running, native=False) as session:
        way, sent = road(session), []
        post = session.target.client.ask_route

        def kept(path: str, body: Json) -> Any:
            sent.append(body)
            return post(path, body)

        session.target.client.ask_route = kept  # type: ignore[method-assign]
        way.run({"1_writes.js": WRITES})
        put(session, "posts", title="since")
        before = dump(running)
        for body in sent:
            post(PATH, body)
        assert dump(running) == before
        assert [body["mode"] for body in sent] == ["look", "run"]
        # Signed anew, for what is there now: the file has run, and is passed over.
        way.run({"1_writes.js": WRITES})
        assert dump(running) == before


def test_of_two_at_once_one_runs_and_the_other_sees_it(project: Project, running: Running) -> None:
    said: list[str] = []

    def run(name: str) -> None:
        with project.session(running, native=False) as session:
            try:
                road(session).run({name: WRITES})
                said.append("ran")
            except NotAsIntended as error:
                said.append(error.what)

    both = [threading.Thread(target=run, args=["1_writes.js"]) for _ in range(4)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(said) == 4
    assert "ran" in said
    assert all(word == "ran" or "meanwhile" in word for word in said)
    with project.session(running, native=False) as session:
        assert session.target.applied() == (project.files[0], "1_writes.js")


WAITS = """migrate((app) => {{
  app.save(new Collection({{ type: "base", name: "made", fields: [{{ type: "text", name: "word" }}] }}));
  $os.writeFile({there}, "", 0o600);
  for (;;) try {{ $os.readFile({go}); break; }} catch (_) {{ sleep(5); }}
}}, null);
"""


def test_a_client_that_goes_away_changes_nothing_of_it(
    project: Project, running: Running, tmp_path: Path
) -> None:
    there, go = tmp_path / "there", tmp_path / "go"
    file = WAITS.format(there=json.dumps(str(there)), go=json.dumps(str(go)))
    with project.session(running, native=False) as session:
        state = road(session)._send("dry", []).state
        body = json.dumps({"files": [["1_waits.js", file]], "shared": "", "env": {}, "state": state})
        token = session.target.client._sign_in.token()[0]
        with pytest.raises(httpx.ReadTimeout):
            asked(running, token, timeout=1.0, mode="run", body=body)
        until(there.exists, "the file is in the middle of its work")
        assert session.target.applied() == (project.files[0],)
        go.touch()
        until(lambda: session.target.applied() == (project.files[0], "1_waits.js"), "it has ended")
        put(session, "made", word="in the new collection")


def test_a_server_that_is_killed_in_the_middle_is_as_it_was(
    project: Project, running: Running, tmp_path: Path
) -> None:
    there, go = tmp_path / "there", tmp_path / "go"
    file = WAITS.format(there=json.dumps(str(there)), go=json.dumps(str(go)))
    with project.session(running, native=False) as session:
        way, before = road(session), dump(running)
        failed: list[Unreachable] = []

        def work() -> None:
            try:
                way.run({"1_waits.js": file})
            except Unreachable as error:
                failed.append(error)

        working = threading.Thread(target=work)
        working.start()
        until(there.exists, "the file is in the middle of its work")
        os.kill(running.pid, signal.SIGKILL)
        working.join()
        assert "not known" in failed[0].why
        running.restart()
        assert dump(running) == before
        go.touch()
        way.run({"1_waits.js": file})
        assert session.target.applied() == (project.files[0], "1_waits.js")


@pytest.mark.parametrize("way", ["try_out", "run"])
def test_a_record_that_comes_in_meanwhile_is_taken_as_a_whole_or_refused(
    project: Project, running: Running, tmp_path: Path, way: str
) -> None:
    """The server takes what a transaction makes for what there is: a field that goes would be left out."""
    there, go = tmp_path / "there", tmp_path / "go"
    removes = f"""migrate((app) => {{
  const posts = app.findCollectionByNameOrId("posts");
  posts.fields.removeByName("body");
  app.save(posts);
  app.save(new Collection({{ type: "base", name: "made", fields: [{{ type: "text", name: "word" }}] }}));
  $os.writeFile({json.dumps(str(there))}, "", 0o600);
  for (;;) try {{ $os.readFile({json.dumps(str(go))}); break; }} catch (_) {{ sleep(5); }}
  {'throw new Error("no");' if way == "run" else ""}
}}, null);
"""
    records = f"{running.url}/api/collections/{{}}/records"
    with project.session(running, native=False) as session:
        hooked, before = road(session), rows(session, "posts")
        token = {"Authorization": session.target.client._sign_in.token()[0]}

        def work() -> None:
            with contextlib.suppress(scratch.MigrationFailed):
                getattr(hooked, way)({"1_removes.js": removes})

        working = threading.Thread(target=work)
        working.start()
        until(there.exists, "the file is in the middle of its work")
        one = f"{records.format('posts')}/{before[0]['id']}"
        said = [
            httpx.post(records.format("posts"), json={"title": "meanwhile", "body": "kept"}, headers=token),
            httpx.post(records.format("made"), json={"word": "meanwhile"}, headers=token),
            httpx.patch(one, json={"body": "new"}, headers=token),
            httpx.delete(one, headers=token),
        ]
        go.touch()
        working.join()
        assert [answer.status_code for answer in said] == [503] * 4
        assert rows(session, "posts") == before
        assert put(session, "posts", title="after it", body="kept")["body"] == "kept"


def test_hooks_of_the_server_see_what_a_file_writes(project: Project, running: Running, hooks: Path) -> None:
    (hooks / "own.pb.js").write_text(
        'onRecordCreate((e) => {\n  e.record.set("title", "made!");\n  e.next();\n}, "posts");\n',
        encoding="utf-8",
    )
    running.restart()
    makes = """migrate((app) => {
  const record = new Record(app.findCollectionByNameOrId("posts"));
  record.set("title", "made");
  app.save(record);
}, null);
"""
    with project.session(running, native=False) as session:
        road(session).try_out({"1_makes.js": makes})
        assert not session.target.client.count("posts", "title ~ 'made'")
        road(session).run({"1_makes.js": makes})
        assert session.target.client.count("posts", "title = 'made!'") == 1


def test_secrets_are_those_of_whoever_runs_it(
    tmp_path: Path, server: ServerFactory, binary: Binary, hooks: Path
) -> None:
    google = {"name": "google", "clientId": "g", "clientSecret": {"env": "G_SECRET"}}
    people = {
        "name": "people",
        "type": "auth",
        "fields": [],
        "oauth2": {"enabled": True, "providers": [google]},
    }
    project = Project(tmp_path / "project", people)
    project.environ = {"G_SECRET": "the secret"}
    project.up(server(binary))
    project.environ[HOOK_KEY] = KEY
    there = server(binary, hooks_dir=hooks, env={HOOK_KEY: KEY})
    assert project.up(there, native=False).files == tuple(project.files)
    with reading(there.data_dir) as database:
        (options,) = database.execute("SELECT options FROM _collections WHERE name = 'people'").fetchone()
    assert json.loads(options)["oauth2"]["providers"][0]["clientSecret"] == "the secret"


def test_only_a_superuser_with_the_key_is_let_in(project: Project, running: Running) -> None:
    with project.session(running, native=False) as session:
        login = {"email": "ada@example.com", "password": PASSWORD, "passwordConfirm": PASSWORD}
        put(session, "users", **login)
        user, admin = token_of(running, "users", "ada@example.com"), token_of(running)
        state = road(session)._send("dry", []).state
    run = {
        "mode": "run",
        "body": json.dumps({"files": [["1_writes.js", WRITES]], "shared": "", "env": {}, "state": state}),
    }
    before, now = dump(running), int(time.time())
    assert asked(running, admin).status_code == 200
    assert asked(running, **run).status_code == 401
    assert asked(running, user, **run).status_code == 403
    for kind, refused in {
        "signature": [
            asked(running, admin, key="another key, which is long enough as well", **run),
            asked(running, admin, signature="", **run),
            asked(running, admin, signature="0" * 64, **run),
            _changed(running, admin, run, mode="dry"),
            _changed(running, admin, run, body=run["body"].replace("written", "forged!")),
            _changed(running, admin, run, at=str(now - 1)),
        ],
        "stale": [asked(running, admin, at=str(at), **run) for at in (now - 310, now + 310, "", "x", "NaN")],
        "protocol": [asked(running, admin, **run, protocol=2), asked(running, admin, mode="other")],
        "moved": [asked(running, admin, **run | {"body": run["body"].replace(state, "")})],
    }.items():
        for number, answer in enumerate(refused):
            assert answer.json().get("kind") == kind, (kind, number)
            assert answer.status_code == {"protocol": 400, "moved": 409}.get(kind, 403)
    assert dump(running) == before
    assert asked(running, admin, **run).status_code == 200
    assert dump(running) != before


def _changed(running: Running, token: str, run: Json, **change: str) -> httpx.Response:
    """Somebody on the way changes what was signed."""
    sent = {"protocol": 1, "at": str(int(time.time()))} | run
    signed = "\n".join(str(sent[name]) for name in ("protocol", "at", "mode", "body"))
    signature = hmac.new(KEY.encode(), signed.encode(), "sha256").hexdigest()
    return asked(running, token, **sent | change | {"signature": signature})


def test_what_does_not_fit_is_said(
    project: Project, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump(running)
    project.environ[HOOK_KEY] = "short"
    with project.session(running, native=False) as session, pytest.raises(ConfigError, match="has 5 char"):
        road_to(session)
    project.environ[HOOK_KEY] = KEY[::-1]
    with project.session(running, native=False) as session, pytest.raises(LoginRefused, match="is another"):
        road_to(session)
    project.environ[HOOK_KEY] = KEY
    with project.session(running, native=False) as session:
        way = road(session)
        monkeypatch.setattr(hooks_road, "PROTOCOL", 2)
        with pytest.raises(UnsupportedServer, match="another PocketVex"):
            way.run({"1_writes.js": WRITES})
        monkeypatch.undo()
        monkeypatch.setattr("time.time", lambda real=time.time: real() + 400)
        with pytest.raises(LoginRefused, match=r"\b(399|400|401) seconds apart"):
            way.run({"1_writes.js": WRITES})
        monkeypatch.undo()
        look = way.look

        def and_then_somebody_else_runs_one() -> object:
            seen = look()
            monkeypatch.undo()
            way.run({"0_theirs.js": "migrate((app) => {}, null);\n"})
            return seen

        monkeypatch.setattr(way, "look", and_then_somebody_else_runs_one)
        with pytest.raises(NotAsIntended, match="other migrations meanwhile"):
            way.run({"1_writes.js": WRITES})
    with reading(running.data_dir) as database:
        assert not database.execute("SELECT 1 FROM _collections WHERE name = 'made'").fetchall()
    assert len(dump(running)) == len(before) + 1


@pytest.mark.parametrize("given", [None, "", "too short, by one character only"[:31]])
def test_without_a_key_there_is_no_route(
    project: Project, prepared: Prepare, latest: Binary, server: ServerFactory, hooks: Path, given: str | None
) -> None:
    first = prepared(project, latest, first_file)
    first.stop()
    env = {} if given is None else {HOOK_KEY: given}
    closed = server(latest, data_dir=first.data_dir, port=first.port, hooks_dir=hooks, env=env)
    assert asked(closed, token_of(closed)).status_code == 404
    assert asked(closed).status_code == 404
    assert ("fewer than 32" in closed.log.read_text()) == bool(given)
    with project.session(closed, native=False) as session:
        assert not offers_hooks(session.target)
        assert road_to(session).name == "sql"


def test_the_data_directory_goes_first(project: Project, running: Running) -> None:
    with project.session(running) as session:
        assert isinstance(road_to(session), Native)
    del project.environ[HOOK_KEY]
    with project.session(running, native=False) as session:
        assert not offers_hooks(session.target)


def app_name(session: Session) -> str:
    return str(session.target.client._request("GET", "/api/settings").body["meta"]["appName"])
