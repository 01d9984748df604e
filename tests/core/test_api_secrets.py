"""Tokens and passwords as files, variables and servers give them: used where they can be, never shown."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import httpx
import pytest
import respx

from pocketvex.api.client import Client, Credentials
from pocketvex.errors import LoginRefused, PocketVexError, Unreachable
from pocketvex.store.config import load_config
from pocketvex.store.hosts import choose_host
from pocketvex.store.superuser_token import expires_at, is_token

URL = "https://pb.example.com"
LIST = f"{URL}/api/collections"
LOGIN = f"{LIST}/_superusers/auth-with-password"
UNSURE = {"status": 401, "message": "The request requires valid record authorization token.", "data": {}}


def token_with(claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.the-secret"


TOKEN = token_with({"exp": 4102444800})  # the first of January 2100


def error_of(credentials: Credentials) -> PocketVexError:
    with Client(URL, credentials) as client, pytest.raises(PocketVexError) as caught:
        client.collections()
    said = f"{caught.value}{caught.value!r}{caught.value.__cause__!r}"
    assert "the-secret" not in said
    assert "e30." not in said
    return caught.value


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", " {} ", "\n{}", "\t{}\n\n"])
@respx.mock
def test_a_line_end_around_a_token_is_not_part_of_it(around: str) -> None:
    route = respx.get(LIST).mock(return_value=httpx.Response(200, json={"items": []}))
    with Client(URL, Credentials(token=around.format(TOKEN))) as client:
        assert client.collections() == []
    assert route.calls.last.request.headers["Authorization"] == TOKEN


@pytest.mark.parametrize(
    "wrong", ["{}\r\nX-Injected: 1", "{} {}", "{}\x00", "{}é", "{}\x1b[31m", "Bearer {}"]
)
@respx.mock
def test_what_cannot_be_a_token_is_neither_sent_nor_shown(wrong: str) -> None:
    route = respx.get(LIST).mock(return_value=httpx.Response(200, json={"items": []}))
    error = error_of(Credentials(token=wrong.format(TOKEN, TOKEN)))
    assert isinstance(error, LoginRefused)
    assert "PB_TOKEN" in error.todo
    assert not route.called


@pytest.mark.parametrize(
    "token", [f"{TOKEN}\r\nX-Injected: 1", {"a": TOKEN}, [TOKEN], f"é{TOKEN}", "", 5, None]
)
@respx.mock
def test_a_login_whose_token_is_none(token: object) -> None:
    respx.get(LIST).mock(return_value=httpx.Response(401, json=UNSURE))
    respx.post(LOGIN).mock(return_value=httpx.Response(200, json={"token": token, "record": {}}))
    error = error_of(Credentials(email="a@b.c", password="the-secret"))
    assert isinstance(error, Unreachable)
    assert "gave no token" in error.what


class Kept:
    """A cache of tokens that somebody wrote into."""

    def get(self, url: str, identity: str) -> str | None:
        return f"é\n{TOKEN}"

    def put(self, url: str, identity: str, token: str) -> None: ...

    def drop(self, url: str, identity: str) -> None: ...


@respx.mock
def test_a_kept_token_that_cannot_be_one_counts_as_none() -> None:
    respx.get(LIST).mock(
        side_effect=[httpx.Response(401, json=UNSURE), httpx.Response(200, json={"items": []})]
    )
    login = respx.post(LOGIN).mock(return_value=httpx.Response(200, json={"token": TOKEN}))
    with Client(URL, Credentials(email="a@b.c", password="x"), tokens=Kept()) as client:
        assert client.collections() == []
    assert login.called


@pytest.mark.parametrize(
    "error", [httpx.LocalProtocolError(f"Illegal header value b'{TOKEN}'"),
              httpx.RemoteProtocolError(f"illegal header line: bytearray(b'Set-Cookie: {TOKEN}')")],
    ids=["sent", "received"],
)  # fmt: skip
@respx.mock
def test_the_words_of_the_library_about_a_header_are_not_repeated(error: Exception) -> None:
    respx.get(LIST).mock(side_effect=error)
    assert "does not speak HTTP" in error_of(Credentials(token=TOKEN)).what


def test_what_is_a_token() -> None:
    assert is_token(TOKEN)
    for wrong in ("", " ", "a b", "a\n", "é", None, 5, b"x"):
        assert not is_token(wrong)
    assert expires_at(token_with({"exp": 10**400})) == 0


def test_variables_lose_the_line_end_that_a_file_gave_them(tmp_path: Path) -> None:
    (tmp_path / "pocketvex.toml").write_text(
        '[hosts.one]\nurl = "https://one.example.com"\nemail = "env:MAIL"\npassword = "env:WORD"\n'
        '[hosts.two]\nurl = "https://two.example.com"\ntoken = "env:MADE"\n'
    )
    config = load_config(tmp_path)
    environ = {"MAIL": "a@b.c\n", "WORD": " word \r\n", "MADE": f"{TOKEN}\n", "PB_TOKEN": "t\n"}
    one = choose_host(config, flag="one", environ=environ).login
    assert (one.email, one.password) == ("a@b.c", " word ")
    assert choose_host(config, flag="two", environ=environ).login.token == TOKEN
    assert choose_host(config, flag=URL, environ=environ).login.token == "t"
    assert choose_host(config, flag="two", environ={"MADE": "\n"}).login.missing == ("MADE",)
