"""The parts of a migration that are about values: what converts, what a stricter option would not allow.

Both are SQL for the steps of a file. `[[value]]` stands for a stored value; texts of the schema never
stand in the SQL itself, where PocketBase would read `{{…}}`, `[[…]]` and `{:…}` in them, but are bound.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from pocketvex.diff.operations import changed_options
from pocketvex.schema.fields import FieldBase, SelectField

_TEXTS = ("text", "editor", "email", "url", "date", "autodate", "select")
_SAME = "[[value]]"
_NO_TEXT = "CASE WHEN {} THEN [[value]] ELSE '' END"

_CHECKED = {
    "email": _NO_TEXT.format("[[value]] LIKE '%_@_%._%' AND [[value]] NOT LIKE '% %'"),
    "url": _NO_TEXT.format("[[value]] GLOB '[a-zA-Z]*://?*' AND [[value]] NOT LIKE '% %'"),
    "date": "CASE WHEN [[value]] GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' "
    "THEN COALESCE(strftime('%Y-%m-%d %H:%M:%fZ', [[value]]), '') ELSE '' END",
    "number": "CASE WHEN NOT json_valid([[value]]) THEN 0 WHEN json_type([[value]]) IN ('integer', 'real') "
    "THEN json_extract([[value]], '$') ELSE 0 END",
    "json": "CASE WHEN [[value]] = '' THEN NULL WHEN json_valid([[value]]) THEN [[value]] "
    "ELSE json_quote([[value]]) END",
}
"""What a text becomes; a text that is no such value becomes the empty one."""

_OTHER = {
    (
        "number",
        "text",
    ): "CASE WHEN [[value]] = CAST([[value]] AS INTEGER) THEN CAST(CAST([[value]] AS INTEGER) "
    "AS TEXT) ELSE CAST([[value]] AS TEXT) END",
    ("bool", "number"): "CAST([[value]] AS INTEGER)",
    ("number", "bool"): "[[value]] != 0",
    ("json", "text"): "CASE WHEN [[value]] IS NULL THEN '' WHEN json_type([[value]]) = 'null' THEN '' "
    "WHEN json_type([[value]]) = 'text' THEN json_extract([[value]], '$') ELSE [[value]] END",
}


class Sql(NamedTuple):
    """An expression over `[[value]]`, and what is bound to its parameters."""

    text: str
    bound: dict[str, Any]


def conversion(before: FieldBase, after: FieldBase) -> Sql | None:
    """What a value becomes in a field of another type; None where nothing sensible can."""
    if before.multiple or after.multiple:
        return None
    if isinstance(after, SelectField) and before.type in _TEXTS:
        allowed = "[[value]] IN (SELECT [[value]] FROM json_each({:values}))"
        return Sql(_NO_TEXT.format(allowed.replace("[[value]] FROM", "[[e.value]] FROM")
                                   .replace("json_each({:values})", "json_each({:values}) AS [[e]]")),
                   {"values": json.dumps(after.values)})  # fmt: skip
    if (before.type, after.type) in _OTHER:
        return Sql(_OTHER[before.type, after.type], {})
    if before.type not in _TEXTS:
        return None
    if after.type in ("text", "editor"):
        return Sql(_SAME, {})
    if after.type == "date" and before.type == "autodate":
        return Sql(_SAME, {})
    if after.type in _CHECKED and before.type in ("text", "editor", "select"):
        return Sql(_CHECKED[after.type], {})
    return None


class Guard(NamedTuple):
    """Rows that a change would leave such that the server refuses every later update of them."""

    option: str
    says: str
    broken: str
    """An SQL condition over `[[value]]` that is true for such a row."""
    bound: dict[str, Any] = {}
    code: str = "PV203"


_EMPTY = {
    "number": "[[value]] = 0",
    "bool": "[[value]] = FALSE",
    "json": "([[value]] IS NULL OR [[value]] IN ('null', '\"\"', '[]', '{}'))",
    "geoPoint": "(json_extract([[value]], '$.lon') = 0 AND json_extract([[value]], '$.lat') = 0)",
}


def empty(field: FieldBase) -> str:
    """The condition that a value is the one that `required` does not accept."""
    return "[[value]] = '[]'" if field.multiple else _EMPTY.get(field.type, "[[value]] = ''")


def guards(before: FieldBase | None, after: FieldBase) -> list[Guard]:
    """What has to be true of no row before a field may become (or be added as) `after`.

    Left out is what SQL cannot tell: patterns, domains, and the size and type of files.
    """
    if before is None:
        if not after.required or after.backfill is not None:
            return []
        return [Guard("required", "are empty, and the new field is required", empty(after), code="PV102")]
    return list(_narrowed(after, changed_options(before, after)))


def _narrowed(after: FieldBase, changed: dict[str, tuple[Any, Any]]) -> Iterator[Guard]:
    filled = f"NOT ({empty(after)}) AND "
    if changed.get("required", (True, False))[1]:
        yield Guard("required", "are empty, and it becomes required", empty(after))
    (was_low, low), (was_high, high) = (changed.get(name, (None, None)) for name in ("min", "max"))
    match after.type:
        case "text":
            length = "LENGTH([[value]])"
            if low and low > was_low:
                yield Guard("min", f"are shorter than {low}", f"{filled}{length} < {low}")
            if "max" in changed and (high or 5000) < (was_high or 5000):
                yield Guard("max", f"are longer than {high or 5000}", f"{length} > {high or 5000}")
        case "number":
            if low is not None and (was_low is None or low > was_low):
                yield Guard("min", f"are less than {low}", f"{filled}[[value]] < {low}")
            if high is not None and (was_high is None or high < was_high):
                yield Guard("max", f"are more than {high}", f"{filled}[[value]] > {high}")
            if changed.get("only_int", (False, False))[1]:
                yield Guard("only_int", "are no whole numbers", "[[value]] != CAST([[value]] AS INTEGER)")
        case "date":
            if low and low > was_low:
                yield Guard("min", f"are before {low}", filled + "[[value]] < {:low}", {"low": low})
            if high and high < (was_high or "9999"):
                yield Guard("max", f"are after {high}", filled + "[[value]] > {:high}", {"high": high})
        case "select" if "values" in changed and not set(changed["values"][0]) <= set(changed["values"][1]):
            allowed = "NOT IN (SELECT [[a.value]] FROM json_each({:values}) AS [[a]])"
            broken = f"{filled}[[value]] {allowed}"
            if after.multiple:
                broken = f"EXISTS (SELECT 1 FROM json_each([[value]]) AS [[e]] WHERE [[e.value]] {allowed})"
            bound = {"values": json.dumps(changed["values"][1])}
            yield Guard("values", "hold a choice that goes", broken, bound)
    before_most, most = changed.get("max_select", (0, 0))
    if 1 < most < before_most:
        yield Guard("max_select", f"hold more than {most}", f"json_array_length([[value]]) > {most}")
    before_least, least = changed.get("min_select", (0, 0))
    if after.multiple and least > before_least:
        few = f"{filled}json_array_length([[value]]) < {least}"
        yield Guard("min_select", f"hold less than {least}", few)
