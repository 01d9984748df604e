"""Which files a server has run, and bringing it to the whole history: on real servers, in every version."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from conftest import ServerFactory
from pocketvex.cli.show.outcome import left_lines
from pocketvex.errors import HistoryError, NotAsIntended, ServerProcessError
from pocketvex.run import migrate
from pocketvex.run.situation import Choices
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from pocketvex.target.session import Session
from prepared import Prepare
from projects import Project, kept, names, paths, posts, put, rows, text


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", posts())


def sealed_in_three(project: Project, prepared: Prepare, binary: Binary) -> list[str]:
    """A history of three files, made on a server of its own."""
    prepared(project, binary, three_files).stop()
    shutil.rmtree(project.root / ".pocketvex")
    assert len(project.files) == 3
    return project.files


def three_files(project: Project, maker: Running) -> None:
    for fields in ([], [text("body")], [text("body"), text("slug")]):
        project.declare(posts(*fields))
        project.up(maker)


def test_a_server_two_files_behind_runs_them_first(
    project: Project, server: ServerFactory, prepared: Prepare, binary: Binary
) -> None:
    files = sealed_in_three(project, prepared, binary)
    running = server(binary)
    project.up(running, to=files[0], recorded_only=True)
    with project.session(running) as session:
        put(session, "posts", title="kept")
    project.declare(posts(text("body"), text("slug"), text("more")))
    outcome, draft = project.dev(running)
    assert outcome.ran == tuple(files[1:])
    assert [change.path for change in outcome.applied] == ["posts.more"]
    assert names(outcome.live, "posts") == ["id", "title", "body", "slug", "more"]
    assert not draft.exists
    with project.session(running) as session:
        assert [row["title"] for row in session.target.client.records("posts")] == ["kept"]
    again, _ = project.dev(running)
    assert not again.plan
    assert not kept(again.plan)
    assert not again.applied


def test_a_second_machine_asks_nothing_twice(
    project: Project, server: ServerFactory, prepared: Prepare, latest: Binary
) -> None:
    sealed_in_three(project, prepared, latest)
    running = server(latest)
    project.sync(running)
    for native in (True, False):
        other = project.clone(project.root.with_name(f"clone-{native}"))
        outcome = other.sync(running, native=native)
        assert not outcome.ran
        assert not outcome.waiting
        assert not outcome.plan
        assert not kept(outcome.plan)
        assert not outcome.applied


def test_what_dev_applied_from_one_machine_is_kept_by_another(
    project: Project, server: ServerFactory, latest: Binary
) -> None:
    running = server(latest)
    project.up(running)
    clone = project.clone(project.root.with_name("clone"))
    project.declare(posts(text("body")))
    project.sync(running)
    outcome = clone.sync(running)
    assert kept(outcome.plan) == {"posts.body": "drift"}
    assert not outcome.applied


def test_the_samples_history_runs_on_every_version_beside_a_server_that_runs(
    tmp_path: Path, server: ServerFactory, binary: Binary
) -> None:
    from pocketvex.load.loader import load_schema

    sample = Path(__file__).parents[2]
    project = Project(tmp_path / "sample")
    shutil.copytree(sample / "pb_migrations", project.config.migrations)
    project.code = load_schema(sample, sample / "schema", timeout=60).schema
    running = server(binary)
    assert project.up(running).files == tuple(project.files)
    with project.session(running) as session:
        # The single GET reads the cache, which up to 0.37 another process leaves as it is.
        for name in project.code.names():
            assert session.target.client._request("GET", f"/api/collections/{name}").ok
    plan = project.diff(running)
    assert not plan.changes
    assert not plan.questions
    assert not kept(plan)
    assert not project.up(running).files


@pytest.mark.parametrize("native", [True, False])
def test_pocketbase_alone_builds_what_the_code_declares(
    project: Project, server: ServerFactory, prepared: Prepare, binary: Binary, native: bool, tmp_path: Path
) -> None:
    files = sealed_in_three(project, prepared, binary)
    running = server(binary, migrations_dir=project.config.migrations)
    plan = project.diff(running, native=native)
    assert not plan.changes
    assert not kept(plan)
    position = project.position(running, native=native)
    assert position.applied == tuple(files)
    assert not position.pending


def test_migrate_up_of_the_binary_on_an_empty_directory(
    project: Project,
    server: ServerFactory,
    prepared: Prepare,
    binary: Binary,
    data_dir: Callable[[Binary], Path],
) -> None:
    files = sealed_in_three(project, prepared, binary)
    folder = data_dir(binary)
    command = [binary.path, "migrate", "up", "--dir", folder, "--migrationsDir", project.config.migrations]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    running = server(binary, data_dir=folder)
    outcome = project.sync(running)
    assert not outcome.ran
    assert not outcome.plan
    assert not kept(outcome.plan)
    assert outcome.position.applied == tuple(files)


def test_a_file_that_throws_stops_all_of_them(
    project: Project, server: ServerFactory, prepared: Prepare, binary: Binary
) -> None:
    files = sealed_in_three(project, prepared, binary)
    running = server(binary)
    project.up(running, to=files[0], recorded_only=True)
    with project.session(running) as session:
        put(session, "posts", title="one")
    project.write(
        f"{int(files[2].split('_')[0]) + 5}_guard.js",
        'migrate((app) => {\n  if (app.countRecords("posts")) throw new Error("rows: 1");\n}, null);\n',
    )
    with pytest.raises(NotAsIntended) as failure:
        project.up(running)
    assert failure.value.exit_code == 9
    assert "_guard.js fails" in failure.value.what
    assert "rows: 1" in failure.value.why
    position = project.position(running)
    assert position.applied == (files[0],)
    with project.session(running) as session:
        assert names(session.target.fetch(), "posts") == ["id", "title"]


def test_what_was_sealed_for_a_run_that_fails_is_a_draft_again(
    project: Project, server: ServerFactory, latest: Binary
) -> None:
    running = server(latest)
    project.up(running)
    with project.session(running) as session:
        put(session, "posts", title="one")
    before = project.files
    project.write(
        f"{int(before[0].split('_')[0]) + 5}_guard.js",
        GUARD,
    )
    project.declare(posts(text("body")))
    with pytest.raises(NotAsIntended):
        project.up(running)
    assert len(project.files) == 2
    assert project.status(running) == {before[0]: "applied", project.files[1]: "held"}


GUARD = 'migrate((app) => {\n  if (app.countRecords("posts") > 0) throw new Error("no");\n}, null);\n'


@contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Another process that writes there and does not come to an end."""
    holds = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1], isolation_level=None)"
    holds += "; d.execute('BEGIN IMMEDIATE'); print('holds it', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", holds, str(data_dir / "data.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.stdin.close()


@pytest.mark.parametrize("why", ["it throws", "the database is locked"])
def test_a_sealed_file_that_failed_is_not_run_by_a_later_dev(
    project: Project, server: ServerFactory, latest: Binary, why: str
) -> None:
    running = server(latest)
    project.declare(posts(text("body"), *([text("gone")] if why == "it throws" else [])))
    project.up(running)
    with project.session(running) as session:
        put(session, "posts", title="one", body="kept")
    project.declare(posts())
    (name,) = project.generate(running, "less")
    if why == "it throws":
        project.write(f"{name.partition('_')[0]}_more.js", GUARD)
    with locked(running.data_dir) if why == "the database is locked" else nullcontext():
        with pytest.raises((NotAsIntended, ServerProcessError)) as failure:
            project.up(running, backup=False)
        assert why == "it throws" or "database is locked" in failure.value.why
        assert why == "it throws" or "End that process" in failure.value.todo
    # What stood in the way is gone: the next save does not take the values all of a sudden.
    for path in project.config.migrations.glob("*_more.js"):
        path.unlink()
    outcome, _ = project.dev(running)
    assert not outcome.ran
    assert outcome.position.held == (name,)
    assert any(line.startswith(f"= {name}: held since") for line in left_lines(outcome))
    assert project.status(running)[name] == "held"
    with project.session(running) as session:
        assert rows(session, "posts")[0]["body"] == "kept"
    assert project.up(running).files == (name,)
    assert not project.position(running).held


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("migrate((app) => {\n  const x = ;\n});\n", "SyntaxError"),
        ('migrate((app) => {\n  app.findCollectionByNameOrId("gone");\n});\n', "no rows in result set"),
    ],
)
def test_a_history_that_cannot_be_replayed_is_named(
    project: Project, server: ServerFactory, binary: Binary, body: str, reason: str
) -> None:
    project.write("1700000000_broken.js", body)
    with pytest.raises(HistoryError) as failure:
        project.sync(server(binary))
    assert "1700000000_broken.js" in failure.value.what
    assert reason in failure.value.why
    assert failure.value.exit_code == 2


def test_a_kept_replay_that_was_cut_off_is_made_anew(
    project: Project, server: ServerFactory, latest: Binary
) -> None:
    running = server(latest)
    project.up(running)
    kept_replays = list((project.root / ".pocketvex").rglob("snapshots.json"))
    for path in kept_replays:
        path.write_text("[[")
    assert kept_replays
    assert set(project.status(running).values()) == {"applied"}


def test_what_dev_tried_here_makes_way_for_a_file_that_says_otherwise(
    project: Project, server: ServerFactory, binary: Binary, data_dir: Callable[[Binary], Path]
) -> None:
    one, two = server(binary), server(binary, data_dir=data_dir(binary))
    project.up(one)
    clone = project.clone(project.root.with_name("clone"))
    clone.up(two)
    project.declare(posts(text("body", max=10), listRule=""))
    assert paths(project.sync(one).applied) == ["posts.body", "posts:listRule"]
    with project.session(one) as session:
        put(session, "posts", title="one", body="text")
    clone.declare(posts(text("body", max=99), listRule="title != ''"))
    clone.up(two)
    # She pulls what he sealed.
    project.code = clone.code
    shutil.copytree(clone.config.migrations, project.config.migrations, dirs_exist_ok=True)
    outcome = project.sync(one)
    assert outcome.ran == (project.files[1],)
    assert not outcome.plan
    assert not kept(outcome.plan)
    with project.session(one) as session:
        assert rows(session, "posts")[0]["body"] == "text"


def test_up_says_what_is_compared_in_vain_after_it(
    project: Project, server: ServerFactory, latest: Binary
) -> None:
    running = server(latest)

    def declare(*values: str) -> None:
        project.declare(
            posts({"name": "state", "type": "select", "values": list(values)}, listRule="state != 'old'")
        )

    declare("old", "new")
    project.up(running)
    declare("new")
    said = "posts.listRule: 'old' is no choice of state, so it leaves nothing out (there are: new) (PV712)"
    (change,) = project.diff(running).changes
    assert said in change.judgement.reason

    def notes(run: Callable[..., object]) -> list[str]:
        with project.session(running) as session:
            run(session)
            return [note for note in session.reporter.notes if "PV712" in note]

    def up(session: Session, **flags: bool) -> None:
        migrate.up(session, project.code, to=None, now=project.now, choices=Choices(), **flags)

    assert notes(up) == [said]
    assert notes(up) == []
    project.down(running)
    assert notes(lambda session: up(session, dry_run=True)) == [said]
    assert notes(up) == [said]
