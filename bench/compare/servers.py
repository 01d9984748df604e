"""Servers that hold given collections: of the current PocketBase, and of the last before 0.23."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from bench.compare.blog import Json
from bench.measure import environment
from bench.projects import Login
from pocketvex.server.binaries import find
from pocketvex.server.launch import free_port
from pocketvex.server.process import Running, create_superuser
from pocketvex.versions import Version

EMAIL, PASSWORD = "someone@example.com", "password1234"
OLD = Version.parse("0.22.27")


class Refused(Exception):
    """The server does not take these collections."""


@contextmanager
def current(folder: Path, collections: Sequence[Json]) -> Iterator[Login]:
    """The installed PocketBase, with these collections made one after the other."""
    binary, data = find(None), folder / "pb_data"
    create_superuser(binary, data, EMAIL, PASSWORD)
    with Running(binary, data) as server:
        login = Login(server.url, EMAIL, PASSWORD)
        with closing(login.client()) as client:
            _put(client, collections)
        yield login


@contextmanager
def old(folder: Path, collections: Sequence[Json]) -> Iterator[Login]:
    """PocketBase 0.22, with what it has of these collections."""
    binary, data = find(OLD).path, folder / "pb_data_old"
    for words in (["migrate", "up"], ["admin", "create", EMAIL, PASSWORD]):
        subprocess.run([binary, *words, "--dir", data], check=True, capture_output=True, env=environment())
    port = free_port()
    login = Login(f"http://127.0.0.1:{port}", EMAIL, PASSWORD)
    serve: list[str | Path] = [
        binary,
        "serve",
        "--http",
        f"127.0.0.1:{port}",
        "--dir",
        data,
        "--automigrate=false",
    ]
    server = subprocess.Popen(serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=login.url, timeout=60) as client:
            _wait(client)
            body = {"identity": EMAIL, "password": PASSWORD}
            answer = client.post("/api/admins/auth-with-password", json=body).raise_for_status()
            client.headers["Authorization"] = answer.json()["token"]
            # Its fields have ids of their own, which an import does not match by name.
            client.delete("/api/collections/users").raise_for_status()
            _put(client, [_older(item) for item in collections])
        yield login
    finally:
        server.terminate()
        server.wait()


def exported(login: Login) -> list[Json]:
    """What the dashboard exports: the collections that are not the server's own."""
    with closing(login.client()) as client:
        answer = client.get("/api/collections", params={"perPage": 500, "filter": "system = false"})
        found: list[Json] = answer.raise_for_status().json()["items"]
        return found


def _put(client: httpx.Client, collections: Sequence[Json]) -> None:
    """In one request where some may point to others, else one after the other."""
    pointing = any("relation" in json.dumps(item) for item in collections)
    for batch in [collections] if pointing else [[item] for item in collections]:
        answer = client.put("/api/collections/import", json={"collections": batch, "deleteMissing": False})
        if answer.is_error:
            raise Refused(answer.text)


def _wait(client: httpx.Client) -> None:
    for _ in range(200):
        try:
            client.get("/api/health").raise_for_status()
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise SystemExit("PocketBase 0.22 did not start")


def _older(item: Json) -> Json:
    """As 0.22 has it: options of their own place, every collection with `created` and `updated`."""
    rules = {key: item[key] for key in item if key.endswith("Rule")}
    options: Json = {"query": item["viewQuery"]} if item["type"] == "view" else {}
    if item["type"] == "auth":
        options = {"allowEmailAuth": True, "minPasswordLength": 8, "requireEmail": True}
    schema = [
        _older_field(field)
        for field in item["fields"]
        if field["type"] not in ("autodate", "geoPoint")
        and not field.get("hidden")
        and not field.get("system")
    ]
    return {
        "id": _id(item["id"]), "name": item["name"], "type": item["type"], "schema": schema,
        "indexes": item["indexes"], "options": options, **rules,
    }  # fmt: skip


def _older_field(field: Json) -> Json:
    own = {"type", "name", "required", "autogeneratePattern", "presentable", "id", "system", "hidden"}
    options: dict[str, Any] = {key: value for key, value in field.items() if key not in own}
    if "collectionId" in options:
        options["collectionId"] = _id(options["collectionId"])
    if field["type"] in ("file", "json"):
        options["maxSize"] = 5_000_000
    return {**{key: field[key] for key in ("type", "name")}, "required": field.get("required", False),
            "options": options}  # fmt: skip


def _id(given: str) -> str:
    """Ids had 15 characters."""
    return given.ljust(15, "0")[:15]
