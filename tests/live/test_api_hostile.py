"""Servers that answer as no PocketBase does: each has an error of its own, within bounds."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from binaries import binary_of
from conftest import EMAIL, PASSWORD
from hostile import Mutate, Said, hostile, said
from pocketvex.api import transport
from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.errors import PocketVexError, Rejected, ServerError
from pocketvex.run.planning import plan_for
from pocketvex.run.situation import Choices, find_situation
from pocketvex.run.sync import sync
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from pocketvex.target.memory import Memory
from pocketvex.target.session import connect
from projects import Project, posts, put, text

SEEDS = 30
LOGIN = Credentials(email=EMAIL, password=PASSWORD)
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, "", "x", "²", "\ud83e\udd2f", "a\nb", [], [None], [[]], {}, {"x": None},
    [{"name": 1}], {"providers": [{}]},
)  # fmt: skip


def is_list(path: str) -> bool:
    return path.startswith("/api/collections?perPage=1000")


def instead(of: Callable[[str], bool], answer: Said) -> Mutate:
    return lambda _method, path, _status, _body: answer if of(path) else None


def login(path: str) -> bool:
    return path.endswith("auth-with-password")


def dashboard(path: str) -> bool:
    return path.startswith("/_/")


def plain(number: int) -> dict[str, Any]:
    return {
        "id": f"x{number}",
        "name": f"c{number}",
        "type": "base",
        "fields": [],
        "indexes": [],
        "system": False,
    }


def endless(_method: str, path: str, _status: int, _body: bytes) -> Said | None:
    """Other collections on every page."""
    page = int(path.partition("&page=")[2].partition("&")[0] or 0) if is_list(path) else 0
    return said({"items": [plain(page * 1000 + n) for n in range(1000)]}) if page else None


DEEP = b"[" * 200_000 + b"]" * 200_000
CASES: dict[str, Mutate] = {
    "the same page again": instead(is_list, said({"items": [plain(n) for n in range(1000)]})),
    "pages without an end": endless,
    "a body without an end": instead(is_list, Said(200, repeat(b" " * (1 << 20)))),
    "a dashboard without an end": instead(dashboard, Said(200, repeat(b"x" * (1 << 20)))),
    "deep": instead(is_list, Said(200, b'{"items":' + DEEP + b"}")),
    "deep, as far as it is read": instead(
        is_list, Said(200, b'{"items":[{"x":' + b"[" * 900 + b"]" * 900 + b"}]}")
    ),
    "a deep refusal": instead(
        is_list, Said(400, b'{"status":400,"message":"","data":{"a":' * 300 + b"1" + b"}}" * 300)
    ),
    "a deep login": instead(login, Said(200, DEEP)),
    "no items": instead(is_list, said({"items": None})),
    "items that are none": instead(is_list, said({"items": [1, "x", None]})),
    "no object": instead(is_list, said([])),
    "NaN": instead(is_list, Said(200, b'{"items": [NaN]}')),
    "half a pair": instead(is_list, Said(200, b'{"items": [{"id": "\\ud800"}]}')),
    "no JSON": instead(is_list, Said(200, b"\xff\xfe\x00")),
    "a redirect": instead(is_list, Said(302, b"", {"Location": "http://[::1"})),
    "a charset that is none": instead(
        dashboard, Said(200, b"x", {"Content-Type": "text/html; charset=zlib"})
    ),
    "no gzip": instead(is_list, Said(200, b"x", {"Content-Encoding": "gzip"})),
    "a message that is none": instead(is_list, said({"status": 400, "message": {"a": []}, "data": []}, 400)),
}


@pytest.fixture
def running(server: Callable[..., Any], latest: Binary) -> Running:
    found: Running = server(latest)
    return found


def test_each_has_an_error_of_its_own(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_MOST", 8 << 20)
    for name, mutate in CASES.items():
        with hostile(running.url, mutate) as (url, _), Client(url, LOGIN) as client:
            error = _error_of(client)
        if error is None:
            assert name in ("a dashboard without an end", "a charset that is none"), name
        else:
            assert error.todo or isinstance(error, Rejected), name
            assert len(str(error)) < 1000, name


def _error_of(client: Client) -> ServerError | None:
    try:
        client.version()
        client.collections()
    except ServerError as error:
        return error
    return None


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in decoded JSON, from the whole down."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from places(inner, (*path, key))


def changed(body: bytes, dice: random.Random) -> bytes:
    """The JSON with one value in it replaced, or taken out."""
    value = {"": json.loads(body)}
    place = dice.choice(list(places(value[""])))
    *way, last = ("", *place)
    inner: Any = value
    for key in way:
        inner = inner[key]
    if dice.random() < 0.2 and isinstance(inner, dict) and place:
        del inner[last]
    else:
        inner[last] = deepcopy(dice.choice(ODD))
    return json.dumps(value[""]).encode()


@pytest.mark.parametrize("work", ["diff", "sync"])
def test_one_value_that_is_another(running: Running, tmp_path: Path, work: str) -> None:
    """Whatever a server says in the place of a value: it is taken, or it is the server's fault, not ours."""
    project = Project(
        tmp_path / "app",
        posts(text("a"), text("b"), indexes=["CREATE INDEX `i` ON `posts` (`a`)"]),
        {"name": "people", "type": "auth", "fields": [text("nick")], "listRule": "nick != ''"},
    )
    project.sync(running)
    with project.session(running) as session:
        put(session, "posts", title="one", a="x", b="y")
    project.declare(posts({"name": "a", "type": "number"}, text("b", max=3, required=True)))
    for seed in range(SEEDS):
        dice = random.Random(seed)

        def mutate(
            method: str, path: str, status: int, body: bytes, dice: random.Random = dice
        ) -> Said | None:
            wanted = method == "GET" or path == "/api/sql"
            if not wanted or not path.startswith("/api/") or login(path) or dice.random() < 0.3:
                return None
            return Said(status, changed(body, dice))

        with hostile(running.url, mutate) as (url, seen):
            host = replace(project.host(running, native=False, local=True), url=url)
            try:
                Memory(project.root, host.key).save(server_version=str(running.binary.version))
                with connect(project.config, host) as session:
                    if work == "sync":
                        sync(session, project.code, Choices())
                    else:
                        plan_for(find_situation(session, project.code, Choices(), write=False))
            except PocketVexError:
                pass  # that it is one, and no other exception, is what is asked
            except Exception as error:
                raise AssertionError(f"seed {seed}: {seen}") from error


@pytest.mark.parametrize(
    "answer",
    [
        lambda row: {**row, "b": {"x": 1}},
        lambda row: {**row, "b": 10**30},
        lambda row: {"b": row["b"]},
        lambda _row: "none",
    ],
    ids=["an object", "a number that is too large", "no id", "no row"],
)
def test_rows_that_are_none(
    server: Callable[..., Any], tmp_path: Path, answer: Callable[[dict[str, Any]], Any]
) -> None:
    """Read page by page, as below 0.39, where nothing but the API can be asked."""
    running = server(binary_of("0.36.9"))
    project = Project(tmp_path / "app", posts(text("b")))
    project.sync(running)
    with project.session(running) as session:
        put(session, "posts", title="one", b="y")
    project.declare(posts(text("b", max=3)))

    def mutate(method: str, path: str, status: int, body: bytes) -> Said | None:
        if "/posts/records" not in path or "perPage=1&" in path:
            return None
        found = json.loads(body)
        return said({**found, "items": [answer(row) for row in found["items"]]})

    with hostile(running.url, mutate) as (url, _):
        host = replace(project.host(running, native=False, local=True), url=url)
        with connect(project.config, host) as session:
            found = find_situation(session, project.code, Choices(), write=False)
            with pytest.raises(ServerError, match="not PocketBase"):
                plan_for(found)
