"""The SELECT that answers a fact: over one collection, the same text on every road to the rows.

It gives one row: `n` the count, `ids` some of them, `vals` values with how often (both as JSON). Names are
quoted, texts of the schema are literals; a text that PocketBase would read as a marker of its own (`{{…}}`,
`[[…]]`, `{:…}`) is written in hexadecimal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from pocketvex.evidence.conversions import CONVERSIONS, fails
from pocketvex.evidence.duplicates import duplicates
from pocketvex.evidence.facts import (
    Duplicates,
    Fact,
    NonZeroCount,
    RowCount,
    Unconvertible,
    Violating,
)
from pocketvex.evidence.sql import IDS, SAMPLED, Query, literally, quoted
from pocketvex.evidence.violations import Condition, any_of, broken, holds
from pocketvex.schema.fields import FIELD, FieldBase
from pocketvex.schema.model import Collection


def query_of(fact: Fact, there: Collection) -> Query | int | None:
    """The SELECT for a fact about this collection; a number where none is needed; None: nobody can tell."""
    match fact:
        case RowCount():
            sql = f"SELECT COUNT(*) AS n, '[]' AS ids, '[]' AS vals FROM {quoted(there.name)}"
            return Query(there.name, (), sql)
        case NonZeroCount():
            field = there.field(fact.field)
            return _of_condition(there, field, Condition(holds(field))) if field else 0
        case Violating():
            return _violating(fact, there)
        case Unconvertible():
            return _unconvertible(fact, there)
        case Duplicates():
            return duplicates(fact, there)
        case _:
            assert_never(fact)


def _violating(fact: Violating, there: Collection) -> Query | None:
    field = there.field(fact.field) or there.field(fact.renamed)
    if field is None or field.type != fact.type:
        return None
    conditions = [broken(limit, field) for limit in fact.limits]
    gone = [c for c, limit in zip(conditions, fact.limits, strict=True) if limit.option == "values"]
    shown = _choices(gone[0], field) if gone else "'[]'"
    return _of_condition(there, field, any_of(conditions), shown)


def _unconvertible(fact: Unconvertible, there: Collection) -> Query | int | None:
    field = there.field(fact.field) or there.field(fact.renamed)
    if field is None:
        return None
    if field.type == fact.type:
        return 0  # it is that already
    after = FIELD.validate_python({"name": field.name, "type": fact.type})
    # A value that converts may still be one that the new field does not allow.
    limits = [limit for limit in fact.limits if limit.option != "values"]
    refused = [_over(broken(limit, after), "w") for limit in limits]
    lost = _over(Condition(f"{holds(field)} AND {fails(fact.conversion)}"), "v")
    condition = any_of([lost, *refused])
    bound = (*condition.bound, ("values", json.dumps(fact.choices)))
    column = quoted(field.name)
    become = _over(Condition(CONVERSIONS[fact.conversion], bound), column)
    source = f'SELECT "id" AS id, {column} AS v, ({literally(become)}) AS w FROM {quoted(there.name)}'
    where = literally(condition._replace(bound=bound))
    return _counted(there, field, f"SELECT id, v FROM ({source}) WHERE {where}", SAMPLED)


def _of_condition(there: Collection, field: FieldBase, condition: Condition, shown: str = "'[]'") -> Query:
    column = quoted(field.name)
    where = literally(_over(condition, column))
    rows = f'SELECT "id" AS id, {column} AS v FROM {quoted(there.name)} WHERE {where}'
    return _counted(there, field, rows, shown)


def _counted(there: Collection, field: FieldBase, rows: str, shown: str) -> Query:
    counts = f"SELECT (SELECT COUNT(*) FROM _pv) AS n, {IDS} AS ids, {shown} AS vals"
    return Query(there.name, (field,), f"SELECT * FROM (WITH _pv AS ({rows}) {counts})")


def _choices(gone: Condition, field: FieldBase) -> str:
    """All choices that go and are in use, not some: what becomes of each is asked."""
    among = gone.sql.partition(" NOT IN ")[2].removesuffix(")") if field.multiple else ""
    source = f"_pv, json_each(_pv.v) AS e WHERE e.value NOT IN {among}" if field.multiple else "_pv WHERE {}"
    value = "e.value" if field.multiple else "v"
    where = source if field.multiple else source.format(gone.sql.replace("[[value]]", "v"))
    listed = f"SELECT {value} AS v, COUNT(*) AS c FROM {where} GROUP BY 1 ORDER BY c DESC, 1"
    return literally(Condition(f"(SELECT json_group_array(json_array(v, c)) FROM ({listed}))", gone.bound))


def _over(condition: Condition, column: str) -> Condition:
    return condition._replace(sql=condition.sql.replace("[[value]]", column))


LONGEST = 4800
"""Characters of one query: the server takes 5000."""


def together(queries: Mapping[Any, Query]) -> Iterable[tuple[list[Any], str]]:
    """Queries joined into as few as a server takes; each row has the number `k` of its key."""
    keys: list[Any] = []
    text = ""
    for key, query in queries.items():
        part = f"SELECT {len(keys)} AS k, * FROM ({query.sql})"
        if keys and len(text) + len(part) + 11 > LONGEST:
            yield keys, text
            keys, text = [], ""
            part = f"SELECT 0 AS k, * FROM ({query.sql})"
        text = f"{text} UNION ALL {part}" if text else part
        keys.append(key)
    if keys:
        yield keys, text
