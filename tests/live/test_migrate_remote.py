"""Servers that only HTTP reaches: what they ran is read, what they lack is named, nothing is built."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conftest import ServerFactory
from pocketvex.cli.show.draft import draft_lines
from pocketvex.errors import ServerProcessError
from pocketvex.run.draft import DraftState
from pocketvex.server.binaries import Binary
from projects import Project, dashboard, kept, names, paths, posts, put, text


@pytest.fixture
def project(tmp_path: Path, server: ServerFactory, binary: Binary) -> Project:
    """Two files that change collections, and one behind them that changes rows only."""
    made = Project(tmp_path / "project", posts())
    maker = server(binary)
    made.up(maker)
    made.declare(posts(text("body")))
    made.up(maker)
    made.write(
        f"{int(made.files[-1].split('_')[0]) + 1}_rows.js",
        'migrate((app) => {\n app.db().newQuery("UPDATE {{posts}} SET title = 1").execute();\n}, null);\n',
    )
    maker.stop()
    shutil.rmtree(made.root / ".pocketvex")
    return made


def test_what_a_server_lacks_is_named_and_nothing_is_written(
    project: Project, server: ServerFactory, binary: Binary
) -> None:
    running = server(binary)
    outcome = project.sync(running, native=False)
    assert outcome.waiting == tuple(project.files)
    assert not outcome.applied
    with project.session(running, native=False) as session:
        assert not names(session.target.fetch(), "posts")
    with pytest.raises(ServerProcessError) as failure:
        project.up(running, native=False)
    assert "--data-dir" in failure.value.todo
    assert "--migrationsDir" in failure.value.todo


def test_what_its_own_start_ran_is_seen(project: Project, server: ServerFactory, binary: Binary) -> None:
    running = server(binary, migrations_dir=project.config.migrations)
    project.declare(posts(text("body"), text("more")))
    outcome = project.sync(running, native=False)
    assert not outcome.waiting
    assert paths(outcome.applied) == ["posts.more"]
    assert not kept(outcome.plan)
    again = project.sync(running, native=False)
    assert not again.applied
    assert not again.waiting
    assert not kept(again.plan)


def test_a_server_behind_by_the_last_files_waits_until_its_restart(
    project: Project, server: ServerFactory, binary: Binary, tmp_path: Path
) -> None:
    first, second, rows = project.files
    folder = tmp_path / "deployed"
    folder.mkdir()
    shutil.copyfile(project.config.migrations / first, folder / first)
    running = server(binary, migrations_dir=folder)
    project.declare(posts(text("body"), text("more")))
    outcome = project.sync(running, native=False)
    assert outcome.waiting == (second, rows)
    assert not outcome.applied
    for name in (second, rows):
        shutil.copyfile(project.config.migrations / name, folder / name)
    running.restart()
    outcome = project.sync(running, native=False)
    assert not outcome.waiting
    assert paths(outcome.applied) == ["posts.more"]


def test_drift_beside_it_does_not_hide_what_was_run(
    project: Project, server: ServerFactory, binary: Binary
) -> None:
    running = server(binary, migrations_dir=project.config.migrations)
    with project.session(running, native=False) as session:
        dashboard(session, "posts", lambda c: {"fields": [*c["fields"], text("by_hand")]})
    outcome = project.sync(running, native=False)
    assert not outcome.waiting
    assert kept(outcome.plan) == {"posts.by_hand": "drift"}


def test_other_data_at_the_same_address_is_noticed(
    project: Project, server: ServerFactory, binary: Binary, data_dir: object
) -> None:
    running = server(binary, migrations_dir=project.config.migrations)
    project.declare(posts(text("body"), text("more")))
    assert paths(project.sync(running).applied) == ["posts.more"]
    running.halt()
    shutil.rmtree(running.data_dir)
    from conftest import EMAIL, PASSWORD
    from pocketvex.server.process import create_superuser

    create_superuser(binary, running.data_dir, EMAIL, PASSWORD)
    running.start()
    outcome = project.sync(running)
    assert paths(outcome.applied) == ["posts.more"]
    assert not kept(outcome.plan)


def test_what_is_advised_works_there(project: Project, server: ServerFactory, latest: Binary) -> None:
    running = server(latest, migrations_dir=project.config.migrations)
    with project.session(running) as session:
        put(session, "posts", title="one", body="kept")
    project.declare(posts())
    outcome, draft = project.dev(running, native=False)
    (line,) = draft_lines(draft, "next.js", native=outcome.native)
    assert line.startswith("draft next.js written: `pocketvex migrate generate` seals it; the server runs it")
    assert "`pocketvex migrate up` seals" not in line
    assert project.generate(running, native=False)
    running.restart()
    outcome, draft = project.dev(running, native=False)
    assert not outcome.waiting
    assert not draft.exists
    with project.session(running) as session:
        assert names(session.target.fetch(), "posts") == ["id", "title"]
    outcome, draft = project.dev(running)
    assert draft_lines(DraftState(True, True), "next.js", native=outcome.native) == [
        "draft next.js written: `pocketvex migrate up` seals and runs it"
    ]
