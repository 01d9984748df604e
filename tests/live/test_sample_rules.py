"""The sample project on every supported version: who may do what, tried over the real API.

Read TABLE: each line is one attempt of somebody, and what must come of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.load.loader import load_schema
from pocketvex.schema.model import Schema
from pocketvex.server.binaries import Binary

ROOT = Path(__file__).parents[2]
CIPHER = "ciphertext-of-a-key"


def id_of(name: str) -> str:
    """Record ids that can be read: 15 characters, as PocketBase wants them."""
    return name.ljust(15, "0")


ALICE, BOB, CAROL, NOBODY = id_of("alice"), id_of("bob"), id_of("carol"), ""
DAY = "2026-01-02 03:04:05.000Z"

# Before each attempt these rows are all there is. Carol has none: she may still make her first ones.
ROWS: dict[str, dict[str, dict[str, Any]]] = {
    "user_meta": {
        "alice": {"user": ALICE, "file_path": "alice/inbox", "active": True},
        "bob": {"user": BOB, "file_path": "bob", "premium": True},
    },
    "api_keys": {
        "alice": {"user": ALICE, "encrypted_fathom": CIPHER, "encrypted_loom": CIPHER},
        "bob": {"user": BOB, "encrypted_fathom": CIPHER},
    },
    "queue": {
        "alice": {"user": ALICE, "meeting_id": "m1", "status": "pending", "position": 7},
        "working": {"user": ALICE, "meeting_id": "m2", "status": "processing", "started_at": DAY},
        "done": {"user": ALICE, "meeting_id": "m3", "status": "completed", "completed_at": DAY},
        "bob": {"user": BOB, "meeting_id": "m4", "status": "pending"},
    },
    "logs": {
        "alice": {"user": ALICE, "level": "info", "msg": "hers", "ts": DAY, "metadata": {"n": 1}},
        "bob": {"user": BOB, "level": "error", "msg": "his", "ts": DAY},
        "nobodys": {"level": "fatal", "msg": "the server's own", "ts": DAY},
    },
}


class Form(dict[str, Any]):
    """A payload that is sent as a form, not as JSON."""


class Try(NamedTuple):
    """`what` is a collection, or a record of it: "queue/alice".

    `expected` is a status, the names of the rows that are listed, or the values that the record
    must have afterwards, whatever the answer was.
    """

    who: str
    action: str
    what: str
    sent: dict[str, Any]
    expected: int | list[str] | dict[str, Any]


def job(**values: Any) -> dict[str, Any]:
    return {"user": ALICE, "meeting_id": "m9", "status": "pending", **values}


def log(**values: Any) -> dict[str, Any]:
    return {"user": ALICE, "level": "info", "msg": "forged", "ts": DAY, **values}


def account(**values: Any) -> dict[str, Any]:
    return {
        "id": id_of("new"),
        "email": "new@example.com",
        "password": PASSWORD,
        "passwordConfirm": PASSWORD,
        **values,
    }


TABLE = [
    # Accounts: everybody sees themselves.
    Try("guest", "list", "users", {}, []),
    Try("alice", "list", "users", {}, ["alice"]),
    Try("bob", "list", "users", {"filter": f"id = '{ALICE}'"}, []),
    Try("admin", "list", "users", {}, ["alice", "bob", "carol"]),
    Try("guest", "view", "users/alice", {}, 404),
    Try("alice", "view", "users/alice", {}, 200),
    Try("bob", "view", "users/alice", {}, 404),
    Try("alice", "update", "users/alice", {"name": "Alice"}, {"name": "Alice"}),
    Try("bob", "update", "users/alice", {"name": "Mallory"}, 404),
    Try("guest", "update", "users/alice", {"name": "Mallory"}, 404),
    Try("bob", "delete", "users/alice", {}, 404),
    Try("guest", "delete", "users/alice", {}, 404),
    Try("guest", "create", "users", account(), 200),
    Try("guest", "create", "users", account(verified=True), 400),
    Try("alice", "create", "users", account(verified=True), 400),
    Try("alice", "update", "users/alice", {"verified": True}, 400),
    Try("alice", "update", "users/alice", {"email": "bob2@example.com"}, 400),
    Try("alice", "update", "users/alice", {"password": "x" * 12, "passwordConfirm": "x" * 12}, 400),
    Try("alice", "update", "users/alice", {"tokenKey": "k" * 40}, 200),
    Try("alice", "update", "users/alice", {"id": id_of("other")}, 400),
    # What the service knows of them: theirs to read, the flags not theirs to set.
    Try("guest", "list", "user_meta", {}, []),
    Try("alice", "list", "user_meta", {}, ["alice"]),
    Try("carol", "list", "user_meta", {}, []),
    Try("admin", "list", "user_meta", {}, ["alice", "bob"]),
    Try("guest", "view", "user_meta/alice", {}, 404),
    Try("alice", "view", "user_meta/alice", {}, 200),
    Try("bob", "view", "user_meta/alice", {}, 404),
    Try("guest", "create", "user_meta", {"user": CAROL}, 400),
    Try("guest", "create", "user_meta", {"user": NOBODY}, 400),
    Try("carol", "create", "user_meta", {"user": CAROL, "file_path": "a/b.txt"}, 200),
    Try("carol", "create", "user_meta", {"user": CAROL, "file_path": "../bob"}, 400),
    Try("carol", "create", "user_meta", {"user": CAROL, "file_path": "a/../../bob"}, 400),
    Try("carol", "create", "user_meta", {"user": CAROL, "file_path": "/etc/passwd"}, 400),
    Try("carol", "create", "user_meta", {"user": CAROL, "premium": True}, 400),
    Try("carol", "create", "user_meta", {"user": CAROL, "verified": True}, 400),
    Try("carol", "create", "user_meta", {"user": CAROL, "active": True}, 400),
    Try("carol", "create", "user_meta", Form(user=CAROL, premium="true"), 400),
    Try("alice", "create", "user_meta", {"user": CAROL}, 400),
    Try("alice", "create", "user_meta", {"user": ALICE}, 400),  # there is one already
    Try("alice", "update", "user_meta/alice", {"file_path": "alice/new"}, {"file_path": "alice/new"}),
    Try("alice", "update", "user_meta/alice", {"user": ALICE, "file_path": "x"}, {"file_path": "x"}),
    Try("alice", "update", "user_meta/alice", {"premium": True}, 404),
    Try("alice", "update", "user_meta/alice", {"verified": True}, 404),
    Try("alice", "update", "user_meta/alice", {"active": False}, 404),
    Try("alice", "update", "user_meta/alice", Form(premium="true"), 404),
    Try("alice", "update", "user_meta/alice", Form({"@jsonPayload": '{"premium": true}'}), 404),
    Try("alice", "update", "user_meta/alice", {"premium+": True}, {"premium": False}),
    Try("alice", "update", "user_meta/alice", {"+premium": True}, {"premium": False}),
    Try("alice", "update", "user_meta/alice", {"PREMIUM": True}, {"premium": False}),
    Try("alice", "update", "user_meta/alice", {"premium ": True}, {"premium": False}),
    Try("alice", "update", "user_meta/alice", {"user": CAROL}, 404),
    Try("bob", "update", "user_meta/alice", {"file_path": "bob"}, 404),
    Try("bob", "update", "user_meta/alice", {"user": BOB}, 404),
    Try("guest", "update", "user_meta/alice", {"file_path": "x"}, 404),
    Try("guest", "delete", "user_meta/alice", {}, 403),
    Try("alice", "delete", "user_meta/alice", {}, 403),
    Try("admin", "update", "user_meta/alice", {"premium": True}, {"premium": True}),
    Try("admin", "delete", "user_meta/alice", {}, 204),
    # A row changes hands in none of the ways that a relation can be written.
    *(
        Try("alice", "update", f"{collection}/alice", {**also, **sent}, {"user": ALICE})
        for collection, also in (("user_meta", {}), ("api_keys", {}), ("queue", {"status": "cancelled"}))
        for sent in (
            {"user": CAROL},
            {"user": NOBODY},
            {"user": None},
            {"user": [ALICE, CAROL]},
            {"user": [CAROL, ALICE]},
            {"user": [CAROL]},
            {"user+": CAROL},
            {"+user": CAROL},
            {"user-": ALICE},
            {"user": ALICE, "user+": CAROL},
            {"user": ALICE, "+user": CAROL},
            {"user": {"id": CAROL}},
            Form(user=CAROL),
            Form({"@jsonPayload": f'{{"user": "{CAROL}"}}'}),
            Form({"user": ALICE, "@jsonPayload": f'{{"user": "{CAROL}"}}'}),
        )
    ),
    # Keys: that there is one may be seen, what it is may not.
    Try("guest", "list", "api_keys", {}, []),
    Try("alice", "list", "api_keys", {}, ["alice"]),
    Try("alice", "list", "api_keys", {"fields": "*,encrypted_fathom"}, ["alice"]),
    Try("alice", "list", "api_keys", {"filter": "encrypted_fathom ~ 'c'"}, 400),
    Try("alice", "list", "api_keys", {"sort": "encrypted_fathom"}, 400),
    Try("alice", "list", "users", {"filter": "api_keys_via_user.encrypted_fathom ~ 'c'"}, 400),
    Try("alice", "list", "users", {"expand": "api_keys_via_user"}, ["alice"]),
    Try("admin", "list", "api_keys", {}, ["alice", "bob"]),
    Try("alice", "view", "api_keys/alice", {}, 200),
    Try("bob", "view", "api_keys/alice", {}, 404),
    Try("guest", "view", "api_keys/alice", {}, 404),
    Try("carol", "create", "api_keys", {"user": CAROL}, 200),
    Try("carol", "create", "api_keys", {"user": CAROL, "encrypted_fathom": "plain"}, 200),
    Try("alice", "create", "api_keys", {"user": ALICE}, 400),  # there is one already
    Try("alice", "create", "api_keys", {"user": CAROL}, 400),
    Try("guest", "create", "api_keys", {"user": CAROL}, 400),
    Try("guest", "create", "api_keys", {}, 400),
    Try("alice", "update", "api_keys/alice", {"encrypted_fathom": "x"}, {"encrypted_fathom": CIPHER}),
    Try("alice", "update", "api_keys/alice", {"encrypted_loom": ""}, {"encrypted_loom": CIPHER}),
    Try("bob", "update", "api_keys/alice", {"user": BOB}, 404),
    Try("guest", "update", "api_keys/alice", {"user": BOB}, 404),
    Try("alice", "delete", "api_keys/alice", {}, 204),
    Try("bob", "delete", "api_keys/alice", {}, 404),
    Try("guest", "delete", "api_keys/alice", {}, 404),
    Try("admin", "update", "api_keys/alice", {"encrypted_loom": "new"}, {"encrypted_loom": "new"}),
    # The queue: theirs to ask for and to cancel, the worker's to finish.
    Try("guest", "list", "queue", {}, []),
    Try("alice", "list", "queue", {}, ["alice", "done", "working"]),
    Try("bob", "list", "queue", {}, ["bob"]),
    Try("admin", "list", "queue", {}, ["alice", "bob", "done", "working"]),
    Try("alice", "view", "queue/alice", {}, 200),
    Try("bob", "view", "queue/alice", {}, 404),
    Try("guest", "view", "queue/alice", {}, 404),
    Try("alice", "create", "queue", job(), 200),
    Try("alice", "create", "queue", job(user=BOB), 400),
    Try("alice", "create", "queue", job(user=NOBODY), 400),
    Try("guest", "create", "queue", job(), 400),
    Try("guest", "create", "queue", job(user=NOBODY), 400),
    *(
        Try("alice", "create", "queue", job(**more), 400)
        for more in (
            {"status": "completed"},
            {"status": "processing"},
            {"status": "cancelled"},
            {"status": ""},
            {"status": ["pending", "completed"]},
            {"position": 1},
            {"position": -1},
            {"position+": 1},
            {"started_at": DAY},
            {"completed_at": DAY},
            {"error_message": "none"},
        )
    ),
    Try("alice", "update", "queue/alice", {"status": "cancelled"}, {"status": "cancelled"}),
    Try("alice", "update", "queue/working", {"status": "cancelled"}, {"status": "cancelled"}),
    Try("alice", "update", "queue/done", {"status": "cancelled"}, 404),
    Try("alice", "update", "queue/done", {"status": "pending"}, 404),
    Try("bob", "update", "queue/alice", {"status": "cancelled"}, 404),
    Try("guest", "update", "queue/alice", {"status": "cancelled"}, 404),
    *(
        Try("alice", "update", "queue/alice", sent, {"status": "pending", "position": 7})
        for sent in (
            {},
            {"status": "completed"},
            {"status": "processing"},
            {"status": "failed"},
            {"status": "pending"},
            {"status": ["completed"]},
            {"status+": "completed"},
            {"position": 1},
            {"position-": 6},
            {"status": "cancelled", "position": 1},
            {"status": "cancelled", "position-": 6},
            {"status": "cancelled", "meeting_id": "other"},
            {"status": "cancelled", "completed_at": DAY},
            {"status": "cancelled", "started_at": DAY},
            {"status": "cancelled", "error_message": "none"},
            Form(status="completed"),
        )
    ),
    # Of a list the server takes the last, and the rule sees what it took.
    Try("alice", "update", "queue/alice", {"status": ["completed", "cancelled"]}, {"status": "cancelled"}),
    Try("alice", "update", "queue/alice", {"status": ["cancelled", "completed"]}, {"status": "pending"}),
    Try("alice", "delete", "queue/alice", {}, 204),
    Try("alice", "delete", "queue/working", {}, 404),
    Try("bob", "delete", "queue/alice", {}, 404),
    Try("guest", "delete", "queue/alice", {}, 404),
    Try("admin", "update", "queue/alice", {"status": "processing", "position": 0}, {"status": "processing"}),
    # The log: the server writes it, and each reads what is about them.
    Try("guest", "list", "logs", {}, []),
    Try("alice", "list", "logs", {}, ["alice"]),
    Try("carol", "list", "logs", {}, []),
    Try("admin", "list", "logs", {}, ["alice", "bob", "nobodys"]),
    Try("guest", "view", "logs/nobodys", {}, 404),
    Try("guest", "list", "logs", {"filter": "user = ''"}, []),
    Try("alice", "view", "logs/nobodys", {}, 404),
    Try("alice", "view", "logs/alice", {}, 200),
    Try("bob", "view", "logs/alice", {}, 404),
    Try("alice", "create", "logs", log(), 403),
    Try("guest", "create", "logs", log(), 403),
    Try("alice", "update", "logs/alice", {"msg": "forged"}, 403),
    Try("guest", "update", "logs/nobodys", {"msg": "forged"}, 403),
    Try("alice", "delete", "logs/alice", {}, 403),
    Try("guest", "delete", "logs/nobodys", {}, 403),
    Try("admin", "create", "logs", log(user=NOBODY), 200),
    Try("admin", "delete", "logs/nobodys", {}, 204),
]


class Service:
    """A server with the sample's schema, three accounts, and somebody signed in as each of them."""

    def __init__(self, url: str, schema: Schema) -> None:
        self.stack = ExitStack()
        self.clients = {"guest": self._client(url, "")}
        self.clients["admin"] = self.admin = self._client(url, self._token("_superusers", EMAIL))
        answer = self.admin.put(
            "/api/collections/import", json={"collections": schema.to_json(), "deleteMissing": False}
        )
        assert answer.status_code == 204, answer.text
        for name in ("alice", "bob", "carol"):
            values = account(id=id_of(name), email=f"{name}@example.com", name=name)
            self.clients["guest"].post(path("users"), json=values).raise_for_status()
            self.clients[name] = self._client(url, self._token("users", values["email"]))
        for collection in ROWS:
            self.reset(collection)

    def _client(self, url: str, token: str) -> httpx.Client:
        headers = {"Authorization": token} if token else {}
        return self.stack.enter_context(httpx.Client(base_url=url, headers=headers, timeout=30))

    def _token(self, collection: str, email: str) -> str:
        answer = self.clients["guest"].post(
            f"/api/collections/{collection}/auth-with-password",
            json={"identity": email, "password": PASSWORD},
        )
        return str(answer.raise_for_status().json()["token"])

    def reset(self, collection: str) -> None:
        """Make the rows of a collection what ROWS says."""
        if collection == "users":
            self.admin.delete(f"{path('users')}/{id_of('new')}")
            return
        self.admin.delete(f"/api/collections/{collection}/truncate").raise_for_status()
        for name, values in ROWS[collection].items():
            self.admin.post(path(collection), json={"id": id_of(name), **values}).raise_for_status()

    def rows(self, collection: str) -> dict[str, dict[str, Any]]:
        """Every row as a superuser sees it, by name."""
        items = self.admin.get(path(collection), params={"perPage": 200}).raise_for_status().json()["items"]
        return {item["id"].rstrip("0"): item for item in items}

    def send(self, attempt: Try) -> httpx.Response:
        collection, _, record = attempt.what.partition("/")
        url = f"{path(collection)}/{id_of(record)}" if record else path(collection)
        method = {"create": "POST", "update": "PATCH", "delete": "DELETE"}.get(attempt.action, "GET")
        body: dict[str, Any] = {"params": attempt.sent}
        if method in ("POST", "PATCH"):
            form = isinstance(attempt.sent, Form)
            body = (
                {"files": {k: (None, v) for k, v in attempt.sent.items()}} if form else {"json": attempt.sent}
            )
        return self.clients[attempt.who].request(method, url, **body)

    def wrong(self, attempt: Try) -> str:
        """What came of an attempt that should not have; "" where all is well."""
        collection, _, record = attempt.what.partition("/")
        before = self.rows(collection)
        answer = self.send(attempt)
        after = self.rows(collection)
        if before != after:
            self.reset(collection)
        if attempt.who != "admin" and CIPHER in answer.text:
            return "a hidden value was returned"
        if answer.is_error and before != after:
            return f"answered {answer.status_code} and changed the rows all the same"
        match attempt.expected:
            case int(status):
                return "" if answer.status_code == status else f"{answer.status_code} {answer.text}"
            case list(names):
                found = sorted(item["id"].rstrip("0") for item in answer.json().get("items", ()))
                return "" if answer.status_code == 200 and found == names else f"{answer.status_code} {found}"
            case values:
                stored = {key: after[record][key] for key in values}
                return "" if stored == values else f"{answer.status_code}, and now {stored}"


def path(collection: str) -> str:
    return f"/api/collections/{collection}/records"


@pytest.fixture(scope="module")
def sample() -> Schema:
    return load_schema(ROOT, ROOT / "schema", timeout=30).schema


@pytest.fixture
def service(server: ServerFactory, binary: Binary, sample: Schema) -> Iterator[Service]:
    service = Service(server(binary).url, sample)
    with service.stack:
        yield service


def test_everybody_may_do_what_the_table_says(service: Service) -> None:
    wrong = [f"{attempt}\n    {found}" for attempt in TABLE if (found := service.wrong(attempt))]
    assert not wrong, "\n".join(wrong)


def test_the_server_alone_says_when_a_meeting_was_queued(service: Service) -> None:
    alice = service.clients["alice"]
    made = alice.post(path("queue"), json=job(queued_at=DAY)).raise_for_status().json()
    assert made["queued_at"] > DAY

    sent = {"status": "cancelled", "queued_at": DAY}
    alice.patch(f"{path('queue')}/{made['id']}", json=sent).raise_for_status()
    assert service.rows("queue")[made["id"].rstrip("0")]["queued_at"] == made["queued_at"]


def test_an_account_takes_its_rows_along_and_leaves_its_logs(service: Service) -> None:
    service.clients["bob"].delete(f"{path('users')}/{BOB}").raise_for_status()

    for collection in ("user_meta", "api_keys", "queue"):
        assert BOB not in {row["user"] for row in service.rows(collection).values()}
    assert service.rows("logs")["bob"]["user"] == NOBODY
    for who, seen in (("guest", []), ("carol", []), ("alice", ["alice"])):
        assert not service.wrong(Try(who, "list", "logs", {}, seen))


def test_no_other_account_can_take_the_id_of_one(service: Service) -> None:
    """`Rules.owner` compares ids alone, so an account elsewhere must not get one that is in use."""
    new = {"name": "others", "type": "auth", "createRule": ""}
    service.admin.post("/api/collections", json=new).raise_for_status()
    answer = service.clients["guest"].post(path("others"), json=account(id=ALICE))
    assert answer.status_code == 400
    assert answer.json()["data"]["id"]["code"] == "validation_invalid_auth_id"
