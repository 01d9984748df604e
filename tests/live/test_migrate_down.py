"""Taking files back: structure, values, and what happens between `down` and `up`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pocketvex.errors import HistoryError, NotAsIntended, UsageError
from pocketvex.server.binaries import Binary
from pocketvex.server.ledger import reading
from pocketvex.server.process import Running
from prepared import Prepare
from projects import Project, kept, names, paths, posts, put, rows, text

PEOPLE = {"name": "people", "type": "auth", "fields": [{"name": "photo", "type": "file", "maxSelect": 1}]}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", posts(text("body")), PEOPLE)


@pytest.fixture
def running(project: Project, prepared: Prepare, binary: Binary) -> Running:
    """A server with the first file, a row, and an account that has a file."""
    return prepared(project, binary, first_file)


def first_file(project: Project, started: Running) -> None:
    project.up(started)
    with project.session(started) as session:
        put(session, "posts", title="one", body="text")
        login = {"email": "ada@example.com", "password": "password1234", "passwordConfirm": "password1234"}
        ada = put(session, "people", **login)
        token, _ = session.target.client._sign_in.token()
        import httpx

        httpx.patch(
            f"{started.url}/api/collections/people/records/{ada['id']}",
            files={"photo": ("a.txt", b"hello")},
            headers={"Authorization": token},
        ).raise_for_status()


def sign_in(session: object) -> bool:
    body = {"identity": "ada@example.com", "password": "password1234"}
    answer = session.target.client._request(  # type: ignore[attr-defined]
        "POST", "/api/collections/people/auth-with-password", json=body
    )
    return bool(answer.ok)


def own_migrations(running: Running) -> list[str]:
    with reading(running.data_dir) as database:
        found = database.execute("SELECT file FROM _migrations WHERE file LIKE '%.go' ORDER BY file")
        return [name for (name,) in found]


def test_several_files_at_once_with_their_values_files_and_accounts(
    project: Project, running: Running
) -> None:
    before = own_migrations(running)
    project.declare(posts(text("body"), text("more")), PEOPLE)
    project.up(running)
    project.declare(posts(text("more")), PEOPLE)
    project.up(running)
    project.declare(posts(text("more")))
    ran = project.up(running)
    with project.session(running) as session:
        assert not names(session.target.fetch(), "people")
        assert names(session.target.fetch(), "posts") == ["id", "title", "more"]
    assert len(project.files) == 4
    taken = project.down(running, 3)
    assert taken.files == tuple(reversed(project.files[1:]))
    assert taken.files[0] == ran.files[0]
    with project.session(running) as session:
        assert names(session.target.fetch(), "posts") == ["id", "title", "body"]
        assert rows(session, "posts")[0]["body"] == "text"
        ada = rows(session, "people")[0]
        assert sign_in(session)
        import httpx

        answer = httpx.get(f"{running.url}/api/files/people/{ada['id']}/{ada['photo']}")
        assert answer.text == "hello"
    assert own_migrations(running) == before
    # Held back: `dev` leaves it, `up` runs it.
    outcome, draft = project.dev(running)
    assert not outcome.ran
    assert not outcome.applied
    assert set(kept(outcome.plan).values()) == {"held"}
    assert not draft.exists
    assert project.generate(running) == ()
    assert project.up(running).files == tuple(project.files[1:])
    assert not kept(project.sync(running).plan)


def test_more_files_than_were_run_are_not_taken_back(project: Project, running: Running) -> None:
    before = own_migrations(running)
    with pytest.raises(UsageError):
        project.down(running, 99)
    assert project.down(running).files == tuple(project.files)
    assert own_migrations(running) == before


def test_the_code_is_edited_while_a_file_is_held_back(project: Project, running: Running) -> None:
    project.declare(posts(text("body"), text("more")), PEOPLE)
    project.up(running)
    project.down(running)
    project.declare(posts(text("body"), text("more"), text("other")), PEOPLE)
    outcome, _ = project.dev(running)
    assert paths(outcome.applied) == ["posts.other"]
    assert kept(outcome.plan) == {"posts.more": "held"}
    project.declare(posts(text("body"), text("other")), PEOPLE)
    outcome, draft = project.dev(running)
    assert not outcome.applied
    assert draft.exists  # the history makes the field, and the code does not want it
    ran = project.up(running)
    assert ran.files[0] == project.files[1]
    with project.session(running) as session:
        assert sorted(names(session.target.fetch(), "posts")) == ["body", "id", "other", "title"]
    outcome, draft = project.dev(running)
    assert not outcome.plan
    assert not kept(outcome.plan)
    assert not draft.exists


def test_a_field_that_dev_renamed_once_more_has_its_first_name_again(
    project: Project, running: Running
) -> None:
    with project.session(running) as session:
        there = next(item for item in session.target.fetch() if item["name"] == "posts")
        id = next(item["id"] for item in there["fields"] if item["name"] == "body")
    renamed = {"id": id, "name": "words", "type": "text"}
    project.declare(posts(renamed), PEOPLE)
    project.up(running)
    project.declare(posts(renamed | {"name": "prose"}), PEOPLE)
    project.sync(running)
    with project.session(running) as session:
        assert names(session.target.fetch(), "posts") == ["id", "title", "prose"]
    project.down(running)
    with project.session(running) as session:
        assert names(session.target.fetch(), "posts") == ["id", "title", "body"]
        assert [row["body"] for row in rows(session, "posts")] == ["text"]


def test_the_file_is_deleted_after_down(project: Project, running: Running) -> None:
    project.declare(posts(text("body"), text("more")), PEOPLE)
    sums = project.config.migrations / "pocketvex.sum"
    before = sums.read_text()
    name = project.up(running).files[0]
    project.down(running)
    (project.config.migrations / name).unlink()
    sums.write_text(before)
    outcome, _ = project.dev(running)
    assert paths(outcome.applied) == ["posts.more"]
    assert not kept(outcome.plan)
    made = project.up(running).sealed
    assert len(made) == 1
    assert not kept(project.sync(running).plan)


def test_what_is_held_back_stays_so_while_git_has_another_branch(project: Project, running: Running) -> None:
    project.declare(posts(), PEOPLE)
    name = project.up(running).files[-1]
    project.down(running)
    file, sums = project.config.migrations / name, project.config.migrations / "pocketvex.sum"
    here, before = file.read_text(), sums.read_text()
    file.unlink()
    sums.write_text("\n".join(line for line in before.splitlines() if name not in line) + "\n")
    project.declare(posts(text("body")), PEOPLE)
    assert not project.dev(running)[0].plan
    file.write_text(here)
    sums.write_text(before)
    project.declare(posts(), PEOPLE)
    assert not project.dev(running)[0].ran
    with project.session(running) as session:
        assert rows(session, "posts")[0]["body"] == "text"
    assert project.up(running).files == (name,)


def test_a_file_is_not_taken_back_from_under_one_that_is_gone(project: Project, running: Running) -> None:
    project.declare(posts(text("body"), text("more")), PEOPLE)
    name = project.up(running).files[-1]
    file = project.config.migrations / name
    here = file.read_text()
    file.unlink()
    with pytest.raises(HistoryError, match=name):
        project.down(running)
    file.write_text(here)
    assert project.down(running).files == (name,)


def test_a_down_that_throws_takes_nothing_back(project: Project, running: Running) -> None:
    stamp = int(project.files[-1].split("_")[0])
    up, throw = 'app.save(app.findCollectionByNameOrId("posts"));', 'throw new Error("not this one");'
    project.write(f"{stamp + 1}_a.js", f"migrate((app) => {{ {up} }}, (app) => {{ {throw} }});\n")
    project.write(f"{stamp + 2}_b.js", f"migrate((app) => {{ {up} }}, (app) => {{ {up} }});\n")
    project.up(running)
    with pytest.raises(NotAsIntended) as failure:
        project.down(running, 2)
    assert "_a.js" in failure.value.what
    assert "not this one" in failure.value.why
    assert set(project.status(running).values()) == {"applied"}
    assert project.down(running).files == (f"{stamp + 2}_b.js",)


KILLED = """
import sys, os, signal
sys.path.insert(0, {tests!r})
from pathlib import Path
from pocketvex.server import scratch
real = scratch.{function}
def stop(*args, **kwargs):
    {before}
    os.kill(os.getpid(), signal.SIGKILL)
scratch.{function} = stop
from pocketvex.run import migrate
from pocketvex.target.session import connect
from pocketvex.run.situation import Choices
from pocketvex.schema.model import Schema
from pocketvex.store.config import load_config
from pocketvex.store.hosts import Host, Login
host = Host("the-server", {url!r}, True, data_dir=Path({data!r}), binary=Path({binary!r}),
            login=Login(email="admin@example.com", password="password1234"))
with connect(load_config(Path({root!r})), host) as session:
    migrate.down(session, Schema(), count=1, choices=Choices())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(
    ("function", "before"),
    [("migrate_up", "pass"), ("migrate_up", "real(*args, **kwargs)"), ("forget", "pass")],
    ids=["before it ran", "after it ran", "before the clean-up"],
)
def test_a_kill_during_down_leaves_a_state_that_goes_on(
    project: Project, running: Running, function: str, before: str
) -> None:
    project.declare(posts(text("body"), text("more")), PEOPLE)
    name = project.up(running).files[0]
    script = KILLED.format(
        tests=str(Path(__file__).parents[1]), function=function, before=before, url=running.url,
        data=str(running.data_dir), binary=str(running.binary.path), root=str(project.root),
    )  # fmt: skip
    done = subprocess.run([sys.executable, "-c", script], env=os.environ, check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    # Up to 0.37 a server does not notice what another process did; a restart is what a person does then.
    running.restart()
    outcome, _ = project.dev(running)
    assert not outcome.ran
    reverted = project.status(running)[name] == "held"
    assert reverted == (before != "pass")
    assert kept(outcome.plan) == ({"posts.more": "held"} if reverted else {})
    if reverted:
        assert project.up(running).files == (name,)
    assert project.down(running).files == (name,)
    assert project.up(running).files == (name,)
    assert not kept(project.sync(running).plan)
