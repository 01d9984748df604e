"""How many rows hold a value: for every type of field, on every version, by record filters alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.api.client import Client, Credentials
from pocketvex.api.filters import nonzero_filter, zero_filter
from pocketvex.server.binaries import Binary

# What two rows hold; two more hold nothing.
VALUES: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "text": ({}, ["x", " "]),
    "hidden": ({"type": "text", "hidden": True}, ["x", "y"]),
    "editor": ({}, ["<p>x</p>", "x"]),
    "number": ({}, [-1.5, 0.0000001]),
    "bool": ({}, [True, True]),
    "email": ({}, ["a@example.com", "b@example.com"]),
    "url": ({}, ["http://example.com", "https://example.com"]),
    "date": ({}, ["2024-01-01", "1970-01-01 00:00:00.000Z"]),
    "password": ({}, ["secret-1", "secret-2"]),
    "one": ({"type": "select", "values": ["a", "b"]}, ["a", "b"]),
    "many": ({"type": "select", "values": ["a", "b"], "maxSelect": 2}, [["a"], ["a", "b"]]),
    "geoPoint": ({}, [{"lon": 1, "lat": 0}, {"lon": 0, "lat": -2}]),
}
# Names that the grammar of filters would read as a number, refuse, or take for a literal.
NAMES = ["1st", "9", "_", "__x", "order", "select", "and", "rowid", "null_"]
JSON_VALUES = [0, "", "null", [], {}, False, True, " ", {"a": None}, 1]


@pytest.fixture
def client(binary: Binary, server: ServerFactory) -> Iterator[Client]:
    with Client(server(binary).url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        yield client


def fields_for(binary: Binary, users: str) -> list[dict[str, Any]]:
    fields = [
        {"type": name, "name": f"f_{name}", **options}
        for name, (options, _) in VALUES.items()
        if name != "geoPoint" or tuple(binary.version) >= (0, 27)
    ]
    fields += [{"type": "number", "name": name} for name in NAMES]
    fields += [
        {"type": "json", "name": "f_json"},
        {"type": "relation", "name": "f_rel", "collectionId": users},
        {"type": "relation", "name": "f_rels", "collectionId": users, "maxSelect": 5},
        {"type": "file", "name": "f_file"},
        {"type": "file", "name": "f_files", "maxSelect": 5},
        {"type": "autodate", "name": "f_autodate", "onCreate": True},
    ]
    return fields


def add(client: Client, row: dict[str, Any], collection: str = "things") -> str:
    answer = client._request("POST", f"/api/collections/{collection}/records", json=row)
    assert answer.ok, answer
    return str(answer.body["id"])


def nonzero(client: Client, collection: str, field: dict[str, Any]) -> int:
    filter = nonzero_filter(collection, field)
    assert filter is not None
    return client.count(collection, filter)


def test_nonzero_counts_what_is_stored(binary: Binary, client: Client) -> None:
    users = next(c["id"] for c in client.collections() if c["name"] == "users")
    wanted = fields_for(binary, users)
    client.import_collections([{"name": "things", "type": "base", "fields": wanted}])
    made = next(c for c in client.collections() if c["name"] == "things")
    fields = {f["name"]: f for f in made["fields"]}

    user = add(client, {"email": "u@example.com", "password": "x" * 10, "passwordConfirm": "x" * 10}, "users")
    for n in range(2):
        row = {f"f_{name}": values[n] for name, (_, values) in VALUES.items() if f"f_{name}" in fields}
        row |= dict.fromkeys(NAMES, n + 1)
        add(client, row | {"f_rel": user, "f_rels": [user]})
    add(client, {})
    token, _ = client._sign_in.token()
    with httpx.Client(base_url=client.url, headers={"Authorization": token}) as http:
        uploads = [("f_file", ("a.txt", b"x")), ("f_files", ("b.txt", b"x")), ("f_files", ("c.txt", b"x"))]
        assert http.post("/api/collections/things/records", files=uploads).status_code == 200

    expected = dict.fromkeys(fields, 2) | {"id": 4, "f_autodate": 4, "f_json": 0, "f_file": 1, "f_files": 1}
    assert {name: nonzero(client, "things", field) for name, field in fields.items()} == expected
    assert {name: nonzero(client, made["id"], field) for name, field in fields.items()} == expected

    for name, field in fields.items():
        empty = zero_filter("things", field)
        assert empty is not None
        assert client.count("things", empty) == 4 - expected[name], name


def test_json_holds_whatever_is_not_null(client: Client) -> None:
    field = {"name": "f", "type": "json"}
    client.import_collections([{"name": "things", "type": "base", "fields": [field]}])
    for value in JSON_VALUES:
        add(client, {"f": value})
    for row in ({"f": None}, {}):
        add(client, row)
    # The server reads the text `null` as null, and stores "" as a text.
    assert nonzero(client, "things", field) == len(JSON_VALUES) - 1
    empty = zero_filter("things", field)
    assert empty is not None
    rows = client.records("things", empty, "f")
    assert [row["f"] for row in rows] == ["", None, [], {}, None, None]


def test_system_fields_of_accounts(client: Client) -> None:
    add(client, {"email": "u@example.com", "password": "x" * 10, "passwordConfirm": "x" * 10}, "users")
    users = next(c for c in client.collections() if c["name"] == "users")
    counted = {f["name"]: nonzero(client, "users", f) for f in users["fields"] if f["system"]}
    assert counted == {
        "id": 1,
        "password": 1,
        "tokenKey": 1,
        "email": 1,
        "emailVisibility": 0,
        "verified": 0,
    }


def test_a_type_that_we_do_not_know_is_unknown() -> None:
    assert nonzero_filter("things", {"name": "x", "type": "hologram"}) is None
    assert zero_filter("things", {"name": "x", "type": "hologram"}) is None
