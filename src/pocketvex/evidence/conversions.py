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


_TRIMMED = "TRIM([[value]], char(32, 9, 10, 13))"
_MANTISSA = f"SUBSTR({_TRIMMED}, 1, INSTR(LOWER({_TRIMMED}) || 'e', 'e') - 1)"
_DIGITS = f"LENGTH(RTRIM(LTRIM(REPLACE(REPLACE({_MANTISSA}, '-', ''), '.', ''), '0'), '0'))"
_NUMBER = "json_extract([[value]], '$')"
# A number that a float64 holds to its last digit: 15 digits always fit, and whole ones up to 2 to the 53rd.
_EXACT = (
    "CASE WHEN NOT json_valid([[value]]) THEN FALSE "
    "WHEN json_type([[value]]) NOT IN ('integer', 'real') THEN FALSE "
    f"WHEN {_NUMBER} = 0 THEN {_DIGITS} = 0 WHEN ABS({_NUMBER}) > 1.7976931348623157e308 THEN FALSE "
    f"WHEN ABS({_NUMBER}) < 2.3e-308 THEN FALSE WHEN {_DIGITS} <= 15 THEN TRUE "
    f"ELSE json_type([[value]]) = 'integer' AND ABS({_NUMBER}) <= 9007199254740992 END"
)
# SQLite writes 15 digits by itself.
_NUMBER_AS_TEXT = (
    "CASE WHEN [[value]] = CAST([[value]] AS INTEGER) THEN CAST(CAST([[value]] AS INTEGER) AS TEXT) "
    "WHEN CAST(CAST([[value]] AS TEXT) AS REAL) = [[value]] THEN CAST([[value]] AS TEXT) "
    "ELSE printf('%!.17g', [[value]]) END"
)
_STAMP = "strftime('%Y-%m-%d %H:%M:%fZ', [[value]])"
_FRACTION = "SUBSTR([[value]], INSTR([[value]], '.') + 1)"
# SQLite makes 30 February the 2 March, and 24:00 the next day; the first moment of year 1 is Go's empty time.
_DATE = (
    "[[value]] GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' "
    "AND date(julianday(SUBSTR([[value]], 1, 10))) = SUBSTR([[value]], 1, 10) "
    "AND SUBSTR([[value]], 12, 2) < '24' "
    f"AND (INSTR([[value]], '.') = 0 OR LENGTH(RTRIM({_FRACTION}, 'Z')) <= 3 "
    f"OR {_FRACTION} GLOB '[0-9][0-9][0-9][+-]*') "
    f"AND COALESCE({_STAMP}, '') > '0001-01-01 00:00:00.000Z'"
)

CONVERSIONS = {
    "asText": "[[value]]",
    "numberAsText": _NUMBER_AS_TEXT,
    "jsonAsText": "CASE WHEN [[value]] IS NULL THEN '' "
    f"WHEN typeof([[value]]) IN ('integer', 'real') THEN {_NUMBER_AS_TEXT} "
    "WHEN NOT json_valid([[value]]) THEN [[value]] WHEN json_type([[value]]) = 'null' THEN '' "
    "WHEN json_type([[value]]) = 'text' THEN json_extract([[value]], '$') ELSE [[value]] END",
    "asNumber": f"CASE WHEN {_EXACT} THEN {_NUMBER} ELSE 0 END",
    "asNumberOfBool": "CAST([[value]] AS INTEGER)",
    "asBool": "[[value]] = 1",
    "asDate": f"CASE WHEN {_DATE} THEN {_STAMP} ELSE '' END",
    "asEmail": _or_nothing("[[value]] LIKE '%_@_%._%' AND [[value]] NOT LIKE '% %'"),
    "asUrl": _or_nothing("[[value]] GLOB '[a-zA-Z]*://?*' AND [[value]] NOT LIKE '% %'"),
    # A column of type JSON makes a number of each text that looks like one.
    "asJson": "CASE WHEN [[value]] = '' THEN NULL WHEN NOT json_valid([[value]]) THEN json_quote([[value]]) "
    f"WHEN json_type([[value]]) NOT IN ('integer', 'real') THEN [[value]] WHEN {_EXACT} THEN [[value]] "
    "ELSE json_quote([[value]]) END",
    "asChoice": _or_nothing("[[value]] IN (SELECT e.value FROM json_each({:values}) AS e)"),
}
"""By their names in a migration. What is not exactly a value of the other type becomes its empty one."""

# What is no value of the other type becomes its empty one, which a value of its own may be as well.
_FAILS = {
    "asNumber": f"NOT ({_EXACT})",
    "asBool": "[[value]] NOT IN (0, 1)",
    **{name: f"({CONVERSIONS[name]}) = ''" for name in ("asDate", "asEmail", "asUrl", "asChoice")},
}
JUDGED = frozenset({"asEmail", "asUrl"})
"""Conversions whose result PocketBase itself has to judge: SQL does not know what it takes for an address."""


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
