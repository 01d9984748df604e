"""The migration of the sample project is what today's code would write."""

from __future__ import annotations

from pathlib import Path

from conftest import ServerFactory
from pocketvex.history.folder import read_history
from pocketvex.load.loader import load_schema
from pocketvex.render.migration.migration import runtime
from pocketvex.server.binaries import Binary
from pocketvex.steps.migration import read_migration, runtime_of
from projects import Project

ROOT = Path(__file__).parents[2]
OLD = (
    "the sample's migration {} is not what today's code would write: `python tests/rehash.py` where only "
    "runtime.js changed, `pocketvex migrate reseal` with a new RUNTIME_VERSION"
)


def test_it_is_what_today_s_code_would_write(tmp_path: Path, server: ServerFactory, latest: Binary) -> None:
    history = read_history(ROOT / "pb_migrations")
    (file,) = history.files
    assert not history.edited
    assert runtime_of(file.text) == runtime(), OLD.format(file.name)
    project = Project(tmp_path / "project")
    project.code = load_schema(ROOT, ROOT / "schema", timeout=60).schema
    project.now = int(file.digits)
    (name,) = project.generate(server(latest), "create transcripts")
    made = (project.config.migrations / name).read_text(encoding="utf-8")
    assert read_migration(made) == read_migration(file.text), OLD.format(file.name)
    assert name == file.name
