"""The SELECT that finds the rows which a unique index would refuse: every row that has an equal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from pocketvex.diff.operations import AddField, Operation, RenameField, ReplaceField
from pocketvex.evidence.conversions import CONVERSIONS, conversion
from pocketvex.evidence.facts import SAMPLES, Column, Duplicates
from pocketvex.evidence.sql import IDS, SHOWN, Query, literal, literally, quoted
from pocketvex.evidence.violations import Condition, zero
from pocketvex.schema.fields import FieldBase
from pocketvex.schema.model import Collection

_WORD = re.compile(r"\w+", re.ASCII)


def duplicates(fact: Duplicates, there: Collection) -> Query | None:
    """None where nobody can tell: a column that is not there, or a password, which no API shows."""
    index = fact.unique
    columns = _columns(fact, there)
    named = {name: sql for name, sql in columns.items() if index.mentions(name)}
    read = " ".join(named.values())
    fields = tuple(field for field in there.fields if quoted(field.name) in read)
    plain = [column.expr.lower() for column in index.columns if _WORD.fullmatch(column.expr)]
    if not columns.keys() >= set(plain) or any(field.type == "password" for field in fields):
        return None
    keys = [_key(column.expr, column.collate) for column in index.columns]
    listed = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in named.items() if name != "id")
    table = f'SELECT "id"{", " + listed if listed else ""} FROM {quoted(there.name)}'
    # Two nulls are never equal.
    where = [f"{key} IS NOT NULL" for key in keys] + ([f"({index.where})"] if index.where else [])
    shown = " || ', ' || ".join(SHOWN.format(key) for key in keys)
    rows = (
        f'SELECT "id" AS id, {shown} AS v, COUNT(*) OVER (PARTITION BY {", ".join(keys)}) AS c, '
        f"DENSE_RANK() OVER (ORDER BY {', '.join(keys)}) AS g FROM ({table}) WHERE {' AND '.join(where)}"
    )
    groups = f"SELECT MIN(v COLLATE BINARY) AS v, c FROM _pv GROUP BY g ORDER BY c DESC, 1 LIMIT {SAMPLES}"
    counts = (
        f"SELECT (SELECT COUNT(*) FROM _pv) AS n, {IDS} AS ids, "
        f"(SELECT json_group_array(json_array(v, c)) FROM ({groups})) AS vals"
    )
    sql = f"SELECT * FROM (WITH _pv AS (SELECT * FROM ({rows}) WHERE c > 1) {counts})"
    return Query(there.name, fields, sql)


def _columns(fact: Duplicates, there: Collection) -> dict[str, str]:
    """What the index names, lower-case, as SQL over the table as it is."""
    columns = {field.name.lower(): quoted(field.name) for field in there.fields}
    for column in fact.columns:
        at = there.field(column.old) if column.old else None
        if at is None and (column.old or column.new_here):
            at = there.field(column.name)
        columns[column.name.lower()] = quoted(at.name) if at else column.zero
    return columns


def _key(expr: str, collate: str) -> str:
    key = quoted(expr) if _WORD.fullmatch(expr) else f"({expr})"
    return f"{key} COLLATE {collate}" if collate else key


def moved_columns(operations: Iterable[Operation]) -> dict[str, tuple[Column, ...]]:
    """The columns that are new, made anew, or under another name on the server, by collection."""
    found: dict[str, list[Column]] = {}
    operations = list(operations)
    left = {(o.collection, o.old) for o in operations if isinstance(o, RenameField)}
    for operation in operations:
        match operation:
            case RenameField():
                column = Column(operation.new, operation.old)
            case AddField(field=field):
                column = Column(
                    field.name, "", _filled(field), (operation.collection, field.name) not in left
                )
            case ReplaceField():
                column = Column(operation.after.name, "", _converted(operation.before, operation.after))
            case _:
                continue
        found.setdefault(operation.collection, []).append(column)
    return {name: tuple(columns) for name, columns in found.items()}


def _filled(field: FieldBase) -> str:
    return literal(field.backfill) if isinstance(field.backfill, str | int | float) else zero(field)


def _converted(before: FieldBase, after: FieldBase) -> str:
    name = conversion(before, after)
    if name is None:
        return zero(after)
    bound = (("values", json.dumps(after.options().get("values", []))),)
    return literally(Condition(f"({CONVERSIONS[name]})".replace("[[value]]", quoted(before.name)), bound))
