"""The law of rules: what a server accepts, the parser accepts, and what it refuses, the parser refuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from cases.filters import FILTERS
from conftest import EMAIL, PASSWORD, ServerFactory
from filters import Maker, collections
from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.rules.check import rule_problems
from pocketvex.schema.model import Schema
from pocketvex.schema.rules import RULE_NAMES
from pocketvex.server.binaries import Binary

COUNT = 500
"""Rules for each of the collections; a request asks about five of them."""


@pytest.fixture
def client(binary: Binary, server: ServerFactory) -> Iterator[Client]:
    running = server(binary)
    with Client(running.url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        points = tuple(binary.version) >= (0, 27)
        client.import_collections(collections(points=points))
        yield client


def refused(client: Client, collection: str, rules: Sequence[str], names: Sequence[str]) -> list[str]:
    """What the server has against each of the rules, empty where nothing."""
    found: list[str] = []
    for at in range(0, len(rules), len(names)):
        part = rules[at : at + len(names)]
        body: dict[str, Any] = dict.fromkeys(names) | dict(zip(names, part, strict=False))
        answer = client._request("PATCH", f"/api/collections/{collection}", json=body)
        data = {} if answer.ok else answer.body["data"]
        assert answer.ok or data, answer.body
        found += [data.get(name, {}).get("message", "") for name, _ in zip(names, part, strict=False)]
    return found


ASKED: dict[str, Sequence[str]] = {
    "posts": RULE_NAMES,
    "people": (*RULE_NAMES, "authRule", "manageRule"),
    "shown": RULE_NAMES[:2],
}
"""The rules that a collection takes; a view is slow to save."""


def test_rules_are_accepted_by_both_or_by_neither(client: Client, binary: Binary) -> None:
    version = tuple(binary.version)
    for collection, names in ASKED.items():
        maker = Maker(len(collection) * 1000 + version[1])
        by_hand, count = (FILTERS, COUNT) if len(names) > 2 else ((), COUNT // 5)
        rules = list(dict.fromkeys([*by_hand, *(maker.filter() for _ in range(count))]))
        said = refused(client, collection, rules, names)
        live = Schema.from_json(client.collections())
        base = live.collection(collection)
        assert base is not None
        different = []
        for rule, theirs in zip(rules, said, strict=True):
            asked = base.model_copy(update={"list_rule": rule, "view_rule": None})
            ours = rule_problems(Schema.model_construct(collections=[asked]), version, live)
            if bool(ours) != bool(theirs):
                different.append((rule, theirs, [problem.message for problem in ours]))
        assert different == []
        assert said.count("") > len(rules) // 20, "hardly any was right: nothing was learnt"
