"""Hosts that are not local: nothing is written to them unless it was said, and the first line says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from terminal import Project, posts

HOST = 'default_host = "embedded"\n'
EMAIL, PASSWORD = "admin@example.com", "password1234"
OPEN = posts("slug = field.text()").replace("view=\"@request.auth.id != ''\"", 'view=""')


@pytest.fixture
def client(server: Callable[..., Any], latest: Binary) -> Iterator[Client]:
    running = server(latest)
    found = Client(running.url, Credentials(email=EMAIL, password=PASSWORD))
    found.data_dir = running.data_dir  # type: ignore[attr-defined]
    yield found
    found.close()


@pytest.fixture
def project(tmp_path: Path, client: Client) -> Project:
    """A server on loopback that is somebody's production: a tunnel, as far as anybody can tell."""
    found = Project(tmp_path / "app")
    found.write("pocketvex.toml", f'{HOST}[hosts.production]\nurl = "{client.url}"\nlocal = false\n')
    found.write("schema/posts.py", posts())
    found.env |= {"PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD}
    return found


@pytest.mark.parametrize("named", ["--host", "PB_URL"])
def test_dev_writes_types_and_nothing_else(project: Project, client: Client, named: str) -> None:
    before = client.collections()
    env = {"PB_URL": client.url} if named == "PB_URL" else {}
    host = ["--host", "production"] if named == "--host" else []
    done = project("dev", "--once", *host, env=env)
    assert done.code == 5
    first = done.err.splitlines()[0]
    assert client.url in first
    assert "PocketBase 0.40.6" in first
    assert "protected" in first
    assert "--write" in done.err
    assert "+ posts" in done.out
    assert "title: string" in project.types
    assert client.collections() == before
    assert project.draft is None


def test_dev_runs_no_migration_there(project: Project, client: Client) -> None:
    project.ok("dev", "--once")
    project.ok("migrate", "generate", "first")
    before = client.collections()
    data = str(client.data_dir)  # type: ignore[attr-defined]
    for more in ([], ["--write"]):
        done = project("dev", "--once", "--host", "production", "--data-dir", data, *more)
        assert done.code == 5
        assert "first.js is not run" in done.err
        assert client.collections() == before
        assert scratch.applied(Path(data)) == ()


def test_with_write_only_what_is_safe_and_changes_no_access(project: Project, client: Client) -> None:
    done = project("dev", "--once", "--host", "production", "--write")
    assert done.code == 0, done
    assert "posts" in {item["name"] for item in client.collections()}
    project.write("schema/posts.py", OPEN)
    done = project("dev", "--once", "--host", "production", "--write")
    assert done.code == 5, done
    posts_now = next(item for item in client.collections() if item["name"] == "posts")
    assert "slug" in {field["name"] for field in posts_now["fields"]}
    assert posts_now["viewRule"] != ""
    assert "OPENS" in done.out
    assert project.draft is None


def test_up_is_agreed_to_by_name_and_never_passes_over_the_code(project: Project, client: Client) -> None:
    project.ok("dev", "--once")
    project.ok("migrate", "generate", "first")
    before = client.collections()
    data = str(client.data_dir)  # type: ignore[attr-defined]
    up = ["migrate", "up", "--host", "production", "--data-dir", data]

    done = project(*up)
    assert done.code == 5
    assert "--confirm production" in done.err
    assert client.collections() == before

    project.write("schema/posts.py", posts("slug = field.text()"))
    done = project(*up, "--confirm", "production")
    assert done.code == 4
    assert "migrate generate" in done.err
    assert client.collections() == before
    assert scratch.applied(Path(data)) == ()

    done = project(*up, "--confirm", "production", "--recorded-only")
    assert done.code == 0, done
    assert "posts" in {item["name"] for item in client.collections()}

    done = project("migrate", "down", "--host", "production", "--data-dir", data)
    assert done.code == 5
    assert "--confirm production" in done.err
    assert "posts" in {item["name"] for item in client.collections()}
