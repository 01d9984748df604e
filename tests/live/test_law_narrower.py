"""The law of closing: whoever a rule that is called narrower lets through, the wider one lets through too."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import httpx
import pytest

from binaries import LATEST, SUPPORTED, binary_of
from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.rules.narrower import narrower

COUNT = 80
"""Rules; each is tried by a guest and by three accounts on every record."""

ME = "@request.auth.id"
OWNERS = (
    f"{ME} != ''", f"{ME} = ''", f"author = {ME}", f"{ME} = id", f"authors = {ME}", f"authors ?= {ME}",
    "authors.role = @request.auth.role", "authors ?!= ''", "authors = ''",
)  # fmt: skip
ACCOUNTS = tuple(f"@request.auth.{name}" for name in ("role", "n", "verified", "boss.role"))
RECORDS = (
    "kind", "tags", "tags:each", "author.role", "authors.role", "notes_via_post.text", "n", "ok", "data.x",
)  # fmt: skip
SIGNS = ("=", "!=", "?=", "?!=", ">", ">=", "?<")
VALUES = ("'a'", "'b'", "''", "1", "'1'", "'1.0'", "0", "true", "false", "null")


@pytest.mark.slow
@pytest.mark.parametrize("version", [SUPPORTED[0], LATEST])
def test_nobody_passes_the_narrower_rule_who_does_not_pass_the_wider(
    server: ServerFactory, version: str
) -> None:
    running = server(binary_of(version))
    with (
        Client(running.url, Credentials(email=EMAIL, password=PASSWORD)) as client,
        httpx.Client(base_url=running.url) as anybody,
    ):
        tokens = filled(client, anybody)
        rules = made(Random(version))
        seen = {r: passed for r in rules if (passed := passing(client, anybody, r, tokens)) is not None}
    proven = [(a, b) for a, b in product(seen, seen) if a != b and narrower(a, b, ("id",))]
    assert [(a, b, seen[a] - seen[b]) for a, b in proven if not seen[a] <= seen[b]] == []
    assert len([a for a, b in proven if seen[a]]) > COUNT // 4, "hardly any was proven: nothing was learnt"


def made(random: Random) -> list[str]:
    """Rules, many of them near one another: about few names, with many values."""
    names = [*random.sample(ACCOUNTS, 1), *random.sample(RECORDS, 2)]
    about = [f"{name} {sign} {value}" for name, sign, value in product(names, SIGNS, VALUES)]
    rules = dict.fromkeys([*random.sample(OWNERS, 5), *random.sample(about, COUNT // 2)])
    parts = list(rules)
    while len(rules) < COUNT:
        one, other, third = (random.choice(parts) for _ in range(3))
        form = random.choice(("{0} && {1}", "{0} || {1}", "({0} || {1}) && {2}"))
        rules[form.format(one, other, third)] = None
    return list(rules)


def filled(client: Client, anybody: httpx.Client) -> list[str]:
    """Accounts and records with every kind of nothing in them; the tokens, a guest's first."""
    relation: dict[str, Any] = {"type": "relation", "collectionId": "people000000001"}
    people = {"name": "people", "id": "people000000001", "type": "auth", "fields": [
        {"name": "role", "type": "text"}, {"name": "n", "type": "number"},
        {"name": "boss", "maxSelect": 1, **relation}]}  # fmt: skip
    posts = {"name": "posts", "id": "posts0000000001", "type": "base", "fields": [
        {"name": "kind", "type": "select", "values": ["a", "b"], "maxSelect": 1},
        {"name": "tags", "type": "select", "values": ["a", "b", "1"], "maxSelect": 3},
        {"name": "n", "type": "number"}, {"name": "ok", "type": "bool"}, {"name": "data", "type": "json"},
        {"name": "author", "maxSelect": 1, **relation},
        {"name": "authors", "maxSelect": 3, **relation}]}  # fmt: skip
    notes = {"name": "notes", "type": "base", "fields": [
        {"name": "text", "type": "text"},
        {"name": "post", "type": "relation", "collectionId": "posts0000000001", "maxSelect": 1}]}  # fmt: skip
    client.import_collections([people, posts, notes])
    ids, tokens = [], [""]
    for number, role in enumerate(("a", "b", "")):
        account = {"email": f"p{number}@example.com", "password": "password1234"}
        more = {
            "passwordConfirm": account["password"],
            "role": role,
            "n": number * 2,
            "verified": number == 0,
        }
        ids.append(put(client, "people", **account, **more, boss=ids[0] if ids else ""))
        login = {"identity": account["email"], "password": account["password"]}
        answer = anybody.post("/api/collections/people/auth-with-password", json=login)
        tokens.append(answer.json()["token"])
    lists: list[list[str]] = [[], ids[:1], ids[:2], ids[1:]]
    for number, authors in enumerate(lists):
        post = put(
            client, "posts", kind=("a", "b", "", "a")[number], tags=[["a"], ["a", "b"], [], ["1"]][number],
            n=number, ok=number % 2 == 1, data=[None, {"x": "a"}, {"x": 1}, {"x": ""}][number],
            author=(authors or [""])[0], authors=authors,
        )  # fmt: skip
        for text in ([], ["a"], ["a", "b"], [""])[number]:
            put(client, "notes", post=post, text=text)
    return tokens


def put(client: Client, collection: str, **values: Any) -> str:
    answer = client._request("POST", f"/api/collections/{collection}/records", json=values)
    assert answer.ok, answer.body
    return str(answer.body["id"])


def passing(
    client: Client, anybody: httpx.Client, rule: str, tokens: list[str]
) -> set[tuple[int, str]] | None:
    """Who sees which record by it; None for a rule that the server does not take."""
    if not client._request("PATCH", "/api/collections/posts", json={"listRule": rule}).ok:
        return None
    found = set()
    for who, token in enumerate(tokens):
        headers = {"Authorization": token} if token else {}
        answer = anybody.get("/api/collections/posts/records", headers=headers)
        if answer.status_code == 200:
            found |= {(who, item["id"]) for item in answer.json()["items"]}
    return found
