"""`pocketvex init` looks first: it never declares what the code, the history or the server may have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from binaries import SUPPORTED
from conftest import EMAIL, PASSWORD
from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.server.binaries import Binary
from terminal import Project, Terminal, asks

HISTORY = {
    "1700000000_posts.js": """migrate((app) => {
  app.save(new Collection({ type: "base", name: "posts", listRule: "owner = @request.auth.id", fields: [
    { name: "headline", type: "text", required: true },
    { name: "owner", type: "relation", collectionId: "_pb_users_auth_", maxSelect: 1 },
  ] }));
}, (app) => app.delete(app.findCollectionByNameOrId("posts")));
""",
    "1700000001_more.js": """migrate((app) => {
  const posts = app.findCollectionByNameOrId("posts");
  posts.fields.add(new Field({ name: "views", type: "number" }));
  app.save(posts);
}, (app) => {});
""",
}


ALWAYS = ("requirements.txt", "jsconfig.json", "README.md", ".github/workflows/database.yml", ".gitignore")


def listed(*names: str) -> str:
    return "".join(f"+ {name}\n" for name in names)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "app")


def with_history(project: Project) -> Project:
    for name, text in HISTORY.items():
        project.write(f"pb_migrations/{name}", text)
    return project


@pytest.mark.parametrize("version", [SUPPORTED[0], SUPPORTED[-1]])
def test_the_sample_changes_nothing_that_a_server_is_born_with(project: Project, version: str) -> None:
    done = project.ok("init")
    assert done.out == listed("pocketvex.toml", "schema/users.py", "schema/posts.py", *ALWAYS)
    project.write("pocketvex.toml", f'pocketbase = "{version}"\n')
    assert project.ok("schema", "diff").out == "+ posts: new base collection\n1 safe\n"


@pytest.mark.parametrize("command", [("init",), ("schema", "pull")])
def test_a_history_is_run_and_pulled(project: Project, command: tuple[str, ...]) -> None:
    done = with_history(project).ok(*command)
    assert "ran 2 files of pb_migrations/" in done.err
    assert "+ schema/posts.py\n" in done.out
    text = project.read("schema/posts.py")
    assert "headline = field.text(required=True)" in text
    assert "views = field.number()" in text
    assert project.ok("schema", "diff", "--exit-code").out == "in sync\n"
    first = project.ok("dev", "--once")
    assert "somebody" not in first.out + first.err
    assert "in sync" in first.out + first.err
    # It is this project's: the next change goes on top.
    project.write("schema/posts.py", text.replace("    views = field.number()\n", ""))
    gone = project.ok("dev", "--once")
    assert "- posts.views: field removed" in gone.out + gone.err
    assert project("migrate", "generate").code == 0
    assert len(project.migrations) == 3


def test_what_is_there_gets_no_sample(project: Project) -> None:
    project.write("schema/everything.py", "from pocketvex import Base\n\n\nclass Posts(Base):\n    pass\n")
    assert project.ok("init").out == listed("pocketvex.toml", *ALWAYS)
    assert [path.name for path in (project.root / "schema").glob("*.py")] == ["everything.py"]
    other = Project(project.root.parent / "other")
    named = other("init", env={"PB_URL": "http://127.0.0.1:1"})
    assert (named.code, named.out) == (0, listed("pocketvex.toml", *ALWAYS))
    assert "→ pocketvex schema pull" in named.err
    assert not (other.root / "schema").exists()


def test_a_pull_names_the_files_that_did_not_run(project: Project) -> None:
    project.write("schema/users.py", "from pocketvex import Auth\n\n\nclass Users(Auth):\n    pass\n")
    done = with_history(project)("schema", "pull")
    assert "2 files of pb_migrations/ did not run there" in done.err
    assert "1700000000_posts.js, 1700000001_more.js" in done.err
    assert not (project.root / "schema/posts.py").exists()


@pytest.fixture
def url(server: Callable[..., Any], latest: Binary) -> str:
    """Of a server that has been there for a while."""
    found = str(server(latest).url)
    with Client(found, Credentials(email=EMAIL, password=PASSWORD)) as client:
        client.create_collection(
            {"name": "notes", "type": "base", "fields": [{"name": "text", "type": "text"}]}
        )
    return found


GIVEN = {"PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD}


def test_a_project_of_a_server_by_flags(project: Project, url: str) -> None:
    done = project("init", "--from", url, "--name", "live")
    assert (done.code, [*project.root.iterdir()]) == (10, [])
    done = project("init", "--from", url, "--name", "live", "--dev", "server", env=GIVEN)
    assert done.code == 0, done
    assert "+ schema/notes.py" in done.out
    assert "text = field.text()" in project.read("schema/notes.py")
    assert 'default_host = "live"' in project.read("pocketvex.toml")
    assert project.ok("schema", "diff", env=GIVEN).out == "in sync\n"
    again = project("init", "--from", url, env=GIVEN)
    assert (again.code, "schema pull --host" in again.err) == (2, True)


def test_a_project_of_a_server_by_questions(project: Project, url: str) -> None:
    with Terminal(project, "init") as terminal:
        asks(terminal, "begin with?")
        terminal.types("\x1b[B\x1b[B\r")
        asks(terminal, "Address")
        terminal.types(f"{url}\r")
        asks(terminal, "Superuser e-mail")
        terminal.types(f"{EMAIL}\r")
        asks(terminal, "Password:")
        terminal.types("wrong\r")
        asks(terminal, "Superuser e-mail", 2)
        terminal.types("\r")
        asks(terminal, "Password:", 2)
        terminal.types(f"{PASSWORD}\r")
        asks(terminal, "Its name:")
        terminal.types("\r")
        asks(terminal, "work on?")
        terminal.types("\r")
        assert terminal.ends() == 0, terminal.text
        assert "→ pocketvex dev" in terminal.text
    # The login is remembered, and so is the server.
    assert project.ok("schema", "diff").out == "in sync\n"
    assert f'default_host = "local"\n\n[hosts.local]\nurl = "{url}"' in project.read("pocketvex.toml")


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--dev", "server"], "begins with a server"),
        (["--from", "empty", "--dev", "embedded"], "begins with a server"),
        (["--from", "http://127.0.0.1:1"], "Nothing listens"),
        (["--from", "http://127.0.0.1:1", "--dev", "there"], "neither embedded nor server"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_meant_writes_nothing(project: Project, flags: list[str], says: str) -> None:
    done = project("init", *flags)
    assert done.code in (2, 10)
    assert says in done.err
    assert [*project.root.iterdir()] == []


def test_a_dry_run_lists_and_an_empty_project_is_one(project: Project) -> None:
    names = ("pocketvex.toml", "schema/users.py", "schema/collections.py", *ALWAYS)
    assert project.ok("init", "--from", "empty", "--dry-run").out == listed(*names)
    assert [*project.root.iterdir()] == []
    project.write("README.md", "mine")
    done = project.ok("init", "--from", "empty")
    assert done.out == listed(*names).replace("+ README.md", "= README.md exists, left alone")
    assert project.read("README.md") == "mine"
    assert "in sync" in project.ok("dev", "--once").out
    # What the example says works, once it is no text any more.
    text = project.read("schema/collections.py")
    code = text.partition("\n\n")[2].partition("\n\nTake the quotes")[0]
    project.write("schema/collections.py", code)
    assert "+ posts" in project.ok("dev", "--once").out


def test_a_pull_by_an_address_is_remembered(project: Project, url: str) -> None:
    done = project("schema", "pull")
    assert (done.code, "--host URL" in done.err) == (2, True)
    assert not (project.root / ".pocketvex/embedded").exists()
    with Terminal(project, "schema", "pull", env={"PB_URL": url, **GIVEN}) as terminal:
        asks(terminal, "Remember")
        terminal.types("y")
        asks(terminal, "Its name:")
        terminal.types("\r")
        assert terminal.ends() == 0, terminal.text
    assert project.ok("schema", "diff", env=GIVEN).out == "in sync\n"
    other = Project(project.root.parent / "other")
    done = other.ok("schema", "pull", env={"PB_URL": url, **GIVEN})
    assert f"pocketvex host add local {url} --default" in done.err
