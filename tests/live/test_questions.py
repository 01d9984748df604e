"""Questions of a plan: nobody guesses; each way to answer leads to the same rows."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pocketvex.server.binaries import Binary
from terminal import Project, Terminal, posts, until

STATES = 'state = field.select("draft", "archived", "spam")'
FEWER = 'state = field.select("draft", "closed")'
ARCHIVED, SPAM = "posts.state:archived", "posts.state:spam"
ANSWERS = {ARCHIVED: "closed", SPAM: ""}
ROWS = [
    {"title": "a", "state": "archived"},
    {"title": "b", "state": "spam"},
    {"title": "c", "state": "draft"},
]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, latest: Binary) -> Path:
    """Posts with three choices, each held by a row; the code has lost two of them and gained one."""
    found = Project(tmp_path_factory.mktemp("asked") / "app")
    found.write("pocketvex.toml", "")
    found.write("schema/posts.py", posts(STATES))
    found.ok("dev", "--once")
    found.ok("migrate", "generate", "start")
    found.ok("migrate", "up")
    fill(found, latest)
    found.write("schema/posts.py", posts(FEWER))
    until(lambda: not found.server, "its server has ended")
    return found.root


@pytest.fixture
def project(tmp_path: Path, asked: Path, latest: Binary) -> Iterator[Project]:
    shutil.copytree(asked, tmp_path / "app")
    found = Project(tmp_path / "app")
    with found.client(latest):  # the commands share its server: each starting one takes most of the time
        yield found


def fill(project: Project, latest: Binary) -> None:
    with project.client(latest) as client:
        for row in ROWS:
            client._request("POST", "/api/collections/posts/records", json=row)


def states(project: Project, latest: Binary) -> dict[str, Any]:
    with project.client(latest) as client:
        return {row["title"]: row["state"] for row in client.records("posts")}


def test_nobody_there_to_answer(project: Project, latest: Binary) -> None:
    before = states(project, latest)
    for command in (("dev", "--once"), ("schema", "apply"), ("migrate", "generate"), ("migrate", "up")):
        done = project(*command)
        assert done.code == 5, done
        assert "--answer posts.state:archived=closed" in done.out + done.err
        assert 'remap={"archived": "draft"}' in done.out + done.err
    assert states(project, latest) == before
    assert len(list((project.root / "pb_migrations").glob("*.js"))) == 1


def test_the_questions_for_programs(project: Project) -> None:
    done = project("schema", "diff", "--questions", "--format", "json", "--exit-code")
    assert done.code == 5
    found = json.loads(done.out)
    assert found["version"] == 1
    assert [(q["id"], q["kind"], [o["value"] for o in q["options"]]) for q in found["questions"]] == [
        (ARCHIVED, "value", ["draft", "closed", ""]),
        (SPAM, "value", ["draft", "closed", ""]),
    ]
    assert found["questions"][0]["where"]["file"] == "schema/posts.py"
    assert found["questions"][0]["options"][1]["flag"] == "--answer posts.state:archived=closed"
    answers = [f"--answer={q['id']}={q['options'][-1]['value']}" for q in found["questions"]]
    assert project.ok("schema", "diff", "--questions", "--exit-code", *answers).out == (
        "nothing waits for an answer\n"
    )


@pytest.mark.parametrize("way", ["flags", "json", "toml", "code"])
def test_each_way_to_answer(project: Project, latest: Binary, way: str) -> None:
    flags: list[str] = []
    if way == "flags":
        flags = [part for id, value in ANSWERS.items() for part in ("--answer", f"{id}={value}")]
    elif way == "code":
        remap = 'state = field.select("draft", "closed", remap={"archived": "closed", "spam": ""})'
        project.write("schema/posts.py", posts(remap))
    else:
        lines = "\n".join(f"{json.dumps(id)} = {json.dumps(value)}" for id, value in ANSWERS.items())
        project.write(f"said.{way}", json.dumps(ANSWERS) if way == "json" else lines)
        flags = ["--answers", f"said.{way}"]
    project.ok("migrate", "up", *flags)
    assert states(project, latest) == {"a": "closed", "b": "", "c": "draft"}
    assert "in sync" in project.ok("dev", "--once").out
    project.ok("migrate", "down")
    assert states(project, latest) == {"a": "archived", "b": "spam", "c": "draft"}
    project.ok("migrate", "up")
    assert states(project, latest) == {"a": "closed", "b": "", "c": "draft"}


def test_what_no_migration_has_yet(tmp_path: Path, latest: Binary) -> None:
    """The answer is the consent, the rows follow at once, and the history never hears of it."""
    project = Project(tmp_path / "app")
    project.write("pocketvex.toml", "")
    project.write("schema/posts.py", posts(STATES))
    project.ok("dev", "--once")
    fill(project, latest)
    project.write("schema/posts.py", posts(FEWER))
    done = project("dev", "--once")
    assert done.code == 5
    assert "? posts.state:archived" in done.out
    project.ok("dev", "--once", f"--answer={ARCHIVED}=closed", f"--answer={SPAM}=")
    assert states(project, latest) == {"a": "closed", "b": "", "c": "draft"}
    project.ok("migrate", "generate", "start")
    (file,) = (project.root / "pb_migrations").glob("*.js")
    assert "archived" not in file.read_text(encoding="utf-8")
    project.ok("migrate", "up")
    assert "in sync" in project.ok("dev", "--once").out


def test_a_value_for_a_required_field_that_no_migration_has_yet(tmp_path: Path, latest: Binary) -> None:
    project = Project(tmp_path / "app")
    project.write("pocketvex.toml", "")
    project.write("schema/posts.py", posts(STATES))
    project.ok("dev", "--once")
    fill(project, latest)
    owner = 'owner = field.text(required=True, backfill="nobody")'
    project.write("schema/posts.py", posts(STATES, owner))
    done = project("dev", "--once")
    assert done.code == 5
    assert "--confirm posts.owner" in done.out
    project.ok("dev", "--once", "--confirm", "posts.owner")
    with project.client(latest) as client:
        assert {row["owner"] for row in client.records("posts")} == {"nobody"}
    project.ok("migrate", "generate", "start")
    project.ok("migrate", "up")
    assert "in sync" in project.ok("dev", "--once").out


def test_what_came_after_up_goes_back_by_its_name(project: Project, latest: Binary) -> None:
    project.ok("migrate", "up", f"--answer={ARCHIVED}=closed", f"--answer={SPAM}=")
    with project.client(latest) as client:
        a, _, c = client.records("posts", sort="title")
        for id, state in ((a["id"], "draft"), (c["id"], "closed")):
            client._request("PATCH", f"/api/collections/posts/records/{id}", json={"state": state})
    project.ok("migrate", "down")
    assert states(project, latest) == {"a": "draft", "b": "spam", "c": "archived"}


def test_answers_that_are_none(project: Project, latest: Binary) -> None:
    before = states(project, latest)
    done = project("migrate", "up", f"--answer={ARCHIVED}=open", f"--answer={SPAM}=")
    assert done.code == 2
    assert "'open' is no answer to posts.state:archived" in done.err
    assert "draft, closed" in done.err
    project.write("list.json", "[1]")
    project.write("broken.toml", "a = ")
    for flags in (["--answer", "x"], ["--answers", "list.json"], ["--answers", "broken.toml"],
                  ["--answers", "nowhere.json"]):  # fmt: skip
        done = project("schema", "diff", *flags)
        assert done.code == 2, done
        assert flags[-1] in done.err
    assert states(project, latest) == before


def test_a_rename_in_a_pipe(project: Project, latest: Binary) -> None:
    project.write("schema/posts.py", posts(STATES.replace("state", "status")))
    before = states(project, latest)
    done = project("schema", "apply")
    assert done.code == 5
    assert "--rename posts.state=posts.status" in done.out
    assert states(project, latest) == before
    assert project.ok("schema", "apply", "--rename", "posts.state=posts.status").code == 0
    with project.client(latest) as client:
        assert {row["title"]: row["status"] for row in client.records("posts")} == before


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are POSIX")
def test_a_prompt_answers(project: Project, latest: Binary) -> None:
    with Terminal(project, "migrate", "generate", "closed") as terminal:
        terminal.shows("posts.state:archived")
        terminal.types("\x1b[B\r")
        terminal.shows("posts.state:spam")
        terminal.types("\x1b[B\x1b[B\r")
        assert terminal.ends() == 0, terminal.text
    project.ok("migrate", "up")
    assert states(project, latest) == {"a": "closed", "b": "", "c": "draft"}


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are POSIX")
def test_a_key_in_dev_answers_for_good(project: Project, latest: Binary) -> None:
    with Terminal(project, "dev") as terminal:
        terminal.shows("posts.state:archived: press 1: draft, 2: closed, n: nothing instead")
        terminal.types("2")
        terminal.shows("posts.state:spam: press")
        terminal.types("n")
        draft = project.root / "pb_migrations/drafts/next.js"
        until(lambda: draft.exists() and '"archived": "closed"' in draft.read_text(), "the draft says it")
        terminal.types("\x03")
        assert terminal.ends() == 0
    # Nobody is asked twice.
    project.ok("migrate", "up")
    assert states(project, latest) == {"a": "closed", "b": "", "c": "draft"}


def test_the_code_goes_before_an_answer_that_is_remembered(project: Project, latest: Binary) -> None:
    project.ok("schema", "apply", "--safe-only", f"--answer={ARCHIVED}=draft", f"--answer={SPAM}=")
    remap = 'state = field.select("draft", "closed", remap={"archived": "closed"})'
    project.write("schema/posts.py", posts(remap))
    project.ok("migrate", "up")
    assert states(project, latest) == {"a": "closed", "b": "", "c": "draft"}


def test_an_answer_that_fits_no_more_is_asked_again(project: Project, latest: Binary) -> None:
    project.ok("schema", "apply", "--safe-only", f"--answer={ARCHIVED}=closed", f"--answer={SPAM}=")
    project.write("schema/posts.py", posts('state = field.select("draft", "done")'))
    done = project("migrate", "up")
    assert done.code == 5
    assert ARCHIVED in done.err
    assert SPAM not in done.err
