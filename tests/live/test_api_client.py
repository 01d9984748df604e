"""The client against real servers: signing in, collections, records, versions, the server's cache."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from binaries import UNSUPPORTED, binary_of
from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.api import probe
from pocketvex.api.client import Client, Credentials
from pocketvex.errors import LoginRefused, Rejected, ServerError, UnsupportedServer
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running

ADMIN = Credentials(email=EMAIL, password=PASSWORD)


class Kept:
    """A token cache in memory, that remembers what was asked of it."""

    def __init__(self, token: str | None = None) -> None:
        self.token = token
        self.calls: list[str] = []

    def get(self, url: str, identity: str) -> str | None:
        self.calls.append("get")
        return self.token

    def put(self, url: str, identity: str, token: str) -> None:
        self.calls.append("put")
        self.token = token

    def drop(self, url: str, identity: str) -> None:
        self.calls.append("drop")
        self.token = None


@pytest.fixture
def running(binary: Binary, server: ServerFactory) -> Running:
    return server(binary)


@pytest.fixture
def client(running: Running) -> Iterator[Client]:
    with Client(running.url, ADMIN) as client:
        yield client


def named(client: Client, name: str) -> dict[str, Any]:
    return next(c for c in client.collections() if c["name"] == name)


def send(client: Client, method: str, path: str, body: Any) -> Any:
    """A request that the client has no verb for."""
    answer = client._request(method, path, json=body)
    assert answer.ok, answer
    return answer.body


def at_least(binary: Binary, *version: int) -> bool:
    return tuple(binary.version)[: len(version)] >= version


def test_connection_and_version(binary: Binary, client: Client) -> None:
    found = probe.test_connection(client)
    assert found == (client.url, binary.version, EMAIL, 6)


def test_version_without_a_dashboard(binary: Binary, client: Client) -> None:
    lowest = {"0.23.12": "0.23.0", "0.28.4": "0.24.0", "0.36.9": "0.24.0", "0.39.11": "0.39.0"}
    assert str(client._version_by_features()) == lowest.get(str(binary.version), "0.40.0")


def test_collections_are_written_changed_and_deleted(client: Client) -> None:
    fields: list[dict[str, Any]] = [{"name": "title", "type": "text"}]
    client.import_collections([{"name": "posts", "type": "base", "fields": fields}])
    posts = named(client, "posts")
    assert [f["name"] for f in posts["fields"]] == ["id", "title"]

    # What a payload leaves out stays: nothing that import does can delete.
    client.import_collections([{"id": posts["id"], "name": "posts", "fields": []}])
    assert [f["name"] for f in named(client, "posts")["fields"]] == ["id", "title"]

    changed = client.patch_collection(posts["id"], {"listRule": ""})
    assert changed["listRule"] == ""
    client.delete_collection("posts")
    assert [c["name"] for c in client.collections() if not c["system"]] == ["users"]
    assert set(client.scaffolds()) == {"base", "auth", "view"}


def test_records_are_counted_and_sampled(client: Client) -> None:
    client.import_collections(
        [{"name": "posts", "type": "base", "fields": [{"name": "n", "type": "number"}]}]
    )
    for number in range(7):
        row = {"id": f"row{number:012d}", "n": number}
        send(client, "POST", "/api/collections/posts/records", row)
    assert client.count("posts") == 7
    assert client.count("posts", "n > 3") == 3
    assert client.find("posts", "n > 3", 2) == (3, ["row000000000004", "row000000000005"])
    assert client.records("posts", fields="n", sort="-n", per_page=2) == [{"n": 6}, {"n": 5}]
    assert client.records("posts", page=9) == []
    with pytest.raises(Rejected):
        client.count("posts", "nope = 1")


def test_sql_where_there_is_one(binary: Binary, client: Client) -> None:
    if at_least(binary, 0, 39):
        assert client.sql("SELECT 1 a, NULL b") == [{"a": "1", "b": None}]
        assert client.sql("SELECT 1 a WHERE 0") == []
        with pytest.raises(Rejected, match="column nope"):
            client.sql("SELECT nope")
    else:
        with pytest.raises(UnsupportedServer, match=r"0\.39"):
            client.sql("SELECT 1")


def test_one_login_serves_many_commands(running: Running) -> None:
    kept = Kept()
    with Client(running.url, ADMIN, tokens=kept) as client:
        client.collections()
        client.collections()
    assert kept.calls == ["get", "put"]
    # The password is not even looked at while the token is good.
    with Client(running.url, Credentials(email=EMAIL, password="wrong"), tokens=kept) as client:
        client.collections()


def test_a_revoked_token_costs_one_more_login(running: Running, client: Client) -> None:
    kept = Kept()
    with Client(running.url, ADMIN, tokens=kept) as first:
        first.collections()
    client.patch_collection("_superusers", {"authToken": {"secret": "x" * 40, "duration": 3600}})
    kept.calls.clear()
    with Client(running.url, ADMIN, tokens=kept) as second:
        second.collections()
    assert kept.calls == ["get", "drop", "put"]

    # The session of a long-running command is renewed too.
    client.collections()


def test_refused_credentials_say_what_is_wrong(running: Running, client: Client) -> None:
    client.collections()

    def error_of(credentials: Credentials) -> str:
        with Client(running.url, credentials) as other, pytest.raises(LoginRefused) as caught:
            other.collections()
        text = f"{caught.value} {caught.value!r} {credentials!r}"
        assert not credentials.password or credentials.password not in text
        assert not credentials.token or credentials.token not in text
        return text

    assert "case of the e-mail" in error_of(Credentials(email=EMAIL.title(), password=PASSWORD))
    assert "wrong" in error_of(Credentials(email=EMAIL, password="not-the-password"))
    assert "PB_TOKEN" in error_of(Credentials(token="a.b.c"))
    assert "PB_ADMIN_EMAIL" in error_of(Credentials())

    user = {"email": "u@example.com", "password": "12345678x", "passwordConfirm": "12345678x"}
    send(client, "POST", "/api/collections/users/records", user)
    login = {"identity": user["email"], "password": user["password"]}
    token = send(client, "POST", "/api/collections/users/auth-with-password", login)["token"]
    assert "superuser" in error_of(Credentials(token=token))


def test_a_token_that_fails_gives_way_to_the_password(running: Running) -> None:
    with Client(running.url, Credentials("a.b.c", EMAIL, PASSWORD)) as client:
        assert client.collections()


def test_mfa_asks_for_a_token(running: Running, client: Client) -> None:
    client.patch_collection(
        "_superusers",
        {"otp": {"enabled": True, "duration": 180, "length": 8}, "mfa": {"enabled": True, "duration": 600}},
    )
    with Client(running.url, ADMIN) as other, pytest.raises(LoginRefused, match="MFA"):
        other.collections()


def test_a_limit_on_logins_is_waited_for(running: Running, client: Client) -> None:
    rule = {"label": "*:auth", "audience": "", "duration": 3, "maxRequests": 1}
    send(client, "PATCH", "/api/settings", {"rateLimits": {"enabled": True, "rules": [rule]}})
    waits: list[float] = []

    def lift(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            send(client, "PATCH", "/api/settings", {"rateLimits": {"enabled": False}})

    said: list[str] = []
    # The first one uses up what is allowed; whether it is itself refused is the version's business.
    for _ in range(2):
        with Client(running.url, ADMIN, sleep=lift, on_wait=lambda _, text: said.append(text)) as other:
            assert other.collections()
    assert len(said) == len(waits) == 2
    assert all("limits logins" in text for text in said)


def test_a_limit_that_stays_is_an_error(running: Running, client: Client) -> None:
    rule = {"label": "*:auth", "audience": "", "duration": 60, "maxRequests": 1}
    send(client, "PATCH", "/api/settings", {"rateLimits": {"enabled": True, "rules": [rule]}})
    waits: list[float] = []
    with Client(running.url, ADMIN) as other:
        other.collections()
    with Client(running.url, ADMIN, sleep=waits.append) as other, pytest.raises(LoginRefused, match="429"):
        other.collections()
    assert len(waits) == 4


def test_superuser_ips(binary: Binary, running: Running, client: Client) -> None:
    if not at_least(binary, 0, 38):
        pytest.skip("superuserIPs came with 0.38")
    client.collections()
    # Whoever sets it must be on the list, so the list is set through the command line.
    subprocess.run(
        [binary.path, "superuser", "ips", "10.9.8.7", "--dir", running.data_dir],
        check=True,
        timeout=60,
        capture_output=True,
    )
    running.restart()
    with Client(running.url, ADMIN) as other, pytest.raises(LoginRefused, match="superuserIPs"):
        other.collections()


def test_a_server_of_before_0_23(server: ServerFactory, tmp_path: Path) -> None:
    old = binary_of(UNSUPPORTED)
    data = tmp_path / "old"
    for command in (["migrate", "up"], ["admin", "create", EMAIL, PASSWORD]):
        subprocess.run([old.path, *command, "--dir", data], check=True, timeout=60, capture_output=True)
    running = server(old, data_dir=data)
    for credentials in (ADMIN, Credentials(token="a.b.c")):
        with Client(running.url, credentials) as client, pytest.raises(UnsupportedServer, match=r"0\.22"):
            client.collections()


def test_refreshing_heals_a_cache_that_another_process_outdated(
    binary: Binary, running: Running, client: Client, tmp_path: Path
) -> None:
    client.import_collections([{"name": "posts", "type": "base", "fields": [{"name": "a", "type": "text"}]}])
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "1700000000_add.js").write_text(
        """migrate((app) => {
          const c = app.findCollectionByNameOrId("posts")
          c.fields.add(new Field({ type: "text", name: "b", id: "text_b" }))
          app.save(c)
        }, null)"""
    )
    subprocess.run(
        [binary.path, "migrate", "up", "--dir", running.data_dir, "--migrationsDir", folder],
        check=True,
        timeout=60,
        capture_output=True,
    )
    if not at_least(binary, 0, 38):
        stale = send(client, "GET", "/api/collections/posts", None)
        assert [f["name"] for f in stale["fields"]] == ["id", "a"]
    client.refresh_schema_cache()
    cached = send(client, "GET", "/api/collections/posts", None)
    assert [f["name"] for f in cached["fields"]] == ["id", "a", "b"]
    posts = named(client, "posts")
    client.patch_collection("posts", {"fields": posts["fields"]})
    row = send(client, "POST", "/api/collections/posts/records", {"b": "kept"})
    assert row["b"] == "kept"


def test_refreshing_writes_no_migration_file(binary: Binary, server: ServerFactory, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    running = server(binary, migrations_dir=folder, automigrate=True)
    with Client(running.url, ADMIN) as client:
        with pytest.raises(ServerError):
            client.import_collections([{"name": "bad name", "type": "base"}])
        client.refresh_schema_cache()
        client.refresh_schema_cache(besides=[{"name": "_superusers"}])
        assert client.collections()
    assert not folder.exists() or not list(folder.iterdir())
