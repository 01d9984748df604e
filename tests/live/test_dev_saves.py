"""Whatever editors, people and git do to the files: the last content wins, faults are said once."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pocketvex.server.binaries import Binary
from terminal import Dev, Project, ended, posts, until


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "app")
    found.write("pocketvex.toml", "load_timeout = 20\n")
    found.write("schema/posts.py", posts())
    return found


@pytest.fixture
def dev(project: Project) -> Iterator[Dev]:
    with project.dev() as dev:
        dev.says("in sync")
        yield dev


def fields(project: Project, binary: Binary, collection: str = "posts") -> set[str]:
    with project.client(binary) as client:
        found = next((c for c in client.collections() if c["name"] == collection), None)
    return {field["name"] for field in found["fields"]} if found else set()


def fresh(name: str) -> str:
    """A text field that is new, whatever else is gone at the same moment."""
    return f"{name} = field.text(renamed_from='')"


def replace(path: Path, text: str) -> None:
    """A save as most editors do it."""
    temporary = path.with_name(f"{path.name}.swp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("from pocketvex import Base\n\nclass Posts(Base:\n", ["schema/posts.py:3", "class Posts(Base:"]),
        ("from pocketvex import Base\n\nraise ValueError('so sorry')\n", ["schema/posts.py:3", "so sorry"]),
        ("import sys\n\nsys.exit(3)\n", ["schema/posts.py:3", "sys.exit(3)"]),
        ("import os\n\nos._exit(3)\n", ["schema/posts.py", "exit status 3"]),
        (posts("slug = field.text(mx=3)"), ["schema/posts.py:6", "mx", "max"]),
        (posts("slug = field.relation('nowhere')"), ["schema/posts.py:6", "nowhere"]),
    ],
)
def test_broken_is_said_once_and_what_was_good_stays(
    project: Project, dev: Dev, latest: Binary, text: str, words: list[str]
) -> None:
    before = project.types
    mark = dev.now
    project.write("schema/posts.py", text)
    dev.says("^error: ", mark)
    for word in words:
        until(lambda word=word: word in dev.since(mark), f"dev says {word!r}: {dev.since(mark)}")
    # Other files that change meanwhile make it said no second time, and are not run before it is mended.
    project.write("pb_migrations/README.md", "x")
    project.write("schema/notes.json.txt", "x")
    mended = dev.now
    project.write("schema/posts.py", posts("slug = field.text()"))
    dev.says("the schema loads again", mended)
    dev.says("in sync", mended)
    assert dev.since(mark).count("error: ") == 1
    assert before != project.types
    assert "slug" in fields(project, latest)


def test_an_endless_loop_is_given_up_when_the_next_save_comes(
    project: Project, dev: Dev, latest: Binary
) -> None:
    started = project.root / "started"
    loop = f"import pathlib\npathlib.Path({str(started)!r}).touch()\nwhile True: pass\n"
    project.write("schema/posts.py", loop)
    until(started.exists, "the loop runs")
    mark = dev.now
    project.write("schema/posts.py", posts("slug = field.text()"))
    dev.says("in sync", mark)
    assert "slug" in fields(project, latest)


def test_ctrl_c_during_an_endless_loop_ends_at_once(project: Project, dev: Dev) -> None:
    started = project.root / "started"
    pid = f"import os, pathlib\np = pathlib.Path({str(started)!r})\n"
    project.write("schema/posts.py", f"{pid}p.write_text(str(os.getpid()))\nwhile True: pass\n")
    until(lambda: started.exists() and started.read_text(), "the loop runs")
    child = int(started.read_text())
    assert not ended(child)
    assert dev.signal(2) == 0
    until(lambda: ended(child), "the loop has ended")


def test_a_burst_of_saves_ends_with_the_last(project: Project, dev: Dev, latest: Binary) -> None:
    path = project.root / "schema/posts.py"
    for number in range(100):
        (path.write_text if number % 2 else lambda text: replace(path, text))(posts(fresh(f"n{number}")))
    dev.says(r"posts\.n99|in sync", dev.now)
    until(lambda: "n99: string" in project.types, "the types have the last save")
    until(lambda: "n99" in fields(project, latest), "the server has the last save")
    until(lambda: fields(project, latest) == {"id", "title", "n99"}, "and of the others nothing")


@pytest.mark.slow
def test_saves_spread_over_passes_are_never_lost(project: Project, dev: Dev, latest: Binary) -> None:
    """Each save falls into another moment of the pass of the one before."""
    path = project.root / "schema/posts.py"
    for number in range(25):
        wanted = posts(fresh(f"a{number}"))
        path.write_text(posts(fresh("early")))
        # The types are written at the beginning of a pass: from there on, in steps through the pass.
        until(lambda: "early: string" in project.types, "the pass has begun")
        for _ in range(number * 400):
            pass
        path.write_text(wanted)
        until(lambda n=number: f"a{n}: string" in project.types, f"the types have save {number}")
    until(lambda: fields(project, latest) == {"id", "title", "a24"}, "the server has the last save")


def test_two_saves_within_a_millisecond(project: Project, dev: Dev, latest: Binary) -> None:
    path = project.root / "schema/posts.py"
    first, second = posts(fresh("aa")), posts(fresh("bb"))  # of one length
    stamp = path.stat().st_mtime_ns
    path.write_text(first)
    os.utime(path, ns=(stamp, stamp))
    path.write_text(second)
    os.utime(path, ns=(stamp, stamp))
    until(lambda: "bb: string" in project.types, "the second save counts")
    until(lambda: fields(project, latest) == {"id", "title", "bb"}, "on the server too")


def test_delete_and_recreate_rename_add_and_remove(project: Project, dev: Dev, latest: Binary) -> None:
    path = project.root / "schema/posts.py"
    path.unlink()
    path.write_text(posts("slug = field.text()"))
    until(lambda: "slug" in fields(project, latest), "recreated")
    mark = dev.now
    path.rename(path.with_name("articles.py"))
    other = posts().replace("Posts(Base", "Notes(Base, renamed_from=''")
    project.write("schema/notes.py", other)
    until(lambda: "title" in fields(project, latest, "notes"), f"a new file: {dev.since(mark)}")
    assert "slug" in fields(project, latest)
    (project.root / "schema/notes.py").unlink()
    until(lambda: not fields(project, latest, "notes"), "removed")


def test_the_folder_goes_and_comes_back(project: Project, dev: Dev, latest: Binary) -> None:
    mark = dev.now
    shutil.move(project.root / "schema", project.root / "elsewhere")
    dev.says("^error: ", mark)
    shutil.move(project.root / "elsewhere", project.root / "schema")
    dev.says("the schema loads again", mark)
    project.write("schema/posts.py", posts("slug = field.text()"))
    until(lambda: "slug" in fields(project, latest), "watched again")
    # And at once, as git does it when it changes branches.
    shutil.rmtree(project.root / "schema")
    project.write("schema/posts.py", posts(fresh("other")))
    until(lambda: "other" in fields(project, latest), "another folder of the same name")
    project.write("schema/posts.py", posts(fresh("third")))
    until(lambda: "third" in fields(project, latest), "and that one is watched")


def test_a_module_from_outside_of_the_folder(project: Project, latest: Binary) -> None:
    project.write("lib/common.py", "NAMES = ['one']\n")
    lines = "locals().update({name: field.text(renamed_from='') for name in NAMES})"
    text = f"from lib.common import NAMES\n{posts(lines)}"
    project.write("schema/posts.py", text)
    with project.dev() as dev:
        dev.says("in sync")
        project.write("lib/common.py", "NAMES = ['one', 'two']\n")
        until(lambda: "two" in fields(project, latest), "the module counts")
        mark = dev.now
        project.write("lib/common.py", "NAMES = [\n")
        dev.says("lib/common.py:1", mark)
        project.write("lib/common.py", "NAMES = ['three']\n")
        until(lambda: fields(project, latest) == {"id", "title", "three"}, "mended")


def test_types_that_somebody_deleted_come_back(project: Project, dev: Dev) -> None:
    (project.root / "generated/types.ts").unlink()
    project.write("schema/posts.py", posts("slug = field.text()"))
    until(lambda: "slug: string" in project.types, "they are written again")


def test_a_configuration_that_was_changed_is_said(project: Project, dev: Dev) -> None:
    mark = dev.now
    project.write("pocketvex.toml", "load_timeout = 20\n# only words\n")
    project.write("pocketvex.toml", 'load_timeout = 20\ngenerate = "web"\n')
    dev.says("generate: is no key of the configuration; did you mean 'generated'", mark)
    project.write("pocketvex.toml", 'load_timeout = 20\ngenerated = "web"\n')
    dev.says("note: the configuration was changed", mark)
    project.write("schema/posts.py", posts("slug = field.text()"))
    until(lambda: "slug: string" in project.types, "what it was started with still counts")
    assert dev.since(mark).count("was changed") == dev.since(mark).count("is no key") == 1


def test_migrations_that_came_by_git_are_run(project: Project, latest: Binary, tmp_path: Path) -> None:
    project.ok("dev", "--once")
    project.ok("migrate", "generate", "first")
    colleague = Project(tmp_path / "colleague")
    for name in ("schema", "pb_migrations"):
        shutil.copytree(project.root / name, colleague.root / name)
    colleague.write("pocketvex.toml", "")
    colleague.write("schema/posts.py", posts("slug = field.text()"))
    colleague.ok("dev", "--once")
    colleague.ok("migrate", "generate", "second")
    with project.dev() as dev:
        dev.says("in sync")
        mark = dev.now
        for name in (*colleague.migrations, "pocketvex.sum"):
            shutil.copy(colleague.root / "pb_migrations" / name, project.root / "pb_migrations" / name)
        shutil.copy(colleague.root / "schema/posts.py", project.root / "schema/posts.py")
        dev.says("ran .*second", mark)
        # Between the migration and the code, a pass may have seen the one without the other.
        until(lambda: "slug: string" in project.types and project.draft is None, "the code came too")
        until(lambda: "slug" in fields(project, latest), "it was run")
    assert project.ok("schema", "diff", "--exit-code").out.endswith("in sync\n")
    assert project.draft is None


def test_names_and_lines_as_long_and_as_foreign_as_they_come(project: Project, dev: Dev) -> None:
    rule = " || ".join(f"title = 'Zürich{number}'" for number in range(60))
    mark = dev.now
    project.write("schema/posts.py", posts().replace("view=\"@request.auth.id != ''\"", f'view="{rule}"'))
    dev.says(r"posts:viewRule", mark)
    dev.says("in sync", mark)
    assert max(map(len, dev.lines[mark:])) <= 80, dev.since(mark)
    assert len(dev.lines[mark:]) < 8, dev.since(mark)
    mark = dev.now
    project.write(
        "schema/größe.py",
        "from pocketvex import Base, field\nclass Wörter(Base):\n    größe = field.text()\n",
    )
    dev.says("error: |in sync", mark)
    assert "bug in PocketVex" not in dev.text


def test_a_port_for_the_team_counts_from_the_next_start(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with project.dev() as dev:
        dev.says("in sync")
        project.write("pocketvex.toml", f"port = {port}\n")
        said = project.ok("schema", "diff").err
        assert f"port {port} counts when the last command" in said
    until(lambda: not project.server, "the server is gone")
    said = project.ok("schema", "diff").err
    assert f"127.0.0.1:{port} " in said
    assert "counts when" not in said


def test_types_that_cannot_be_written_can_be_mended_by_the_configuration(project: Project) -> None:
    project.write("generated", "a file in the place of the folder")
    with project.dev() as dev:
        dev.says("generated.* cannot be (written|read)")
        project.write("pocketvex.toml", 'load_timeout = 20\ngenerated = "web"\n')
        dev.says("the configuration was changed")
        (project.root / "generated").unlink()
        project.write("schema/posts.py", posts("slug = field.text()"))
        dev.says("in sync")


def test_consent_beforehand_counts_for_the_first_pass_that_plans_it(project: Project, latest: Binary) -> None:
    project.ok("dev", "--once")
    project.ok("migrate", "generate", "start")
    project.ok("migrate", "up")
    project.write("schema/posts.py", posts(fresh("tmp")))
    project.ok("dev", "--once")
    fill_in(project, latest)
    project.write("schema/posts.py", posts())
    with project.dev("--confirm", "posts.tmp") as dev:
        dev.says("applied 1 change")
        dev.says("in sync")
        mark = dev.now
        project.write("schema/posts.py", posts(fresh("tmp")))
        dev.says("applied 1 change", mark)
        fill_in(project, latest)
        mark = dev.now
        project.write("schema/posts.py", posts())
        dev.says("waiting: 1", mark)
        assert "--confirm posts.tmp agrees" in dev.since(mark)
        assert "tmp" in fields(project, latest)


def fill_in(project: Project, binary: Binary) -> None:
    with project.client(binary) as client:
        assert client._request("POST", "/api/collections/posts/records", json={"tmp": "precious"}).ok
