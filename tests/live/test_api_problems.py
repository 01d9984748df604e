"""What a server refuses, in the words of the person who wrote it: the same on every version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.api.client import Client, Credentials
from pocketvex.errors import Rejected
from pocketvex.findings import Finding
from pocketvex.server.binaries import Binary


@pytest.fixture
def client(binary: Binary, server: ServerFactory) -> Iterator[Client]:
    with Client(server(binary).url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        client.import_collections(
            [{"name": "posts", "type": "base", "fields": [{"name": "title", "type": "text"}]}]
        )
        yield client


def refused(act: Callable[[], Any]) -> list[Finding]:
    with pytest.raises(Rejected) as caught:
        act()
    return list(caught.value.problems)


def base(name: str = "things", *fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "base", "fields": list(fields), **more}


def posts(client: Client) -> dict[str, Any]:
    return next(c for c in client.collections() if c["name"] == "posts")


BAD = {"name": "t", "type": "text", "min": 9, "max": 5}
GOOD = {"name": "t", "type": "text"}


@pytest.mark.parametrize(
    ("payload", "path", "words"),
    [
        ([base("things", GOOD, {**BAD, "name": "u"})], "things.u.max", "no less than 9"),
        ([base("things", {"name": "id", "type": "text"}, BAD)], "things.t.max", "no less than 9"),
        ([base(listRule="nope = 1")], "things.listRule", "nope"),
        ([base("things", {"name": "s", "type": "select", "values": []})], "things.s.values", "blank"),
        (
            [base("things", {"name": "r", "type": "relation", "collectionId": "nowhere"})],
            "things.r.collectionId",
            "does not exist on this server",
        ),
        ([base("bad name")], "bad name.name", "valid format"),
        ([base("other"), base("things", {"name": "x", "type": "hologram"})], "things.x.type", "'hologram'"),
        ([base("things", {**GOOD, "max": "5"})], "things.t.max", "wrong kind"),
        (
            [base("things", GOOD, indexes=["CREATE INDEX ix ON things (zz)"])],
            "things.indexes.ix",
            "column zz",
        ),
        (
            [base("other", GOOD), base("things", GOOD, indexes=["CREATE INDEX `ix` ON `things` (`zz`)"])],
            "things.indexes.ix",
            "column zz",
        ),
        ([{"name": "v", "type": "view", "viewQuery": "SELECT id, zz FROM posts"}], "v", "column zz"),
        (
            [base("things", {**GOOD, "id": "a1"}, {**GOOD, "id": "a2", "name": "T"})],
            "things",
            "two fields have the name",
        ),
        ([], "collections", "blank"),
    ],
)
def test_import(client: Client, payload: list[dict[str, Any]], path: str, words: str) -> None:
    problems = refused(lambda: client.import_collections(payload))
    assert [p.path for p in problems] == [path]
    assert words in problems[0].message


def test_import_names_every_reason(client: Client) -> None:
    fields = [BAD, {"name": "s", "type": "select", "values": []}]
    problems = refused(lambda: client.import_collections([base("things", *fields, viewRule="a = 1")]))
    assert [p.path for p in problems] == ["things.t.max", "things.s.values", "things.viewRule"]


def test_changing_a_type_in_place(client: Client) -> None:
    now = posts(client)
    fields = [now["fields"][0], {**now["fields"][1], "type": "number"}]
    by_import = refused(lambda: client.import_collections([{**now, "fields": fields}]))
    by_patch = refused(lambda: client.patch_collection(now["id"], {"name": "posts", "fields": fields}))
    assert [p.path for p in by_import] == [p.path for p in by_patch] == ["posts.title"]
    assert all("takes a migration" in p.message for p in by_import + by_patch)
    assert by_patch[0].code == "validation_field_type_change"


def test_patch(client: Client) -> None:
    fields = [*posts(client)["fields"], BAD]
    problems = refused(lambda: client.patch_collection("posts", {"fields": fields}))
    assert [(p.path, p.code) for p in problems] == [
        ("posts.t.max", "validation_min_greater_equal_than_required")
    ]
    unknown = [*posts(client)["fields"], {"name": "x", "type": "hologram"}]
    assert [p.path for p in refused(lambda: client.patch_collection("posts", {"fields": unknown}))] == [
        "posts.x.type"
    ]


def test_repeated_values_under_a_unique_index(client: Client) -> None:
    for _ in range(2):
        client._request("POST", "/api/collections/posts/records", json={"title": "same"})
    indexes = ["CREATE INDEX ia ON posts (id)", "CREATE UNIQUE INDEX ux ON posts (title)"]
    payload = [base("other", GOOD), {**posts(client), "indexes": indexes}]
    by_import = refused(lambda: client.import_collections(payload))
    by_patch = refused(lambda: client.patch_collection("posts", {"indexes": indexes}))
    for problems in (by_import, by_patch):
        assert [p.path for p in problems] == ["posts.indexes.ux"]
        assert "rows repeat values of posts.title" in problems[0].message


def test_deletions_that_are_refused(client: Client) -> None:
    target = posts(client)["id"]
    relation = {"name": "post", "type": "relation", "collectionId": target}
    client.import_collections([base("comments", relation)])
    assert "comments" in refused(lambda: client.delete_collection("posts"))[0].message
    client.import_collections([{"name": "v", "type": "view", "viewQuery": "SELECT id, post FROM comments"}])
    assert "view" in refused(lambda: client.delete_collection("comments"))[0].message
    assert "system" in refused(lambda: client.delete_collection("_superusers"))[0].message


def test_a_failed_import_leaves_nothing_behind(client: Client) -> None:
    before = posts(client)
    fields = [before["fields"][0], {**before["fields"][1], "name": "headline"}]
    renamed = {**before, "fields": fields}
    refused(lambda: client.import_collections([renamed, base("things", BAD)]))
    cached = client._request("GET", "/api/collections/posts").body
    assert posts(client)["fields"] == cached["fields"] == before["fields"]
    assert client._request("POST", "/api/collections/posts/records", json={"title": "x"}).ok
