"""Pieces of the SELECTs that count: quoted names, literals, samples.

Texts of the schema are literals; one that PocketBase would read as a marker of its own (`{{…}}`, `[[…]]`,
`{:…}`) is written in hexadecimal.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from pocketvex.evidence.facts import SAMPLES
from pocketvex.evidence.violations import MATCHES, Condition
from pocketvex.schema.fields import FieldBase


class Query(NamedTuple):
    collection: str
    fields: tuple[FieldBase, ...]
    """What it reads beside `id`."""
    sql: str

    @property
    def portable(self) -> bool:
        """Whether a server takes it: one statement without functions, comments or markers of its own."""
        return MATCHES not in self.sql and not re.search(r";|--|/\*|\{\{|\[\[|\{:", self.sql)


IDS = f"(SELECT json_group_array(id) FROM (SELECT id FROM _pv ORDER BY id LIMIT {SAMPLES}))"
SHOWN = "SUBSTR(CAST({} AS TEXT), 1, 80)"
SAMPLED = (
    f"(SELECT json_group_array(json_array({SHOWN.format('v')}, c)) FROM "
    f"(SELECT v, COUNT(*) AS c FROM _pv GROUP BY v ORDER BY c DESC, v LIMIT {SAMPLES}))"
)

_MARKER = re.compile(r"\{\{|\[\[|\{:|;|--|/\*|[\x00-\x1f]")
_BOUND = re.compile(r"\{:(\w+)\}")


def literally(condition: Condition) -> str:
    """The condition with its bound values as literals."""
    values = dict(condition.bound)
    return _BOUND.sub(lambda match: literal(values[match[1]]), condition.sql)


def literal(value: Any) -> str:
    """A value as SQL."""
    if not isinstance(value, str):
        return str(value)
    if _MARKER.search(value):
        return f"CAST(X'{value.encode().hex()}' AS TEXT)"
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    return f'"{name}"'
