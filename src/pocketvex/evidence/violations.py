"""Which stored values the server refuses once an option is stricter, as conditions in SQL.

Observed on 0.23.12, 0.28.4, 0.36.9, 0.39.11 and 0.40.6: every update of a record, also one that names
another field or none, checks every value of the record again. Not checked again are the size and the type
of files that are there, ids, the length and pattern of a password (only its hash is kept), and, where a field
is optional, its empty value: "", [], null, and the number 0 as well. The domain of an e-mail address or a URL
is compared as it is written, in its case and with its port. A text is measured up to a NUL in it.

`[[value]]` stands for a stored value. Texts of the schema never stand in the SQL itself, they are bound.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from typing import Any, NamedTuple

from pocketvex.diff.operations import changed_options
from pocketvex.evidence.limits import DEFAULT_LIMITS, limit_in_force, narrows
from pocketvex.schema.fields import FieldBase
from pocketvex.schema.words import counted

MATCHES = "re2_matches"
"""The one function that SQLite lacks: whether a text matches a pattern as Go's regexp finds it."""


class Limit(NamedTuple):
    """One option, and what it demands from now on."""

    option: str
    value: Hashable


class Condition(NamedTuple):
    """True for the stored values that a limit refuses."""

    sql: str
    bound: tuple[tuple[str, Any], ...] = ()
    says: str = ""

    @property
    def plain(self) -> bool:
        """Whether every SQLite can tell."""
        return MATCHES not in self.sql


NEVER = Condition("FALSE")

_EMPTY = {
    "number": "[[value]] = 0",
    "bool": "[[value]] = FALSE",
    "json": "([[value]] IS NULL OR [[value]] IN ('null', '\"\"', '[]', '{}'))",
    "geoPoint": "(json_extract([[value]], '$.lon') = 0 AND json_extract([[value]], '$.lat') = 0)",
}
_NOTHING_STORED = {"json": "([[value]] IS NULL OR [[value]] = 'null')"}


def empty(field: FieldBase) -> str:
    """The condition that a value is the one that `required` does not accept."""
    return "[[value]] = '[]'" if field.multiple else _EMPTY.get(field.type, "[[value]] = ''")


def holds(field: FieldBase) -> str:
    """The condition that somebody stored a value. For json that may be an empty one."""
    return f"NOT {_bracketed(_NOTHING_STORED.get(field.type, empty(field)))}"


def zero(field: FieldBase) -> str:
    """What the rows that are there hold in a new column, as SQL."""
    if field.multiple:
        return "'[]'"
    point = """'{"lon":0,"lat":0}'"""
    return {"number": "0", "bool": "FALSE", "json": "NULL", "geoPoint": point}.get(field.type, "''")


def stricter(before: FieldBase, after: FieldBase) -> tuple[Limit, ...]:
    """The limits of `after` that a value which `before` allowed may break."""
    changed = changed_options(before, after)
    return tuple(
        Limit(option, _hashable(new))
        for option, (old, new) in changed.items()
        if narrows(before, option, old, new)
    )


def limits(field: FieldBase) -> tuple[Limit, ...]:
    """All limits of a field: for values that come from a field of another type."""
    return stricter(type(field).model_validate({"name": field.name, "type": field.type}), field)


def all_limits(field: FieldBase) -> tuple[Limit, ...]:
    """All limits of a field, those that PocketBase has where none is stated included."""
    stated = limits(field)
    named = {limit.option for limit in stated}
    options = field.options()
    return stated + tuple(
        Limit(option, 0)
        for type_, option in DEFAULT_LIMITS
        if type_ == field.type and option not in named and not options.get(option)
    )


def broken(limit: Limit, stored: FieldBase) -> Condition:
    """The condition over the values of a column as `stored` describes it: a list, or one value."""
    option, value = limit
    match option:
        case "required":
            return Condition(empty(stored), says="are empty, and it becomes required")
        case "min" | "max" | "max_size":
            return _measured(option, value, stored)
        case "pattern":
            refused = f"{_filled(stored)}NOT {MATCHES}({{:pattern}}, [[value]])"
            return Condition(refused, (("pattern", value),), "do not match the pattern")
        case "only_int":
            return Condition("[[value]] != CAST([[value]] AS INTEGER)", says="are not whole")
        case "only_domains" | "except_domains":
            return _of_domains(option, value, stored)
        case "values":
            return _of_values(value, stored)
        case "max_select" | "min_select":
            return _counted(option, value, stored)
        case _:
            return NEVER


def _measured(option: str, value: Any, stored: FieldBase) -> Condition:
    filled = _filled(stored)
    match stored.type, option:
        case "text", "min":
            return Condition(f"{filled}LENGTH([[value]]) < {value}", says=f"are shorter than {value}")
        case "text", "max":
            most = limit_in_force("text", "max", value)
            return Condition(f"LENGTH([[value]]) > {most}", says=f"are longer than {most}")
        case "number", "min":
            return Condition(f"{filled}[[value]] < {value}", says=f"are less than {value}")
        case "number", "max":
            return Condition(f"{filled}[[value]] > {value}", says=f"are more than {value}")
        case "date", "min":
            return Condition(f"{filled}[[value]] < {{:min}}", (("min", value),), f"are before {value}")
        case "date", "max":
            return Condition(f"{filled}[[value]] > {{:max}}", (("max", value),), f"are after {value}")
        case (("editor" | "json"), "max_size"):
            most = limit_in_force(stored.type, "max_size", value)
            return Condition(
                f"LENGTH(CAST({_TEXT} AS BLOB)) > {most}", says=f"are larger than {counted(most, 'byte')}"
            )
        case _:
            return NEVER


# A number in a json column is a number to SQLite, and Go writes 1e-07 where SQLite writes 1.0e-07.
_TEXT = "REPLACE([[value]], CASE typeof([[value]]) WHEN 'real' THEN '.0e' ELSE '' END, 'e')"

_EMAIL_DOMAIN = "SUBSTR([[value]], LENGTH(RTRIM([[value]], REPLACE([[value]], '@', ''))) + 1)"
_REST = "SUBSTR([[value]], INSTR([[value]], '://') + 3)"
_AUTHORITY = f"SUBSTR({_REST}, 1, INSTR(REPLACE(REPLACE({_REST}, '?', '/'), '#', '/') || '/', '/') - 1)"
_URL_HOST = (
    "CASE WHEN INSTR([[value]], '/') != INSTR([[value]], '://') + 1 THEN '' "
    f"ELSE SUBSTR({_AUTHORITY}, INSTR({_AUTHORITY}, '@') + 1) END"
)


def _of_domains(option: str, domains: Any, stored: FieldBase) -> Condition:
    domain = _EMAIL_DOMAIN if stored.type == "email" else f"({_URL_HOST})"
    wanted = "NOT IN" if option == "only_domains" else "IN"
    among = f"{wanted} (SELECT value FROM json_each({{:{option}}}))"
    says = "are of other domains" if option == "only_domains" else "are of a domain that is excluded"
    return Condition(f"{_filled(stored)}{domain} {among}", ((option, _json(domains)),), says)


def _of_values(values: Any, stored: FieldBase) -> Condition:
    among = "NOT IN (SELECT a.value FROM json_each({:values}) AS a)"
    bound = (("values", _json(values)),)
    if stored.multiple:
        each = f"EXISTS (SELECT 1 FROM json_each([[value]]) AS e WHERE e.value {among})"
        return Condition(each, bound, "hold a choice that goes")
    return Condition(f"{_filled(stored)}[[value]] {among}", bound, "hold a choice that goes")


def _counted(option: str, value: Any, stored: FieldBase) -> Condition:
    if option == "max_select":
        most = value or 1
        if not stored.multiple:
            return NEVER
        return Condition(f"json_array_length([[value]]) > {most}", says=f"hold more than {most}")
    filled = _filled(stored)
    count = f"json_array_length([[value]]) < {value}" if stored.multiple else f"1 < {value}"
    return Condition(f"{filled}{count}", says=f"hold less than {value}")


def any_of(conditions: list[Condition]) -> Condition:
    """True where one of them is. Their bound values have names of their own."""
    bound = dict(pair for condition in conditions for pair in condition.bound)
    return Condition(" OR ".join(f"({condition.sql})" for condition in conditions), tuple(bound.items()))


def _filled(stored: FieldBase) -> str:
    return f"NOT {_bracketed(empty(stored))} AND "


def _bracketed(condition: str) -> str:
    return condition if condition.startswith("(") else f"({condition})"


def _hashable(value: Any) -> Hashable:
    found: Hashable = tuple(value) if isinstance(value, list) else value
    return found


def _json(values: Any) -> str:
    return json.dumps(list(values))
