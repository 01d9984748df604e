"""A server that the dashboard built, with a history of its own: pulled, it goes on as any other project."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import EMAIL, PASSWORD
from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.diff.compare import compare
from pocketvex.schema.model import Schema
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from pocketvex.steps.migration import split
from terminal import Project, until

Json = dict[str, Any]
STAMPS = [
    {"name": "created", "type": "autodate", "onCreate": True},
    {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
]


class Dashboard:
    """Somebody who builds a schema by hand, on a server that writes a file for each save."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def next_second(self) -> None:
        """Files of one second run in the order of their names, and no name is written twice."""
        now = int(time.time())
        until(lambda: int(time.time()) > now, "the next second")

    def create(self, name: str, *fields: Json, **more: Any) -> None:
        body = {"name": name, "type": "base", "fields": [*fields, *STAMPS], **more}
        assert self.client._request("POST", "/api/collections", json=body).ok

    def edit(self, name: str, change: Callable[[Json], Json]) -> None:
        before = next(item for item in self.client.collections() if item["name"] == name)
        self.client.patch_collection(before["id"], change(before))

    def build(self) -> None:
        """42 files: created, edited, renamed and deleted, many within one second."""
        ids: list[str] = []
        for number in range(20):
            fields = [{"name": "title", "type": "text", "max": 100 + number}]
            if ids:
                fields.append({"name": "parent", "type": "relation", "collectionId": ids[-1], "maxSelect": 1})
            self.create(f"c{number:02}", *fields, listRule="")
            ids.append(next(c["id"] for c in self.client.collections() if c["name"] == f"c{number:02}"))
        self.next_second()
        for number in range(12):
            self.edit(f"c{number:02}", lambda c: {"fields": [*c["fields"], {"name": "more", "type": "json"}]})
        self.next_second()
        self.create("v", type="view", viewQuery="SELECT id, title, more FROM c00", fields=[])
        for number in range(6, 10):
            index = f"CREATE UNIQUE INDEX idx_c{number} ON c{number:02} (title)"
            self.edit(f"c{number:02}", lambda c, index=index: {"indexes": [index], "viewRule": "title != ''"})
        self.edit(
            "c11",
            lambda c: {"fields": [{**f, "name": f["name"].replace("more", "less")} for f in c["fields"]]},
        )
        self.edit("c12", lambda c: {"name": "renamed"})
        self.edit("c13", lambda c: {"fields": [f for f in c["fields"] if f["name"] != "title"]})
        self.client.delete_collection(ids[19])
        self.edit(
            "users",
            lambda c: {
                "passwordAuth": {"enabled": True, "identityFields": ["email"]},
                "otp": {"enabled": True, "duration": 300, "length": 6},
            },
        )


@pytest.fixture
def running(latest: Binary, tmp_path: Path, data_dir: Any) -> Iterator[Running]:
    migrations = tmp_path / "app" / "pb_migrations"
    migrations.mkdir(parents=True)
    with Running(latest, data_dir(latest), migrations_dir=migrations, automigrate=True) as found:
        yield found


@pytest.fixture
def project(tmp_path: Path, running: Running) -> Project:
    found = Project(tmp_path / "app")
    found.write("pocketvex.toml", "")
    found.env |= {"PB_URL": running.url, "PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD}
    return found


def test_a_history_of_forty_files_goes_on_with_one_of_ours(
    project: Project, running: Running, tmp_path: Path
) -> None:
    at_hand = ("--data-dir", str(running.data_dir), "--pocketbase", str(running.binary.path))
    with Client(running.url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        dashboard = Dashboard(client)
        dashboard.build()
        before = client.collections()
        foreign = sorted(project.migrations)
        assert len(foreign) >= 40
        pulled = project.ok("schema", "pull", *at_hand)
        assert pulled.out.count("+ schema/") == 21
        done = project.ok("dev", "--once", *at_hand)
        assert "in sync" in done.out
        assert "not in a migration yet" not in done.out
        assert "applied" not in done.out
        assert client.collections() == before
        assert sorted(project.migrations) == foreign
        assert project.draft is None

        text = project.read("schema/c03.py")
        project.write(
            "schema/c03.py", text.replace("    parent =", "    mine = field.text(max=7)\n    parent =")
        )
        assert "applied 1 change\n" in project.ok("dev", "--once", *at_hand).out
        project.ok("migrate", "generate", "mine", *at_hand)
        (own,) = {*project.migrations} - {*foreign}
        project.ok("migrate", "up", *at_hand)
        live = client.collections()
    files = {name: project.read(f"pb_migrations/{name}") for name in sorted(project.migrations)}
    fresh = tmp_path / "fresh"
    scratch.migrate_up(running.binary, fresh, files)
    built = Schema.from_json(scratch.collections(running.binary, fresh))
    assert compare(Schema.from_json(live), built, version=tuple(running.binary.version)).operations == []
    body = split(files[own])[0].partition("const migration")[2]
    assert "c03" in body
    assert "c04" not in body


def test_an_edit_in_the_dashboard_after_the_pull_is_drift_with_three_exits(
    project: Project, running: Running
) -> None:
    """Its file is part of the history at once, and still nobody asked for its removal."""
    at_hand = ("--data-dir", str(running.data_dir), "--pocketbase", str(running.binary.path))
    with Client(running.url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        dashboard = Dashboard(client)
        dashboard.create("posts", {"name": "title", "type": "text"})
        project.ok("schema", "pull", *at_hand)
        dashboard.next_second()
        dashboard.edit("posts", lambda c: {"fields": [*c["fields"], *map(field, ("one", "two", "three"))]})
        edited = client.collections()
        found = project("schema", "diff", "--exit-code", *at_hand)
        assert found.code == 6
        assert "changed on the server by somebody else" in found.out
        assert "`pocketvex schema pull NAME`" in found.out
        assert "applied" not in project.ok("dev", "--once", *at_hand).out
        assert client.collections() == edited
        assert project.draft is None

        assert project.ok("schema", "pull", "posts.one", *at_hand).out == "~ schema/posts.py\n"
        assert "    one = field.text()\n" in project.read("schema/posts.py")
        assert "two" not in project.read("schema/posts.py")
        project.write("pocketvex.toml", '[ignore]\n"posts.two" = "the import job"\n"posts.four" = "why"\n')
        project.ok("dev", "--once", "--confirm", "posts.three", *at_hand)
        posts = next(c for c in client.collections() if c["name"] == "posts")
        names = {f["name"] for f in posts["fields"]}
        assert {"one", "two"} < names
        assert "three" not in names
        done = project.ok("schema", "diff", "--exit-code", *at_hand)
        assert done.out.splitlines() == ["= 1 ignored by pocketvex.toml", "in sync"]
        assert "[ignore] posts.four: nothing of that name differs here" in done.err

        # A file of ours after theirs makes none of it ours.
        dashboard.next_second()
        dashboard.edit("posts", lambda c: {"fields": [*c["fields"], field("five")]})
        project.write("schema/tags.py", "from pocketvex import Base\n\n\nclass Tags(Base):\n    pass\n")
        project("migrate", "up", *at_hand)
        there = client.collections()
        project.ok("dev", "--once", *at_hand)
        assert client.collections() == there
        assert project.draft is None
        found = project("schema", "diff", "--exit-code", *at_hand)
        assert found.code == 6
        assert found.out.startswith("= posts.five: changed on the server")


def field(name: str) -> Json:
    return {"name": name, "type": "text"}
