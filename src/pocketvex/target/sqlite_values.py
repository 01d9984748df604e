"""Values of the API as the database stores them, so that the same SQL judges both.

Observed on 0.23.12 to 0.40.6. JSON is stored compact, with its keys in order, numbers as Go writes them. What
a form sent with blanks in it is stored with them, which the API does not show: its size is a lower bound.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from pocketvex.schema.fields import FieldBase

_AFFINITY = {"number": "NUMERIC", "bool": "BOOLEAN", "json": "JSON", "geoPoint": "JSON"}


def column_type(field: FieldBase) -> str:
    """The type that PocketBase declares: it decides how SQLite compares."""
    return "JSON" if field.multiple else _AFFINITY.get(field.type, "TEXT")


def stored(field: FieldBase, value: Any) -> Any:
    """A value of a record's JSON as its column holds it."""
    if field.type == "json":
        return None if value is None else compact(value)
    if field.multiple or field.type == "geoPoint":
        return compact(value)
    if field.type == "number":
        return float(value)  # a server's numbers are floats: the column makes whole ones of them again
    return int(value) if isinstance(value, bool) else value


def compact(value: Any) -> str:
    """JSON as Go writes it, without its escapes for HTML."""
    match value:
        case dict():
            items = (f"{_text(key)}:{compact(item)}" for key, item in sorted(value.items()))
            return "{" + ",".join(items) + "}"
        case list():
            return "[" + ",".join(map(compact, value)) + "]"
        case str():
            return _text(value)
        case float():
            return _float(value)
        case _:
            return json.dumps(value)


def _text(value: str) -> str:
    # Go escapes the two line ends that JavaScript has and JSON has not.
    written = json.dumps(value, ensure_ascii=False)
    return written.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _float(value: float) -> str:
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    mantissa, _, exponent = repr(value).partition("e")
    return (
        f"{mantissa.removesuffix('.0')}e{exponent[0]}{exponent[1:].lstrip('0')}" if exponent else repr(value)
    )
