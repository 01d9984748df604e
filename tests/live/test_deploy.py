"""The workflow of docs/deploy.md: its own commands are run, in clones, against a "production" server."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.run.scaffold import WORKFLOW_FILE
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from terminal import POCKETVEX, Project, environment, posts

pytestmark = pytest.mark.wide

PAGE = (Path(__file__).parents[2] / "docs" / "deploy.md").read_text(encoding="utf-8")
VALUES = {
    "secrets.PB_ADMIN_EMAIL": EMAIL,
    "secrets.PB_ADMIN_PASS": PASSWORD,
    "github.token": "a token",
    "github.event.pull_request.html_url": "https://github.com/example/blog/pull/1",
}
GH = """#!/usr/bin/env bash
set -e
printf '%s\\n' "$GH_TOKEN" "$@" > "$SAID/gh"
cp plan.md "$SAID/comment.md"
"""


def block(mark: str) -> str:
    (found,) = re.findall(rf"^<!-- {re.escape(mark)} -->\n```\w+\n(.*?)^```$", PAGE, re.M | re.S)
    return str(found)


class Step(NamedTuple):
    keys: dict[str, str]
    """Those of a step, and those below them: `env.PR`, `with.path`."""

    def __getitem__(self, name: str | int) -> str:  # type: ignore[override]
        return self.keys.get(str(name), "")


def steps(job: str) -> list[Step]:
    """The steps of a job of the workflow, which has one line for each key."""
    (text,) = re.findall(rf"^  {job}:\n(.*?)(?=^  \w+:\n|\Z)", block(WORKFLOW), re.M | re.S)
    found: list[dict[str, str]] = []
    above = ""
    for line in text.partition("    steps:\n")[2].splitlines():
        match = re.fullmatch(r"( {6}- | {8}| {10})(\w[\w-]*):(?: (.*?)(?: +#.*)?)?", line)
        assert match or not line, line
        if not match:
            continue
        indent, key, value = match.groups()
        if indent.endswith("- "):
            found.append({})
        if len(indent) == 8:
            above = key
        found[-1][key if len(indent) == 8 else f"{above}.{key}"] = value or ""
    return [Step(keys) for keys in found]


WORKFLOW = "workflow: .github/workflows/database.yml"


class Ran(NamedTuple):
    """How a job ended: its first exit code that is not 0, and what its steps said."""

    code: int
    said: str
    summary: str


class Actions:
    """What GitHub does: each job in a clone of its own, with the secrets, and what was uploaded."""

    def __init__(self, root: Path, repository: Path, url: str) -> None:
        self.root, self.repository, self.url = root, repository, url
        self.said = root / "said"
        self.artifact = root / "artifact"
        self.number = 0
        bin_ = root / "bin"
        for folder in (self.said, bin_):
            folder.mkdir(parents=True)
        (bin_ / "gh").write_text(GH)
        (bin_ / "gh").chmod(0o755)
        environ = environment(root)
        path = f"{bin_}:{Path(POCKETVEX).parent}:{environ['PATH']}"
        self.environ = {**environ, "PATH": path, "SAID": str(self.said)}

    def run(self, job: str) -> Ran:
        self.number += 1
        clone, summary = self.root / f"clone{self.number}", self.root / f"summary{self.number}"
        ran = Ran(0, "", "")
        for step in steps(job):
            if ran.code and "!cancelled()" not in step["if"]:
                continue
            if step["uses"]:
                self.use(step, clone)
            elif step["run"].startswith("pip "):
                assert step["run"] == "pip install -r requirements.txt"
            else:
                done = self.shell(step, clone, summary)
                said = f"{ran.said}$ {step['run']}\n{done.stdout}"
                ran = Ran(ran.code or done.returncode, said, "")
        return ran._replace(summary=summary.read_text(encoding="utf-8") if summary.exists() else "")

    def use(self, step: Step, clone: Path) -> None:
        match step["uses"].partition("@")[0]:
            case "actions/checkout":
                shutil.copytree(self.repository, clone, ignore=shutil.ignore_patterns(".pocketvex"))
            case "actions/upload-artifact":
                self.artifact.mkdir(exist_ok=True)
                shutil.copy(clone / step["with.path"], self.artifact)
            case "actions/download-artifact":
                shutil.copytree(self.artifact, clone, dirs_exist_ok=True)
            case other:
                assert other == "actions/setup-python"

    def shell(self, step: Step, clone: Path, summary: Path) -> subprocess.CompletedProcess[str]:
        own = {key.removeprefix("env."): value for key, value in step.keys.items() if key.startswith("env.")}
        assert {"PB_URL", "PB_ADMIN_EMAIL", "PB_ADMIN_PASS"} == set(COMMON)
        values = {**VALUES, "vars.PB_URL": self.url}
        given = {
            name: re.sub(r"\$\{\{ (.*) \}\}", lambda match: values[match[1]], text)
            for name, text in {**COMMON, **own}.items()
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=clone, env={**self.environ, **given, "GITHUB_STEP_SUMMARY": str(summary), "CI": "true"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            encoding="utf-8", timeout=180, check=False,
        )  # fmt: skip


COMMON = dict(re.findall(r"^  (PB_\w+): (.*)$", block(WORKFLOW), re.M))
"""What all steps have in their environment."""


@pytest.fixture
def running(server: ServerFactory, binary: Binary) -> Running:
    return server(binary)


@pytest.fixture
def production(running: Running) -> Iterator[Client]:
    with Client(running.url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        yield client


@pytest.fixture
def repository(tmp_path: Path, running: Running) -> Project:
    """The project of a developer, as the page has it set up."""
    found = Project(tmp_path / "blog")
    pinned = re.sub(r'pocketbase = "[\d.]+"', f'pocketbase = "{running.binary.version}"', SETTINGS)
    assert "https://api.example.com" in pinned
    found.write("pocketvex.toml", pinned.replace("https://api.example.com", running.url) + "local = false\n")
    commit(found, "body = field.text()")
    return found


SETTINGS = block("file: pocketvex.toml")


def commit(repository: Project, *fields: str, migration: bool = True) -> None:
    repository.write("schema/posts.py", posts(*fields))
    if migration:
        repository.ok("migrate", "generate", "--rename", "posts.body=")


@pytest.fixture
def actions(tmp_path: Path, repository: Project, running: Running) -> Actions:
    return Actions(tmp_path / "actions", repository.root, running.url)


def fields(client: Client) -> set[str]:
    named = {item["name"]: item for item in client.collections()}
    return {field["name"] for field in named["posts"]["fields"]} if "posts" in named else set()


def test_from_a_pull_request_to_production(
    repository: Project, actions: Actions, production: Client, running: Running
) -> None:
    plan = actions.run("plan")
    assert (plan.code, plan.said.count("$ ")) == (0, 1), plan.said
    assert "1 migration to run" in plan.summary
    deployed = actions.run("deploy")
    (first,) = repository.migrations
    assert (deployed.code, f"ran {first}" in deployed.said) == (0, True), deployed.said
    production.create_record("posts", {"title": "one", "body": "words"})

    commit(repository, "slug = field.text()")
    before = production.collections()
    review = actions.run("review")
    assert review.code == 0, review.said
    checked = actions.run("check")
    assert checked.code == 0, checked.said
    assert checked.said.count("$ pocketvex ") == 2
    token, *asked = (actions.said / "gh").read_text().splitlines()
    assert (token, asked[:2]) == ("a token", ["pr", "comment"])
    assert asked[2] == VALUES["github.event.pull_request.html_url"]
    comment = (actions.said / "comment.md").read_text(encoding="utf-8")
    assert comment.startswith("<!-- pocketvex -->\n### PocketVex: 1 migration to run on ")
    assert "`posts.body`: field removed; 1 of 1 row" in comment
    assert production.collections() == before

    plan = actions.run("plan")
    assert plan.summary == comment
    assert production.collections() == before
    deployed = actions.run("deploy")
    assert deployed.code == 0, deployed.said
    assert "backup pv_" in deployed.said
    assert ("slug" in fields(production), "body" in fields(production)) == (True, False)
    again = actions.run("plan"), actions.run("deploy")
    assert [ran.code for ran in again] == [0, 0]
    assert "nothing to run" in again[1].said

    repository.env |= {"PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD}
    status = repository.ok("migrate", "status", "--host", "production")
    assert [line.split()[0] for line in status.out.splitlines()] == ["applied", "applied"]
    down = re.findall(r"`pocketvex (migrate down [^`]*)`", PAGE)
    repository.ok(*down[0].split())
    (row,) = production.records("posts")
    assert row["body"] == "words"


def test_what_stops_is_in_the_comment_and_what_moved_stops(
    repository: Project, actions: Actions, production: Client
) -> None:
    commit(repository, "body = field.text()", "slug = field.text()", migration=False)
    review = actions.run("review")
    assert review.code == 4, review.said
    assert "it would stop" in (actions.said / "comment.md").read_text(encoding="utf-8")
    assert actions.run("plan").code == 4
    assert not actions.artifact.exists()

    commit(repository, "body = field.text()", "slug = field.text()")
    assert actions.run("plan").code == 0
    production.create_collection({"name": "notes", "type": "base"})
    before = production.collections()
    deployed = actions.run("deploy")
    assert deployed.code == 9
    assert "new on the server: notes" in deployed.said
    assert production.collections() == before
    assert actions.run("plan").code == 0
    assert actions.run("deploy").code == 0


def test_nothing_is_said_of_a_server_that_nobody_reaches(actions: Actions, running: Running) -> None:
    running.halt()
    review = actions.run("review")
    assert review.code == 10
    assert not (actions.said / "gh").exists()


def test_the_address_as_a_secret(repository: Project, running: Running, production: Client) -> None:
    """What the workflow does where the configuration names no host."""
    settings = repository.read("pocketvex.toml").partition("[hosts")[0]
    repository.write("pocketvex.toml", settings)
    env = {"PB_URL": running.url, "PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD}
    repository.ok("migrate", "plan", "--out", "plan.json", env=env)
    repository.ok("migrate", "up", "--plan", "plan.json", "--confirm", running.url, env=env)
    assert "body" in fields(production)


def test_init_writes_the_workflow_of_the_page() -> None:
    assert WORKFLOW_FILE.read_text(encoding="utf-8") == block(WORKFLOW)


def test_every_exit_code_that_stops_is_explained() -> None:
    explained = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.M)}
    assert explained == {2, 4, 5, 7, 8, 9, 10}
    assert len(PAGE.splitlines()) <= 135
