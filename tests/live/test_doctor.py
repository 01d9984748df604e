"""`pocketvex doctor` in projects and on servers that are well, and that are not."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import EMAIL, PASSWORD
from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.server.binaries import Binary
from terminal import Project, posts

GIVEN = {"PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "app")
    found.write("pocketvex.toml", "")
    found.write("schema/posts.py", posts())
    return found


def codes(project: Project, *arguments: str, **env: str) -> dict[str, str]:
    """What is found, by code, with the cure."""
    found = project("doctor", "--format", "json", *arguments, env=env).json
    return {item["code"]: item["todo"] for item in found["findings"]}


def test_all_is_well(project: Project) -> None:
    project.ok("dev", "--once")
    project.ok("migrate", "generate", "first")
    project.ok("dev", "--once")
    assert project.ok("doctor").out == (
        "well: packages, configuration, PocketBase, migrations, git, files, cache, types, rules, secrets, "
        "schema, clock, settings, backups, automigrate, database, rules on the server, version, drift\n"
        "all is well\n"
    )
    offline = project.ok("doctor", "--offline").out
    assert "clock" not in offline


def test_what_is_wrong_with_a_project_is_found_and_mended_where_that_is_safe(project: Project) -> None:
    project.ok("dev", "--once")
    project.ok("migrate", "generate", "first")
    project.write(
        "pb_migrations/" + project.migrations[0],
        project.read("pb_migrations/" + project.migrations[0]) + "//",
    )
    project.write("generated/types.ts", project.types + "// more\n")
    (project.root / ".pocketvex/.gitignore").unlink()
    (project.root / ".pocketvex/embedded/superuser.json").chmod(0o644)
    subprocess.run(["git", "init", "-q", "."], cwd=project.root, check=True)
    subprocess.run(["git", "add", "-f", ".pocketvex/lock"], cwd=project.root, check=True)
    done = project("doctor", "--offline")
    assert done.code == 7
    assert "x git: 1 files of .pocketvex/ are in version control, as .pocketvex/lock PV810\n" in done.out
    assert {*codes(project, "--offline")} == {"PV807", "PV808", "PV810", "PV811"}
    fixed = project("doctor", "--offline", "--fix")
    assert "wrote .pocketvex/ into .gitignore" in fixed.err
    assert "wrote generated/types.ts" in fixed.err
    assert "closed .pocketvex/embedded/superuser.json" in fixed.err
    assert {*codes(project, "--offline")} == {"PV807", "PV810"}
    assert "wrote" not in project("doctor", "--offline", "--fix").err


def test_what_is_wrong_with_a_server(project: Project, server: Callable[..., Any], binary: Binary) -> None:
    url = str(server(binary).url)
    project.write("pocketvex.toml", f'pocketbase = "0.26.0"\n[hosts.live]\nurl = "{url}"\nlocal = false\n')
    project.write("pb_migrations/1700000000_updated_posts.js", "migrate((app) => {}, (app) => {});\n")
    with Client(url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        before = client.collections()
        found = codes(project, "--host", "live", **GIVEN)
        assert client.collections() == before
    assert {"PV806", "PV822", "PV824", "PV826"} <= {*found}
    assert found["PV826"] == "Run `pocketvex migrate up --host live`."
    done = project("doctor", "--host", "live", env={**GIVEN, "PB_ADMIN_PASS": "wrong"})
    assert (done.code, "refused the login" in done.out) == (7, True)
    assert "clock" not in done.out


def test_what_cannot_be_loaded_is_a_finding_beside_the_others(project: Project) -> None:
    project.write("schema/posts.py", "class Posts(\n")
    done = project("doctor", "--offline")
    assert done.code == 7
    assert "x schema: SyntaxError" in done.out
    assert "well: packages" in done.out
    project.write("pocketvex.toml", "port = 'x'\n")
    done = project("doctor")
    assert (done.code, "x configuration:" in done.out) == (7, True)


def test_a_server_that_says_nothing_is_one_finding(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = project("doctor", "--host", url, env=GIVEN)
    assert done.code == 7
    assert f"x server: {url} " in done.out
    assert "well: packages" in done.out
