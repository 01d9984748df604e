"""What the findings say of a server is so: each claim tried on every version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.server.binaries import Binary

ME = "@request.auth.id"


@pytest.fixture
def client(binary: Binary, server: ServerFactory) -> Iterator[Client]:
    with Client(server(binary).url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        people = {"name": "people", "id": "people000000001", "type": "auth", "viewRule": "", "fields": [
            {"name": "name", "type": "text"}, {"name": "role", "type": "text"}]}  # fmt: skip
        posts = {"name": "posts", "type": "base", "fields": [
            {"name": "title", "type": "text"}, {"name": "ok", "type": "bool"},
            {"name": "1st", "type": "text"},
            {"name": "state", "type": "select", "values": ["draft", "done"], "maxSelect": 1},
            {"name": "author", "type": "relation", "collectionId": "people000000001", "maxSelect": 1},
        ]}  # fmt: skip
        client.import_collections([people, posts])
        yield client


def put(client: Client, collection: str, **values: Any) -> str:
    if "password" in values:
        values["passwordConfirm"] = values["password"]
    answer = client._request("POST", f"/api/collections/{collection}/records", json=values)
    assert answer.ok, answer.body
    return str(answer.body["id"])


def rules(client: Client, collection: str, **values: str | None) -> None:
    before = next(item for item in client.collections() if item["name"] == collection)
    client.patch_collection(before["id"], values)


def seen(client: Client, query: str = "", token: str = "") -> list[str]:
    """The titles that a request without a superuser's token lists."""
    url = f"{client.url}/api/collections/posts/records?sort=title{query}"
    answer = httpx.get(url, headers={"Authorization": token} if token else {})
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


def test_rules_let_through_whom_the_findings_say(client: Client) -> None:
    ada = put(client, "people", name="Ada", email="ada@example.com", password="password1234")
    put(client, "people", email="bob@example.com", password="password1234")
    put(client, "posts", title="hers", author=ada, state="draft")
    put(client, "posts", title="nobody's")
    put(client, "posts", title="right", ok=True, author=ada)

    for bare in (f"author = {ME}", f"{ME} = author", f"author ?= {ME}", f"author.id = {ME}"):
        rules(client, "posts", listRule=bare)
        assert seen(client) == ["nobody's"], "PV704"
    for whole in (f"{ME} != '' && author = {ME}", f"author = {ME} && @request.auth.verified = true"):
        rules(client, "posts", listRule=whole)
        assert seen(client) == []

    rules(client, "posts", listRule="title (ok = true)")
    assert seen(client) == ["right"], "PV702"
    rules(client, "posts", listRule="title = 'hers' || (ok = true) (title = 'nobody\\'s')")
    assert seen(client) == ["hers", "nobody's", "right"], "PV702: the missing operator is the last one"

    _names_that_nothing_has(client)

    rules(client, "posts", listRule="")
    answer = httpx.get(f"{client.url}/api/collections/posts/records?sort=title&expand=author").json()
    assert [item["expand"]["author"]["name"] for item in answer["items"] if item["author"]] == [
        "Ada",
        "Ada",
    ], "PV706"
    assert httpx.get(f"{client.url}/api/collections/people/records").status_code == 403

    rules(client, "posts", viewRule=None)
    assert len(seen(client)) == 3, "PV705"
    query = httpx.get(f"{client.url}/api/collections/posts/records", params={"filter": "1st != ''"})
    assert query.status_code == 400, "PV710"

    _an_owner_writes_the_role_that_a_rule_trusts(client)


def _names_that_nothing_has(client: Client) -> None:
    login = {"identity": "ada@example.com", "password": "password1234"}
    url = f"{client.url}/api/collections/people/auth-with-password"
    token = httpx.post(url, json=login).json()["token"]
    rules(client, "posts", listRule=f"{ME} != '' && @request.auth.rol != 'banned'")
    assert len(seen(client, token=token)) == 3, "PV711: what is not there is not 'banned'"
    rules(client, "posts", listRule=f"{ME} != '' && @request.auth.rol = 'admin'")
    assert seen(client, token=token) == [], "PV711"
    for choice, titles in (("= 'drafft'", 0), ("!= 'drafft'", 3), ("!= 'draft'", 2)):
        rules(client, "posts", listRule=f"state {choice}")
        assert len(seen(client)) == titles, "PV712"


def _an_owner_writes_the_role_that_a_rule_trusts(client: Client) -> None:
    own = f"id = {ME}"
    rules(client, "people", updateRule=own, authRule="")
    rules(client, "posts", listRule="@request.auth.role = 'admin'")
    cy = put(client, "people", email="cy@example.com", password="password1234")
    login = {"identity": "cy@example.com", "password": "password1234"}
    token = httpx.post(f"{client.url}/api/collections/people/auth-with-password", json=login).json()["token"]
    url = f"{client.url}/api/collections/people/records/{cy}"

    assert seen(client, token=token) == []
    guarded = f"{own} && @request.body.role:isset = false"
    rules(client, "people", updateRule=guarded)
    assert httpx.patch(url, json={"role": "admin"}, headers={"Authorization": token}).status_code == 404
    assert seen(client, token=token) == []
    rules(client, "people", updateRule=own)
    assert httpx.patch(url, json={"role": "admin"}, headers={"Authorization": token}).status_code == 200
    assert len(seen(client, token=token)) == 3, "PV703"
