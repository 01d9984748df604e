"""`migrate reseal`, and files of the first format: alone, resealed, and mixed with those of today."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import terminal
from conftest import ServerFactory
from firsts import FILES, NAMES, STAGES, first_format
from pocketvex.errors import HistoryError, UsageError
from pocketvex.history.first_format import held_by, held_in
from pocketvex.history.folder import enlist, read_history
from pocketvex.render.migration.migration import RUNTIME_VERSION, runtime
from pocketvex.run import reseal as use
from pocketvex.run.prune import list_kept
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from pocketvex.steps.first_format import is_first
from pocketvex.steps.migration import read_migration, runtime_of, split
from projects import Project, put

TWO = ("0.23.12", "0.40.6")


def reseal(
    project: Project, binary: Binary, *names: str, running: Running | None = None
) -> list[use.Resealed]:
    history = read_history(project.config.migrations)
    held: dict[str, list[str]] = {}
    if running:
        with project.session(running) as session:
            held = held_by(session.target)
    return use.reseal(project.root, history, binary, names, held)


def stored(running: Running) -> dict[str, Any]:
    """Every value of the project's tables as SQLite has it, by column and record."""
    found: dict[str, Any] = {}
    with closing(sqlite3.connect(running.data_dir / "data.db")) as database:
        for table in ("people", "tags", "posts"):
            cursor = database.execute(f"SELECT name FROM pragma_table_info('{table}')")
            for (column,) in cursor.fetchall():
                query = f"SELECT id, typeof([{column}]) || quote([{column}]) FROM [{table}]"
                found[f"{table}.{column}"] = dict(database.execute(query).fetchall())
    return found


def fill(project: Project, running: Running) -> None:
    """Rows in the first state, each with something that a later file takes away or changes."""
    with project.session(running) as session:
        secret = {"password": "1234567890", "passwordConfirm": "1234567890"}
        who = put(session, "people", email="ada@example.com", nick="ada", **secret)
        put(session, "tags", label="one")
        for n, count in enumerate(["12", "abc", "", "7.5", "-1"]):
            put(
                session, "posts", title=f"t{chr(97 + n)}", subtitle=f"s{n}", count=count,
                state=["gone", "draft", "published"][n % 3], labels=["a", "b", "c"][: n % 4],
                kind="" if n % 2 else "note", author=who["id"],
            )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("binary", "resealed"),
    [(TWO[0], (2, 4, 6)), (TWO[1], ()), (TWO[1], (2, 4, 6)), (TWO[1], tuple(range(9)))],
    ids=["old server, mixed", "first format", "mixed", "resealed"],
    indirect=["binary"],
)
def test_a_history_of_both_formats_gives_each_state_its_values(
    tmp_path: Path, server: ServerFactory, binary: Binary, resealed: tuple[int, ...]
) -> None:
    """Up file by file, with two of today behind them, all the way down, and up at once."""
    project = first_format(tmp_path / "project")
    if resealed:
        reseal(project, binary, *(NAMES[n] for n in resealed))
    running = server(binary)
    last = {**STAGES[-1][-1], "fields": [f for f in STAGES[-1][-1]["fields"] if f["name"] != "place"]}
    project.up(running, to="1", recorded_only=True)
    fill(project, running)
    states = [stored(running)]
    for _ in NAMES[1:]:
        project.up(running, to="1", recorded_only=True)
        states.append(stored(running))
    project.declare(*STAGES[-1][:-1], last)
    assert len(project.up(running).files) == 1
    states.append(stored(running))
    fields = [{**f, "type": "text"} if f["name"] == "count" else f for f in last["fields"]]
    project.declare(*STAGES[-1][:-1], {**last, "fields": fields})
    assert len(project.up(running).files) == 1
    end = stored(running)
    for state in reversed(states):
        assert len(project.down(running).files) == 1
        assert stored(running) == state
    project.up(running)
    assert stored(running) == end


@pytest.mark.parametrize("binary", TWO, indirect=True)
def test_resealed_files_are_proven_and_do_the_same(tmp_path: Path, binary: Binary) -> None:
    project = first_format(tmp_path / "project")
    found = reseal(project, binary, *NAMES)
    assert [each.name for each in found] == NAMES
    assert all(each.changed and each.proof for each in found)
    history = read_history(project.config.migrations)
    assert not history.edited
    for file, each in zip(history.files, found, strict=True):
        assert runtime_of(file.text) == runtime()
        assert f"// Proven up, down and up again on PocketBase {binary.version} with" in file.text
        assert not is_first(file.text)
        assert file.text.splitlines()[1] == FILES[file.name].splitlines()[1]
        assert each.said == f"first format → steps as data, runtime {RUNTIME_VERSION}"
    ids = [migration.id for file in history.files if (migration := read_migration(file.text))]
    assert len(set(ids)) == len(NAMES)
    again = reseal(project, binary, *NAMES)
    assert not any(each.changed for each in again)
    assert read_history(project.config.migrations) == history


def test_of_a_file_of_today_only_what_stands_below_the_steps_changes(
    tmp_path: Path, latest: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = first_format(tmp_path / "project")
    reseal(project, latest, *NAMES)
    before = read_history(project.config.migrations)
    newer = runtime() + "// one line more\n"
    monkeypatch.setattr(use, "runtime", lambda: newer)
    monkeypatch.setattr(use, "RUNTIME_VERSION", 2)
    (found,) = reseal(project, latest, NAMES[2])
    assert found.said == "runtime 1 → 2; its steps are the same"
    assert found.proof
    after = read_history(project.config.migrations)
    assert [a.text != b.text for a, b in zip(before.files, after.files, strict=True)] == [
        n == 2 for n in range(9)
    ]
    assert split(after.files[2].text) == (split(before.files[2].text)[0], newer)
    assert not after.edited


def _write_by_hand(project: Project) -> None:
    project.write("1800000000_mine.js", "migrate((app) => {}, (app) => {});\n")


def _edit(project: Project) -> None:
    path = project.config.migrations / NAMES[1]
    path.write_text(path.read_text() + "// more\n")


def _seal_edited(project: Project, change: tuple[str, str]) -> None:
    """As a version before sealed a draft that somebody had edited."""
    path = project.config.migrations / NAMES[1]
    path.write_text(path.read_text().replace(*change, 1))
    lines = (project.config.migrations / "pocketvex.sum").read_text().splitlines(keepends=True)
    kept = "".join(line for line in lines if NAMES[1] not in line)
    (project.config.migrations / "pocketvex.sum").write_text(kept)
    history = read_history(project.config.migrations)
    enlist(history.folder, [file for file in history.files if file.name == NAMES[1]])


STATEMENT = "  app.db().newQuery(\"DELETE FROM posts WHERE title = ''\").execute();\n  change.finish();"


@pytest.mark.parametrize(
    ("name", "spoil", "what", "why"),
    [
        ("1800000000_mine.js", _write_by_hand, "written by hand", "Only what PocketVex wrote"),
        (NAMES[1], _edit, "not as it was sealed", "pocketvex.sum knows another"),
        (NAMES[1], lambda p: _seal_edited(p, ("  change.finish();", STATEMENT)), "more than", "app.db()"),
        (NAMES[1], lambda p: _seal_edited(p, ("remove subtitle", "Draft: x")), "by hand", "Nobody can"),
    ],
)  # fmt: skip
def test_what_is_not_as_it_was_written_is_refused(
    tmp_path: Path, latest: Binary, name: str, spoil: Any, what: str, why: str
) -> None:
    project = first_format(tmp_path / "project")
    spoil(project)
    before = {path.name: path.read_bytes() for path in project.config.migrations.iterdir()}
    with pytest.raises(HistoryError) as failure:
        reseal(project, latest, NAMES[0], name)
    assert f"{name} is not resealed: " in failure.value.what
    assert what in failure.value.what
    assert why in failure.value.why
    assert {path.name: path.read_bytes() for path in project.config.migrations.iterdir()} == before


def test_a_file_that_is_not_there_is_named(tmp_path: Path, latest: Binary) -> None:
    with pytest.raises(UsageError, match=r"nothing\.js: there is no such migration"):
        reseal(first_format(tmp_path / "project"), latest, "pb_migrations/nothing.js")


def test_a_file_of_which_the_server_keeps_something_is_refused(
    tmp_path: Path, server: ServerFactory, latest: Binary
) -> None:
    """The new file would not give back what the old one kept; after a down it does."""
    project = first_format(tmp_path / "project")
    running = server(latest)
    project.up(running, to="1", recorded_only=True)
    fill(project, running)
    states = [stored(running)]
    project.up(running, recorded_only=True)
    for name, kept in (
        (NAMES[1], "posts.subtitle (text1367709617): 5 values"),
        (NAMES[5], "_pv_1700000006_tags"),
    ):
        with pytest.raises(HistoryError) as failure:
            reseal(project, latest, name, running=running)
        assert "keeps values for its `down`" in failure.value.what
        assert kept in failure.value.why
        assert "migrate down" in failure.value.todo
    assert held_in(running.data_dir)["1700000002"] == ["posts.subtitle (text1367709617): 5 values"]
    project.down(running, 8)
    reseal(project, latest, NAMES[1], running=running)
    project.up(running, to="1", recorded_only=True)
    project.down(running)
    assert [stored(running)] == states


def test_a_server_that_was_not_asked_runs_no_resealed_file_over_what_the_old_one_keeps(
    tmp_path: Path, server: ServerFactory, latest: Binary
) -> None:
    project = first_format(tmp_path / "project")
    running = server(latest)
    project.up(running, to="1", recorded_only=True)
    fill(project, running)
    project.up(running, to="1", recorded_only=True)
    state = stored(running)
    reseal(project, latest, NAMES[1])
    with pytest.raises(HistoryError) as failure:
        project.down(running)
    assert f"{NAMES[1]} is not run: it was resealed" in failure.value.what
    assert "posts.subtitle (text1367709617): 5 values" in failure.value.why
    assert stored(running) == state
    with project.session(running) as session:
        (listed,) = [each for each in list_kept(session).kept if each.migration == NAMES[1]]
    assert listed.way_back == "nothing gives it back by itself: the file was resealed since"
    resealed = (project.config.migrations / NAMES[1]).read_text()
    project.write(NAMES[1], FILES[NAMES[1]])
    project.down(running)
    project.write(NAMES[1], resealed)
    project.up(running, to="1", recorded_only=True)
    assert stored(running) == state


def test_the_command_says_what_it_did_and_what_to_know(tmp_path: Path, latest: Binary) -> None:
    project = first_format(tmp_path / "project")
    ran = terminal.Project(project.root).ok("migrate", "reseal", f"pb_migrations/{NAMES[1]}", NAMES[0])
    assert ran.out.splitlines() == [
        f"pb_migrations/{NAMES[n]}: first format → steps as data, runtime {RUNTIME_VERSION}" for n in (0, 1)
    ]
    assert ran.err.count("proven up, down and up again") == 2
    assert f"where another server has run {NAMES[1]}, its `down` gives back nothing" in " ".join(
        ran.err.split()
    )
