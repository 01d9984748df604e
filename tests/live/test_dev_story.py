"""The story of an afternoon with `pocketvex dev`, told by the real command on a real server."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pocketvex.server.binaries import Binary
from terminal import Project, posts, until

SAMPLE = Path(__file__).parents[2]


@pytest.fixture
def sample(tmp_path: Path) -> Project:
    """A copy of the sample at the top of this repository, with its history."""
    project = Project(tmp_path / "sample")
    for name in ("schema", "pb_migrations"):
        shutil.copytree(
            SAMPLE / name, project.root / name, ignore=shutil.ignore_patterns("__pycache__", "drafts")
        )
    project.write("pocketvex.toml", "")
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "app")
    found.write("pocketvex.toml", "")
    found.write("schema/posts.py", posts())
    return found


def test_the_first_run_builds_the_server_from_the_history(sample: Project, latest: Binary) -> None:
    files = sample.migrations
    with sample.dev() as dev:
        dev.says("in sync")
        assert [f"ran {name}" for name in files] == [line for line in dev.lines if line.startswith("ran ")]
        assert "wrote generated/types.ts" in dev.text
        assert "embedded" in dev.lines[0]
        with sample.client(latest) as client:
            names = {item["name"] for item in client.collections()}
        assert {"api_keys", "logs", "queue", "user_meta", "users"} <= names
    assert dev.process.returncode == 0
    assert sample.types == (SAMPLE / "generated/types.ts").read_text(encoding="utf-8")
    assert sample.migrations == files
    assert sample.draft is None
    until(lambda: not sample.server, "the server has ended")


def test_once_twice_does_nothing_the_second_time(sample: Project) -> None:
    first = sample.ok("dev", "--once")
    assert "ran " in first.out
    second = sample.ok("dev", "--once")
    assert "ran " not in second.out
    assert "wrote" not in second.out
    assert "in sync" in second.out
    assert sample.ok("schema", "diff").out == "in sync\n"


def test_what_a_save_adds_is_on_the_server_and_in_the_types(project: Project, latest: Binary) -> None:
    with project.dev() as dev, project.client(latest) as client:
        dev.says("in sync")
        mark = dev.now
        project.write("schema/posts.py", posts("slug = field.text()"))
        dev.says("in sync", mark)
        assert "posts.slug" in dev.since(mark)
        item = next(c for c in client.collections() if c["name"] == "posts")
        assert "slug" in [field["name"] for field in item["fields"]]
        assert "slug: string" in project.types


@pytest.mark.slow
def test_removed_with_values_migrated_reverted_and_never_taken_away_again(
    project: Project, latest: Binary
) -> None:
    project.write("schema/posts.py", posts("slug = field.text()"))
    project.ok("dev", "--once")
    project.ok("migrate", "generate", "first")
    with project.client(latest) as client, project.dev() as dev:
        dev.says("in sync")
        record = create(client, "posts", {"title": "one", "slug": "kept"})
        before = client.collections()

        mark = dev.now
        project.write("schema/posts.py", posts())
        dev.says("waiting", mark)
        dev.says(r"draft proven", mark)
        assert client.collections() == before
        assert project.draft is not None
        assert project("dev", "--once").code == 5

        mark = dev.now
        up = project.ok("migrate", "up")
        assert up.out.startswith("sealed ")
        assert "slug" not in client.records("posts")[0]
        assert project.draft is None
        dev.says("in sync", mark)

        mark = dev.now
        project.ok("migrate", "down")
        assert client.records("posts")[0]["slug"] == "kept"
        assert client.records("posts")[0]["id"] == record
        dev.says("not run here", mark)

        # Neither the next saves of the running dev, nor a restart, take the field away again.
        for number in range(2):
            mark = dev.now
            project.write("schema/posts.py", posts(f"extra{number} = field.text()"))
            dev.says(r"posts\.extra", mark)
            dev.says(r"\d ms$", mark)
            assert client.records("posts")[0]["slug"] == "kept"
    assert dev.process.returncode == 0
    with project.client(latest) as client:
        project("dev", "--once")
        assert client.records("posts")[0]["slug"] == "kept"
        status = project.ok("migrate", "status", "--format", "json").json
        assert [row["state"] for row in status["migrations"]] == ["applied", "held"]
        project.ok("migrate", "up")
        assert "slug" not in client.records("posts")[0]


def test_what_came_and_went_within_one_run_leaves_no_trace(project: Project, latest: Binary) -> None:
    project.ok("dev", "--once")
    project.ok("migrate", "generate", "first")
    files = project.migrations
    with project.dev() as dev, project.client(latest) as client:
        dev.says("in sync")
        mark = dev.now
        project.write("schema/posts.py", posts("passing = field.text()"))
        dev.says("in sync", mark)
        mark = dev.now
        project.write("schema/posts.py", posts())
        dev.says("in sync", mark)
        item = next(c for c in client.collections() if c["name"] == "posts")
        assert "passing" not in [field["name"] for field in item["fields"]]

        mark = dev.now
        project.write("schema/posts.py", posts("passing = field.text()"))
        dev.says("in sync", mark)
        create(client, "posts", {"title": "one", "passing": "value"})
        mark = dev.now
        project.write("schema/posts.py", posts())
        dev.says("waiting", mark)
        assert "--confirm posts.passing" in dev.since(mark)
        assert client.records("posts")[0]["passing"] == "value"
        assert project("dev", "--once").code == 5
        assert project.draft is None

        agreed = project.ok("dev", "--once", "--confirm", "posts.passing")
        assert "kept" in agreed.err
        assert "passing" not in client.records("posts")[0]
        dev.says("in sync", mark)
    shown = project("migrate", "prune")
    assert "posts.passing@" in shown.out
    name = shown.out.split(":")[0]
    values = project("migrate", "prune", "--show", name).out.splitlines()
    assert [json.loads(line)["value"] for line in values] == ["value"]
    assert project.migrations == files
    assert project.draft is None
    assert project.ok("schema", "diff", "--exit-code").out.endswith("in sync\n")


def create(client: object, collection: str, values: dict[str, object]) -> str:
    """A record, made over the API as an application does it."""
    answer = client._request("POST", f"/api/collections/{collection}/records", json=values)  # type: ignore[attr-defined]
    assert answer.ok, answer
    return str(answer.body["id"])
