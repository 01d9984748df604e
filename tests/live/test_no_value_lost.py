"""What once lost a value, or let somebody in: each sequence with the value that has to be there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.errors import NotAsIntended, ServerProcessError
from pocketvex.run.prune import list_kept, show
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from projects import Json, Project, names, posts, put, rows, text

OTHERS = {"name": "others", "fields": [text("t")]}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.fixture
def running(server: ServerFactory, latest: Binary) -> Running:
    return server(latest)


def stored(running: Running, query: str, *values: Any) -> list[Any]:
    """What the database holds; or, of a statement, nothing."""
    with closing(sqlite3.connect(running.data_dir / "data.db", timeout=20)) as database, database:
        return [row[0] if len(row) == 1 else row for row in database.execute(query, values).fetchall()]


def fill(running: Running, *values: Any, column: str = "x") -> None:
    for number, value in enumerate(values):
        query = f"INSERT INTO posts (id, title, {column}) VALUES (?, 't', ?)"
        stored(running, query, f"row{number:012}", value)


def held(running: Running, column: str = "x") -> list[Any]:
    return stored(running, f"SELECT {column} FROM posts ORDER BY id")


ZERO = "00:00:00.000Z"


def x(type_: str = "text", **options: Any) -> Json:
    return {"name": "x", "type": type_, **options}


def select(*values: str, **options: Any) -> Json:
    return x("select", values=list(values), **options)


@contextmanager
def notes(project: Project, running: Running) -> Iterator[list[str]]:
    with project.session(running) as session:
        yield session.reporter.notes


@pytest.mark.parametrize(
    ("before", "after", "values"),
    [
        (x(), {"type": "number"}, ["many", "1.50"]),
        (select("a", "b", "c"), {"type": "select", "values": ["a", "b"], "remap": {"c": "a"}}, ["c"]),
        (select("a", "b", "c", maxSelect=3), select("a", "b", "c", keep="first"), ['["a","b"]']),
        (x(), {"type": "text", "required": True, "backfill": "q"}, [""]),
        (x("relation", target="posts"), {"type": "relation", "target": "others"}, ["row000000000000"]),
    ],
    ids=["type", "remap", "list to one", "backfill", "target"],
)
def test_a_rename_that_dev_did_first_and_another_change_of_the_field(
    project: Project, running: Running, before: Json, after: Json, values: list[Any]
) -> None:
    project.declare(posts(before), OTHERS)
    project.up(running)
    fill(running, *values)
    project.declare(posts({**after, "name": "y", "renamed_from": "x"}), OTHERS)
    project.sync(running)
    project.up(running)
    project.down(running)
    assert held(running) == values


def test_what_is_declared_again_has_its_values_again(project: Project, running: Running) -> None:
    project.declare(posts(x()))
    project.up(running)
    fill(running, "one", "two", "three")
    project.declare(posts())
    project.up(running)
    project.declare(posts(x()))
    project.sync(running)
    assert held(running) == ["one", "two", "three"]
    stored(running, "UPDATE posts SET x = 'new' WHERE id = 'row000000000001'")
    project.down(running)
    with project.session(running) as session:
        (kept,) = list_kept(session).kept
        assert (kept.rows, kept.way_back) == (0, "all of them are in their records again")
        assert [cell.value for cell in show(session.target, [kept], kept.name)] == ["one", "two", "three"]
    assert held(running) == ["one", "new", "three"]
    project.up(running)
    assert held(running) == ["one", "new", "three"]
    project.down(running, 2)
    assert held(running) == ["one", "new", "three"]


def test_a_collection_that_is_declared_again_comes_back_as_it_was(project: Project, running: Running) -> None:
    project.declare(posts(x()), OTHERS)
    project.up(running)
    fill(running, "one", "two")
    before = stored(running, "SELECT id FROM _collections WHERE name = 'posts'")
    project.declare(OTHERS)
    project.up(running)
    project.declare(posts(x()), OTHERS)
    project.sync(running)
    assert held(running) == ["one", "two"]
    assert stored(running, "SELECT id FROM _collections WHERE name = 'posts'") == before
    fill(running, *(), column="x")
    stored(running, "INSERT INTO posts (id, title, x) VALUES ('new000000000000', 'n', 'n')")
    project.down(running)
    assert held(running) == ["n", "one", "two"]
    project.up(running)
    assert held(running) == ["n", "one", "two"]


HARD = ["2.10", "1.0", "1e5", " 5 ", "-0", "12345678901234567890", "1E400", "", "null", '"', "many"]


@pytest.mark.parametrize("type_", ["json", "number", "date", "editor", "email"])
def test_a_text_comes_back_exactly_from_any_type(project: Project, running: Running, type_: str) -> None:
    project.declare(posts(x()))
    project.up(running)
    fill(running, *HARD)
    project.declare(posts(x(type_)))
    project.up(running)
    there = held(running)
    with project.session(running) as session:
        assert len(rows(session, "posts")) == len(HARD)
    project.down(running)
    assert held(running) == HARD
    project.up(running)
    assert held(running) == there


@pytest.mark.parametrize(
    ("before", "after", "values"),
    [
        (
            select("a", "b", "c", "d", maxSelect=4),
            select("a", "b", "d", remap={"c": "a"}),
            ['["b","c"]', '["c"]', '["a","b"]'],
        ),
        (
            select("a", "b", maxSelect=2),
            select("a", "b", required=True, backfill="b", keep="first"),
            ['["b","a"]', "[]"],
        ),
        (select("a", "b"), select("a", "b", maxSelect=2, required=True, backfill=["b"]), ["a", ""]),
        (
            select("a", "b", "c"),
            select("a", "b", maxSelect=2, required=True, backfill=["b"], remap={"c": "a"}),
            ["a", "", "c"],
        ),
        (x("number"), x("bool", required=True, backfill=True), [0, 1, 2.5]),
        (x("json"), x(required=True, backfill="z"), [None, "null", '""', '"x"', "[]"]),
    ],
    ids=[
        "list, remap",
        "list, fill",
        "to list, fill",
        "to list, fill, remap",
        "number to bool",
        "json to text",
    ],
)
def test_what_happens_to_a_value_at_once_is_undone_at_once(
    project: Project, running: Running, before: Json, after: Json, values: list[Any]
) -> None:
    project.declare(posts(before))
    project.up(running)
    fill(running, *values)
    project.declare(posts(after))
    project.up(running)
    there = held(running)
    project.down(running)
    assert held(running) == values
    project.up(running)
    assert held(running) == there


def test_two_files_back_and_forth(project: Project, running: Running) -> None:
    for field in (x("number"), x("number", required=True, backfill=1), x()):
        project.declare(posts(field))
        project.up(running)
        if field == x("number"):
            fill(running, 0, 5)
    stored(running, "INSERT INTO posts (id, title, x) VALUES ('row000000000002', 't', 'many')")
    stored(running, "UPDATE posts SET x = 'lots' WHERE id = 'row000000000001'")
    before = held(running)
    project.down(running, 2)
    project.up(running)
    assert held(running) == before == ["1", "lots", "many"]


@pytest.mark.parametrize(
    ("before", "after", "values", "there"),
    [
        (x(), x("number", min=10), ["12", "5"], [12, 0]),
        (x(), x("number", onlyInt=True), ["12", "5.5"], [12, 0]),
        (x(), x("number", required=True, backfill=7), ["12", "x", ""], [12, 7, 7]),
        (x(), x("email", onlyDomains=["a.org"]), ["x@a.org", "x@b.org"], ["x@a.org", ""]),
        (x(), x("email"), ["x@a.org", "x@.."], ["x@a.org", ""]),
        (x("email"), x(pattern="^x"), ["x@a.org", "y@a.org"], ["x@a.org", ""]),
        (x("editor"), x(), ["x" * 6000, "y"], ["", "y"]),
        (x(), x("json", maxSize=5), ["abcdefgh", "a"], [None, '"a"']),
        (
            x(),
            x("date"),
            ["2026-02-30", "2026-01-01 24:00:00", "2026-02-28"],
            ["", "", "2026-02-28 00:00:00.000Z"],
        ),
        (x(), x("number"), ["1e400", "12345678901234567890", "0.5"], [0, 0, 0.5]),
    ],
)
def test_what_the_new_field_would_refuse_does_not_convert(
    project: Project, running: Running, before: Json, after: Json, values: list[Any], there: list[Any]
) -> None:
    project.declare(posts(before))
    project.up(running)
    fill(running, *values)
    project.declare(posts(after))
    lost = sum(1 for value, now in zip(values, there, strict=True) if value and now in (0, "", None))
    (change,) = project.diff(running).changes
    assert change.judgement.evidence is not None
    if not after.get("required") and after != x("email"):
        assert change.judgement.evidence.rows == lost
    project.up(running)
    assert held(running) == there
    with project.session(running) as session:
        for row in rows(session, "posts"):
            answer = session.target.client._request(
                "PATCH", f"/api/collections/posts/records/{row['id']}", json={"title": "new"}
            )
            assert answer.ok, answer.body
    project.down(running)
    assert held(running) == values


def test_a_type_change_that_would_leave_rows_that_nobody_can_update_stops(
    project: Project, running: Running
) -> None:
    project.declare(posts(x()))
    project.up(running)
    fill(running, "12", "x", "")
    project.declare(posts(x("number", required=True)))
    with pytest.raises(NotAsIntended, match="no file was run") as failed:
        project.up(running)
    assert "2 values are empty" in failed.value.why
    assert held(running) == ["12", "x", ""]


def test_rows_that_came_since_are_named_where_they_break_a_limit_again(
    project: Project, running: Running
) -> None:
    project.declare(posts(x(required=True)))
    project.up(running)
    fill(running, "one")
    project.declare(posts())
    project.up(running)
    with project.session(running) as session:
        put(session, "posts", title="new")
        from pocketvex.run import migrate
        from pocketvex.run.situation import Choices

        migrate.down(session, project.code, count=1, choices=Choices())
        assert any(
            "posts: 1 record cannot be updated until x is changed" in note for note in session.reporter.notes
        )


def test_rows_that_became_equal_since_are_named_by_down(project: Project, running: Running) -> None:
    project.declare(posts(x(unique=True)))
    project.up(running)
    fill(running, "one")
    project.declare(posts(x()))
    project.up(running)
    stored(running, "INSERT INTO posts (id, title, x) VALUES ('row000000000009', 't', 'one')")
    with pytest.raises(NotAsIntended, match="nothing was taken back") as failed:
        project.down(running)
    assert "posts.x: rows are equal there" in failed.value.why
    assert "`pocketvex migrate down` again" in failed.value.todo
    assert held(running) == ["one", "one"]


@pytest.mark.parametrize("kind", ["field", "collection"])
def test_a_value_that_somebody_writes_before_a_removal_over_http_is_kept(
    project: Project, running: Running, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Between the last look and the removal: a user's write that the server acknowledged."""
    project.declare(posts(x()), {"name": "gone", "fields": [text("t")]})
    project.sync(running, native=False)
    fill(running, "")
    project.declare(*([posts()] if kind == "field" else []), *([{"name": "gone", "fields": [text("t")]}]
                    if kind == "field" else [posts(x())]))  # fmt: skip
    with project.session(running, native=False) as session:
        written: list[Any] = []
        patch = session.target.client.patch_collection

        def overtaken(name: str, values: Json) -> Any:
            if not written:
                written.append(True)
                if kind == "field":
                    url = "/api/collections/posts/records/row000000000000"
                    answer = session.target.client._request("PATCH", url, json={"x": "precious"})
                else:
                    answer = session.target.client._request(
                        "POST", "/api/collections/gone/records", json={"t": "precious"}
                    )
                assert answer.ok
            return patch(name, values)

        monkeypatch.setattr(session.target.client, "patch_collection", overtaken)
        from pocketvex.run.situation import Choices
        from pocketvex.run.sync import sync

        with pytest.raises(NotAsIntended, match="holds values now"):
            sync(session, project.code, Choices())
        assert written
        if kind == "field":
            assert [row["x"] for row in rows(session, "posts")] == ["precious"]
        else:
            assert [row["t"] for row in rows(session, "gone")] == ["precious"]


def upload(running: Running, collection: str, **values: Any) -> Json:
    """A record with a file, made as a superuser."""
    login = {"identity": EMAIL, "password": PASSWORD}
    url = f"{running.url}/api/collections/_superusers/auth-with-password"
    headers = {"Authorization": httpx.post(url, json=login).json()["token"]}
    answer = httpx.post(
        f"{running.url}/api/collections/{collection}/records",
        data=values,
        files=[("att", ("a.txt", b"AAAA", "text/plain"))],
        headers=headers,
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


DOCS = {"name": "docs", "listRule": "", "viewRule": "",
        "fields": [text("title"), {"name": "att", "type": "file", "maxSelect": 3},
                   {"name": "pin", "type": "password"}]}  # fmt: skip
SIGN_UP = {"email": "u@example.com", "password": "password123", "passwordConfirm": "password123"}
ACCOUNTS = {"name": "accts", "type": "auth", "fields": [text("nick")], "passwordAuth": {"enabled": True},
            "otp": {"enabled": True}}  # fmt: skip


def test_files_passwords_and_accounts_of_what_no_file_has_are_kept_exactly(
    project: Project, running: Running
) -> None:
    project.declare(DOCS, ACCOUNTS)
    project.sync(running)
    with project.session(running) as session:
        put(session, "accts", **SIGN_UP)
    record = upload(running, "docs", title="d", pin="12345678")
    pins, accounts = stored(running, "SELECT pin FROM docs"), stored(running, "SELECT password FROM accts")
    project.declare({"name": "docs", "listRule": "", "viewRule": "", "fields": [text("title")]})
    project.sync(running, confirmed=["docs.att", "docs.pin", "accts"])
    assert list((running.data_dir / "storage").rglob("a*.txt"))
    with project.session(running) as session:
        assert names(session.target.fetch(), "docs") == ["id", "title"]
        assert {kept.kind for kept in list_kept(session).kept} == {"values", "collection"}
    project.declare(DOCS, ACCOUNTS)
    project.sync(running)
    assert stored(running, "SELECT pin FROM docs") == pins
    assert stored(running, "SELECT password FROM accts") == accounts
    url = f"{running.url}/api/files/docs/{record['id']}/{record['att'][0]}"
    assert httpx.get(url).content == b"AAAA"


def test_over_http_what_cannot_be_kept_is_not_removed(project: Project, running: Running) -> None:
    project.declare(DOCS)
    project.sync(running, native=False)
    with project.session(running) as session:
        put(session, "docs", title="d", pin="12345678")
    project.declare({**DOCS, "fields": DOCS["fields"][:2]})  # type: ignore[index]
    with pytest.raises(ServerProcessError, match="cannot be kept aside over HTTP"):
        project.sync(running, native=False, confirmed=["docs.pin"])
    with project.session(running) as session:
        assert "pin" in names(session.target.fetch(), "docs")


@pytest.mark.parametrize("version", ["0.23.12", "0.40.6"])
def test_nobody_gets_in_by_what_is_put_away_and_everybody_again_after_down(
    project: Project, server: ServerFactory, version: str
) -> None:
    from binaries import binary_of

    running = server(binary_of(version))
    signed_in = "@request.auth.id != ''"
    other = {"name": "other", "fields": [text("t")], "updateRule": signed_in, "viewRule": signed_in,
             "listRule": signed_in}  # fmt: skip
    project.declare(DOCS, ACCOUNTS, other)
    project.up(running)
    with project.session(running) as session:
        account = put(session, "accts", **SIGN_UP, verified=True)
        record = put(session, "other", t="private")
    document = upload(running, "docs", title="d", pin="12345678")
    accts = f"{running.url}/api/collections/{account['collectionId']}"
    login = {"identity": "u@example.com", "password": "password123"}
    token = httpx.post(f"{accts}/auth-with-password", json=login).json()["token"]
    page = f"{running.url}/api/collections/other/records/{record['id']}"
    headers = {"Authorization": token}
    assert httpx.patch(page, json={"t": "mine"}, headers=headers).status_code == 200
    file = f"{running.url}/api/files/{document['collectionId']}/{document['id']}/{document['att'][0]}"
    assert httpx.get(file).status_code == 200
    project.declare(other)
    project.up(running)
    assert httpx.patch(page, json={"t": "changed"}, headers=headers).status_code in (401, 403, 404)
    assert httpx.post(f"{accts}/auth-refresh", headers=headers).status_code in (400, 401, 403, 404)
    assert httpx.post(f"{accts}/auth-with-password", json=login).status_code in (400, 403, 404)
    assert httpx.post(f"{accts}/request-otp", json={"email": "u@example.com"}).status_code in (400, 403, 404)
    assert httpx.get(file).status_code == 404
    project.down(running)
    assert httpx.patch(page, json={"t": "back"}, headers=headers).status_code == 200
    assert httpx.post(f"{accts}/auth-with-password", json=login).status_code == 200
    assert httpx.get(file).content == b"AAAA"
