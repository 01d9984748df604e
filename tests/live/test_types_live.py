"""The types of the code against what a server returns: to a guest, to the owner, to a superuser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.errors import SchemaError
from pocketvex.run.types import TYPES, files_of_code, view_fields
from pocketvex.server.binaries import Binary
from projects import Project, text

Json = dict[str, Any]

EVERYTHING = [
    {"name": "tags", "listRule": "", "viewRule": "", "fields": [text("name")]},
    {
        "name": "people", "type": "auth", "listRule": "", "viewRule": "", "createRule": "",
        "updateRule": "id = @request.auth.id",
        "fields": [text("nick"), text("secret_note", hidden=True), {"name": "pin", "type": "password"}],
    },
    {
        "name": "posts", "listRule": "", "viewRule": "", "createRule": "",
        "fields": [
            text("title"), {"name": "body", "type": "editor"}, {"name": "n", "type": "number"},
            {"name": "done", "type": "bool"}, {"name": "mail", "type": "email"},
            {"name": "link", "type": "url"}, {"name": "at", "type": "date"},
            {"name": "created", "type": "autodate", "onCreate": True},
            {"name": "data", "type": "json"},
            {"name": "kind", "type": "select", "values": ["a", "b"]},
            {"name": "kinds", "type": "select", "values": ["a", "b"], "maxSelect": 2},
            {"name": "doc", "type": "file"}, {"name": "docs", "type": "file", "maxSelect": 3},
            {"name": "owner", "type": "relation", "target": "people"},
            {"name": "tags", "type": "relation", "target": "tags", "maxSelect": 5},
            text("hidden_one", hidden=True),
        ],
    },
    {"name": "shown", "type": "view", "listRule": "", "viewRule": "",
     "query": "SELECT p.id, p.title, p.n, p.kinds, p.owner, count(p.id) AS total, (p.n * 2) AS twice,"
              " cast(p.n AS text) AS written, p.hidden_one FROM posts p GROUP BY p.id"},
]  # fmt: skip

CHECKS = {
    "string": lambda v: isinstance(v, str),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
}


def shape(types: str, name: str) -> dict[str, tuple[str, bool]]:
    """The members of an interface: name to its type, and whether it may be missing."""
    found = re.search(rf"export (?:interface|type) {name}\b[^{{]*\{{(.*?)\n\}}", types, re.DOTALL)
    assert found, f"{name} is not in the types:\n{types[:3000]}"
    members = re.findall(r"^\s+(?:readonly )?[\"']?(\w+)[\"']?(\??): (.+?);?$", found[1], re.MULTILINE)
    return {member: (kind, bool(optional)) for member, optional, kind in members}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", *EVERYTHING)


def records(project: Project, server: ServerFactory, binary: Binary) -> dict[str, dict[str, Json]]:
    """By reader and collection: a record as the server returns it."""
    running = server(binary)
    project.dev(running)
    with httpx.Client(base_url=running.url, timeout=30) as client:

        def login(collection: str, identity: str) -> str:
            body = {"identity": identity, "password": PASSWORD}
            answer = client.post(f"/api/collections/{collection}/auth-with-password", json=body)
            return str(answer.raise_for_status().json()["token"])

        def make(collection: str, **values: Any) -> str:
            answer = client.post(f"/api/collections/{collection}/records", json=values, headers=admin)
            return str(answer.raise_for_status().json()["id"])

        admin = {"Authorization": login("_superusers", EMAIL)}
        account = {"email": "ada@example.com", "password": PASSWORD, "passwordConfirm": PASSWORD}
        ada = make("people", **account, nick="ada", secret_note="x", pin="pin12345678")
        tag = make("tags", name="t")
        make(
            "posts", title="one", body="<p>x</p>", n=1.5, done=True, mail="a@b.co", link="https://a.b",
            at="2026-01-01 00:00:00.000Z", data={"a": 1}, kind="a", kinds=["a", "b"], owner=ada, tags=[tag],
            hidden_one="h",
        )  # fmt: skip
        readers = {
            "guest": {},
            "owner": {"Authorization": login("people", "ada@example.com")},
            "admin": admin,
        }
        found: dict[str, dict[str, Json]] = {}
        for reader, headers in readers.items():
            found[reader] = {}
            for name in ("tags", "people", "posts", "shown"):
                answer = client.get(f"/api/collections/{name}/records", headers=headers).raise_for_status()
                found[reader][name] = answer.json()["items"][0]
    return found


def test_every_member_is_what_the_server_returns(
    project: Project, server: ServerFactory, binary: Binary
) -> None:
    types = files_of_code(project.config, project.code, lambda: binary)[TYPES]
    found = records(project, server, binary)
    kinds = {"tags": "Tags", "people": "People", "posts": "Posts", "shown": "Shown"}
    for reader, by_name in found.items():
        for name, record in by_name.items():
            members = shape(types, f"{kinds[name]}Record")
            unknown = record.keys() - members.keys() - {"collectionId", "collectionName", "expand"}
            # What is hidden is for superusers, and no member of a record.
            assert unknown <= ({"secret_note", "hidden_one"} if reader == "admin" else set()), (reader, name)
            for member, (kind, optional) in members.items():
                if member not in record:
                    assert optional, f"{name}.{member} is not there for {reader}"
                elif kind in CHECKS:
                    assert CHECKS[kind](record[member]), (reader, name, member, kind, record[member])
                elif kind.endswith("[]"):
                    assert isinstance(record[member], list), (reader, name, member, kind)


def test_a_fresh_clone_gets_the_same_bytes(project: Project, latest: Binary, tmp_path: Path) -> None:
    first = files_of_code(project.config, project.code, lambda: latest)[TYPES]

    def never() -> Binary:
        raise AssertionError("the columns of views are in the cache")

    assert files_of_code(project.config, project.code, never)[TYPES] == first
    assert (
        files_of_code(Project(tmp_path / "clone", *EVERYTHING).config, project.code, lambda: latest)[TYPES]
        == first
    )


def test_a_view_that_no_server_takes_is_named(project: Project, binary: Binary) -> None:
    project.declare(*EVERYTHING[:3], {**EVERYTHING[3], "query": "SELECT id, nope FROM posts"})
    with pytest.raises(SchemaError) as failure:
        view_fields(project.config, project.code, lambda: binary)
    assert "nope" in str(failure.value)
    assert "shown" in str(failure.value)
