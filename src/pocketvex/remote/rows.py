"""Values written record by record, before the switch: where PocketBase runs no SQL for anybody, up to 0.38.

What a record held goes into a hidden column beside it. The switch itself looks whether a row is left over,
which somebody wrote meanwhile: then it is refused, and the rows are written again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pocketvex.evidence.sql import literal
from pocketvex.evidence.violations import empty, zero
from pocketvex.remote.expressions import expression, field_model, inlined, on
from pocketvex.remote.put_away import LIMIT
from pocketvex.remote.work import Convert, Fill, Remap, ToMany, ToOne, Unfill, Work
from pocketvex.schema.model import PRIVATE_PREFIX

Json = dict[str, Any]

WAS = f"{PRIVATE_PREFIX}was_"
Column = Callable[[str, str], str]


class Was(NamedTuple):
    """A hidden column with what another one held: `{"value": …, "put": …}`."""

    collection: str
    field: str
    """The id of the other one."""
    name: str
    keeps: bool
    """Whether this run writes it; else the opposite direction did, and it is read."""


def was_columns(
    id: str, way: str, known: Mapping[str, Json], work: Iterable[Work]
) -> tuple[list[Was], dict[str, list[Json]]]:
    """The columns of before that these works read or write, and those that have to be made."""
    found: list[Was] = []
    made: dict[str, list[Json]] = {}
    opposite = "down" if way == "up" else "up"
    for one in work:
        if not isinstance(one, Remap | ToOne | ToMany | Fill | Unfill):
            continue
        fields = known[one.collection]["fields"]
        there = next((f for f in fields if f["id"] == one.field), None)
        if there is None or there["name"].startswith(PRIVATE_PREFIX):
            continue  # a new column held nothing
        runs = {
            side: [f for f in fields if f["id"].startswith(f"pvwas{id}{side}{one.field}")]
            for side in (way, opposite)
        }
        if runs[opposite]:
            found.append(Was(one.collection, one.field, runs[opposite][-1]["name"], False))
        if isinstance(one, ToMany):
            continue  # the list holds what the one value was
        number = len(runs[way]) + 1
        name = f"{WAS}{id}_{way}{number}_{there['name']}"[:96]
        found.append(Was(one.collection, one.field, name, True))
        made.setdefault(one.collection, []).append(
            {"id": f"pvwas{id}{way}{one.field}_{number}"[:100], "name": name, "type": "json", "hidden": True,
             "maxSize": LIMIT}
        )  # fmt: skip
    return found, made


def unfinished(
    work: Work, was: Sequence[Was], columns: Column, known: Mapping[str, Json], after: Mapping[str, Json]
) -> str | None:
    """The condition, as an index takes it, that a row is left over; None where none can be.

    `was` are the columns of before of all works.
    """
    about = [one for one in was if one[:2] == (work.collection, getattr(work, "field", ""))]
    given = next((one.name for one in about if not one.keeps), "")

    def model(field: str) -> Any:
        for state in (after, known):
            found = [f for f in state[work.collection]["fields"] if f["id"] == field]
            if found:
                return field_model(found[0])
        raise KeyError(field)

    match work:
        case Convert():
            source, target = columns(work.collection, work.source), columns(work.collection, work.target)
            made = expression(work.to, work.values, source)
            nothing = zero(model(work.target))
            if work.refuses:
                refused = inlined(work.refuses.replace("[[value]]", f"({made})"), work.bound, "")
                made = f"CASE WHEN {refused} THEN {nothing} ELSE {made} END"
            if work.to == "asJson":
                made = f"NULLIF({made}, 'null')"
            left = f"`{target}` IS NOT ({made})"
            if work.again and work.back:
                return f"`{source}` IS NOT ({expression(work.back, (), target)}) AND {left}"
            return f"({made}) IS NOT {nothing} AND {left}" if work.again else left
        case Fill():
            column = columns(work.collection, work.field)
            past = next((f for f in known[work.collection]["fields"] if f["id"] == work.field), None)
            nothing = on(empty(field_model(past) if past else model(work.field)), column)
            return " OR ".join([nothing, *_put(given, column)])
        case Remap():
            column = columns(work.collection, work.field)
            parts = [_holds(column, key, model(work.field).multiple) for key in work.map]
            return " OR ".join([*parts, *_put(given, column)]) or None
        case Unfill():
            return next(iter(_put(given, columns(work.collection, work.field))), None)
        case ToOne():
            column = columns(work.collection, work.field)
            long = f"json_array_length(`{column}`) > 1"
            kept = next(one.name for one in about if one.keeps)
            return long if work.first else f"{long} AND json_extract(`{kept}`, '$.value') IS NOT `{column}`"
        case _:
            return None


def _put(was: str, column: str) -> list[str]:
    """What the way up put there, and nobody changed since, is to become what it was."""
    return [f"(`{was}` IS NOT NULL AND json_extract(`{was}`, '$.put') IS `{column}`)"] if was else []


def _holds(column: str, key: str, multiple: bool) -> str:
    if not multiple:
        return f"`{column}` = {literal(key)}"
    return f"instr(`{column}`, {literal(json.dumps(key, ensure_ascii=False))}) > 0"
