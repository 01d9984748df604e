"""`pocketvex init` looks first: it never declares what the code, the history or the server may have."""

from __future__ import annotations

from pathlib import Path

import pytest

from binaries import SUPPORTED
from terminal import Project

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
    assert done.out == "+ pocketvex.toml\n+ schema/users.py\n+ schema/posts.py\n+ .gitignore\n"
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
    assert project.ok("init").out == "+ pocketvex.toml\n+ .gitignore\n"
    assert [path.name for path in (project.root / "schema").glob("*.py")] == ["everything.py"]
    other = Project(project.root.parent / "other")
    named = other("init", env={"PB_URL": "http://127.0.0.1:1"})
    assert (named.code, named.out) == (0, "+ pocketvex.toml\n+ .gitignore\n")
    assert "→ pocketvex schema pull" in named.err
    assert not (other.root / "schema").exists()


def test_a_pull_names_the_files_that_did_not_run(project: Project) -> None:
    project.write("schema/users.py", "from pocketvex import Auth\n\n\nclass Users(Auth):\n    pass\n")
    done = with_history(project)("schema", "pull")
    assert "2 files of pb_migrations/ did not run there" in done.err
    assert "1700000000_posts.js, 1700000001_more.js" in done.err
    assert not (project.root / "schema/posts.py").exists()
