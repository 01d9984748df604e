"""Faults that a healthy PocketBase never shows: networks, proxies, strangers; paging and token dates too."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest
import respx

from pocketvex.api import transport
from pocketvex.api.client import Client, Credentials
from pocketvex.api.problems import read_problems
from pocketvex.errors import (
    LoginRefused,
    PocketVexError,
    Rejected,
    ServerError,
    Unreachable,
    UnsupportedServer,
    UsageError,
)
from pocketvex.store.superuser_token import expires_at

URL = "https://pb.example.com"
LIST = f"{URL}/api/collections"
LOGIN = f"{URL}/api/collections/_superusers/auth-with-password"
TOKEN = Credentials(token="the-secret-token")
REFUSAL = {"status": 401, "message": "The request requires valid record authorization token.", "data": {}}


def error_of(url: str = URL, credentials: Credentials = TOKEN, timeout: float = 30) -> PocketVexError:
    with Client(url, credentials, timeout=timeout) as client, pytest.raises(PocketVexError) as caught:
        client.collections()
    assert "the-secret-token" not in f"{caught.value}{caught.value!r}"
    assert caught.value.exit_code == 10
    return caught.value


@contextmanager
def listener(answer: bytes | None) -> Iterator[str]:
    """A server that takes one request and says `answer` and no more; None: it never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                if answer is None:
                    done.wait()
                else:
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            done.set()
            thread.join()


def test_a_closed_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = error_of(f"http://127.0.0.1:{port}")
    assert isinstance(error, Unreachable)
    assert "Nothing listens" in error.what


def test_an_unknown_host() -> None:
    error = error_of("http://nowhere.invalid")
    assert isinstance(error, Unreachable)
    assert "'nowhere.invalid' is not known" in error.what


def test_a_server_that_hangs() -> None:
    with listener(None) as url:
        error = error_of(url, timeout=0.2)
    assert isinstance(error, Unreachable)
    assert "gave no answer within 0.2 s" in error.what


def test_a_connection_that_breaks() -> None:
    with listener(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{") as url:
        error = error_of(url)
    assert isinstance(error, Unreachable)
    assert "in the middle" in error.what


def test_a_write_that_breaks_leaves_the_outcome_open() -> None:
    with (
        listener(b"HTTP/1.1 204 No Content\r\nX-Cut") as url,
        Client(url, TOKEN) as client,
        pytest.raises(Unreachable) as caught,
    ):
        client.import_collections([{"name": "posts"}])
    assert "not known" in caught.value.why


def test_tls_where_there_is_none() -> None:
    with listener(b"HTTP/1.1 400 Bad Request\r\n\r\n") as url:
        error = error_of(url.replace("http:", "https:"))
    assert isinstance(error, Unreachable)
    assert "TLS" in error.what


@respx.mock
def test_a_certificate_that_is_not_trusted() -> None:
    respx.get(LIST).mock(side_effect=httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] expired"))
    assert "certificate" in error_of().what


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (httpx.Response(200, html="<h1>Hello</h1>"), Unreachable, "not PocketBase"),
        (httpx.Response(404, html="nothing here"), Unreachable, "not PocketBase"),
        (httpx.Response(200, json=["something", "else"]), Unreachable, "not PocketBase"),
        (httpx.Response(404, json={"detail": "Not Found"}), Unreachable, "not PocketBase"),
        (
            httpx.Response(301, headers={"location": "https://www.example.com/x"}),
            Unreachable,
            "www.example.com",
        ),
        (httpx.Response(502, html="Bad Gateway"), Unreachable, "a proxy is up"),
        (httpx.Response(503, json={"error": "no upstream"}), Unreachable, "a proxy is up"),
        (httpx.Response(504, text=""), Unreachable, "a proxy is up"),
        (httpx.Response(413, html="too large"), Rejected, "too large"),
        (httpx.Response(500, html="oops"), Rejected, "status 500"),
        (httpx.Response(500, json={"status": 500, "message": "Oh.", "data": {}}), Rejected, "Oh."),
        (httpx.Response(400, json={"code": 400, "message": "", "data": {}}), UnsupportedServer, "0.22"),
        (httpx.Response(404, json={"code": 404, "message": "", "data": {}}), UnsupportedServer, "0.22"),
        (
            httpx.Response(403, json={"status": 403, "message": "Hook says no.", "data": {}}),
            Rejected,
            "Hook says no.",
        ),
    ],
)
@respx.mock
def test_answers_of_others(answer: httpx.Response, kind: type[PocketVexError], words: str) -> None:
    respx.get(LIST).mock(return_value=answer)
    error = error_of()
    assert type(error) is kind
    assert words in str(error)


@respx.mock
def test_a_login_that_gives_no_token() -> None:
    respx.get(LIST).mock(return_value=httpx.Response(401, json=REFUSAL))
    respx.post(LOGIN).mock(return_value=httpx.Response(200, json={"hello": "world"}))
    assert isinstance(
        error_of(credentials=Credentials(email="a@b.c", password="the-secret-token")), Unreachable
    )


@respx.mock
def test_a_fresh_token_that_is_refused_does_not_loop() -> None:
    respx.post(LOGIN).mock(return_value=httpx.Response(200, json={"token": "new"}))
    route = respx.get(LIST).mock(return_value=httpx.Response(401, json=REFUSAL))
    assert isinstance(error_of(credentials=Credentials(email="a@b.c", password="x")), LoginRefused)
    assert route.call_count == 2  # as a guest, before the password was sent, and with the token


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, html="<h1>Hello</h1>"),
        httpx.Response(200, json={"items": []}),
        httpx.Response(404, json={"status": 404, "error": "Not Found"}),
        httpx.Response(401, json={"status": 401, "message": "no"}),
        httpx.Response(401, json=["no"]),
        httpx.Response(401, json={"code": 401, "message": "", "data": {}}),
        httpx.Response(401, headers={"WWW-Authenticate": "Basic"}),
        httpx.Response(404, json={**REFUSAL, "status": 404}),
    ],
    ids=lambda answer: answer.text or "empty",
)
@respx.mock
def test_a_password_is_sent_to_a_pocketbase_only(answer: httpx.Response) -> None:
    respx.get(LIST).mock(return_value=answer)
    login = respx.post(LOGIN).mock(return_value=httpx.Response(200, json={"token": "new"}))
    assert isinstance(error_of(credentials=Credentials(email="a@b.c", password="x")), ServerError)
    assert not login.called


@respx.mock
def test_a_path_in_the_address_is_named() -> None:
    respx.get(f"{URL}/some/path/api/collections").mock(
        return_value=httpx.Response(404, json={**REFUSAL, "status": 404})
    )
    for credentials in (TOKEN, Credentials(email="a@b.c", password="x")):
        error = error_of(f"{URL}/some/path", credentials)
        assert isinstance(error, Unreachable)
        assert "has the path /some/path" in error.what
        assert f"Say {URL}," in error.todo


def collection(name: str, **more: object) -> dict[str, object]:
    return {"id": name, "name": name, "type": "base", "fields": [], "indexes": [], **more}


@respx.mock
def test_every_page_of_collections_is_read() -> None:
    pages = {"1": [collection(str(n)) for n in range(1000)], "2": [collection("last")]}
    respx.get(LIST).mock(
        side_effect=lambda r: httpx.Response(200, json={"items": pages[r.url.params["page"]]})
    )
    with Client(URL, TOKEN) as client:
        assert len(client.collections()) == 1001


@respx.mock
def test_import_never_deletes_and_repairs_with_a_collection_that_it_did_not_send() -> None:
    failure = {"status": 400, "message": "Failed to import collections.", "data": {"x": {"message": "no"}}}
    sent = respx.put(f"{LIST}/import").mock(return_value=httpx.Response(400, json=failure))
    repair = respx.patch(f"{LIST}/_externalAuths").mock(return_value=httpx.Response(200, json={}))
    with Client(URL, TOKEN) as client, pytest.raises(Rejected):
        client.import_collections([{"name": "_superusers"}])
    assert json.loads(sent.calls.last.request.content)["deleteMissing"] is False
    assert json.loads(repair.calls.last.request.content) == {}


@respx.mock
def test_a_repair_that_fails_does_not_hide_the_reason() -> None:
    failure = {"status": 400, "message": "Failed to import collections.", "data": {}}
    respx.put(f"{LIST}/import").mock(return_value=httpx.Response(400, json=failure))
    respx.patch(f"{LIST}/_superusers").mock(side_effect=httpx.ReadError("gone"))
    with Client(URL, TOKEN) as client, pytest.raises(Rejected, match="import of posts") as caught:
        client.import_collections([{"name": "posts"}])
    assert "cache" in caught.value.why


def token_with(claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.signature"


def test_the_date_in_a_token() -> None:
    assert expires_at(token_with({"exp": 1234567890, "id": "ä"})) == 1234567890
    for broken in ("", "x", "a.b.c", "a.e30.c", token_with([]), token_with({"exp": None}), token_with("x")):
        assert expires_at(broken) == 0


@pytest.mark.parametrize("verb", ["cannot", "unable to"])
def test_wrong_kinds_under_both_verbs_of_go(verb: str) -> None:
    said = (
        f'json: {verb} unmarshal JSON object into Go core.fieldWithType within "/fields/0": failed to '
        f'unmarshal field: json: {verb} unmarshal JSON string into Go int within "/max".'
    )
    code = "validation_collections_import_failure"
    body = {"data": {"collections": {"code": code, "message": said}}, "message": "no", "status": 400}
    sent = [{"name": "posts", "fields": [{"name": "t", "type": "text", "max": "5"}]}]
    assert [p.path for p in read_problems(body, sent)] == ["posts.t.max"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {},
        {"data": None},
        {"data": {"fields": "odd"}},
        {"data": {"fields": {"x": {"y": 1}}, "indexes": {"0": "odd"}}},
        {"data": {"collections": {"code": "validation_collections_import_failure"}}},
        {"data": {"fields": {"99": {"max": {"code": "c", "message": "m"}}}}},
    ],
)
def test_no_body_makes_the_reader_fail(body: object) -> None:
    payloads: list[list[dict[str, object]]] = [[], [{"name": "a", "fields": [], "indexes": None}], [{}, {}]]
    for sent in payloads:
        assert isinstance(read_problems(body, sent), list)


def test_somebody_who_waits_is_told_and_a_server_that_hangs_is_asked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "_SILENCE", 0.01)
    told: list[str] = []
    with (
        listener(None) as url,
        Client(url, TOKEN, timeout=0.3, on_slow=told.append) as client,
        pytest.raises(transport.TimedOut),
    ):
        client.version()
    assert told == [f"waiting for {url} to answer …"]


def test_an_answer_that_trickles() -> None:
    """A byte now and then is an answer to the network, and none to whoever waits."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                while not done.wait(0.02):
                    connection.sendall(b" ")

        thread = threading.Thread(target=serve)
        thread.start()
        error = error_of(f"http://127.0.0.1:{server.getsockname()[1]}", timeout=1)
        done.set()
        thread.join()
    assert isinstance(error, transport.TimedOut)
    assert "more slowly" in error.what


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "http://0.0.0.0:1"]
)
def test_a_proxy_is_never_meant_for_this_machine(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:3128")
    assert url in error_of(url).what


@pytest.mark.parametrize(
    "proxy", ["ftp://user:the-secret-token@proxy:1", "socks5://user:the-secret-token@proxy:1"]
)
def test_a_proxy_that_cannot_be_used(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with pytest.raises(UsageError) as caught:
        Client("http://pb.example.com", TOKEN)
    assert "HTTP_PROXY" in caught.value.todo
    assert "the-secret-token" not in str(caught.value)
