"""`migrate plan` and `migrate up --plan`: exactly what was reviewed is run, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import projects as library
from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.run.situation import Choices
from pocketvex.run.up_plan import plan_up
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from published import check
from terminal import Project, posts

pytestmark = pytest.mark.wide

Json = dict[str, Any]
HOST = '[hosts.production]\nurl = "{url}"\nlocal = false\n'
AT = ("--host", "production")
UP = ("migrate", "up", *AT, "--confirm", "production", "--no-backup", "--plan", "plan.json")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A project with three files: one makes posts, one adds a field, one takes a field away."""
    maker = Project(tmp_path_factory.mktemp("sealed") / "app")
    maker.write("pocketvex.toml", "")
    body, slug = "body = field.text()", "slug = field.text()"
    for declared in ([body], [body, slug], [slug]):
        maker.write("schema/posts.py", posts(*declared))
        maker.ok("migrate", "generate", "--rename", "posts.body=", f"step{len(maker.migrations)}")
    names = [f"pb_migrations/{name}" for name in (*maker.migrations, "pocketvex.sum")]
    return {name: maker.read(name) for name in ("schema/posts.py", *names)}


@pytest.fixture
def running(server: ServerFactory, binary: Binary) -> Running:
    return server(binary)


@pytest.fixture
def client(running: Running) -> Any:
    with Client(running.url, Credentials(email=EMAIL, password=PASSWORD)) as found:
        yield found


@pytest.fixture
def project(tmp_path: Path, sealed: dict[str, str], running: Running) -> Project:
    """A server elsewhere that has run the first file, and has two rows; the other two are to run."""
    found = Project(tmp_path / "app")
    for name, text in sealed.items():
        found.write(name, text)
    found.write("pocketvex.toml", HOST.format(url=running.url))
    found.env |= {"PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD}
    found.ok("migrate", "up", *AT, "--confirm", "production", "--to", "1")
    return found


def put(client: Client, **values: str) -> None:
    client.create_record("posts", values)


def fields(client: Client) -> set[str]:
    (item,) = [item for item in client.collections() if item["name"] == "posts"]
    return {field["name"] for field in item["fields"] if not field["name"].startswith("_pv_")}


def planned(project: Project, *more: str) -> Json:
    project.ok("migrate", "plan", *AT, "--out", "plan.json", *more)
    found: Json = json.loads(project.read("plan.json"))
    check(found, "up_plan")
    return found


def test_what_was_reviewed_is_run(project: Project, client: Client) -> None:
    put(client, title="one", body="secret words")
    before = client.collections()
    plan = planned(project)
    _, second, third = project.migrations
    assert [file["name"] for file in plan["files"]] == [second, third]
    assert plan["road"]["name"] == ("sql" if plan["server"]["pocketbase"] >= "0.39" else "rest")
    (removed,) = [c for file in plan["files"] for c in file["changes"] if c["kind"] == "drop_field"]
    assert removed["evidence"] == {"rows": 1, "of": 1, "ids": [], "values": []}
    assert "secret words" not in project.read("plan.json")
    assert client.collections() == before

    done = project("migrate", "up", *AT, "--plan", "plan.json")
    assert (done.code, "--confirm production" in done.err) == (5, True)
    dry = project.ok(*UP, "--dry-run")
    assert dry.out == f"would run {second}\nwould run {third}\n"
    assert client.collections() == before
    assert project.ok(*UP).out == f"ran {second}\nran {third}\n"
    assert fields(client) >= {"title", "slug"}
    assert "body" not in fields(client)

    again = project(*UP)
    assert again.code == 9
    assert f"{second} has run already" in again.err
    (project.root / "plan.json").unlink()
    empty = planned(project)
    assert (empty["files"], empty["road"]) == ([], None)
    assert "nothing to run" in project.ok(*UP).out


def test_the_plan_as_text_as_json_and_as_a_comment(project: Project, client: Client) -> None:
    put(client, title="one", body="words")
    _, second, third = project.migrations
    text = project.ok("migrate", "plan", *AT, "--to", "1")
    assert f"pending {second}" in text.out
    assert "+ posts.slug: new text field" in text.out
    assert f"left for later: {third}" in text.out
    assert "1 file to run" in text.out
    assert "road " in text.out
    shown = project.ok("migrate", "plan", *AT, "--format", "json").json
    check(shown, "up_plan")
    assert shown["stops"] == []
    page = project.ok("migrate", "plan", *AT, "--format", "markdown").out
    assert page.startswith("<!-- pocketvex -->\n### PocketVex: 2 migrations to run on ")
    assert "1 of 1 row" in page
    assert "PV201" in page
    assert "no format 'github'" in project("migrate", "plan", "--format", "github").err


def _edit(project: Project, client: Client) -> str:
    name = project.migrations[1]
    project.write(f"pb_migrations/{name}", project.read(f"pb_migrations/{name}") + "// more\n")
    return f"{name} was edited"


def _resealed(project: Project, client: Client) -> str:
    said = _edit(project, client)
    (project.root / "pb_migrations/pocketvex.sum").unlink()
    return said


def _gone(project: Project, client: Client) -> str:
    name = project.migrations[2]
    (project.root / "pb_migrations" / name).unlink()
    return f"{name} is gone"


def _added(project: Project, client: Client) -> str:
    project.write("pb_migrations/9999999999_more.js", "migrate((app) => {}, null);\n")
    return "9999999999_more.js is not in it, and would run as well"


def _run(project: Project, client: Client) -> str:
    project.ok("migrate", "up", *AT, "--confirm", "production", "--no-backup", "--to", "1", "--recorded-only")
    return f"{project.migrations[1]} has run already"


def _collection(project: Project, client: Client) -> str:
    (item,) = [item for item in client.collections() if item["name"] == "posts"]
    client.patch_collection(item["id"], {"listRule": "title != ''"})
    return "changed on the server: posts"


def _new_collection(project: Project, client: Client) -> str:
    client.create_collection({"name": "notes", "type": "base"})
    return "new on the server: notes"


def _rows(project: Project, client: Client) -> str:
    put(client, title="two", body="more")
    return "posts.body: 1 of 1 row then, 2 of 2 rows now"


def _server(project: Project, client: Client) -> str:
    other = json.loads(project.read("plan.json"))
    other["server"]["url"] = "https://elsewhere.example.com"
    project.write("plan.json", json.dumps(other))
    return "it was made for https://elsewhere.example.com"


def _data(project: Project, client: Client) -> str:
    other = json.loads(project.read("plan.json"))
    other["server"]["born"] = "2001-01-01 00:00:00.000Z"
    project.write("plan.json", json.dumps(other))
    return "has other data than the server that it was made for"


def _road(project: Project, client: Client) -> str:
    other = json.loads(project.read("plan.json"))
    other["road"]["name"] = "native"
    project.write("plan.json", json.dumps(other))
    return "and was planned for native"


MOVES = [
    _edit, _resealed, _gone, _added, _run, _collection, _new_collection, _rows, _server, _data, _road,
]  # fmt: skip


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.__name__.strip("_"))
def test_what_moved_is_said_and_nothing_is_written(
    project: Project, client: Client, move: Callable[[Project, Client], str]
) -> None:
    put(client, title="one", body="words")
    planned(project)
    said = move(project, client)
    before = client.collections(), client.records("posts")
    done = project(*UP)
    assert done.code == 9, done
    assert "nothing was written" in done.err
    assert said in done.err
    assert (client.collections(), client.records("posts")) == before
    assert done.out == ""


def test_fewer_rows_and_what_others_are_at_work_on_are_no_reason_to_stop(
    project: Project, client: Client
) -> None:
    put(client, title="one", body="words")
    put(client, title="two", body="words")
    planned(project)
    row = client.records("posts")[0]
    client.delete_record("posts", row["id"])
    from pocketvex.target.hold import holding

    with holding(client, who="Ann"):
        assert "_pocketvex" in {item["name"] for item in client.collections()}
    project.ok(*UP)
    assert "body" not in fields(client)


def test_a_plan_is_made_only_of_what_would_run(
    project: Project, client: Client, sealed: dict[str, str]
) -> None:
    project.write("schema/posts.py", posts("slug = field.text()", "more = field.text()"))
    ahead = project("migrate", "plan", *AT, "--out", "plan.json")
    assert ahead.code == 4, ahead
    assert "the code is ahead of the history" in ahead.out
    assert "plan.json is not written" in ahead.err
    assert not (project.root / "plan.json").exists()
    page = project("migrate", "plan", *AT, "--format", "markdown")
    assert (page.code, "and it would stop" in page.out) == (4, True)
    planned(project, "--recorded-only")
    project.write("schema/posts.py", sealed["schema/posts.py"])

    project.write("pb_migrations/9999999999_rows.js", BY_HAND)
    refused = project("migrate", "plan", *AT, "--out", "other.json", "--format", "json")
    assert refused.code == 10, refused
    check(refused.json, "up_plan")
    (stop,) = refused.json["stops"]
    assert stop["what"] == "9999999999_rows.js cannot be run over HTTP: nothing was sent"
    assert refused.json["files"][-1]["by_hand"]
    assert not (project.root / "other.json").exists()


BY_HAND = """migrate((app) => {
  app.db().newQuery("UPDATE {{posts}} SET title = 1").execute();
  const posts = app.findCollectionByNameOrId("posts");
  posts.listRule = "title != ''";
  app.save(posts);
}, null);
"""


TEXT = {"name": "body", "type": "text"}
CHOICE = {"name": "state", "type": "select", "values": ["draft", "old"], "maxSelect": 1}
FILES: dict[str, tuple[list[list[Json]], Json, list[tuple[str, str, str, int]], str]] = {
    "a guard": (
        [[TEXT], [{**TEXT, "max": 9}]], {"body": "much too long"},
        [("posts.body", "PV203", "unsafe", 1)], "posts.body: max 0 → 9; 1 of 1 row (PV203)",
    ),
    "one goes and one comes": (
        [[TEXT], [{"name": "slug", "type": "text", "renamed_from": ""}]], {"body": "words"},
        [("posts.slug", "PV101", "safe", 0), ("posts.body", "PV201", "unsafe", 1)], "",
    ),
    "another choice": (
        [[CHOICE], [{**CHOICE, "values": ["draft"], "remap": {"old": "draft"}}]], {"state": "old"},
        [("posts.state", "PV121", "unsafe", 1)], "",
    ),
    "no other choice": (
        [[CHOICE], [{**CHOICE, "values": ["draft"]}]], {"state": "old"},
        [("posts.state", "PV203", "unsafe", 1)],
        "posts.state: the choice 'old' goes, and the file puts nothing in its place; 1 of 1 row (PV203)",
    ),
    "filled in": (
        [[TEXT], [{**TEXT, "required": True, "backfill": "none"}]], {"body": ""},
        [("posts.body", "PV203", "unsafe", 1)], "",
    ),
    "renamed before": (
        [[TEXT], [{"name": "text", "type": "text", "renamed_from": "body"}], []], {"body": "words"},
        [("posts.text", "PV120", "", 0), ("posts.text", "PV201", "unsafe", 1)], "",
    ),
    "made before": (
        [[], [{**TEXT, "max": 50}], [{**TEXT, "max": 9}]], {},
        [("posts.body", "PV101", "safe", 0), ("posts.body", "PV203", "unsafe", -1)], "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_what_is_counted_for_a_file(tmp_path: Path, server: ServerFactory, binary: Binary, case: str) -> None:
    """On rows that came when the file was sealed already, as on any server that did not seal it."""
    declared, row, expected, stops = FILES[case]
    running = server(binary)
    maker, theirs = library.Project(tmp_path / "maker"), server(binary)
    for number, fields in enumerate(declared):
        maker.now += 10
        maker.declare(library.posts(*fields))
        maker.up(theirs)
        if number == 0:
            maker.clone(tmp_path / "first").up(running)
    project = maker.clone(tmp_path / "later")
    with project.session(running, native=False, local=False) as session:
        library.put(session, "posts", title="one", **row)
        found = plan_up(session, project.code, to=None, choices=Choices())
    changes = [change for file in found.saved.files for change in file.counted]
    codes = [change.judgement.code for file in found.pending for change in file.changes]
    seen = [
        (c.path, code, c.verdict, -1 if c.rows is None else c.rows)
        for c, code in zip(changes, codes, strict=True)
    ]
    assert [(path, code, rows) for path, code, _, rows in seen] == [
        (path, code, rows) for path, code, _, rows in expected
    ]
    assert [v for _, _, v, _ in seen if v != "safe"] == [v for _, _, v, _ in expected if v == "unsafe"]
    assert [stop.why for stop in found.stops] == ([stops] if stops else [])
    assert all(stop.exit_code == 7 for stop in found.stops)
    if not stops:
        ran = project.up(running, native=False, local=False, backup=False, confirmed=("pause",))
        assert len(ran.files) == len(declared) - 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("", "is no plan"),
        ("{", "It is cut off, or was never JSON"),
        ("[" * 100_000, "is no plan"),
        ('"migrate_plan"', "it is no plan of `pocketvex migrate plan`"),
        ('{"version": 1, "in_sync": true}', "it is no plan of `pocketvex migrate plan`"),
        ('{"version": 1, "kind": "migrate_plan"}', "it lacks a part of a plan"),
        ('{"version": 2, "kind": "migrate_plan"}', "was written by a newer PocketVex"),
    ],
)
def test_what_is_no_plan(tmp_path: Path, text: str | None, said: str) -> None:
    project = Project(tmp_path / "app")
    project.write("pocketvex.toml", "")
    if text is not None:
        project.write("plan.json", text)
    done = project("migrate", "up", "--plan", "plan.json")
    assert done.code == 2
    assert said in done.err
    assert not project.server


def test_every_part_of_a_plan_is_looked_at(project: Project) -> None:
    plan = planned(project)
    for key in ("server", "road", "files", "later", "base"):
        for broken in ({k: v for k, v in plan.items() if k != key}, {**plan, key: 7}, {**plan, key: [7]}):
            project.write("plan.json", json.dumps(broken))
            done = project(*UP)
            assert (done.code, "it lacks a part of a plan" in done.err) == (2, True), (key, done)
    text = json.dumps(plan)
    project.write("plan.json", text[: len(text) // 2])
    done = project(*UP)
    assert (done.code, "It is cut off" in done.err) == (2, True)


def test_no_file_is_written_over_and_no_two_ways_are_said(project: Project) -> None:
    project.write("plan.json", "somebody's own")
    done = project("migrate", "plan", *AT, "--out", "plan.json")
    assert (done.code, "--force" in done.err) == (2, True)
    assert project.read("plan.json") == "somebody's own"
    planned(project, "--force")
    for other in (["--to", "1"], ["--check"]):
        done = project(*UP, *other)
        assert (done.code, f"--plan and {other[0]} do not go together" in done.err) == (2, True)


def test_a_plan_for_the_server_at_hand(tmp_path: Path) -> None:
    """The road native; nothing is sealed for it."""
    project = Project(tmp_path / "app")
    project.write("pocketvex.toml", "")
    project.write("schema/posts.py", posts())
    project.ok("migrate", "generate", "first")
    project.ok("migrate", "plan", "--out", "plan.json")
    assert json.loads(project.read("plan.json"))["road"]["name"] == "native"
    project.write("schema/posts.py", posts("slug = field.text()"))
    (first,) = project.migrations
    assert project.ok("migrate", "up", "--plan", "plan.json").out == f"ran {first}\n"
    assert project.migrations == [first]
