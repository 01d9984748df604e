"""Whether a stored value keeps to the limits of its field, as the guards of a migration judge it."""

from __future__ import annotations

import re
import sqlite3
from functools import cache
from typing import Any

from pocketvex.evidence.violations import broken, limits
from pocketvex.schema.fields import FieldBase

Conditions = list[tuple[str, dict[str, Any]]]


def conditions(field: FieldBase) -> Conditions:
    """SQL that is true for a value which the field refuses. Patterns are left out: SQLite knows none."""
    found = [broken(limit, field) for limit in limits(field)]
    return [(_bindable(each.sql), dict(each.bound)) for each in found if each.plain]


def fits(value: Any, refused: Conditions) -> bool:
    """Whether none of the conditions is true for it."""
    return not any(
        _database().execute(f"SELECT {sql}", {**bound, "value": value}).fetchone()[0]
        for sql, bound in refused
    )


def _bindable(sql: str) -> str:
    return re.sub(r"\{:(\w+)\}", r":\1", sql.replace("[[value]]", ":value"))


@cache
def _database() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", check_same_thread=False)
