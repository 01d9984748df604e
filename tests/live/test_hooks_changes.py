"""The table of changes over the road hooks: what it leaves is what PocketBase's own `migrate up` leaves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from test_changes import declared, insert, planned, write_file

from cases.changes import CASES, Case
from conftest import EMAIL, PASSWORD
from grounds import SECOND_FILE, Ground, comparable, migration
from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.render.migration.one_off import down_step
from pocketvex.render.migration.server_route import HOOK_KEY, NAME, route_text
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.ledger import reading
from pocketvex.server.process import Running, create_superuser
from pocketvex.target.hooks_road import Hooks
from pocketvex.target.variables import placeholders

pytestmark = pytest.mark.wide

KEY = "a key of these tests, of forty characters"
OWN = {"_superusers", "_authOrigins", "_migrations", "_collections", "_params"}
"""What a server that is signed in to writes there for itself."""


class Reached(NamedTuple):
    client: Client
    environ: Mapping[str, str]


def held(data_dir: Path) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables, without what no two runs have in common."""
    with reading(data_dir) as database:
        named = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        found = {}
        for (name,) in named:
            if name in OWN or name.startswith("sqlite_"):
                continue
            cursor = database.execute(f"SELECT * FROM [{name}] ORDER BY rowid")
            columns = [column[0] for column in cursor.description]
            rows = [dict(zip(columns, row, strict=True)) for row in cursor]
            found[name] = [untimed(row) for row in rows] if name == "_pv_ledger" else rows
    return found


def untimed(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the ledger without its time, nor those of a collection that it describes."""
    value = row["value"]
    if isinstance(value, str):
        value = re.sub(r'"(created|updated)":"[^"]*"', "", value)
    return {**row, "at": "", "value": value}


@pytest.mark.parametrize("case", [case for case in CASES if not case.asks and not case.cannot], ids=str)
def test_a_change(
    case: Case, binary: Binary, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if binary.version < case.since:
        pytest.skip(f"came with {'.'.join(map(str, case.since))}")
    ground = Ground(binary, tmp_path, tmp_path_factory.getbasetemp())
    native = ground.built(declared(case.before, ground))
    insert(native, native.schema, case.rows)
    for file in case.files:
        write_file(native, native.schema, file)
    plan = planned(declared(case.after, ground), native.schema, native)
    text = migration(native.settled([change.operation for change in plan.changes]))
    create_superuser(binary, native.data_dir, EMAIL, PASSWORD)
    hooked = ground.copy(native.data_dir)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / NAME).write_text(route_text(), encoding="utf-8")
    environ = {**placeholders([text]), HOOK_KEY: KEY}
    with (
        Running(binary, hooked.data_dir, hooks_dir=hooks, env={HOOK_KEY: KEY}) as running,
        Client(running.url, Credentials(email=EMAIL, password=PASSWORD)) as client,
    ):
        road = Hooks(Reached(client, environ))

        def same() -> None:
            assert comparable(client.collections()) == comparable(native.raw)
            assert held(hooked.data_dir) == held(native.data_dir)

        same()
        if case.refused:
            with pytest.raises(scratch.MigrationFailed) as there:
                native.up(text)
            with pytest.raises(scratch.MigrationFailed) as here:
                road.run({SECOND_FILE: text})
            assert here.value.reason == there.value.reason
            same()
            return
        road.try_out({SECOND_FILE: text})
        same()
        native.up(text)
        road.run({SECOND_FILE: text})
        same()
        native.down(text)
        road.run_once([(SECOND_FILE, down_step(SECOND_FILE, text))])
        same()
        native.up(text)
        road.run({SECOND_FILE: text})
        same()
