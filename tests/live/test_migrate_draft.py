"""The one draft, and sealing: when it appears, when it goes, and what is never rewritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conftest import ServerFactory
from pocketvex.errors import ChangesPending, ConsentNeeded, HistoryError, NotAsIntended, UsageError
from pocketvex.history.folder import DRAFT
from pocketvex.render.migration.migration import runtime
from pocketvex.run.draft import find_outstanding, keep_draft
from pocketvex.run.generate import generate_empty
from pocketvex.run.situation import Choices, find_situation
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from pocketvex.steps.migration import read_migration, runtime_of
from prepared import Prepare
from projects import Json, Project, kept, names, paths, posts, put, rows, text
from reformatted import LAYOUTS, reformatted


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", posts(text("body")))


@pytest.fixture
def running(project: Project, prepared: Prepare, binary: Binary) -> Running:
    """A server with the project's first file and a row."""
    return prepared(project, binary, first_file)


def first_file(project: Project, started: Running) -> None:
    project.up(started)
    with project.session(started) as session:
        put(session, "posts", title="one", body="text")


def test_a_proof_that_was_cut_off_is_made_again(project: Project, running: Running) -> None:
    project.declare(posts())
    with project.session(running) as session:
        situation = find_situation(session, project.code, Choices(), write=False)
        cut_off = keep_draft(session, find_outstanding(situation), situation.position, proven=False)
    assert cut_off.written
    assert cut_off.unproven
    _, draft = project.dev(running)
    assert not draft.written
    assert draft.proof is not None
    assert draft.proof.rows > draft.proof.kept
    _, draft = project.dev(running)
    assert draft.proof is None
    assert not draft.unproven


def test_only_safe_changes_make_no_draft(project: Project, running: Running) -> None:
    project.declare(posts(text("body"), text("more")))
    outcome, draft = project.dev(running)
    assert paths(outcome.applied) == ["posts.more"]
    assert not draft.exists
    assert project.draft is None


def test_it_comes_with_an_unsafe_change_follows_every_save_and_goes_when_it_is_undone(
    project: Project, running: Running
) -> None:
    project.declare(posts())
    outcome, draft = project.dev(running)
    assert paths(outcome.plan.changes) == ["posts.body"]
    assert draft.written
    assert draft.error is None
    assert draft.proof is not None
    assert "posts.body" in (project.draft or "")
    first = project.draft
    _, draft = project.dev(running)
    assert draft.exists
    assert not draft.written
    project.declare(posts(text("more")))
    _, draft = project.dev(running, answers={"posts.more": ""})
    assert draft.written
    assert draft.error is None
    assert project.draft != first
    project.declare(posts(text("body"), text("more")))
    _, draft = project.dev(running)
    assert draft.written
    assert not draft.exists
    assert project.draft is None


def _drafted(project: Project, running: Running, *fields: Json, **more: Any) -> Path:
    project.declare(posts(*fields, **more))
    project.dev(running)
    return project.config.migrations / DRAFT


def test_a_draft_that_a_person_edited_is_left_alone_and_sealed_as_it_stands(
    project: Project, running: Running
) -> None:
    path = _drafted(project, running)
    edited = path.read_text().replace('"up": [', '// reviewed by Ada\n  "up": [', 1)
    path.write_text(edited)
    project.declare(posts())
    _, draft = project.dev(running)
    assert draft.edited
    assert path.read_text() == edited
    ran = project.up(running)
    assert len(ran.sealed) == 1
    sealed = (project.config.migrations / ran.sealed[0]).read_text()
    assert "// reviewed by Ada" in sealed
    assert "Draft:" not in sealed
    assert runtime_of(sealed) == runtime()
    assert project.draft is None
    assert not project.dev(running)[0].plan


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_a_draft_is_sealed_whatever_its_quotes_and_line_breaks(
    project: Project, server: ServerFactory, latest: Binary, layout: str, newline: str
) -> None:
    running = server(latest)
    project.up(running)
    path = _drafted(project, running)
    drafted = read_migration(path.read_text())
    assert drafted
    path.write_bytes(reformatted(path.read_text(), LAYOUTS[layout], newline).encode())
    (name,) = project.generate(running)
    sealed = (project.config.migrations / name).read_text()
    migration = read_migration(sealed)
    assert migration
    assert migration._replace(id="") == drafted._replace(id="")
    assert migration.id != drafted.id
    assert runtime_of(sealed) == runtime()
    assert project.up(running).files == (name,)
    assert project.down(running).files == (name,)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (('migration, "up");', 'migration, "up"); app.logger();'), "below the line"),
        (("// ---- PocketVex runtime 1", "// ---- PocketVex runtime 2"), "below the line"),
        (("// ---- PocketVex", "// ---- Ada's"), "below the line"),
        (("};\n\n// ----", "};\nmigration.up.pop();\n\n// ----"), "more than its steps"),
        (('["removeField"', '["forgetField"'), "no step forgetField"),
    ],
)  # fmt: skip
def test_a_draft_with_code_that_would_be_lost_is_refused(
    project: Project, server: ServerFactory, latest: Binary, change: tuple[str, str], what: str
) -> None:
    running = server(latest)
    project.up(running)
    path = _drafted(project, running)
    assert change[0] in path.read_text()
    edited = path.read_text().replace(*change, 1)
    path.write_text(edited)
    before = project.files
    with pytest.raises(UsageError) as failure:
        project.up(running)
    assert what in failure.value.what
    assert "drafts/next.js cannot be sealed" in failure.value.what
    assert '["sql", "DELETE FROM …"]' in failure.value.todo
    assert path.read_text() == edited
    assert project.files == before


def test_a_statement_of_ones_own_is_a_step_that_runs_first(project: Project, running: Running) -> None:
    """The way out of PV103: the rows that are equal go before the index is made."""
    with project.session(running) as session:
        put(session, "posts", title="one", body="again")
        put(session, "posts", title="two", body="other")
    unique = ["CREATE UNIQUE INDEX `ux_title` ON `posts` (`title`)"]
    path = _drafted(project, running, text("body"), indexes=unique)
    kept = "SELECT MIN([[rowid]]) FROM {{posts}} GROUP BY [[title]]"
    statement = f"DELETE FROM {{{{posts}}}} WHERE [[rowid]] NOT IN ({kept})"
    path.write_text(path.read_text().replace('"up": [', f'"up": [\n    ["sql", "{statement}"],', 1))
    ran = project.up(running)
    assert len(ran.sealed) == 1
    with project.session(running) as session:
        assert sorted(row["title"] for row in rows(session, "posts")) == ["one", "two"]
    assert not project.dev(running)[0].plan


def test_two_files_where_the_server_has_the_safe_part_already(project: Project, running: Running) -> None:
    project.declare(posts(text("more", max=7), listRule=""))
    outcome, _ = project.dev(running, answers={"posts.more": ""})
    assert paths(outcome.applied) == ["posts.more", "posts:listRule"]
    ran = project.up(running, answers={"posts.more": ""})
    assert len(ran.sealed) == 2
    assert ran.files == ran.sealed
    with project.session(running) as session:
        assert names(session.target.fetch(), "posts") == ["id", "title", "more"]
    assert project.down(running).files == ran.files[1:]
    with project.session(running) as session:
        assert sorted(names(session.target.fetch(), "posts")) == ["body", "id", "more", "title"]
        assert rows(session, "posts")[0]["body"] == "text"


def test_generate_without_anything_outstanding_writes_nothing(project: Project, running: Running) -> None:
    before = project.files
    assert project.generate(running) == ()
    assert project.files == before


def test_generate_seals_on_a_server_that_only_http_reaches_and_up_refuses_elsewhere(
    project: Project, running: Running
) -> None:
    project.declare(posts(text("body"), text("more")))
    with pytest.raises(ChangesPending) as failure:
        project.up(running, local=False)
    assert failure.value.exit_code == 4
    assert "migrate generate" in failure.value.todo
    names_of = project.generate(running, "add more", native=False, local=False)
    assert [name.split("_", 1)[1] for name in names_of] == ["add_more.js"]
    assert project.up(running, local=False).files == names_of
    assert not kept(project.sync(running, local=False).plan)


@pytest.mark.parametrize("first", ["1_init.js", "2026-03-06_init.js"])
def test_what_is_sealed_runs_behind_files_with_other_names(
    tmp_path: Path, server: ServerFactory, latest: Binary, first: str
) -> None:
    project, running = Project(tmp_path / "other", posts()), server(latest)
    project.write(
        first,
        'migrate((app) => app.save(new Collection({ name: "posts", type: "base", '
        'fields: [{ name: "title", type: "text" }] })), null);\n',
    )
    assert project.sync(running, confirmed={"posts"}).ran == (first,)
    for fields in ([text("body")], [text("body"), text("more")], [text("more")]):
        project.declare(posts(*fields))
        (name,) = project.up(running).files
        assert project.files[-1] == name
    assert project.files[0] == first
    assert not kept(project.sync(running).plan)


def test_stamps_increase_within_one_second_and_behind_a_file_from_the_future(
    project: Project, running: Running
) -> None:
    project.write("1900000000_from_the_future.js", "migrate((app) => {}, (app) => {});\n")
    made = []
    for name in ("a", "b", "c"):
        fields = [text(f"field_{n}") for n in range(len(made) + 1)]
        project.declare(posts(text("body"), *fields))
        made += project.generate(running, name)
    assert made == ["1900000001_a.js", "1900000002_b.js", "1900000003_c.js"]
    assert project.files[-3:] == made


def test_what_waits_for_an_answer_is_not_sealed(project: Project, running: Running) -> None:
    project.declare(posts(text("content")))
    with pytest.raises(ConsentNeeded) as failure:
        project.generate(running)
    assert failure.value.exit_code == 5
    assert "--rename" in failure.value.todo
    made = project.generate(running, answers={"posts.body": "content"})
    project.up(running)
    assert len(made) == 1
    with project.session(running) as session:
        assert rows(session, "posts")[0]["content"] == "text"


@pytest.mark.parametrize("change", ["edit", "deletion"])
def test_a_sealed_file_that_was_changed_is_reported(project: Project, running: Running, change: str) -> None:
    path = project.config.migrations / project.files[0]
    if change == "edit":
        path.write_text(path.read_text() + "// more\n")
    else:
        path.unlink()
    for command in (project.generate, project.up):
        with pytest.raises(HistoryError) as failure:
            command(running)
        assert failure.value.exit_code == 2
        assert path.name in failure.value.what


def test_a_checkout_with_windows_newlines_is_no_edit(project: Project, running: Running) -> None:
    for path in project.config.migrations.iterdir():
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert project.generate(running) == ()
    assert project.status(running) == {project.files[0]: "applied"}


def test_a_hand_written_file_is_run_when_it_is_written_and_can_be_reverted(
    project: Project, running: Running
) -> None:
    file = generate_empty(project.config.migrations, name="Fix titles", now=project.now).files[0]
    assert file.name.endswith("_fix_titles.js")
    assert not project.sync(running).ran
    assert not project.up(running).files
    assert project.status(running)[file.name] == "empty"
    statement = 'app.db().newQuery("UPDATE {{posts}} SET title = %s").execute();'
    written = file.text.replace("// what is to be done", statement % "title || '!'")
    path = project.config.migrations / file.name
    path.write_text(written.replace("// what undoes it", statement % "rtrim(title, '!')"))
    assert project.up(running).files == (file.name,)
    with project.session(running) as session:
        assert rows(session, "posts")[0]["title"] == "one!"
    project.down(running)
    with project.session(running) as session:
        assert rows(session, "posts")[0]["title"] == "one"
    # From the first run on it is a sealed file like any other.
    path.write_text(path.read_text() + "// more\n")
    with pytest.raises(HistoryError):
        project.up(running)


def test_a_file_without_a_down_part_stays(project: Project, running: Running) -> None:
    project.write(
        f"{int(project.files[-1].split('_')[0]) + 1}_forward.js",
        'migrate((app) => {\n  app.db().newQuery("UPDATE {{posts}} SET title = 1").execute();\n}, null);\n',
    )
    name = project.up(running).files[0]
    with pytest.raises(NotAsIntended) as failure:
        project.down(running)
    assert name in failure.value.what
    assert project.status(running)[name] == "applied"


def test_a_collection_that_a_migration_renamed_is_still_ours(
    project: Project, server: ServerFactory, latest: Binary
) -> None:
    running = server(latest)
    project.declare(posts(text("body"), name="notes"))
    project.up(running)
    project.declare(posts(text("body"), name="memos", renamed_from="notes"))
    project.up(running)
    project.declare(posts(name="memos"))
    project.up(running)
    with project.session(running) as session:
        assert names(session.target.fetch(), "memos") == ["id", "title"]
