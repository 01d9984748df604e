"""Pieces of SQL about one column: what its values become, what an index takes as a condition."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pocketvex.evidence.conversions import CONVERSIONS
from pocketvex.evidence.sql import literal
from pocketvex.schema.fields import FieldBase
from pocketvex.schema.model import Collection

_CHOICES = re.compile(r"\(SELECT (?:\w+\.)?value FROM json_each\(\{:(\w+)\}\)(?: AS \w+)?\)")
_BOUND = re.compile(r"\{:(\w+)\}")
_LISTED = (
    "EXISTS (SELECT 1 FROM json_each([[value]]) AS e WHERE e.value NOT IN "
    "(SELECT a.value FROM json_each({:values}) AS a))"
)
_ELSE = "{{else}}"


def field_model(field: Mapping[str, Any]) -> FieldBase:
    return Collection.from_json({"name": "one", "fields": [dict(field)]}).fields[0]


def expression(to: str, values: Iterable[str], column: str) -> str:
    """The conversion of what a column holds, with its values as literals."""
    text = CONVERSIONS[to]
    if to == "asChoice":
        listed = ", ".join(literal(value) for value in values)
        text = text.replace("(SELECT e.value FROM json_each({:values}) AS e)", f"({listed})")
    return on(text, column)


def on(sql: str, column: str) -> str:
    return sql.replace("[[value]]", f"`{column}`")


def bound(sql: str, values: Mapping[str, Any]) -> str:
    return _BOUND.sub(lambda match: literal(values[match[1]]), sql)


AS_LIST = (
    "(CASE WHEN COALESCE([[value]], '') = '' THEN '[]' WHEN json_valid([[value]]) AND "
    "json_type([[value]]) = 'array' THEN [[value]] ELSE json_array([[value]]) END)"
)
"""What PocketBase makes of a value where its field becomes a list (0.23 to 0.40)."""
AS_ONE = (
    "(CASE WHEN json_valid([[value]]) AND json_type([[value]]) = 'array' "
    "THEN COALESCE(json_extract([[value]], '$[#-1]'), '') ELSE COALESCE([[value]], '') END)"
)
"""The way back: the last of the list."""


def inlined(sql: str, bound: Mapping[str, Any], column: str, held: str = "[[value]]") -> str:
    """A condition over `[[value]]` about this column, lists as `IN (…)`, values as literals.

    `held` is what the condition is about, over `[[value]]` as well: what the column is going to hold.
    """
    sql = sql.replace(_LISTED, _ELSE)
    if _ELSE in sql:
        sql = sql.replace(_ELSE, _beside(json.loads(bound["values"])))

    def listed(match: re.Match[str]) -> str:
        values = json.loads(bound[match[1]])
        return "(" + ", ".join(literal(value) for value in values) + ")"

    sql = _CHOICES.sub(listed, sql)
    sql = _BOUND.sub(lambda match: literal(bound[match[1]]), sql).replace("[[value]]", held)
    return sql.replace("[[value]]", f"`{column}`")


def _beside(values: Sequence[str]) -> str:
    """Whether a list in JSON holds anything but these texts: an index takes no sub-select."""
    left = "[[value]]"
    for value in values:
        plain = json.dumps(value, ensure_ascii=False)
        # Up to 0.39, PocketBase writes these as its language does by default.
        escaped = plain.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
        for text in dict.fromkeys((plain, escaped)):
            left = f"REPLACE({left}, {literal(text)}, '')"
    return f"TRIM({left}, '[], ') != ''"


def holds_any(field: FieldBase, column: str, mapping: Mapping[str, str]) -> str:
    keys = ", ".join(literal(key) for key in mapping)
    if field.multiple:
        return f"EXISTS (SELECT 1 FROM json_each(`{column}`) AS e WHERE e.value IN ({keys}))"
    return f"`{column}` IN ({keys})"


def mapped(field: FieldBase, column: str, mapping: Mapping[str, str]) -> str:
    def case(value: str) -> str:
        whens = " ".join(f"WHEN {literal(old)} THEN {literal(new)}" for old, new in mapping.items())
        return f"CASE {value} {whens} ELSE {value} END"

    if not field.multiple:
        return case(f"`{column}`")
    return (
        f"(SELECT json_group_array(l.v) FROM (SELECT {case('e.value')} AS v, MIN(e.key) AS k FROM "
        f"json_each(`{column}`) AS e GROUP BY v HAVING v != '' ORDER BY k) AS l)"
    )
