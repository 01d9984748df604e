"""Raw tables and columns in a server's database: named before anything is sent."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

import terminal
from conftest import ServerFactory
from pocketvex.errors import NotAsIntended
from pocketvex.server.binaries import Binary
from projects import Project, paths, posts, text

WAYS: dict[str, tuple[list[Any], str]] = {
    "a new collection": ([posts(), posts(name="Raw")], "a table raw that is no collection"),
    "a renamed one": ([posts(name="raw", renamed_from="posts")], "a table raw that is no collection"),
    "a view": ([posts(), {"name": "raw", "type": "view", "query": "SELECT id FROM posts"}], "a table raw"),
    "a new field": ([posts(text("Extra"))], "a column posts.Extra that is no field"),
    "a renamed field": (
        [{"name": "posts", "fields": [text("extra", renamed_from="title")]}],
        "a column posts.extra that is no field",
    ),
    "a field of a renamed one": (
        [posts(text("extra"), name="pages", renamed_from="posts")],
        "a column pages.extra that is no field",
    ),
}


@pytest.mark.parametrize("native", [True, False])
def test_it_is_said_before_anything_is_sent(
    native: bool, tmp_path: Path, server: ServerFactory, latest: Binary
) -> None:
    running = server(latest)
    project = Project(tmp_path, posts())
    project.sync(running)
    with sqlite3.connect(running.data_dir / "data.db") as database:
        database.execute("CREATE TABLE raw (x TEXT)")
        database.execute("ALTER TABLE posts ADD COLUMN extra TEXT")
    database.close()
    for code, said in WAYS.values():
        project.declare(*code)
        with pytest.raises(NotAsIntended) as failure:
            project.sync(running, native=native)
        assert said in failure.value.what
        assert "nothing was written" in failure.value.what
    project.declare(posts(text("more")), posts(name="rows"))
    assert sorted(paths(project.sync(running, native=native).applied)) == ["posts.more", "rows"]


def test_the_difference_says_it_as_well(tmp_path: Path) -> None:
    project = terminal.Project(tmp_path / "app")
    project.write("schema/posts.py", terminal.posts())
    project.ok("dev", "--once")
    with sqlite3.connect(project.root / ".pocketvex/embedded/data/data.db") as database:
        database.execute("ALTER TABLE posts ADD COLUMN extra TEXT")
    database.close()
    project.write("schema/posts.py", terminal.posts("extra = field.text()"))
    assert "there is a column posts.extra that is no field" in project.ok("schema", "diff").err
    assert "a column posts.extra that is no field" in project("dev", "--once").err
