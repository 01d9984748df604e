"""The guards of a migration: what has to be true of no row, as SQL.

`[[value]]` stands for a stored value; texts of the schema never stand in the SQL itself, where PocketBase
would read `{{…}}`, `[[…]]` and `{:…}` in them, but are bound.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pocketvex.evidence.violations import Limit, broken, empty, stricter
from pocketvex.schema.fields import FieldBase


class Guard(NamedTuple):
    """Rows that a change would leave such that the server refuses every later update of them."""

    option: str
    says: str
    broken: str
    """An SQL condition over `[[value]]` that is true for such a row; "" where only PocketBase can tell."""
    bound: dict[str, Any] = {}
    code: str = "PV203"


def guards(before: FieldBase | None, after: FieldBase) -> list[Guard]:
    """What has to be true of no row before a field may become (or be added as) `after`.

    Left out is a list that becomes one value, which keeps its values aside.
    """
    if before is None:
        if not after.required or after.backfill is not None:
            return []
        return [Guard("required", "are empty, and the new field is required", empty(after), code="PV102")]
    found = []
    for limit in stricter(before, after):
        condition = broken(limit, after)
        filled = limit.option == "required" and after.backfill is not None
        if condition.sql == "FALSE" or filled or _to_one(limit, before, after):
            continue
        sql, bound = (condition.sql, dict(condition.bound)) if condition.plain else ("", {})
        found.append(Guard(limit.option, condition.says, sql, bound))
    return found


def required_guard(after: FieldBase) -> Guard:
    """Of a field that is made anew: no row may be left empty, whatever its value was."""
    return Guard("required", "are empty, and the field is required", empty(after), code="PV301")


def _to_one(limit: Limit, before: FieldBase, after: FieldBase) -> bool:
    return limit.option == "max_select" and before.multiple and not after.multiple
