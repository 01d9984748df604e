"""`migrate route`, and the commands on a server that only HTTP reaches and that has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.render.migration.server_route import HOOK_KEY, NAME, SHORTEST, route_text
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from terminal import Project, posts, until

HOST = '[hosts.production]\nurl = "{url}"\nlocal = false\n'
THERE = ("--host", "production", "--confirm", "production")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "app")
    found.write("pocketvex.toml", "")
    found.write("schema/posts.py", posts())
    return found


def key_in(text: str) -> str:
    (key,) = re.findall(rf"^{HOOK_KEY}=(\S+)$", text, re.MULTILINE)
    return str(key)


def test_the_hook_is_written_once_and_nothing_is_written_over(project: Project) -> None:
    hook = project.root / "pb_hooks" / NAME
    dry = project.ok("migrate", "route", "--dry-run")
    assert dry.out == f"would write pb_hooks/{NAME}\n"
    assert not hook.exists()

    done = project.ok("migrate", "route")
    key = key_in(done.out)
    assert len(key) >= SHORTEST
    assert HOOK_KEY in done.err
    assert hook.read_text(encoding="utf-8") == route_text()
    kept = [p for p in project.root.rglob("*") if p.is_file() and key in p.read_text("utf-8", "replace")]
    assert kept == []

    again = project.ok("migrate", "route")
    assert again.out == f"= pb_hooks/{NAME} is there already\n"
    assert HOOK_KEY in again.err

    hook.write_text("// somebody's own\n", encoding="utf-8")
    for more in ([], ["--dry-run"]):
        refused = project("migrate", "route", *more)
        assert refused.code == 2
        assert "--force" in refused.err
        assert hook.read_text(encoding="utf-8") == "// somebody's own\n"
    forced = project.ok("migrate", "route", "--force")
    assert key_in(forced.out) != key
    assert hook.read_text(encoding="utf-8") == route_text()

    project.ok("migrate", "route", "--dir", "elsewhere/hooks")
    assert (project.root / "elsewhere" / "hooks" / NAME).read_text(encoding="utf-8") == route_text()


def test_up_down_and_check_over_http(
    project: Project, server: ServerFactory, binary: Binary, tmp_path: Path
) -> None:
    project.ok("dev", "--once")
    project.ok("migrate", "generate", "first")
    project.write("schema/posts.py", posts("slug = field.text()"))
    project.ok("migrate", "generate", "second")
    key = key_in(project.ok("migrate", "route").out)
    running = server(binary, hooks_dir=project.root / "pb_hooks", env={HOOK_KEY: key})
    project.write("pocketvex.toml", HOST.format(url=running.url))
    project.env |= {"PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD}

    assert "road: hooks" not in project.ok("migrate", "status", "--host", "production").err
    project.env[HOOK_KEY] = key
    assert "road: hooks" in project.ok("migrate", "status", "--host", "production").err
    done = project("migrate", "up", "--host", "production")
    assert done.code == 5
    assert "--confirm production" in done.err
    checked = project.ok("migrate", "up", "--check", "--host", "production")
    assert checked.out.count("would run") == 2
    assert ran(running) == ()
    first, second = project.migrations
    assert project.ok("migrate", "up", *THERE).out == f"ran {first}\nran {second}\n"
    assert ran(running) == (first, second)
    assert project.ok("migrate", "status", "--host", "production").out.count("applied") == 2

    assert project.ok("migrate", "down", "2", *THERE).out == f"took back {second}\ntook back {first}\n"
    assert ran(running) == ()
    assert project.ok("migrate", "up", *THERE).out == f"ran {first}\nran {second}\n"
    assert ran(running) == (first, second)
    assert "nothing to run" in project.ok("migrate", "up", *THERE).out

    project.env[HOOK_KEY] = key[::-1]
    project.write(
        f"pb_migrations/{int(second.partition('_')[0]) + 1}_more.js", "migrate((app) => {}, null);\n"
    )
    refused = project("migrate", "up", *THERE)
    assert refused.code == 10
    assert f"its {HOOK_KEY} is another one" in refused.err
    assert key[::-1] not in refused.out + refused.err
    assert ran(running) == (first, second)


def test_a_file_that_fails_is_named_and_nothing_is_run(
    project: Project, server: ServerFactory, binary: Binary
) -> None:
    project.ok("dev", "--once")
    project.ok("migrate", "generate", "first")
    key = key_in(project.ok("migrate", "route").out)
    env = {HOOK_KEY: key, "ONLY_THERE": "1"}
    running = server(binary, hooks_dir=project.root / "pb_hooks", env=env)
    project.write("pocketvex.toml", HOST.format(url=running.url))
    project.env |= {"PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD, HOOK_KEY: key}
    stamp = int(project.migrations[0].partition("_")[0])
    name = f"{stamp + 1}_guarded.js"
    project.write(
        f"pb_migrations/{name}",
        'migrate((app) => {\n  if ($os.getenv("ONLY_THERE")) throw new Error("not here");\n}, null);\n',
    )
    failed = project("migrate", "up", "--confirm", name, *THERE)
    assert failed.code == 9, failed
    assert f"{name} fails on {running.url}, and no file was run" in failed.err
    assert "not here" in failed.err
    assert f"{name}:2:" in failed.err
    assert ran(running) == ()


def test_the_hook_is_taken_up_by_a_server_that_runs(
    project: Project, server: ServerFactory, latest: Binary
) -> None:
    project.ok("dev", "--once")
    project.ok("migrate", "generate", "first")
    (project.root / "pb_hooks").mkdir(exist_ok=True)
    key = "a key of this test, which is long enough"
    running = server(latest, hooks_dir=project.root / "pb_hooks", env={HOOK_KEY: key})
    project.write("pocketvex.toml", HOST.format(url=running.url))
    project.env |= {"PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD, HOOK_KEY: key}
    project.ok("migrate", "route")

    def road() -> str:
        return project("migrate", "status", "--host", "production").err

    until(lambda: "road: hooks" in road(), "the server reads its hooks anew")
    project.ok("migrate", "up", *THERE)
    assert ran(running) == tuple(project.migrations)


def ran(running: Running) -> tuple[str, ...]:
    return scratch.applied(running.data_dir)
