"""Values written inside of the switch, by a trigger that it sets off: from PocketBase 0.39 on.

The switch changes the record of what ran. A trigger waits for that, and for nothing else: what is written is
part of the same transaction, the rows of `_migrations` among it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pocketvex.api.client import Client
from pocketvex.errors import PocketVexError
from pocketvex.evidence.sql import literal
from pocketvex.remote.passage import Passage
from pocketvex.remote.record import RECORD_ID
from pocketvex.remote.statements import LEDGER, Generations, Statements, in_parts, statements
from pocketvex.schema.model import RECORD_NAME

_LATER = "behind-"
_MICROSECONDS = "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"


def require_short(going: Passage) -> None:
    """Raise CannotRun where a statement is longer than the server takes."""
    made = statements(going, Generations(1_000_000, 1_000_000))
    _triggers(going, made)
    for statement in (*made.ahead, *made.behind):
        in_parts([statement], 0)


def kept_columns(client: Client) -> frozenset[tuple[str, str]]:
    """The ids of collection and field of which PocketBase's own runs of migrations kept values."""
    if not client.sql("SELECT name FROM sqlite_master WHERE name = '_pv_ledger'"):
        return frozenset()
    rows = client.sql("SELECT DISTINCT collection, field FROM _pv_ledger WHERE record != ''")
    return frozenset((str(row["collection"]), str(row["field"])) for row in rows)


def switch(client: Client, going: Passage, send: Callable[[], None]) -> None:
    """Send the switch with what belongs to it: what comes before it, inside of it, and behind it."""
    made = statements(going, _generations(client, going))
    if made.ledger:
        for statement in LEDGER.split("; "):
            client.sql(statement)
    for statement in made.ahead:
        client.sql(statement)
    later = _note(client, going, made.behind)
    with _waiting(client, _triggers(going, made)):
        send()
    for statement in made.behind:
        client.sql(statement)
    if later:
        client.delete_record(RECORD_NAME, later)


def finish(client: Client, ran: Callable[[str], bool]) -> None:
    """Do what a client that died had still to do behind a switch. `ran` tells of a migration's id."""
    for row in client.records(RECORD_NAME, filter=f"slot ~ '{_LATER}%'", per_page=100):
        todo = json.loads(row["owner"])
        if ran(todo["id"]) == (todo["way"] == "up"):
            for statement in todo["statements"]:
                client.sql(statement)
        client.delete_record(RECORD_NAME, row["id"])


def record_rows(client: Client, names: Sequence[str]) -> None:
    """Have these files in `_migrations`, where a server of before 0.39 could not be asked for them."""
    listed = ", ".join(literal(name) for name in names)
    rows = client.sql(f"SELECT `file` FROM `_migrations` WHERE `file` IN ({listed})")
    there = {row["file"] for row in rows}
    for number, name in enumerate(name for name in names if name not in there):
        client.sql(_row(name, number))


def _row(name: str, number: int) -> str:
    return (
        "INSERT OR IGNORE INTO `_migrations` (`file`, `applied`) "
        f"VALUES ({literal(name)}, {_MICROSECONDS} + {number})"
    )


def _note(client: Client, going: Passage, behind: Sequence[str]) -> str:
    if not behind:
        return ""
    slot = f"{_LATER}{going.id}"
    for row in client.records(RECORD_NAME, filter=f"slot = '{slot}'"):
        client.delete_record(RECORD_NAME, row["id"])
    owner = json.dumps({"id": going.id, "way": going.way, "statements": list(behind)})
    return str(client.create_record(RECORD_NAME, {"slot": slot, "owner": owner})["id"])


def _generations(client: Client, going: Passage) -> Generations:
    if not client.sql("SELECT name FROM sqlite_master WHERE name = '_pv_ledger'"):
        return Generations(1, 0)
    query = (
        f"SELECT way, MAX(generation) AS n FROM _pv_ledger WHERE migration = {literal(going.id)} GROUP BY way"
    )
    found = {row["way"]: int(row["n"] or 0) for row in client.sql(query)}
    opposite = "down" if going.way == "up" else "up"
    return Generations(found.get(going.way, 0) + 1, found.get(opposite, 0))


def _triggers(going: Passage, made: Statements) -> list[tuple[str, str]]:
    """The triggers by name: one that waits for the record, one for each part that does not fit into it."""
    names = [entry.name for entry in going.entries]
    if going.way == "up":
        ran = [_row(name, number) for number, name in enumerate(names)]
    else:
        ran = [f"DELETE FROM `_migrations` WHERE `file` = {literal(name)}" for name in names]
    parts = in_parts([*made.inside, *ran], 400)
    mark = literal(f"{going.id} ")
    now, before = (">", "=") if going.way == "up" else ("=", ">")
    waits = (
        f"AFTER UPDATE ON `_collections` WHEN NEW.`id` = '{RECORD_ID}' AND "
        f"instr(NEW.`fields`, {mark}) {now} 0 AND instr(OLD.`fields`, {mark}) {before} 0"
    )
    if len(parts) == 1:
        return [(f"_pv_run_{going.id}", f"{waits} BEGIN {parts[0]}; END")]
    # Of several that wait for the same, SQLite says nothing of the order.
    table = f"_pv_go_{going.id}"
    steps = "; ".join(f"INSERT INTO `{table}` VALUES ({number})" for number in range(len(parts)))
    return [
        *(
            (f"_pv_run_{going.id}_{number}",
             f"AFTER INSERT ON `{table}` WHEN NEW.`step` = {number} BEGIN {part}; END")
            for number, part in enumerate(parts)
        ),
        (f"_pv_run_{going.id}", f"{waits} BEGIN DELETE FROM `{table}`; {steps}; END"),
    ]  # fmt: skip


@contextmanager
def _waiting(client: Client, triggers: Sequence[tuple[str, str]]) -> Iterator[None]:
    """These triggers, as long as the block lasts; what a client that died left of them is made anew."""
    table = triggers[0][1].split("`")[1] if len(triggers) > 1 else ""
    try:
        if table:
            client.sql(f"CREATE TABLE IF NOT EXISTS `{table}` (`step` INTEGER)")
        for name, text in triggers:
            client.sql(f"DROP TRIGGER IF EXISTS `{name}`")
            client.sql(f"CREATE TRIGGER `{name}` {text}")
        yield
    finally:
        failed: PocketVexError | None = None
        for name, _ in reversed(triggers):
            try:
                client.sql(f"DROP TRIGGER IF EXISTS `{name}`")
            except PocketVexError as error:
                failed = error
        if table and failed is None:
            client.sql(f"DROP TABLE IF EXISTS `{table}`")
