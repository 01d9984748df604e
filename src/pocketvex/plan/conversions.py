"""What becomes of a value in a field of another type, as SQL over `[[value]]`.

A migration runs it, and evidence counts with it what does not convert: one text for both.
"""

from __future__ import annotations

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


def _or_nothing(condition: str) -> str:
    return f"CASE WHEN {condition} THEN [[value]] ELSE '' END"


CONVERSIONS = {
    "asText": "[[value]]",
    "numberAsText": "CASE WHEN [[value]] = CAST([[value]] AS INTEGER) "
    "THEN CAST(CAST([[value]] AS INTEGER) AS TEXT) ELSE CAST([[value]] AS TEXT) END",
    "jsonAsText": "CASE WHEN [[value]] IS NULL THEN '' WHEN json_type([[value]]) = 'null' THEN '' "
    "WHEN json_type([[value]]) = 'text' THEN json_extract([[value]], '$') ELSE [[value]] END",
    "asNumber": "CASE WHEN NOT json_valid([[value]]) THEN 0 "
    "WHEN json_type([[value]]) IN ('integer', 'real') THEN json_extract([[value]], '$') ELSE 0 END",
    "asNumberOfBool": "CAST([[value]] AS INTEGER)",
    "asBool": "[[value]] != 0",
    "asDate": "CASE WHEN [[value]] GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' "
    "THEN COALESCE(strftime('%Y-%m-%d %H:%M:%fZ', [[value]]), '') ELSE '' END",
    "asEmail": _or_nothing("[[value]] LIKE '%_@_%._%' AND [[value]] NOT LIKE '% %'"),
    "asUrl": _or_nothing("[[value]] GLOB '[a-zA-Z]*://?*' AND [[value]] NOT LIKE '% %'"),
    "asJson": "CASE WHEN [[value]] = '' THEN NULL WHEN json_valid([[value]]) THEN [[value]] "
    "ELSE json_quote([[value]]) END",
    "asChoice": _or_nothing("[[value]] IN (SELECT e.value FROM json_each({:values}) AS e)"),
}
"""By their names in a migration."""

# What is no value of the other type becomes its empty one, which a value of its own may be as well.
_FAILS = {
    "asNumber": "NOT (CASE WHEN json_valid([[value]]) THEN json_type([[value]]) IN ('integer', 'real') "
    "ELSE FALSE END)",
    **{name: f"({CONVERSIONS[name]}) = ''" for name in ("asDate", "asEmail", "asUrl", "asChoice")},
}


def conversion(before: FieldBase, after: FieldBase) -> str | None:
    """The name of the SQL that makes a value of one type of the other's; None where nothing sensible can.

    A text that is no value of the other type becomes the empty one.
    """
    if before.multiple or after.multiple:
        return None
    if before.type in _TEXTS and (after.type != "json" or before.type == "text"):
        return _OF_TEXT.get(after.type)
    return _OTHER.get((before.type, after.type))


def fails(name: str) -> str:
    """The condition that a value that is there does not convert."""
    return f"[[value]] != '' AND {_FAILS[name]}" if name in _FAILS else "FALSE"
