"""Histories that PocketVex did not write, over HTTP: what changes collections alone does there what it does
natively, and what does more is refused before anything is sent."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from conftest import ServerFactory
from grounds import Ground
from live.test_foreign_histories import CASES, REPLAYED
from live.test_law_over_http import values
from pocketvex.diff.compare import compare
from pocketvex.errors import ServerProcessError
from pocketvex.remote.record import entries
from pocketvex.schema.model import Schema
from pocketvex.server.binaries import Binary
from projects import Project

pytestmark = pytest.mark.wide

MORE = {
    "records and SQL": ("1700000001_seed.js", "Record"),
    "settings and a superuser": ("1700000000_settings.js", "settings"),
    "the environment": ("1700000000_env.js", "$os"),
    "a type made by hand": ("1700000001_type.js", "db("),
}
"""The first file of each history that does more than change collections, and the word that says so."""


@pytest.mark.parametrize("name", [name for name in REPLAYED if name not in MORE])
def test_collections_alone_change_as_natively(
    name: str, binary: Binary, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, server: ServerFactory
) -> None:
    ground = Ground(binary, tmp_path, tmp_path_factory.getbasetemp())
    native = ground.copy(ground.empty.data_dir)
    project = Project(tmp_path / "project")
    running = server(binary)
    files = CASES[name].files
    first, *others = files
    for some in filter(None, ([first], others)):
        for file in some:
            project.write(file, files[file])
            native.up(files[file], file)
        ran = project.up(running, native=False, local=False, backup=False, recorded_only=True)
        assert ran.files == tuple(some)
        if some == [first]:
            for data_dir in (native.data_dir, running.data_dir):
                fill(data_dir, native.schema)
    with project.session(running, native=False, local=False) as session:
        raw = session.target.fetch()
    assert [entry.name for entry in entries(raw)] == [*files]
    there, wanted = Schema.from_json(raw), native.schema
    assert differing(wanted, there, binary) == differing(there, wanted, binary) == []
    assert by_names(running.data_dir, there) == by_names(native.data_dir, wanted)


@pytest.mark.parametrize("name", MORE)
def test_what_does_more_is_refused_by_file_and_word(
    name: str, binary: Binary, tmp_path: Path, server: ServerFactory
) -> None:
    """The files before it are not run either."""
    project = Project(tmp_path / "project")
    project.environ["APP_NAME"] = "mine"
    for file, body in CASES[name].files.items():
        project.write(file, body)
    running = server(binary)
    with project.session(running, native=False, local=False) as session:
        before = session.target.fetch()
        with pytest.raises(ServerProcessError) as failure:
            project.up(running, native=False, local=False, backup=False, recorded_only=True)
        assert session.target.fetch() == before
    file, word = MORE[name]
    assert failure.value.what == f"{file} cannot be run over HTTP: nothing was sent"
    assert "PocketVex did not write it, and it may do more than change collections" in failure.value.why
    assert word in failure.value.why.replace(" ", "")


def fill(data_dir: Path, schema: Schema) -> None:
    """A row in every table that the first file made, with a text in each text field."""
    with closing(sqlite3.connect(data_dir / "data.db")) as database, database:
        for collection in schema.collections:
            if collection.system or collection.type != "base":
                continue
            texts = [field.name for field in collection.fields if field.type == "text" and field.name != "id"]
            names = ", ".join(["[id]", *(f"[{text}]" for text in texts)])
            marks = ", ".join("?" for _ in (0, *texts))
            database.execute(
                f"INSERT INTO [{collection.name}] ({names}) VALUES ({marks})", ["one000000000000", *texts]
            )


def by_names(data_dir: Path, schema: Schema) -> dict[tuple[str, str, str], object]:
    """The values, where two servers gave ids of their own to what a file made without one."""
    names = {c.id: (c.name, {field.id: field.name for field in c.fields}) for c in schema.collections}
    return {
        (names[collection][0], names[collection][1][field], record): value
        for (collection, field, record), value in values(data_dir, schema).items()
    }


def differing(wanted: Schema, there: Schema, binary: Binary) -> list[str]:
    operations = compare(wanted, there, version=binary.version, ask=False).operations
    return [operation.path for operation in operations]
