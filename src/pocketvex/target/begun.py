"""What runs over HTTP began on a server and did not end: read there, ended, or taken back.

Who does so holds the server, so nobody is at it any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pocketvex.api.client import Client
from pocketvex.remote.begun import Begun, Kept, as_before, begun_from, changes_back
from pocketvex.remote.record import entries, record_of
from pocketvex.schema.model import RECORD_NAME
from pocketvex.target.count import pages
from pocketvex.target.hold import holding
from pocketvex.target.session import Session

Json = dict[str, Any]
_SLOT = "begun-"


class Noted(NamedTuple):
    """The row on the server, and what stands in it."""

    row: str
    begun: Begun


def note(client: Client, begun: Begun) -> Noted:
    """Write down what is about to begin."""
    row = client.create_record(RECORD_NAME, {"slot": f"{_SLOT}{begun.id}", "owner": begun.text()})
    return Noted(str(row["id"]), begun)


def note_rules(client: Client, noted: Noted, rules: dict[str, Json], later: dict[str, Json]) -> Noted:
    """Write down the rules that are about to be taken away, and those that come behind the switch."""
    begun = noted.begun._replace(rules=rules, later=later)
    client.update_record(RECORD_NAME, noted.row, {"owner": begun.text()})
    return Noted(noted.row, begun)


def noted(client: Client, raw: Sequence[Json]) -> list[Noted]:
    """What was begun and not ended."""
    if record_of(raw) is None:
        return []
    rows = client.records(RECORD_NAME, filter=f"slot ~ '{_SLOT}%'", per_page=100)
    return [Noted(row["id"], begun_from(row["owner"])) for row in rows]


def settled(session: Session, raw: list[Json], *, write: bool) -> list[Json]:
    """The collections without what a run that was cut off left: it is ended or taken back first, or, where
    nothing may be written, left out."""
    client = session.target.client
    found = noted(client, raw)
    if not found:
        return raw
    if write:
        with holding(client):
            for one in noted(client, client.collections()):
                settle(client, one)
        return client.collections()
    open_ = [one.begun for one in found if not has_run(raw, one.begun)]
    for begun in open_:
        session.reporter.note(
            f"a run of {begun.files[-1]} is at work here, or was cut off: the next `migrate up` takes back "
            "what it left"
        )
    return as_before(raw, open_)


def has_run(raw: Sequence[Json], begun: Begun) -> bool:
    """Whether the switch is through."""
    return (begun.files[-1] in {entry.name for entry in entries(raw)}) == (begun.way == "up")


def settle(client: Client, noted: Noted) -> None:
    """End what was begun if its switch is through; else take it back."""
    client.refresh_schema_cache()
    raw = client.collections()
    if has_run(raw, noted.begun):
        end(client, noted, raw)
    else:
        take_back(client, noted, raw)


def end(client: Client, noted: Noted, raw: Sequence[Json]) -> None:
    """Do what belongs behind the switch."""
    _drop_triggers(client, noted.begun)
    for statement in noted.begun.statements:
        client.sql(statement)
    _give_back(client, noted.begun.lists, raw)
    _change_back(client, noted.begun._replace(made={}, before={}, rules=noted.begun.later), raw)
    client.delete_record(RECORD_NAME, noted.row)


def take_back(client: Client, noted: Noted, raw: Sequence[Json]) -> None:
    """Have everything as it was: values, columns, choices and rules."""
    _drop_triggers(client, noted.begun)
    for statement in noted.begun.back:
        client.sql(statement)
    _give_back(client, noted.begun.written, raw)
    _change_back(client, noted.begun, raw)
    client.delete_record(RECORD_NAME, noted.row)


def _drop_triggers(client: Client, begun: Begun) -> None:
    for name in begun.triggers:
        client.sql(f"DROP TRIGGER IF EXISTS `{name}`")
    if begun.table:
        client.sql(f"DROP TABLE IF EXISTS `{begun.table}`")


def _change_back(client: Client, begun: Begun, raw: Sequence[Json]) -> None:
    for item in raw:
        if back := changes_back(begun, item):
            client.patch_collection(item["id"], back)


def _give_back(client: Client, columns: Sequence[Kept], raw: Sequence[Json]) -> None:
    """Have records hold what they held, where nobody changed since what was put there."""
    there = {item["id"]: item for item in raw}
    for kept in columns:
        names = {field["id"]: field["name"] for field in there.get(kept.collection, {}).get("fields", ())}
        column = names.get(kept.field, "")
        if not column or kept.name not in names.values():
            continue
        rows = (row for page in pages(client, kept.collection, [column, kept.name]) for row in page)
        for row in rows:
            was = row[kept.name]
            if was and row[column] != was["value"] and row[column] in (was["put"], [was["put"]]):
                client.update_record(kept.collection, row["id"], {column: was["value"]})
