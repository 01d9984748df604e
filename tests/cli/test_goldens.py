"""What people see, word for word, at two widths and without colour.

`GOLDENS=write pytest tests/cli` writes the files anew; the difference is then for a person to read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pocketvex.server.binaries import Binary
from published import check
from terminal import Project, Result

GOLDENS = Path(__file__).parent / "goldens"

BEFORE = """from pocketvex import Auth, Base, Rules, field, index

mine = "@request.auth.id != '' && author = @request.auth.id && status != 'archived' && hidden = false"


class Users(Auth):
    name = field.text(max=120)


class Posts(Base):
    title = field.text(max=200)
    slug = field.text(max=100)
    status = field.select("draft", "published", "archived")
    hidden = field.bool()
    author = field.relation(Users)
    summary = field.text()
    rules = Rules(list=mine, view=mine)
    indexes = [index("author")]


class Notes(Base):
    text = field.text()
"""

AFTER = """from pocketvex import Auth, Base, Rules, field, index

mine = "@request.auth.id != '' && author = @request.auth.id && status != 'draft' && hidden = false"


class Users(Auth):
    name = field.text(max=120)


class Posts(Base):
    title = field.text(max=100)
    slug = field.text(max=100, required=True, unique=True)
    status = field.select("draft", "published")
    hidden = field.bool()
    author = field.relation(Users)
    abstract = field.text()
    likes = field.number()
    rules = Rules(list=mine, view="")


class Comments(Base):
    text = field.text()
"""

HOOKS = """onRecordCreate((e) => {
  // the summary of a post is never empty
  if (!e.record.get("summary")) throw new BadRequestError("It needs a summary.");
  e.next();
}, "nothing");
"""

ROWS = [
    {"id": "row000000000001", "title": "x" * 150, "slug": "a", "status": "archived"},
    {"id": "row000000000002", "title": "short", "slug": "a", "status": "draft"},
    {"id": "row000000000003", "title": "short", "slug": "", "status": "draft"},
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, latest: Binary) -> Iterator[Project]:
    found = Project(tmp_path_factory.mktemp("goldens") / "app")
    found.write("pocketvex.toml", "")
    found.write("schema/app.py", BEFORE)
    found.write("pb_hooks/main.pb.js", HOOKS)
    found.ok("dev", "--once")
    found.ok("migrate", "generate", "first")
    found.ok("migrate", "up")
    with found.client(latest) as client:
        for row in ROWS:
            assert client._request("POST", "/api/collections/posts/records", json=row).ok
        found.write("schema/app.py", AFTER)
        yield found


def golden(name: str, text: str) -> None:
    path = GOLDENS / name
    if os.environ.get("GOLDENS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def plain(result: Result) -> str:
    """Both streams, without what differs from run to run."""
    text = f"{result.out}--\n{result.err}--\n{result.code}\n"
    text = re.sub(r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:PORT", text)
    return re.sub(r"\d{10}_", "STAMP_", text)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(
    ("name", "command"),
    [("diff", ("schema", "diff")), ("help", ("migrate", "up", "--help"))],
    ids=["diff", "help"],
)
def test_text(project: Project, name: str, command: tuple[str, ...], width: int) -> None:
    result = project(*command, env={"COLUMNS": str(width)})
    assert max(map(len, result.out.splitlines())) <= width
    golden(f"{name}-{width}.txt", plain(result))


def test_status(project: Project) -> None:
    project.write("schema/app.py", BEFORE)
    try:
        golden("status.txt", plain(project("migrate", "status")))
    finally:
        project.write("schema/app.py", AFTER)


def test_diff_for_programs(project: Project) -> None:
    found = project.ok("schema", "diff", "--format", "json")
    check(found.json, "plan")
    golden("diff.json", found.out)
    check(project.ok("schema", "diff", "--questions", "--format", "json").json, "questions")
    status = project.ok("migrate", "status", "--format", "json")
    check(status.json, "status")
    assert status.json["outstanding"]["questions"]


@pytest.mark.parametrize(("format", "ending"), [("markdown", "md"), ("github", "github.txt")])
@pytest.mark.parametrize("name", ["diff", "status"])
def test_for_pull_requests_and_workflows(project: Project, name: str, format: str, ending: str) -> None:
    command = ("schema", "diff") if name == "diff" else ("migrate", "status")
    text = project.ok(*command, "--format", format).out
    golden(f"{name}.{ending}", re.sub(r"\d{10}_", "STAMP_", text))


SHORTER = BEFORE.replace("max=200)", "max=100)").replace("    summary = field.text()\n", "")


def test_plan(tmp_path: Path, latest: Binary) -> None:
    """What waits for `migrate up`: a field goes, and a value has become too long since."""
    project = Project(tmp_path / "app")
    project.write("pocketvex.toml", "")
    project.write("schema/app.py", BEFORE)
    project.ok("dev", "--once")
    project.ok("migrate", "generate", "first")
    project.write("schema/app.py", SHORTER)
    project.ok("migrate", "generate", "shorter")
    with project.client(latest) as client:
        for row in (ROWS[0] | {"summary": "long"}, ROWS[1]):
            assert client._request("POST", "/api/collections/posts/records", json=row).ok
        golden("plan.txt", plain(project("migrate", "plan", "--out", "plan.json")))
        page = project("migrate", "plan", "--format", "markdown")
    golden("plan.md", plain(page))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("syntax", "from pocketvex import Base, field\n\n\nclass Posts(Base:\n    title = field.text()\n"),
        ("options", AFTER.replace("max=100)", "mx=100)").replace("number()", "number(min='a')")),
        ("names", AFTER.replace("relation(Users)", "relation('user')")),
    ],
    ids=["syntax", "options", "names"],
)
def test_errors(project: Project, name: str, text: str) -> None:
    project.write("schema/app.py", text)
    try:
        golden(f"error-{name}.txt", plain(project("schema", "diff")))
    finally:
        project.write("schema/app.py", AFTER)
