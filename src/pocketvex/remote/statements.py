"""What a migration does to values as SQL that a trigger runs inside of the switch, from PocketBase 0.39 on.

What rows held goes into the table `_pv_ledger`, as the runtime of a file writes it: either takes back what
the other did. A trigger names no column that becomes a list, or stops being one, in the same import (0.39.11,
0.40.6): what is done to those stands before or after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from pocketvex.evidence.sql import literal
from pocketvex.evidence.violations import empty, zero
from pocketvex.remote.copied import CannotRun
from pocketvex.remote.expressions import bound, expression, field_model, holds_any, mapped, on
from pocketvex.remote.passage import Passage
from pocketvex.remote.work import Convert, Fill, GiveBack, Remap, ToMany, ToOne, Unfill
from pocketvex.schema.fields import FieldBase

Json = dict[str, Any]

MOST = 4900
"""Bytes of one query; the server takes 5,000."""
LEDGER = (
    "CREATE TABLE IF NOT EXISTS `_pv_ledger` (`migration` TEXT NOT NULL, `way` TEXT NOT NULL, "
    "`generation` INTEGER NOT NULL, `collection` TEXT NOT NULL, `field` TEXT NOT NULL, "
    "`record` TEXT NOT NULL, `name` TEXT NOT NULL, `value`, `put`, "
    "`back` INTEGER NOT NULL DEFAULT 0, `at` TEXT NOT NULL, "
    "PRIMARY KEY (`migration`, `way`, `generation`, `collection`, `field`, `record`)); "
    "CREATE INDEX IF NOT EXISTS `_pv_ledger_cells` ON `_pv_ledger` (`collection`, `field`, `record`)"
)
_NOW = "strftime('%Y-%m-%d %H:%M:%fZ')"


class Statements(NamedTuple):
    ahead: list[str]
    """Before the switch."""
    inside: list[str]
    behind: list[str]
    """After it."""
    back: list[str]
    """What takes `ahead` back, where there is no switch."""
    ledger: bool
    """Whether the ledger is written."""


class Generations(NamedTuple):
    """Which run of a file this is, and the last one of the opposite direction."""

    this: int
    opposite: int


def statements(going: Passage, generations: Generations) -> Statements:
    """The statements for what a passage does to values. Raises CannotRun for one that is too long."""
    made = _Statements(going, generations)
    for work in going.work:
        match work:
            case Convert():
                made.convert(work)
            case Fill():
                made.fill(work)
            case Unfill():
                made.unfill(work)
            case Remap():
                made.remap(work)
            case ToOne():
                made.to_one(work)
            case ToMany():
                made.to_many(work)
            case GiveBack():
                made.give_back_any(work)
    if made.kept:
        made.ahead.insert(0, made.run())
    return Statements(made.ahead, made.inside, made.behind, made.back, made.kept)


class _Statements:
    def __init__(self, going: Passage, generations: Generations) -> None:
        self.going = going
        self.before = {item["id"]: item for item in going.before}
        self.after = {item["id"]: item for item in going.after}
        self.id = going.id
        opposite = "down" if going.way == "up" else "up"
        self.mine = self.key(going.way, generations.this)
        self.own = self.key(opposite, generations.opposite)
        self.generation = generations.this
        self.ahead: list[str] = []
        self.inside: list[str] = []
        self.behind: list[str] = []
        self.back: list[str] = []
        self.kept = False

    def key(self, way: str, generation: int) -> str:
        return f"`migration` = {literal(self.id)} AND `way` = '{way}' AND `generation` = {generation}"

    def run(self) -> str:
        """A run that keeps nothing is a generation as well."""
        return (
            f"INSERT OR IGNORE INTO `_pv_ledger` VALUES ({literal(self.id)}, '{self.going.way}', "
            f"{self.generation}, '', '(run)', '', '', 'null', NULL, 0, {_NOW})"
        )

    def table(self, collection: str) -> str:
        return str(self.before[collection]["name"])

    def column(self, collection: str, field: str) -> str:
        return self.going.columns[collection, field]

    def field(self, collection: str, field: str, *, before: bool = False) -> FieldBase:
        states = (self.before, self.after) if before else (self.after, self.before)
        for state in states:
            found = [f for f in state.get(collection, {}).get("fields") or [] if f["id"] == field]
            if found:
                return field_model(found[0])
        raise KeyError(field)

    def convert(self, work: Convert) -> None:
        table = self.table(work.collection)
        source, target = (self.column(work.collection, id) for id in (work.source, work.target))
        nothing = zero(self.field(work.collection, work.target))
        where = ""
        if work.again and work.back:
            where = f" WHERE `{source}` IS NOT ({expression(work.back, (), target)})"
        elif work.again:
            where = f" WHERE ({expression(work.to, work.values, source)}) IS NOT {nothing}"
        self.inside.append(
            f"UPDATE `{table}` SET `{target}` = {expression(work.to, work.values, source)}{where}"
        )
        if work.refuses:
            refused = bound(on(work.refuses, target), work.bound)
            self.inside.append(f"UPDATE `{table}` SET `{target}` = {nothing} WHERE {refused}")

    def fill(self, work: Fill) -> None:
        table, column = self.table(work.collection), self.column(work.collection, work.field)
        past = next((f for f in self.before[work.collection]["fields"] if f["id"] == work.field), None)
        model = field_model(past) if past is not None else self.field(work.collection, work.field)
        nothing = on(empty(model), column)
        if past is not None and not past["name"].startswith("_pv_"):
            self.keep(work.collection, work.field, nothing)
        self.inside.append(
            f"UPDATE `{table}` SET `{column}` = {literal(_stored(work.value))} WHERE {nothing}"
        )
        if past is not None and not past["name"].startswith("_pv_"):
            self.settle(work.collection, work.field)

    def unfill(self, work: Unfill) -> None:
        column = self.column(work.collection, work.field)
        self.keep(work.collection, work.field, on(empty(self.field(work.collection, work.field)), column))
        self.settle(work.collection, work.field)

    def remap(self, work: Remap) -> None:
        table, column = self.table(work.collection), self.column(work.collection, work.field)
        model = self.field(work.collection, work.field, before=True)
        every = {**work.more, **work.map}
        self.keep(work.collection, work.field, holds_any(model, column, every))
        if work.map:
            self.inside.append(
                f"UPDATE `{table}` SET `{column}` = {mapped(model, column, work.map)} "
                f"WHERE {holds_any(model, column, work.map)}"
            )
        self.settle(work.collection, work.field)

    def to_one(self, work: ToOne) -> None:
        table, column = self.table(work.collection), self.column(work.collection, work.field)
        where = f"json_array_length(`{column}`) > 1"
        end = "$[0]" if work.first else "$[#-1]"
        self.keep(work.collection, work.field, where, self.ahead, put=f"json_extract(`{column}`, '{end}')")
        if work.first:
            only = f"json_array(json_extract(`{column}`, '$[0]'))"
            self.ahead.append(f"UPDATE `{table}` SET `{column}` = {only} WHERE {where}")
            found = self.found(self.mine, work.collection, work.field, table)
            self.back.append(
                f"UPDATE `{table}` SET `{column}` = (SELECT u.`value` {found}) WHERE EXISTS "
                f"(SELECT 1 {found} AND `{table}`.`{column}` = json_array(u.`put`))"
            )

    def to_many(self, work: ToMany) -> None:
        """The column is a list by now: what it became stands in it alone."""
        table = self.after[work.collection]["name"]
        column = next(f["name"] for f in self.after[work.collection]["fields"] if f["id"] == work.field)
        self.kept = True
        found = self.found(self.own, work.collection, work.field, table)
        self.behind.append(
            f"UPDATE `{table}` SET `{column}` = (SELECT u.`value` {found}) WHERE EXISTS (SELECT 1 {found} "
            f"AND `{table}`.`{column}` = json_array(u.`put`))"
        )
        self.behind.append(self.marked(table, column, work.collection, work.field))

    def give_back_any(self, work: GiveBack) -> None:
        """What any migration kept of a column that is made again."""
        table, column = self.table(work.collection), self.column(work.collection, work.field)
        nothing = zero(self.field(work.collection, work.field))
        last = (
            "(SELECT MAX(x.rowid) FROM `_pv_ledger` AS x WHERE "
            f"x.`collection` = {literal(work.collection)} AND x.`field` = {literal(work.field)} "
            f"AND x.`record` = `{table}`.`id`)"
        )
        self.inside.append(
            f"UPDATE `{table}` SET `{column}` = "
            f"(SELECT u.`value` FROM `_pv_ledger` AS u WHERE u.rowid = {last}) "
            f"WHERE `{column}` IS {nothing} AND {last} IS NOT NULL"
        )
        self.inside.append(self.marked(table, column, work.collection, work.field))
        self.kept = True

    def keep(
        self, collection: str, field: str, which: str, into: list[str] | None = None, put: str = "NULL"
    ) -> None:
        self.kept = True
        table, column = self.table(collection), self.column(collection, field)
        cell = f"{literal(collection)}, {literal(field)}"
        known = (
            f"SELECT `record` FROM `_pv_ledger` WHERE {self.own} AND `collection` = {literal(collection)} "
            f"AND `field` = {literal(field)}"
        )
        (self.inside if into is None else into).append(
            f"INSERT OR IGNORE INTO `_pv_ledger` SELECT {literal(self.id)}, '{self.going.way}', "
            f"{self.generation}, {cell}, `id`, {literal(f'{table}.{column}')}, `{column}`, {put}, "
            f"0, {_NOW} FROM `{table}` "
            f"WHERE {which} OR `id` IN ({known})"
        )

    def settle(self, collection: str, field: str) -> None:
        """What the opposite direction kept comes back where the record holds what it put, or nothing."""
        table, column = self.table(collection), self.column(collection, field)
        nothing = zero(self.field(collection, field, before=True))
        cell = f"`collection` = {literal(collection)} AND `field` = {literal(field)}"
        found = self.found(self.own, collection, field, table)
        unchanged = (
            f"EXISTS (SELECT 1 FROM `_pv_ledger` AS d WHERE {_of('d', self.mine)} AND {_of('d', cell)} AND "
            "d.`record` = u.`record` AND d.`value` IS u.`put` AND typeof(d.`value`) = typeof(u.`put`))"
        )
        self.inside += [
            f"UPDATE `{table}` SET `{column}` = (SELECT u.`value` {found}) WHERE EXISTS (SELECT 1 {found} "
            f"AND ({unchanged} OR `{table}`.`{column}` IS {nothing}))",
            f"UPDATE `_pv_ledger` SET `put` = (SELECT t.`{column}` FROM `{table}` AS t WHERE t.`id` = "
            f"`_pv_ledger`.`record`) WHERE {self.mine} AND {cell}",
            self.marked(table, column, collection, field),
        ]

    def found(self, key: str, collection: str, field: str, table: str) -> str:
        cell = f"`collection` = {literal(collection)} AND `field` = {literal(field)}"
        record = f"u.`record` = `{table}`.`id`"
        return f"FROM `_pv_ledger` AS u WHERE {_of('u', key)} AND {_of('u', cell)} AND {record}"

    def marked(self, table: str, column: str, collection: str, field: str) -> str:
        return (
            f"UPDATE `_pv_ledger` SET `back` = 1 WHERE `collection` = {literal(collection)} AND "
            f"`field` = {literal(field)} AND NOT ({self.mine}) AND EXISTS "
            f"(SELECT 1 FROM `{table}` AS t WHERE t.`id` = `_pv_ledger`.`record` "
            f"AND t.`{column}` IS `_pv_ledger`.`value`)"
        )


def in_parts(inside: Iterable[str], head: int) -> list[str]:
    """The statements joined to texts that a query takes beside `head` bytes of its own."""
    parts: list[str] = []
    for statement in inside:
        if len(statement.encode()) + head > MOST:
            raise CannotRun("what it does to values is longer than the server takes of one query")
        joined = f"{parts[-1]}; {statement}" if parts else ""
        if joined and len(joined.encode()) + head <= MOST:
            parts[-1] = joined
        else:
            parts.append(statement)
    return parts


def _of(alias: str, condition: str) -> str:
    return re.sub(r"`(migration|way|generation|collection|field)`", rf"{alias}.`\1`", condition)


def _stored(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value
