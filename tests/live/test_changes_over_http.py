"""Every row of the table of changes on servers that only HTTP reaches, held against what a file makes
natively."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cases.changes import CASES, Case
from conftest import EMAIL, PASSWORD, ServerFactory
from grounds import SECOND_FILE, Built, Ground, migration
from live.test_changes import declared, insert, planned, queries, stored, told, write_file
from observed import observe_over_http
from pocketvex.api.client import Client, Credentials
from pocketvex.diff.compare import compare
from pocketvex.history.shadow import placeholders
from pocketvex.remote.files import migration_of
from pocketvex.schema.model import Schema
from pocketvex.server.binaries import Binary
from pocketvex.server.ledger import applied
from pocketvex.steps.migration import Migration
from pocketvex.target.carrier import Carrier, Stopped
from pocketvex.versions import SQL_OVER_HTTP

pytestmark = pytest.mark.wide

CANNOT = ("only PocketBase itself can tell", "one of PocketBase's own fields", "no file by its name")
"""What a refusal says of what no SQL can judge, and of what no import takes: nothing was sent."""


@pytest.mark.parametrize("case", [c for c in CASES if not c.asks and not c.cannot], ids=str)
def test_a_change_over_http(
    case: Case,
    binary: Binary,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    server: ServerFactory,
    template: Callable[[Binary], Path],
) -> None:
    if binary.version < case.since:
        pytest.skip(f"came with {'.'.join(map(str, case.since))}")
    ground = Ground(binary, tmp_path, tmp_path_factory.getbasetemp())
    place = ground.built(declared(case.before, ground))
    before = place.schema
    insert(place, before, case.rows)
    for file in case.files:
        write_file(place, before, file)
    desired = declared(case.after, ground)
    plan = planned(desired, before, place)
    file = migration(place.settled([change.operation for change in plan.changes]))
    _give_superuser(place, template(binary))
    running = server(binary, data_dir=place.data_dir)
    files = [(SECOND_FILE, migration_of(SECOND_FILE, file, {}))]

    with Client(running.url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        carrier = Carrier(client, binary.version, placeholders([file]), lambda _: None, pause=True)

        def left(wanted: Schema) -> list[str]:
            there = Schema.from_json(client.collections())
            return [o.path for o in compare(wanted, there, version=binary.version, ask=False).operations]

        def rows(like: dict[str, list[dict[str, object]]]) -> dict[str, list[dict[str, object]]]:
            return told(like, place.ask(queries(like)))

        def saw(seen: str) -> None:
            observe_over_http(case.row, case.title, seen, str(binary.version))

        if case.refused:
            with pytest.raises(Stopped):
                carrier.run(files, "up")
            assert (left(before), rows(case.rows)) == ([], case.rows)
            return saw("up stops as natively")
        if why := refused(carrier, files, "up"):
            assert (left(before), rows(case.rows)) == ([], case.rows)
            return saw(f"up is refused: {why}")
        assert left(desired) == []
        assert rows(case.up) == case.up
        assert (SECOND_FILE in applied(place.data_dir)) == (binary.version >= SQL_OVER_HTTP)
        if why := refused(carrier, files, "down"):
            assert (left(desired), rows(case.up)) == ([], case.up)
            return saw(f"up as natively, down is refused: {why}")
        assert left(before) == []
        assert rows(case.rows) == case.rows
        assert SECOND_FILE not in applied(place.data_dir)
        for path in case.files:
            assert stored(place, before, path).read_text(encoding="utf-8") == path
        carrier.run(files, "up")
        assert left(desired) == []
        assert rows(case.up) == case.up
        return saw("as natively")


def refused(carrier: Carrier, files: list[tuple[str, Migration]], way: str) -> str:
    """Why nothing begins, where that is: for a reason that only what the API cannot do may have."""
    try:
        carrier.run(files, way)
    except Stopped as error:
        if not any(text in error.reason for text in CANNOT):
            raise
        return error.reason
    return ""


def _give_superuser(place: Built, template: Path) -> None:
    with closing(sqlite3.connect(place.data_dir / "data.db")) as database:
        database.execute("ATTACH ? AS other", [str(template / "data.db")])
        database.execute("INSERT OR IGNORE INTO _superusers SELECT * FROM other._superusers")
        database.commit()
