"""Migrations on a data directory without a server, on every supported version."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from binaries import UNSUPPORTED, binary_of
from pocketvex.errors import ServerProcessError, UnsupportedServer
from pocketvex.findings import Location
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from pocketvex.server.surroundings import Surroundings

MakeData = Callable[[Binary], Path]


def make(name: str) -> str:
    field = '{ type: "text", name: "title" }'
    collection = f'new Collection({{ type: "base", name: "{name}", fields: [{field}] }})'
    find = f'app.findCollectionByNameOrId("{name}")'
    return f"migrate((app) => app.save({collection}), (app) => app.delete({find}))"


RICH = """migrate((app) => {
  const provider = { name: "github", clientId: "me", clientSecret: "hush" }
  const member = new Collection({
    type: "auth", name: "members", listRule: "", oauth2: { enabled: true, providers: [provider] },
    fields: [
      { type: "select", name: "role", values: ["a", "b"], maxSelect: 2 },
      { type: "json", name: "more" },
    ],
    indexes: ["CREATE INDEX idx_role ON members (role)"],
  })
  app.save(member)
  app.save(new Collection({ type: "view", name: "titles", viewQuery: "SELECT id, role FROM members" }))
})"""


def names(binary: Binary, data: Path) -> set[str]:
    return {
        collection["name"] for collection in scratch.collections(binary, data) if not collection["system"]
    }


def log_in(server: Running) -> dict[str, str]:
    login = httpx.post(
        f"{server.url}/api/collections/_superusers/auth-with-password",
        json={"identity": "admin@example.com", "password": "password1234"},
    )
    assert login.status_code == 200, login.text
    return {"Authorization": login.json()["token"]}


def test_a_fresh_directory_gets_all_files_in_byte_order(binary: Binary, tmp_path: Path) -> None:
    files = {"2_b.js": make("b"), "1_a.js": make("a"), "10_c.js": make("c")}
    ran = scratch.migrate_up(binary, tmp_path / "data", files)
    assert ran.applied == ("10_c.js", "1_a.js", "2_b.js")
    assert "Applied 1_a.js" in ran.output
    assert scratch.applied(tmp_path / "data") == ran.applied
    assert names(binary, tmp_path / "data") == {"users", "a", "b", "c"}


def test_later_files_are_added(binary: Binary, data_dir: MakeData) -> None:
    data = data_dir(binary)
    scratch.migrate_up(binary, data, {"1_a.js": make("a")})
    assert scratch.migrate_up(binary, data, {"2_b.js": make("b")}).applied == ("2_b.js",)
    assert scratch.applied(data) == ("1_a.js", "2_b.js")


def test_no_files_only_prepare_the_directory(binary: Binary, tmp_path: Path) -> None:
    assert scratch.migrate_up(binary, tmp_path, {}).applied == ()
    assert names(binary, tmp_path) == {"users"}


@pytest.mark.parametrize(
    ("body", "reason", "line"),
    [
        ('migrate((app) => {\n  throw new Error("no way\\nout") })', "no way\nout", 2),
        ("migrate((app) => {\n  nope() })", "ReferenceError: nope is not defined", 2),
        ("migrate((app) => {\n  syntax error", "SyntaxError: Unexpected identifier", 2),
        ("migrate(async (app) => {})", "could not convert [object Promise] to error", 0),
        ("migrate((app) => false)", "could not convert false to error", 0),
        ('migrate((app) => { app.findCollectionByNameOrId("zz") })', "sql: no rows in result set", 0),
        ('migrate((app) => { console.log("Applied 2_bad.js"); throw new Error("x") })', "x", 1),
    ],
)
def test_one_failure_undoes_the_batch(
    binary: Binary, data_dir: MakeData, body: str, reason: str, line: int
) -> None:
    """Up to 0.39 PocketBase exits with 0 here."""
    data = data_dir(binary)
    scratch.migrate_up(binary, data, {"0_z.js": make("z")})
    with pytest.raises(scratch.MigrationFailed) as failure:
        scratch.migrate_up(binary, data, {"1_a.js": make("a"), "2_bad.js": body, "3_c.js": make("c")})
    assert failure.value.file == "2_bad.js"
    assert failure.value.reason.startswith(reason)
    assert (failure.value.where or Location("")).line == line
    assert scratch.applied(data) == ("0_z.js",)
    assert names(binary, data) == {"users", "z"}


def test_a_failure_on_a_fresh_directory(binary: Binary, tmp_path: Path) -> None:
    with pytest.raises(scratch.MigrationFailed):
        scratch.migrate_up(binary, tmp_path / "data", {"1_a.js": "migrate(() => { throw 1 })"})
    assert scratch.applied(tmp_path / "data") == ()


def test_a_file_that_is_recorded_is_an_error_of_the_caller(latest: Binary, data_dir: MakeData) -> None:
    data = data_dir(latest)
    scratch.migrate_up(latest, data, {"1_a.js": make("a")})
    for name in ("1_a.js", "../1_b.js", "1_b.txt"):
        with pytest.raises(ValueError, match="1_"):
            scratch.migrate_up(latest, data, {name: make("b")})


def test_environment_and_hooks_reach_the_migration(
    binary: Binary, data_dir: MakeData, tmp_path: Path
) -> None:
    data = data_dir(binary)
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "a.pb.js").write_text("onRecordCreate((e) => { throw new Error('hooked') }, 'a')")
    body = """migrate((app) => {
      const record = new Record(app.findCollectionByNameOrId("a"))
      record.set("title", $os.getenv("PV_TITLE"))
      app.save(record)
    })"""
    scratch.migrate_up(binary, data, {"1_a.js": make("a")})
    with pytest.raises(scratch.MigrationFailed, match="hooked"):
        scratch.migrate_up(binary, data, {"2_b.js": body}, hooks_dir=tmp_path / "hooks")
    scratch.migrate_up(binary, data, {"2_b.js": body}, env={"PV_TITLE": "hello"})
    with closing(sqlite3.connect(data / "data.db")) as database:
        assert database.execute("SELECT title FROM a").fetchall() == [("hello",)]


def test_forget_and_mark(binary: Binary, data_dir: MakeData) -> None:
    data = data_dir(binary)
    scratch.migrate_up(binary, data, {"1_a.js": make("a"), "2_b.js": make("b")})
    scratch.forget(data, ["1_a.js", "never.js"])
    assert scratch.applied(data) == ("2_b.js",)
    scratch.mark(data, ["9_y.js", "8_x.js", "2_b.js"], datetime(2124, 1, 1, tzinfo=UTC))
    assert scratch.applied(data) == ("2_b.js", "9_y.js", "8_x.js")
    scratch.migrate_up(binary, data, {"7_c.js": make("c")})


def test_nothing_is_applied_where_there_is_no_database(tmp_path: Path) -> None:
    assert scratch.applied(tmp_path) == ()
    (tmp_path / "data.db").touch()
    assert scratch.applied(tmp_path) == ()


def test_reading_leaves_no_files_behind(latest: Binary, data_dir: MakeData) -> None:
    data = data_dir(latest)
    before = {path.name for path in data.iterdir()}
    scratch.applied(data)
    assert {path.name for path in data.iterdir()} == before


def test_a_damaged_database_is_explained(latest: Binary, tmp_path: Path) -> None:
    (tmp_path / "data.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(ServerProcessError, match="not a database"):
        scratch.applied(tmp_path)
    with pytest.raises(ServerProcessError):
        scratch.forget(tmp_path, ["1_a.js"])


def test_collections_are_what_the_server_lists(binary: Binary, server: Callable[..., Running]) -> None:
    running = server(binary)
    scratch.migrate_up(binary, running.data_dir, {"1_rich.js": RICH})
    running.restart()
    listed = httpx.get(f"{running.url}/api/collections?perPage=1000", headers=log_in(running)).json()["items"]
    before = scratch.applied(running.data_dir)
    found = scratch.collections(binary, running.data_dir)
    assert sorted(found, key=lambda c: c["id"]) == sorted(listed, key=lambda c: c["id"])
    assert {"members", "titles"} <= {collection["name"] for collection in found}
    assert "hush" not in json.dumps(found)
    assert not any("secret" in (c.get("authToken") or {}) for c in found)
    assert scratch.applied(running.data_dir) == before == ("1_rich.js",)


def test_snapshots_between_files_show_every_state(binary: Binary, data_dir: MakeData, tmp_path: Path) -> None:
    data = data_dir(binary)
    first, second = tmp_path / "first.json", tmp_path / 'it\'s "second".json'
    files = {
        "1700000000_a.js": make("a"),
        "1700000000_a.js.snap.js": scratch.snapshot_step(first),
        "1700000001_b.js": make("b"),
        "1700000001_b.js.snap.js": scratch.snapshot_step(second),
    }
    assert scratch.migrate_up(binary, data, files).applied == tuple(files)
    states = [{c["name"] for c in json.loads(p.read_text()) if not c["system"]} for p in (first, second)]
    assert states == [{"users", "a"}, {"users", "a", "b"}]


def test_it_works_beside_a_running_server(binary: Binary, server: Callable[..., Running]) -> None:
    running = server(binary)
    scratch.migrate_up(binary, running.data_dir, {"1_a.js": make("a")})
    assert scratch.applied(running.data_dir) == ("1_a.js",)
    running.restart()
    answer = httpx.get(f"{running.url}/api/collections/a", headers=log_in(running))
    assert answer.json()["name"] == "a"


def test_copy_takes_rows_and_files_from_under_a_server(
    latest: Binary, server: Callable[..., Running], tmp_path: Path
) -> None:
    running = server(latest)
    field = {"type": "file", "name": "doc", "maxSelect": 1, "maxSize": 1000}
    body = {"name": "docs", "type": "base", "fields": [field]}
    headers = log_in(running)
    httpx.post(f"{running.url}/api/collections", headers=headers, json=body).raise_for_status()
    url = f"{running.url}/api/collections/docs/records"
    httpx.post(url, headers=headers, files={"doc": ("a.txt", b"hello")}).raise_for_status()
    to = tmp_path / "copy"
    scratch.copy(running.data_dir, to)
    assert {path.name for path in to.iterdir()} == {"data.db", "auxiliary.db", "storage"}
    with Running(latest, to) as duplicate:
        url = f"{duplicate.url}/api/collections/docs/records"
        assert httpx.get(url, headers=headers).json()["totalItems"] == 1
    assert [path.read_bytes() for path in (to / "storage").rglob("*.txt")] == [b"hello"]


def test_copy_to_an_impossible_place(latest: Binary, data_dir: MakeData, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServerProcessError, match="could not be copied"):
        scratch.copy(data_dir(latest), tmp_path / "file" / "to")


def test_a_directory_that_cannot_be_used(latest: Binary, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServerProcessError, match="could not work on"):
        scratch.migrate_up(latest, tmp_path / "file", {"1_a.js": make("a")})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk here that is always full")
def test_a_full_disk_is_not_the_fault_of_a_file(binary: Binary, data_dir: MakeData) -> None:
    files = {"1_a.js": 'migrate((app) => $os.writeFile("/dev/full", "x", 0o600))'}
    with pytest.raises(ServerProcessError, match="the disk is full") as caught:
        scratch.migrate_up(binary, data_dir(binary), files)
    assert not isinstance(caught.value, scratch.MigrationFailed)
    assert "room" in caught.value.todo


def test_a_run_that_does_not_end(latest: Binary, data_dir: MakeData) -> None:
    endless = {"1_a.js": "migrate(() => { for (;;) {} })"}
    with pytest.raises(ServerProcessError, match=r"1_a.js did not end within 1 seconds") as failure:
        scratch.migrate_up(latest, data_dir(latest), endless, around=Surroundings(limit=1))
    assert "migration_timeout" in failure.value.todo


def test_a_binary_that_is_missing(latest: Binary, tmp_path: Path) -> None:
    with pytest.raises(ServerProcessError, match="could not be run"):
        scratch.migrate_up(latest._replace(path=tmp_path / "none"), tmp_path / "d", {})


def test_0_22_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedServer, match="too old"):
        scratch.collections(binary_of(UNSUPPORTED), tmp_path / "data")
    assert not list(tmp_path.iterdir())
