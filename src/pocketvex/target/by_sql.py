"""Values written inside of the switch, by a trigger that it sets off: from PocketBase 0.39 on.

The switch changes the record of what ran. A trigger waits for that, and for nothing else: what is written is
part of the same transaction, the rows of `_migrations` among it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pocketvex.api.client import Client
from pocketvex.evidence.sql import literal
from pocketvex.remote import begun as remote_begun
from pocketvex.remote.begun import Begun
from pocketvex.remote.passage import Passage
from pocketvex.remote.record import GENERATION, RECORD_ID
from pocketvex.remote.statements import LEDGER, Generations, Statements, in_parts, statements
from pocketvex.schema.model import RECORD_NAME

Json = dict[str, Any]
_NAMES = 20
"""So many of them fit into one query."""
_HEAD = 600
"""Bytes of a trigger beside what it does."""
_WATCHED = 80
"""So many collections fit into one trigger."""
MOVED = "_pv_moved"
"""What a switch is refused with where a collection is not any more what it was computed on."""
_MICROSECONDS = "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"


def require_short(going: Passage) -> None:
    """Raise CannotRun where a statement is longer than the server takes."""
    made = statements(going, Generations(1_000_000, 1_000_000))
    _triggers(going, made, f"{GENERATION}{0:06}")
    for statement in (*made.ahead, *made.behind, *made.back):
        in_parts([statement], 0)


def kept_columns(client: Client) -> frozenset[tuple[str, str]]:
    """The ids of collection and field of which PocketBase's own runs of migrations kept values."""
    if not _has_ledger(client):
        return frozenset()
    rows = client.sql("SELECT DISTINCT collection, field FROM _pv_ledger WHERE record != ''")
    return frozenset((str(row["collection"]), str(row["field"])) for row in rows)


class Prepared(NamedTuple):
    """What belongs to a switch."""

    made: Statements
    triggers: list[tuple[str, str]]
    table: str
    watches: list[tuple[str, list[str]]]
    """The triggers that look whether collections are as they were, and the ids of these."""
    waits: str
    """When a trigger is set off."""


def prepare(client: Client, going: Passage, fence: str) -> Prepared:
    """What is sent with a switch by who holds the server behind this fence."""
    made = statements(going, _generations(client, going))
    triggers, table = _triggers(going, made, fence)
    there = {item["id"] for item in going.before}
    ids = sorted({item["id"] for item in going.switch} & there)
    watches = [
        (f"_pv_same_{_own(going, fence)}_{at}", ids[at : at + _WATCHED])
        for at in range(0, max(len(ids), 1), _WATCHED)
    ]
    return Prepared(made, triggers, table, watches, _waits(going, fence))


def begun_of(going: Passage, prepared: Prepared) -> Begun:
    made = prepared.made
    names = [name for name, _ in (*prepared.triggers, *prepared.watches)]
    return remote_begun.begun_of(going)._replace(
        triggers=names, table=prepared.table, statements=made.behind, back=made.back
    )


def watch(client: Client, prepared: Prepared, now: Sequence[Json]) -> None:
    """Have the server refuse the switch where one of its collections is saved after it was read (`now`), or
    another one comes or goes: the looks are part of the switch, so nothing is between them and it."""
    saved = {item["id"]: item["updated"] for item in now}
    for name, ids in prepared.watches:
        listed = ", ".join(literal(f"{id} {saved[id]}") for id in ids)
        same = f"(SELECT COUNT(*) FROM `_collections` WHERE `id` || ' ' || `updated` IN ({listed}))"
        client.sql(
            f"CREATE TRIGGER `{name}` {prepared.waits} BEGIN SELECT RAISE(ABORT, '{MOVED}') WHERE "
            f"{same} <> {len(ids)} OR (SELECT COUNT(*) FROM `_collections`) <> {len(now)}; END"
        )


def before_switch(client: Client, prepared: Prepared) -> None:
    """Send what stands before the switch, and what waits for it."""
    made, triggers, table = prepared.made, prepared.triggers, prepared.table
    if made.ledger:
        for statement in LEDGER.split("; "):
            client.sql(statement)
    for statement in made.ahead:
        client.sql(statement)
    if table:
        client.sql(f"CREATE TABLE IF NOT EXISTS `{table}` (`step` INTEGER)")
    for name, text in triggers:
        client.sql(f"CREATE TRIGGER `{name}` {text}")


def record_rows(client: Client, names: Sequence[str]) -> None:
    """Have these files in `_migrations`, where a server of before 0.39 could not be asked for them."""
    there = rows_of(client, names)
    for number, name in enumerate(name for name in names if name not in there):
        client.sql(_row(name, number))


def rows_of(client: Client, names: Sequence[str]) -> set[str]:
    """Those of the files that stand in `_migrations`."""
    found: set[str] = set()
    for at in range(0, len(names), _NAMES):
        listed = ", ".join(literal(name) for name in names[at : at + _NAMES])
        rows = client.sql(f"SELECT `file` FROM `_migrations` WHERE `file` IN ({listed})")
        found |= {str(row["file"]) for row in rows}
    return found


def _row(name: str, number: int) -> str:
    return (
        "INSERT OR IGNORE INTO `_migrations` (`file`, `applied`) "
        f"VALUES ({literal(name)}, {_MICROSECONDS} + {number})"
    )


def _has_ledger(client: Client) -> bool:
    return bool(client.sql("SELECT name FROM sqlite_master WHERE name = '_pv_ledger'"))


def _generations(client: Client, going: Passage) -> Generations:
    if not _has_ledger(client):
        return Generations(1, 0)
    query = (
        f"SELECT way, MAX(generation) AS n FROM _pv_ledger WHERE migration = {literal(going.id)} GROUP BY way"
    )
    found = {row["way"]: int(row["n"] or 0) for row in client.sql(query)}
    opposite = "down" if going.way == "up" else "up"
    return Generations(found.get(going.way, 0) + 1, found.get(opposite, 0))


def _triggers(going: Passage, made: Statements, fence: str) -> tuple[list[tuple[str, str]], str]:
    """The triggers by name, and a table of steps: one that waits for the record, one for each part that does
    not fit into it.

    They are those of one holder. What one left that is gone, or comes back late, does nothing any more.
    """
    names = [entry.name for entry in going.entries]
    if going.way == "up":
        ran = [_row(name, number) for number, name in enumerate(names)]
    else:
        ran = [f"DELETE FROM `_migrations` WHERE `file` = {literal(name)}" for name in names]
    parts = in_parts([*made.inside, *ran], _HEAD)
    own, waits = _own(going, fence), _waits(going, fence)
    if len(parts) == 1:
        return [(f"_pv_run_{own}", f"{waits} BEGIN {parts[0]}; END")], ""
    # Of several that wait for the same, SQLite says nothing of the order.
    table = f"_pv_go_{own}"
    steps = "; ".join(f"INSERT INTO `{table}` VALUES ({number})" for number in range(len(parts)))
    return [
        *(
            (f"_pv_run_{own}_{number}",
             f"AFTER INSERT ON `{table}` WHEN NEW.`step` = {number} BEGIN {part}; END")
            for number, part in enumerate(parts)
        ),
        (f"_pv_run_{own}", f"{waits} BEGIN DELETE FROM `{table}`; {steps}; END"),
    ], table  # fmt: skip


def _own(going: Passage, fence: str) -> str:
    """What tells the triggers of one holder from those of another."""
    return f"{going.id}_{fence.removeprefix(GENERATION)}"


def _waits(going: Passage, fence: str) -> str:
    """What sets off a trigger: that the record changes, which is the first thing in the switch."""
    mark = literal(f"{going.id} ")
    now, before = (">", "=") if going.way == "up" else ("=", ">")
    return (
        f"AFTER UPDATE ON `_collections` WHEN NEW.`id` = '{RECORD_ID}' AND "
        f"instr(NEW.`fields`, {mark}) {now} 0 AND instr(OLD.`fields`, {mark}) {before} 0 AND "
        f"NOT EXISTS (SELECT 1 FROM `{RECORD_NAME}` AS l WHERE l.`slot` > {literal(fence)})"
    )
