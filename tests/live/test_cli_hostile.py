"""What others wrote, printed: rows and choices of a real server, and the words of one that means ill."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import EMAIL, PASSWORD
from hostile import HOSTILE, Said, commands, hidden, hostile, said
from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.server.binaries import Binary
from terminal import Project, Result, posts

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6ImFkbWluIn0.c2lnbmF0dXJlLW9mLWE"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "app")
    found.write("pocketvex.toml", "")
    found.write("schema/posts.py", posts())
    return found


def login(url: str) -> dict[str, str]:
    return {"PB_URL": url, "PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD}


def texts(values: Any) -> Iterator[str]:
    """Every text in decoded JSON."""
    if isinstance(values, str):
        yield values
    elif isinstance(values, dict | list):
        for inner in values.values() if isinstance(values, dict) else values:
            yield from texts(inner)


def harmless(done: Result, *, acts: bool = False) -> Result:
    """Nothing hidden, and no command; `acts`: stdout is for a workflow, and holds our own alone."""
    assert not hidden(done.out + done.err), done
    assert not commands(done.err), done
    found = commands(done.out)
    if acts:
        assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in found), done
    else:
        assert not found, done
    assert "bug in PocketVex" not in done.err
    return done


def test_rows_and_choices_of_a_server(project: Project, server: Callable[..., Any], latest: Binary) -> None:
    url = server(latest).url
    env = login(url)
    before = "n = field.text()", f"s = field.select('a', {HOSTILE!r})", "p = field.text()"
    project.write("schema/posts.py", posts(*before))
    harmless(project("dev", "--once", env=env))
    with Client(url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        for _ in range(3):
            row = {"title": HOSTILE, "n": HOSTILE, "s": HOSTILE, "p": HOSTILE}
            assert client._request("POST", "/api/collections/posts/records", json=row).ok
    project.write(
        "schema/posts.py",
        posts("n = field.number()", "s = field.select('a')", "p = field.text(pattern='^x$')"),
    )
    diff = "schema", "diff"
    harmless(project(*diff, env=env))
    harmless(project(*diff, "--format", "github", env=env), acts=True)
    page = harmless(project(*diff, "--format", "markdown", env=env)).out
    outside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", page)
    assert "<img" not in outside
    assert "@everyone" not in outside
    found = harmless(project(*diff, "--format", "json", env=env)).json
    assert any(HOSTILE in text for text in texts(found)), found
    for command in (("dev", "--once"), ("schema", "apply"), ("migrate", "generate")):
        harmless(project(*command, env=env))


def test_words_of_a_server(project: Project, server: Callable[..., Any], latest: Binary) -> None:
    url = server(latest).url
    tree = {"fields": {"1": {"max": HOSTILE}}}
    failure = f'Data validations failed for collection "posts" (x):\n{json.dumps(tree)}.'
    problems = {"collections": {"code": "validation_collections_import_failure", "message": failure}}

    def refuses(method: str, path: str, status: int, body: bytes) -> Said | None:
        if method == "PUT":
            return said({"status": 400, "message": f"bad {HOSTILE}", "data": problems}, 400)
        return None

    def login_refused(method: str, path: str, status: int, body: bytes) -> Said | None:
        if "auth-with-password" in path:
            return said({"status": 400, "message": f"{HOSTILE} Authorization: {TOKEN}", "data": {}}, 400)
        return None

    def redirects(method: str, path: str, status: int, body: bytes) -> Said | None:
        return Said(302, b"", {"Location": "http://127.0.0.1:1/\x1b[31mX?token=the-secret"})

    def raw(method: str, path: str, status: int, body: bytes) -> Said | None:
        return Said(500, HOSTILE.encode())

    for number, mutate in enumerate((refuses, login_refused, redirects, raw)):
        other = Project(project.root.parent / f"app{number}")
        other.write("pocketvex.toml", "")
        other.write("schema/posts.py", posts())
        with hostile(url, mutate) as (proxy, _):
            done = harmless(other("dev", "--once", env=login(proxy)))
        assert done.code == 10, done
        assert "the-secret" not in done.err
        assert TOKEN not in done.err
