"""The parts of a migration that are about values: what converts, what a stricter option would not allow.

`[[value]]` stands for a stored value; texts of the schema never stand in the SQL itself, where PocketBase
would read `{{…}}`, `[[…]]` and `{:…}` in them, but are bound.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from pocketvex.diff.operations import changed_options
from pocketvex.schema.fields import FieldBase

_TEXTS = ("text", "editor", "email", "url", "date", "autodate", "select")

_OF_TEXT = {
    "text": "asText", "editor": "asText", "email": "asEmail", "url": "asUrl", "date": "asDate",
    "number": "asNumber", "json": "asJson", "select": "asChoice",
}  # fmt: skip
_OTHER = {
    ("number", "text"): "numberAsText", ("json", "text"): "jsonAsText", ("bool", "number"): "asNumberOfBool",
    ("number", "bool"): "asBool",
}  # fmt: skip


def conversion(before: FieldBase, after: FieldBase) -> str | None:
    """The name of the SQL (in the file's second half) that makes a value of one type of the other's.

    None where nothing sensible can. A text that is no value of the other type becomes the empty one.
    """
    if before.multiple or after.multiple:
        return None
    if before.type in _TEXTS and (after.type != "json" or before.type == "text"):
        return _OF_TEXT.get(after.type)
    return _OTHER.get((before.type, after.type))


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
