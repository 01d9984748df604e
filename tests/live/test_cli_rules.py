"""Rules on the way from the file to the server: mistakes stop a command before anything is sent."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from binaries import binary_of
from conftest import ServerFactory
from pocketvex.errors import SchemaError
from pocketvex.server.binaries import Binary
from projects import Project as Plain
from projects import posts, text
from terminal import Project

ROOT = Path(__file__).parents[2]

WRONG = """from pocketvex import Base, Rules, field


class Posts(Base):
    title = field.text(max=200)
    rules = Rules(
        list="@request.auth.id != ''"
        " && titel = 'a'",
        view="@request.data.title = 'a' and title = 'b'",
    )
"""
TOLD = """error: PocketBase 0.40.6 cannot hold this schema
  schema/posts.py:8:14: posts.listRule: no field 'titel' in posts: did you mean 'title'?
    " && titel = 'a'",
         ^^^^^
  schema/posts.py:9:41: posts.viewRule: expected `&&` or `||`, not `and`: use &&
    view="@request.data.title = 'a' and title = 'b'",
                                    ^^^
"""
ODD = """from pocketvex import Auth, Base, Rules, field


class Users(Auth):
    role = field.select("member", "admin")
    rules = Rules(update="id = @request.auth.id")


class Posts(Base):
    title = field.text(max=200)
    author = field.relation(Users)
    rules = Rules(
        list="author = @request.auth.id",{comment}
        view="@request.auth.role = 'admin'",
        delete=Rules.role("admin"),
    )
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "app")
    found.write("pocketvex.toml", "")
    return found


@pytest.mark.parametrize(
    "command",
    ["schema diff", "schema apply", "dev --once", "migrate generate", "migrate up"],
)
def test_a_mistake_is_shown_with_carets_and_nothing_is_sent(
    project: Project, command: str, latest: Binary
) -> None:
    project.write("schema/posts.py", WRONG)
    done = project(*command.split())
    assert done.code == 2, done
    assert TOLD in done.err
    # The types are those of the code, whatever becomes of its rules.
    assert [line for line in done.out.splitlines() if " wrote generated/" not in line] == []
    assert project.migrations == []
    if command == "schema apply":
        with project.client(latest) as client:
            assert "posts" not in [item["name"] for item in client.collections()]


def test_findings_for_people_for_programs_and_for_a_workflow(project: Project) -> None:
    project.write("schema/posts.py", ODD.format(comment=""))
    done = project("schema", "lint")
    assert done.code == 7
    assert "schema/posts.py:13:15: PV704 posts.listRule: a guest passes where `author` is empty" in done.out
    assert '\n    list="author = @request.auth.id",\n          ^^^^^^^^^^^^^^^^^^^^^^^^^\n' in done.out
    assert done.out.endswith("3 findings\n")

    found = project("schema", "lint", "--format", "json")
    assert found.code == 7
    assert found.json["version"] == 1
    assert [(f["code"], f["path"], f["where"]["line"]) for f in found.json["findings"]] == [
        ("PV703", "users.updateRule", 6), ("PV708", "posts.author", 11), ("PV704", "posts.listRule", 13),
    ]  # fmt: skip
    assert all(f["level"] == "warning" and f["title"] and f["message"] for f in found.json["findings"])

    lines = project("schema", "lint", "--format", "github").out.splitlines()
    assert lines[2].startswith("::warning file=schema/posts.py,line=13,title=PV704::posts.listRule: a guest")


def test_a_rule_of_one_long_line_is_shown_around_what_is_meant(project: Project) -> None:
    """`PV703` is about a whole rule, `PV704` about a part of it, a mistake about a word."""
    long = " || ".join(f"title = 'a{number}'" for number in range(90))
    odd = ODD.replace(
        '"id = @request.auth.id"', f'"id = @request.auth.id && ({long.replace("title", "role")})"'
    )
    odd = odd.replace('"author = @request.auth.id"', f'"{long} || author = @request.auth.id"')
    project.write("schema/posts.py", odd.format(comment=""))
    done = project("schema", "lint")
    assert done.code == 7
    assert "PV704 posts.listRule" in done.out
    lines = done.out.splitlines()
    assert max(map(len, lines)) < 200
    carets = [at for at, line in enumerate(lines) if line.strip() and not line.strip(" ^")]
    assert any("author = @request" in lines[at - 1][lines[at].index("^") :] for at in carets), done.out

    project.write("schema/posts.py", odd.format(comment="").replace("|| author =", "|| autor ="))
    done = project("schema", "lint")
    lines = done.out.splitlines()
    assert max(map(len, lines)) < 200
    assert any(line[lines[at + 1].index("^") :].startswith("autor") for at, line in enumerate(lines[:-1])
               if "^" in lines[at + 1]), done.out  # fmt: skip


def test_what_was_looked_at_is_silenced_where_it_stands(project: Project) -> None:
    project.write("schema/posts.py", ODD.format(comment="  # pocketvex: ignore PV704, PV705: few rows"))
    done = project("schema", "lint")
    assert "PV704 posts" not in done.out
    assert "schema/posts.py:13: PV790 PV705 is found here no more: remove the comment" in done.out


def test_a_mistake_for_programs(project: Project) -> None:
    project.write("schema/posts.py", WRONG)
    found = project("schema", "lint", "--format", "json")
    assert found.code == 7
    assert [(f["code"], f["level"], f["where"]["column"]) for f in found.json["findings"]] == [
        ("PV701", "error", 14), ("PV701", "error", 41),
    ]  # fmt: skip
    (first, _) = project("schema", "lint", "--format", "github").out.splitlines()
    assert first.startswith(
        "::error file=schema/posts.py,line=8,title=PV701::posts.listRule: no field 'titel'"
    )


def test_nothing_to_say(project: Project) -> None:
    project.write(
        "schema/posts.py", "from pocketvex import Base, field\n\n\nclass Posts(Base):\n    a = field.text()\n"
    )
    assert project.ok("schema", "lint").out == "no findings\n"
    assert project("schema", "lint", "--format", "markdown").code == 2


@pytest.mark.parametrize(
    ("version", "rule", "said"),
    [
        ("0.23.12", "title:lower = 'a'", "the modifier ':lower' came with PocketBase 0.24"),
        ("0.28.4", "strftime('%Y', '2020') = title", "the function strftime came with PocketBase 0.36"),
        ("0.40.6", "@request.query.a:each = 'a'", "':each' cannot be used here"),
        ("0.40.6", "stock_via_post.id = 'a'", "no collection 'stock'"),
    ],
)
def test_what_this_server_does_not_know(
    server: ServerFactory, tmp_path: Path, version: str, rule: str, said: str
) -> None:
    running = server(binary_of(version))
    project = Plain(tmp_path / "app", posts(listRule=rule))
    for attempt in (project.sync, project.diff, project.generate):
        with pytest.raises(SchemaError) as caught:
            attempt(running)
        assert said in str(caught.value)
    with project.session(running) as session:
        assert "posts" not in [item["name"] for item in session.target.fetch()]


def test_columns_of_a_view_are_known_once_a_server_has_it(
    latest: Binary, server: ServerFactory, tmp_path: Path
) -> None:
    running = server(latest)
    view = {"name": "seen", "type": "view", "query": "SELECT id, title FROM posts", "listRule": "title = 'a'"}
    project = Plain(tmp_path / "app", posts(text("body")), view)
    project.sync(running)
    project.declare(posts(text("body")), view | {"listRule": "body = 'a'"})
    with pytest.raises(SchemaError, match="no field 'body' in seen"):
        project.sync(running)
    project.declare(
        posts(text("body")),
        view | {"listRule": "body = 'a'", "query": "SELECT id, title, body FROM posts"},
    )
    assert not project.sync(running).plan


@pytest.mark.parametrize("name", [".", *sorted(path.name for path in (ROOT / "examples").iterdir())])
def test_what_we_show_is_clean(name: str, tmp_path: Path) -> None:
    project = Project(tmp_path / "app")
    shutil.copytree(ROOT / ("" if name == "." else f"examples/{name}") / "schema", project.root / "schema")
    project.write("pocketvex.toml", "")
    assert project("schema", "lint").out == "no findings\n"


def test_what_init_writes_is_clean(tmp_path: Path) -> None:
    project = Project(tmp_path / "app")
    project.ok("init")
    assert project("schema", "lint").out == "no findings\n"
