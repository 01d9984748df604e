"""`migrate discard`: a file goes only where it is held back, the last one, and ran nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from terminal import Project, posts


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "app")
    found.write("pocketvex.toml", "")
    found.write("schema/posts.py", posts())
    found.ok("migrate", "up")
    found.write("schema/posts.py", posts("slug = field.text()"))
    found.ok("migrate", "up")
    return found


def test_up_down_and_another_mind(project: Project) -> None:
    first, second = project.migrations
    for name, says in (
        (second, "ran on embedded"),
        (first, "is not the last file"),
        ("no.js", "there is no no.js"),
    ):
        done = project("migrate", "discard", name)
        assert (done.code, says in done.err) == (2, True), done
    project.ok("migrate", "down")
    text = project.read(f"pb_migrations/{second}")
    done = project.ok("migrate", "discard", f"pb_migrations/{second}")
    assert done.out == f"- pb_migrations/{second}\n"
    assert project.migrations == [first]
    assert second not in project.read("pb_migrations/pocketvex.sum")
    assert project.read(f".pocketvex/discarded/{second}") == text
    # The code still asks for the field: it is applied, and waits for a file of its own again.
    assert "+ posts.slug" in project.ok("dev", "--once").out
    project.write("schema/posts.py", posts())
    assert "in sync" in project.ok("dev", "--once", "--confirm", "posts.slug").out
    assert project.ok("migrate", "status").out.count("\n") == 1


def test_what_another_server_ran_stays(project: Project) -> None:
    project.ok("migrate", "down")
    _, second = project.migrations
    project.write(
        ".pocketvex/hosts/live-1.json",
        f'{{"version": 1, "url": "https://live.example.com", "applied": ["{second}"]}}',
    )
    done = project("migrate", "discard", second)
    assert (done.code, "ran on https://live.example.com" in done.err) == (2, True)
    assert second in project.migrations


def test_a_file_that_is_only_pending_stays(project: Project) -> None:
    project.write("schema/posts.py", posts("slug = field.text()", "more = field.text()"))
    project.ok("migrate", "generate", "more")
    last = project.migrations[-1]
    done = project("migrate", "discard", last)
    assert (done.code, "is not held back" in done.err) == (2, True)
    assert last in project.migrations
