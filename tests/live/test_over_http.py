"""`migrate up` and `down` on a server that only HTTP reaches: history, the next native start, roads mixed."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from binaries import binary_of
from conftest import PASSWORD, ServerFactory
from pocketvex.errors import ConsentNeeded, Locked, NotAsIntended, ServerProcessError
from pocketvex.remote.record import entries, record_of
from pocketvex.run.check import check
from pocketvex.run.migrate import up as run_up
from pocketvex.run.prune import list_kept, prune
from pocketvex.run.situation import Choices
from pocketvex.schema.model import RECORD_NAME
from pocketvex.server.binaries import Binary
from pocketvex.server.ledger import applied
from pocketvex.server.process import Running
from pocketvex.target.hold import holding
from pocketvex.target.session import Session
from pocketvex.versions import SQL_OVER_HTTP
from prepared import Prepare
from projects import Project, posts, put, rows, text

pytestmark = pytest.mark.wide

Json = dict[str, Any]
NUMBER = {"name": "price", "type": "number"}
PAUSE = ("pause",)
"""What is said to a server of before 0.39, on which values are written record by record."""


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
    return getattr(project, do)(running, native=False, local=False, backup=False, confirmed=PAUSE, **more)


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
    said = pocketbase_migrate(running, "up", project.config.migrations)
    assert "ailed" not in said
    assert ("No new migrations" in said) == (binary.version >= SQL_OVER_HTTP)
    running.start()
    assert applied(running.data_dir) == tuple(files)
    assert remote(project, running, "diff").changes == ()
    with project.session(running) as session:
        assert sorted(row["price"] for row in rows(session, "posts")) == [0, 12.5]


def test_a_history_sync_on_the_server_forgets_nothing(
    project: Project, prepared: Prepare, server: ServerFactory, binary: Binary, tmp_path: Path
) -> None:
    """It takes the rows from `_migrations` whose files are not in the folder; the record stays."""
    files = sealed(project, prepared, binary)
    running = server(binary)
    remote(project, running, "up", to=files[0], recorded_only=True)
    with project.session(running) as session:
        put(session, "posts", title="one", body="text", price="12.50")
        before = rows(session, "posts")
    remote(project, running, "up")
    empty = tmp_path / "empty"
    empty.mkdir()
    for folder, left in ((project.config.migrations, files), (empty, [])):
        running.halt()
        pocketbase_migrate(running, "history-sync", folder)
        assert {*applied(running.data_dir)} <= {*left}
        running.start()
        assert set(project.status(running, native=False).values()) == {"applied"}
    assert remote(project, running, "up").files == ()
    assert remote(project, running, "down", count=2).files == (files[2], files[1])
    assert not {*applied(running.data_dir)} & {files[1], files[2]}
    with project.session(running) as session:
        there_now = rows(session, "posts")
    assert [{k: v for k, v in row.items() if not k.startswith("_pv_")} for row in there_now] == before
    assert remote(project, running, "up").files == tuple(files[1:])
    running.halt()
    assert "ailed" not in pocketbase_migrate(running, "up", project.config.migrations)
    running.start()
    assert remote(project, running, "diff").changes == ()
    with project.session(running) as session:
        assert [row["price"] for row in rows(session, "posts")] == [12.5]


def test_a_server_that_got_an_older_backup_back_gets_the_files_again(
    project: Project, prepared: Prepare, server: ServerFactory, binary: Binary, tmp_path: Path
) -> None:
    """Whatever the machine remembers that ran them before."""
    files = sealed(project, prepared, binary)
    running = server(binary)
    options: Json = {"native": False, "local": False, "backup": False, "confirmed": PAUSE}
    project.up(running, to=files[0], recorded_only=True, **options)
    running.halt()
    shutil.copytree(running.data_dir, tmp_path / "older")
    running.start()
    project.up(running, to=files[1], recorded_only=True, **options)
    assert project.up(running, **options).files == (files[2],)
    running.halt()
    restored = server(binary, data_dir=tmp_path / "older", port=running.port)
    assert [*project.status(restored, native=False).values()] == ["applied", "pending", "pending"]
    assert project.up(restored, **options).files == tuple(files[1:])
    assert project.up(restored, **options).files == ()
    assert project.diff(restored, native=False, local=False).changes == ()


def pocketbase_migrate(running: Running, what: str, folder: Path) -> str:
    """PocketBase's own command, on a server that is stopped."""
    ran = subprocess.run(
        [
            *(str(running.binary.path), "migrate", what, "--dir", str(running.data_dir)),
            *("--migrationsDir", str(folder)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def migrate_up(session: Session, project: Project) -> None:
    run_up(session, project.code, to=None, now=project.now, choices=Choices(backup=False))


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
        project.up(
            running, to=name, recorded_only=True, native=by == "n", local=False, backup=False, confirmed=PAUSE
        )
        if number == 0:
            with project.session(running) as session:
                put(session, "posts", title="one", body="text", price="12.50")
                put(session, "posts", title="two", body="long", price="dear")
                before = rows(session, "posts")
    with project.session(running) as session:
        after = rows(session, "posts")
    said = ""
    try:
        project.down(running, 2, native=back == "n", local=False, backup=False, confirmed=PAUSE)
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


@pytest.mark.parametrize("again", ["h", "n"])
def test_accounts_that_come_back_can_sign_in_again(
    tmp_path: Path, prepared: Prepare, server: ServerFactory, binary: Binary, again: str
) -> None:
    """A file says of accounts what differs from new ones, and what is put away over HTTP is locked."""
    people = {"name": "people", "type": "auth", "fields": [text("nick")], "listRule": ""}
    project = Project(tmp_path / "project", posts(), people)
    (file,) = sealed_once(project, prepared, binary)
    running = server(binary)
    remote(project, running, "up")
    account = {"email": "ann@example.com", "password": PASSWORD, "passwordConfirm": PASSWORD, "nick": "ann"}
    with project.session(running) as session:
        put(session, "people", **account)
        made = session.target.fetch()
    assert remote(project, running, "down").files == (file,)
    if again == "h":
        assert remote(project, running, "up").files == (file,)
    else:
        assert project.up(running, local=False, backup=False).files == (file,)
    with project.session(running) as session:
        there = session.target.fetch()
        assert signs_in(session, "people") == "ann"
    options = ("authRule", "manageRule", "passwordAuth", "authAlert", "oauth2", "mfa", "otp", "listRule")
    assert [named(there, "people")[o] for o in options] == [named(made, "people")[o] for o in options]


def named(raw: list[Json], name: str) -> Json:
    return next(item for item in raw if item["name"] == name)


def signs_in(session: Session, collection: str) -> str:
    said = {"identity": "ann@example.com", "password": PASSWORD}
    path = f"/api/collections/{collection}/auth-with-password"
    answer = session.target.client._transport.send("POST", path, json=said)
    assert answer.ok, answer.body
    return str(answer.body["record"]["nick"])


def sealed_once(project: Project, prepared: Prepare, binary: Binary) -> list[str]:
    prepared(project, binary, lambda project, maker: project.up(maker)).stop()
    shutil.rmtree(project.root / ".pocketvex")
    return project.files


def test_a_guard_sees_the_list_that_a_value_becomes(
    tmp_path: Path, prepared: Prepare, server: ServerFactory, binary: Binary
) -> None:
    """And the value that a list becomes: empty ones are refused on both ways."""
    one = {"name": "state", "type": "select", "values": ["a", "b"], "maxSelect": 1}
    lists = {**one, "maxSelect": 2}
    project = Project(tmp_path / "project", posts(one), posts(lists, name="tags"))

    def history(project: Project, maker: Running) -> None:
        project.up(maker)
        project.now += 10
        project.declare(posts({**lists, "required": True}), posts(lists, name="tags"))
        project.up(maker)
        project.now += 10
        project.declare(posts({**lists, "required": True}), posts({**one, "required": True}, name="tags"))
        project.up(maker)

    prepared(project, binary, history).stop()
    files = project.files
    assert len(files) == 3
    running = server(binary)
    remote(project, running, "up", to=files[0], recorded_only=True)
    with project.session(running) as session:
        empty = [put(session, "posts", title="empty"), put(session, "tags", title="empty", state=[])]
        put(session, "posts", title="full", state="a")
        put(session, "tags", title="full", state=["b"])
    for number, name in enumerate(("posts", "tags")):
        with pytest.raises(NotAsIntended, match=f"{name}.state: there are values that are empty"):
            remote(project, running, "up", to=files[number + 1], recorded_only=True)
        with project.session(running) as session:
            session.target.client._request("DELETE", f"/api/collections/{name}/records/{empty[number]['id']}")
        assert remote(project, running, "up", to=files[number + 1], recorded_only=True).files == (
            files[number + 1],
        )
    with project.session(running) as session:
        assert [row["state"] for row in rows(session, "posts")] == [["a"]]
        assert [row["state"] for row in rows(session, "tags")] == ["b"]


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


def test_a_check_rehearses_and_writes_nothing(
    project: Project, prepared: Prepare, server: ServerFactory, binary: Binary
) -> None:
    files = sealed(project, prepared, binary)
    running = server(binary)
    remote(project, running, "up", to=files[0], recorded_only=True)
    with project.session(running, native=False, local=False) as session:
        put(session, "posts", title="one", body="text", price="dear")
        before = session.target.fetch()
        found = check(session, project.code, None, Choices(), now=project.now)
        assert not found.exact
        assert [(file.name, file.state) for file in found.files] == [(f, "would run") for f in files[1:]]
        copied = check(session, project.code, None, Choices(), now=project.now, with_data=True)
        assert copied.exact
        assert [(file.name, file.state) for file in copied.files] == [(f, "would run") for f in files[1:]]
        assert session.target.fetch() == before
        assert session.target.client.backups() == {}


def test_what_cannot_go_over_http_is_said_before_anything_is_sent(
    project: Project, prepared: Prepare, server: ServerFactory, binary: Binary
) -> None:
    files = sealed(project, prepared, binary)
    rows_only = f"{project.now + 10}_rows.js"
    project.write(
        rows_only,
        'migrate((app) => {\n  app.db().newQuery("UPDATE {{posts}} SET title = 1").execute();\n}, null);\n',
    )
    running = server(binary)
    with project.session(running, native=False, local=False) as session:
        before = session.target.fetch()
        with pytest.raises(ServerProcessError) as failure:
            migrate_up(session, project)
        assert f"{rows_only} cannot be run over HTTP: nothing was sent" in failure.value.what
        assert "PocketVex did not write it" in failure.value.why
        for way in ("--data-dir", "--migrationsDir", "pocketvex migrate route"):
            assert way in failure.value.todo
        assert session.target.fetch() == before
        found = check(session, project.code, None, Choices(), now=project.now)
        assert {file.name: file.state for file in found.files} == {
            **dict.fromkeys(files, "not reached"), rows_only: "would fail"
        }  # fmt: skip
        assert session.memory.state.held_back == []


def test_files_of_others_that_change_nothing_but_collections(
    project: Project, server: ServerFactory, binary: Binary
) -> None:
    """As the dashboard writes them, and as people do."""
    project.declare()
    project.write("1700000000_created_notes.js", NOTES)
    project.write("1700000001_updated_notes.js", MORE)
    project.write("1700000002_deleted_notes.js", GONE)
    running = server(binary)
    ran = remote(project, running, "up", to="1700000001", recorded_only=True)
    assert ran.files == ("1700000000_created_notes.js", "1700000001_updated_notes.js")
    with project.session(running, native=False) as session:
        put(session, "notes", said="one", more="two")
        live = session.target.schema_of(session.target.fetch())
        (notes,) = [c for c in live.collections if c.name == "notes"]
        assert [field.name for field in notes.fields] == ["id", "said", "more"]
        assert notes.list_rule == ""
    assert remote(project, running, "up", recorded_only=True).files == ("1700000002_deleted_notes.js",)
    with project.session(running, native=False) as session:
        raw = session.target.fetch()
        assert "notes" not in session.target.schema_of(raw).names()
        (away,) = [c for c in raw if c["name"].endswith("_notes")]
        assert [row["said"] for row in rows(session, away["name"])] == ["one"]
        assert away["listRule"] is None
    with pytest.raises(ServerProcessError, match="cannot be taken back over HTTP"):
        remote(project, running, "down")


NOTES = """migrate((app) => {
  const collection = new Collection({
    type: "base", name: "notes", id: "pbc_notes000000",
    fields: [{ id: "text00000000001", type: "text", name: "said" }],
  });
  return app.save(collection);
}, (app) => app.delete(app.findCollectionByNameOrId("notes")));
"""
MORE = """migrate((app) => {
  const collection = app.findCollectionByNameOrId("notes");
  collection.fields.add(new TextField({ id: "text00000000002", name: "more" }));
  collection.listRule = "";
  app.save(collection);
}, (app) => {});
"""
GONE = """migrate((app) => {
  app.delete(app.findCollectionByNameOrId("notes"));
}, (app) => {});
"""


def test_a_server_that_was_updated_has_its_files_in_its_own_table(
    project: Project, prepared: Prepare, server: ServerFactory, latest: Binary
) -> None:
    """Up to 0.38 the record alone knows; from 0.39 on the rows of `_migrations` are there as well."""
    old = binary_of("0.36.9")
    files = sealed(project, prepared, old)
    running = server(old)
    remote(project, running, "up", to=files[1], recorded_only=True)
    assert applied(running.data_dir) == ()
    running.halt()
    updated = server(latest, data_dir=running.data_dir, port=running.port)
    assert remote(project, updated, "up").files == (files[2],)
    assert set(applied(updated.data_dir)) == set(files)


def test_prune_deletes_what_was_put_away_and_nothing_else(
    project: Project, prepared: Prepare, server: ServerFactory, binary: Binary
) -> None:
    files = sealed(project, prepared, binary)
    running = server(binary)
    remote(project, running, "up", to=files[0], recorded_only=True)
    with project.session(running, native=False) as session:
        put(session, "posts", title="one", body="text", price="12.50")
    remote(project, running, "up")
    with project.session(running, native=False) as session:
        listed = list_kept(session)
        columns = [kept for kept in listed.kept if kept.kind == "field"]
        assert [(kept.rows, kept.migration) for kept in columns] == [(1, files[1]), (1, files[2])]
        went = prune(session, listed.kept, [columns[0].name], lambda: None)
        assert [kept.name for kept in went] == [columns[0].name]
        assert [kept.name for kept in list_kept(session).kept if kept.kind == "field"] == [columns[1].name]
        (row,) = rows(session, "posts")
        assert (row["title"], row["price"]) == ("one", 12.5)


def test_a_check_counts_what_waiting_files_rename_and_knows_what_they_fill(
    project: Project, prepared: Prepare, server: ServerFactory, binary: Binary
) -> None:
    project.declare(posts(text("body")))
    prepared(project, binary, renamed_and_filled).stop()
    shutil.rmtree(project.root / ".pocketvex")
    project.declare({"name": "articles", "fields": RENAMED})
    files = project.files
    running = server(binary)
    remote(project, running, "up", to=files[0], recorded_only=True)
    with project.session(running, native=False, local=False) as session:
        put(session, "posts", title="one", body="much too long")
        found = check(session, project.code, None, Choices(), now=project.now)
    assert [(file.name, file.state) for file in found.files] == [
        (files[1], "would run"), (files[2], "would run"), (files[3], "would fail"),
    ]  # fmt: skip
    assert "1 of 1 row" in found.files[2].why


RENAMED = [
    {"name": "title", "type": "text"},
    {"name": "text", "type": "text", "max": 5},
    {"name": "lang", "type": "text", "required": True},
]


def renamed_and_filled(project: Project, maker: Running) -> None:
    """The last file allows less than a row holds, under a name that it got from the files before."""
    project.up(maker)
    lang = {**text("lang"), "required": True, "backfill": "en"}
    for fields, more in (
        ([{**text("text"), "renamed_from": "body"}], {"renamed_from": "posts"}),
        ([text("text"), lang], {}),
        (RENAMED[1:], {}),
    ):
        project.now += 10
        title = {"name": "title", "type": "text"}
        project.declare({"name": "articles", "fields": [title, *fields], **more})
        project.up(maker)


def test_an_import_that_deletes_what_is_missing_leaves_the_record(
    project: Project, prepared: Prepare, server: ServerFactory, binary: Binary
) -> None:
    """As the dashboard offers it, of a file that was exported before."""
    files = sealed(project, prepared, binary)
    running = server(binary)
    remote(project, running, "up")
    with project.session(running, native=False) as session:
        export = [c for c in session.target.fetch() if c["name"] in ("users", "posts")]
        for item in export:
            item["fields"] = [f for f in item["fields"] if not f["name"].startswith("_pv_")]
        answer = session.target.client._request(
            "PUT", "/api/collections/import", json={"collections": export, "deleteMissing": True}
        )
        assert answer.ok, answer.body
        assert [entry.name for entry in entries(session.target.fetch())] == files
    assert remote(project, running, "up").files == ()
    assert remote(project, running, "diff").changes == ()


def test_an_option_that_a_file_left_out_and_the_next_one_sets(
    project: Project, prepared: Prepare, server: ServerFactory, binary: Binary
) -> None:
    """In one import: the field of the first file is on no server yet."""
    project.declare(posts())
    prepared(project, binary, added_and_limited).stop()
    shutil.rmtree(project.root / ".pocketvex")
    project.declare(posts(text("more", max=9)))
    running = server(binary)
    assert remote(project, running, "up").files == tuple(project.files)
    assert remote(project, running, "diff").changes == ()


def added_and_limited(project: Project, maker: Running) -> None:
    project.up(maker)
    for more in (text("more"), text("more", max=9)):
        project.now += 10
        project.declare(posts(more))
        project.up(maker)


def test_a_pause_of_writes_is_agreed_to(
    project: Project, prepared: Prepare, server: ServerFactory, binary: Binary
) -> None:
    files = sealed(project, prepared, binary)
    running = server(binary)
    remote(project, running, "up", to=files[0], recorded_only=True)
    if binary.version >= SQL_OVER_HTTP:
        assert project.up(running, native=False, local=False, backup=False).files == tuple(files[1:])
        return
    with project.session(running, native=False) as session:
        before = session.target.fetch()
        with pytest.raises(ConsentNeeded, match="is not run without a yes: nothing was sent") as failure:
            project.up(running, native=False, local=False, backup=False)
        assert "--confirm pause" in failure.value.why
        assert session.target.fetch() == before
        assert set(project.status(running, native=False).values()) == {"applied", "pending"}
