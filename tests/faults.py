"""A change of every kind in one file, on a server that HTTP reaches, and clients that die on the way."""

from __future__ import annotations

import json
import select as waiting
import socket
import socketserver
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cases.changes import field, posts, relation, select, table, view
from conftest import EMAIL, PASSWORD
from grounds import SECOND_FILE, Built, Ground, migration
from live.test_changes import declared, insert, planned
from pocketvex.api.client import Client, Credentials
from pocketvex.api.transport import Answer, TimedOut
from pocketvex.remote.files import migration_of
from pocketvex.schema.model import PRIVATE_PREFIX, Schema
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from pocketvex.steps.migration import Migration
from pocketvex.target.carrier import Carrier

Json = dict[str, Any]
OPEN = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule", "deleteRule"), "")
CHOICES = ("draft", "open", "done")
BEFORE = [
    table("people", {"nick": "text"}),
    table("drafts", {"note": "text", "by": relation("people")}),
    posts(
        {
            "price": "text", "state": select(*CHOICES), "marks": select("x", "y", "z", max=3),
            "subtitle": "text", "code": "text", "by": relation("people"), "label": "text",
        },
        **OPEN,
    ),
    view("latest", "SELECT id, title, price FROM posts"),
]  # fmt: skip
AFTER = [
    table("people", {"nick": "text"}),
    table(
        "posts",
        {
            "headline": field(renamed_from="title"), "price": "number",
            "state": select("draft", "closed", remap={"open": "closed", "done": "closed"}),
            "marks": select("x", "y", "z"), "code": "text",
            "label": field(required=True, backfill="none"),
        },
        indexes=["CREATE UNIQUE INDEX `idx_code` ON `posts` (`code`)"],
        **OPEN,
    ),
    view("latest", "SELECT id, headline, price FROM posts"),
]  # fmt: skip


def rows_of(many: int) -> dict[str, list[Json]]:
    return {
        "people": [{"nick": "ann"}, {"nick": "bob"}],
        "drafts": [{"note": "a note", "by": "people1"}],
        "posts": [
            {
                "id": f"p{number:014}", "title": f"title {number}",
                "price": "dear" if number % 7 == 0 else f"{number}.5",
                "state": CHOICES[number % 3], "marks": '["x","z"]' if number % 2 else '["y"]',
                "subtitle": f"subtitle {number}", "code": f"c{number}", "by": f"people{1 + number % 2}",
                "label": "" if number % 5 == 0 else f"label {number}",
            }
            for number in range(many)
        ],
    }  # fmt: skip


class Prepared(NamedTuple):
    """A data directory with rows, and the file that changes it."""

    place: Built
    before: Schema
    desired: Schema
    files: list[tuple[str, Migration]]

    def copy(self, ground: Ground) -> Path:
        return ground.copy(self.place.data_dir).data_dir


def prepared(ground: Ground, template: Path, many: int) -> Prepared:
    place = ground.built(declared(BEFORE, ground))
    before = place.schema
    insert(place, before, rows_of(many))
    with closing(sqlite3.connect(place.data_dir / "data.db")) as database:
        database.execute("ATTACH ? AS other", [str(template / "data.db")])
        database.execute("INSERT OR IGNORE INTO _superusers SELECT * FROM other._superusers")
        database.commit()
    desired = declared(AFTER, ground)
    plan = planned(desired, before, place)
    file = migration(place.settled([change.operation for change in plan.changes]))
    return Prepared(place, before, desired, [(SECOND_FILE, migration_of(SECOND_FILE, file, {}))])


def client_of(server: Running) -> Client:
    return Client(server.url, Credentials(email=EMAIL, password=PASSWORD))


def carrier_of(client: Client, binary: Binary) -> Carrier:
    return Carrier(client, binary.version, {}, lambda _: None, pause=True)


class Killed(BaseException):
    """The end of a process: nothing that stands in its way is run."""


def dies_after(client: Client, requests: int) -> Client:
    """The client of a process that is killed behind so many requests: it sends nothing any more."""
    transport = client._transport
    send: Callable[..., Any] = transport.send
    left = requests

    def until(*args: Any, **more: Any) -> Any:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        return send(*args, **more)

    transport.send = until  # type: ignore[method-assign]
    return client


def before_request(client: Client, number: int, act: Callable[[str, str], None]) -> Client:
    """The client, before whose request of this number something happens."""
    transport = client._transport
    send: Callable[..., Any] = transport.send
    left = number

    def once(method: str, path: str, **more: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            act(method, path)
        return send(method, path, **more)

    transport.send = once  # type: ignore[method-assign]
    return client


FAULTS = ("gone before", "gone behind", "429", "413", "502", "401")


def fails_at(client: Client, requests: int, fault: str, met: Callable[[], None]) -> Client:
    """The client, whose request of this number goes wrong: what stands in between says so, or nothing."""
    transport = client._transport
    send: Callable[..., Any] = transport.send
    left = requests

    def once(method: str, path: str, **more: Any) -> Any:
        nonlocal left
        left -= 1
        if left != 0:
            return send(method, path, **more)
        met()
        if fault == "gone before":
            raise TimedOut("the server does not answer")
        if fault == "gone behind":
            send(method, path, **more)
            raise TimedOut("the server does not answer")
        if fault == "413":
            raise transport._too_large()
        if fault == "502":
            send(method, path, **more)
            raise transport._gateway(502)
        return Answer(int(fault), {"status": int(fault), "message": "no", "data": {}})

    transport.send = once  # type: ignore[method-assign, assignment]
    return client


def short_only(client: Client, most: int) -> list[str]:
    """Have a client whose proxy takes bodies of so many bytes; the paths that came through."""
    transport = client._transport
    send: Callable[..., Any] = transport.send
    through: list[str] = []

    def short(method: str, path: str, **more: Any) -> Any:
        if len(json.dumps(more.get("json"))) > most:
            raise transport._too_large()
        through.append(path)
        return send(method, path, **more)

    transport.send = short  # type: ignore[method-assign]
    return through


@contextmanager
def cut_line(url: str, requests: int, *, behind: bool) -> Iterator[tuple[str, Callable[[], bool]]]:
    """The address of a line to a server that is cut for good at its request of this number, and whether it
    was: before the server has the request, or `behind` it, before its answer."""
    target = urlsplit(url)
    seen = 0
    guard = threading.Lock()

    def carry(near: socket.socket) -> None:
        nonlocal seen
        with near, socket.create_connection((target.hostname, target.port)) as far:
            while data := near.recv(1 << 20):
                with guard:
                    seen += data.count(b" HTTP/1.1\r\n")
                    cut = seen >= requests
                if cut and (not behind or seen > requests):
                    return
                far.sendall(data)
                while data and not waiting.select([near], [], [], 0)[0]:
                    if waiting.select([near, far], [], [])[0] == [near]:
                        break
                    data = far.recv(1 << 20)
                    if cut:
                        return
                    near.sendall(data)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                carry(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as line:
        threading.Thread(target=line.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{line.server_address[1]}", lambda: seen >= requests
        finally:
            line.shutdown()


class State(NamedTuple):
    """What a person and the applications see of a server."""

    fields: dict[str, list[str]]
    rules: dict[str, list[Any]]
    options: dict[str, list[Json]]
    rows: dict[str, list[tuple[Any, ...]]]


def state_of(client: Client, data_dir: Path) -> State:
    """All that is not put away."""
    used = [
        item for item in client.collections()
        if not item["name"].startswith("_") and item["name"] != "users"
    ]  # fmt: skip

    def fields(item: Json) -> list[Json]:
        return [f for f in item["fields"] if not f["name"].startswith(PRIVATE_PREFIX)]

    with closing(sqlite3.connect(data_dir / "data.db")) as database:
        rows = {}
        for item in used:
            columns = ", ".join(f"`{f['name']}`" for f in fields(item))
            query = f"SELECT {columns} FROM `{item['name']}` ORDER BY id"
            rows[item["name"]] = database.execute(query).fetchall()
    return State(
        {item["name"]: [f["name"] for f in fields(item)] for item in used},
        {item["name"]: [item[rule] for rule in OPEN] for item in used},
        {
            item["name"]: [
                {k: v or 0 if k.startswith(("min", "max")) else v for k, v in f.items()} for f in fields(item)
            ]
            for item in used
            if item["type"] != "view"
        },
        rows,
    )


def left_over(client: Client, data_dir: Path) -> list[str]:
    """What only work that goes on may leave: triggers, tables of steps, columns that are to get a name."""
    with closing(sqlite3.connect(data_dir / "data.db")) as database:
        found = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' OR name LIKE '\\_pv\\_go\\_%' ESCAPE '\\'"
        ).fetchall()
    columns = [
        f"{item['name']}.{f['name']}"
        for item in client.collections()
        for f in item.get("fields") or []
        if f["name"].startswith(f"{PRIVATE_PREFIX}new_")
    ]
    notes = [
        row["slot"]
        for row in client.records("_pocketvex", per_page=100)
        if not row["slot"].startswith("gen-")
    ]
    return [name for (name,) in found] + columns + notes
