"""`migrate up --check`: what pending files would do on the real rows, seen before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

import terminal
from conftest import ServerFactory
from pocketvex.cli.show.draft import draft_lines
from pocketvex.errors import NotAsIntended
from pocketvex.run.check import Checkup, check
from pocketvex.run.situation import Choices
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from prepared import Prepare
from projects import Project, posts, put, rows, text
from published import check as check_document

BY_HAND = """migrate((app) => {
  if (app.countRecords("posts") > 1) {
    throw new Error("too many");
  }
}, null);
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", posts(text("body", max=50)))


@pytest.fixture
def running(project: Project, prepared: Prepare, binary: Binary) -> Running:
    """A server with the project's first file and two rows."""
    return prepared(project, binary, first_file)


def first_file(project: Project, started: Running) -> None:
    project.up(started)
    with project.session(started) as session:
        put(session, "posts", title="one", body="short")
        put(session, "posts", title="one", body="much too long")


def looked(project: Project, running: Running, **options: bool) -> Checkup:
    with project.session(running, **options) as session:
        before = session.target.fetch(), rows(session, "posts"), project.status(running)
        found = check(session, project.code, None, Choices(), now=project.now)
        assert (session.target.fetch(), rows(session, "posts"), project.status(running)) == before
    return found


def pending(project: Project, server: ServerFactory, latest: Binary, *collections: dict[str, object]) -> None:
    """What a colleague sealed on a server of theirs, which has no rows."""
    other = project.clone(project.root.with_name("other"))
    theirs = server(latest)
    other.up(theirs)
    other.declare(*collections)
    for name in other.generate(theirs):
        text_of = (other.config.migrations / name).read_text(encoding="utf-8")
        project.write(name, text_of)
    sums = other.config.migrations / "pocketvex.sum"
    project.write(sums.name, sums.read_text(encoding="utf-8"))
    project.code = other.code


@pytest.mark.parametrize("native", [True, False])
def test_a_guard_that_would_throw_is_foreseen(
    project: Project, running: Running, server: ServerFactory, latest: Binary, native: bool
) -> None:
    pending(project, server, latest, posts(text("body", max=9)))
    found = looked(project, running, native=native)
    assert found.exact == native
    (file,) = found.files
    assert file.state == "would fail"
    assert "posts.body" in file.why
    assert "PV203" in file.why
    assert "1 value is longer than 9" in file.why or "1 of 2 rows" in file.why
    assert not found.clear
    with pytest.raises(NotAsIntended, match="no file was run") as failure:
        project.up(running)
    assert failure.value.todo.startswith("The server is as it was. Change those rows")
    with project.session(running) as session:
        row = next(row for row in rows(session, "posts") if row["body"] != "short")
        session.target.client._request(
            "PATCH", f"/api/collections/posts/records/{row['id']}", json={"body": "x"}
        )
    assert looked(project, running, native=native).clear
    assert project.up(running).files


def test_equal_rows_under_a_new_unique_index_are_foreseen(
    project: Project, running: Running, server: ServerFactory, latest: Binary
) -> None:
    index = "CREATE UNIQUE INDEX idx_posts_title ON posts (title)"
    pending(project, server, latest, posts(text("body", max=50), indexes=[index]))
    (file,) = looked(project, running).files
    assert file.state == "would fail"
    assert "PV103" in file.why
    assert "posts.title" in file.why


def test_a_step_by_hand_is_run_on_a_copy_and_refused_over_http(project: Project, running: Running) -> None:
    stamp = int(project.files[0].partition("_")[0])
    project.write(f"{stamp + 1}_fine.js", "migrate((app) => {}, null);\n")
    project.write(f"{stamp + 2}_by_hand.js", BY_HAND)
    project.write(f"{stamp + 3}_last.js", "migrate((app) => {}, null);\n")
    found = looked(project, running)
    assert [(file.state, file.line) for file in found.files] == [
        ("would run", 0), ("would fail", 3), ("not reached", 0),
    ]  # fmt: skip
    assert found.files[1].why == "too many"
    over_http = [file.state for file in looked(project, running, native=False).files]
    # Before /api/sql, nothing shows whether files that change no collection were run.
    known = ["would fail", "not reached", "not reached"]
    assert over_http == (known if running.binary.version >= (0, 39) else [])


def test_the_draft_is_part_of_it_on_a_local_server(project: Project, running: Running) -> None:
    project.declare(posts(text("body", max=9)))
    (file,) = looked(project, running).files
    assert (file.name, file.state) == ("the code", "would fail")
    (file,) = looked(project, running, local=False).files
    assert (file.name, file.state) == ("the code", "would fail")
    assert "ahead of the history by 1 change" in file.why


def test_what_dev_says_of_a_draft_that_rows_may_stop_or_that_waits_for_an_answer(
    project: Project, running: Running
) -> None:
    project.declare(posts(text("body", max=9)))
    _, draft = project.dev(running)
    assert draft_lines(draft, "next.js", native=True) == [
        "draft next.js written: `pocketvex migrate up --check` says whether these rows let it run"
    ]
    project.declare(posts(text("body", max=40)))
    _, draft = project.dev(running)
    assert draft_lines(draft, "next.js", native=True) == [
        "draft next.js written: `pocketvex migrate up` seals and runs it"
    ]
    more = {"name": "more", "fields": [text("a"), text("b")]}
    project.declare(posts(text("body", max=50)), more)
    project.up(running)
    with project.session(running) as session:
        put(session, "more", a="one", b="two")
    project.declare(posts(text("body", max=9)), {"name": "more", "fields": [text("c")]})
    _, draft = project.dev(running)
    assert draft_lines(draft, "next.js", native=True) == ["draft next.js is written once that is answered"]


def test_a_draft_that_a_person_edited_is_looked_at_as_it_stands(project: Project, running: Running) -> None:
    draft = project.config.migrations / "drafts/next.js"
    project.declare(posts())
    project.dev(running)
    written = draft.read_text(encoding="utf-8")
    edited = written.replace('"up": [', '"up": [\n    ["sql", "DELETE FROM nowhere"],', 1)
    assert edited != written
    draft.write_text(edited, encoding="utf-8")
    (file,) = looked(project, running).files
    assert (file.name, file.state) == ("drafts/next.js", "would fail")
    assert "nowhere" in file.why
    with pytest.raises(NotAsIntended) as failure:
        project.up(running)
    assert "drafts/next.js" in str(failure.value)
    draft.write_text(edited.replace("nowhere", "posts WHERE FALSE"), encoding="utf-8")
    (file,) = looked(project, running).files
    assert (file.name, file.state) == ("drafts/next.js", "would run")
    draft.write_text(edited.replace('["sql"', '["sqll"'), encoding="utf-8")
    (file,) = looked(project, running).files
    assert file.state == "would fail"
    assert "there is no step sqll" in file.why


def test_what_reaches_out_is_not_run_on_a_copy(project: Project, running: Running, tmp_path: Path) -> None:
    from pocketvex.history.trust import trust

    stamp, ran = int(project.files[0].partition("_")[0]), tmp_path / "ran"
    name, body = f"{stamp + 1}_out.js", f"migrate((app) => $os.writeFile('{ran.as_posix()}', 'x', 0o600));\n"
    project.write(name, body)
    trust(project.root, [(name, body)])
    project.position(running)  # replayed, as agreed
    ran.unlink()
    (file,) = looked(project, running).files
    assert file.state == "not known"
    assert not ran.exists()


def test_the_command_ends_with_7_and_writes_nothing(tmp_path: Path) -> None:
    project = terminal.Project(tmp_path / "project")
    project.write("schema/posts.py", terminal.posts())
    project.ok("migrate", "up")
    assert project.ok("migrate", "up", "--check").out.startswith("nothing to run")
    name = project.migrations[0]
    stamp = int(name.partition("_")[0])
    # On an empty server it runs: only there is a superuser.
    body = (
        "migrate((app) => {\n  if (app.countRecords('_superusers') > 0) throw new Error('no');\n}, null);\n"
    )
    project.write(f"pb_migrations/{stamp + 1}_bad.js", body)
    found = project("migrate", "up", "--check")
    assert found.code == 7
    assert found.out.startswith(f"would fail  {stamp + 1}_bad.js:2\n    no\n  → Mend the rows")
    assert project.ok("migrate", "status").out.count("pending") == 1


def test_down_with_nothing_run_says_so(tmp_path: Path) -> None:
    project = terminal.Project(tmp_path / "project")
    project.write("schema/posts.py", terminal.posts())
    found = project("migrate", "down")
    assert found.code == 2
    assert "there is nothing to take back: the server has run none of these migrations" in found.err


@pytest.mark.slow
def test_files_that_wait_are_shown_by_diff_in_every_format(tmp_path: Path) -> None:
    project = terminal.Project(tmp_path / "project")
    project.write("schema/posts.py", terminal.posts("body = field.text()"))
    project.ok("dev", "--once")
    project.ok("migrate", "up")
    project.write("schema/posts.py", terminal.posts())
    name = Path(project.ok("migrate", "generate", "less").out.strip()).name
    found = project("schema", "diff", "--exit-code", "--format", "json")
    check_document(found.json, "plan")
    (waits,) = found.json["pending"]
    assert (found.code, found.json["in_sync"], waits["name"], waits["by_hand"]) == (4, False, name, False)
    assert [(c["path"], c["code"]) for c in waits["changes"]] == [("posts.body", "PV201")]
    said = "1 migration not run here yet"
    shown = project.ok("schema", "diff").out
    assert shown.splitlines()[0] == f"pending {name}"
    assert "    - posts.body: field removed" in shown
    assert said in shown
    page = project.ok("schema", "diff", "--format", "markdown").out
    assert said in page.splitlines()[1]
    assert f"- `{name}`" in page
    assert "`posts.body`" in page
    lines = project.ok("schema", "diff", "--format", "github").out
    assert f"::warning file=pb_migrations/{name},line=1,title=migration::" in lines
    assert "posts.body: field removed" in lines


def test_a_dry_run_says_what_it_would_seal_and_run(tmp_path: Path) -> None:
    project = terminal.Project(tmp_path / "project")
    project.write("schema/posts.py", terminal.posts("body = field.text()"))
    project.ok("migrate", "up")
    project.write("schema/posts.py", terminal.posts("more = field.text()", "body = field.number()"))
    project.ok("dev", "--once")
    there = project.migrations
    said = project.ok("migrate", "up", "--dry-run").out
    assert said.splitlines()[0] == "would seal and run:"
    assert "posts.body: " in said
    assert "nothing to run" not in said
    assert project.migrations == there
    project.ok("migrate", "up")
    assert project.ok("migrate", "up", "--dry-run").out.startswith("nothing to run")


def test_what_a_conversion_loses_is_shown_with_its_values(
    project: Project, running: Running, server: ServerFactory, latest: Binary
) -> None:
    with project.session(running) as session:
        put(session, "posts", title="n", body="12")
    pending(project, server, latest, posts({"name": "body", "type": "number"}))
    (file,) = looked(project, running).files
    assert file.state == "would run"
    first, ids, shown = file.why.splitlines()
    assert first.startswith("posts.body: ")
    assert "2 of 3 rows" in first
    assert "PV301" in first
    assert ids.startswith("  rows: ")
    assert '"short" in 1' in shown
    assert '"much too long" in 1' in shown
    # What is not sealed yet is looked at as well.
    for name in project.files[1:]:
        (project.config.migrations / name).unlink()
    sums = project.config.migrations / "pocketvex.sum"
    sums.write_text("".join(sums.read_text().splitlines(keepends=True)[:2]))
    (draft,) = looked(project, running).files
    assert draft.name == "the code"
    assert '"short" in 1' in draft.why
