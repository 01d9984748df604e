"""One stored value of a row of a proof, by its field and by the kind of row."""

from __future__ import annotations

import re
from types import EllipsisType
from typing import Any

from pocketvex.proof.values import zero
from pocketvex.schema.fields import (
    DateField,
    EmailField,
    FieldBase,
    FileField,
    NumberField,
    RelationField,
    SelectField,
    TextField,
    UrlField,
)
from pocketvex.target.sqlite_values import compact

FULL, LEAST, OTHER, MOST, ODD = range(5)
"""Ordinary; as little as fits; ordinary and different; as much as fits; small, negative and hard to quote."""
ROWS = 5

_WIDE = "é漢😀ñ"
_HARD = 'O\'Reilly "{{x}}" [[y]] {:z} \\ <b>&\n%_'
_LONG, _SHORT = 5000, 200
"""Characters of the longest text, and of one in a table that nothing happens to."""
_LAST = "9999-12-31 23:59:59.999Z"
_FIRST = "1970-01-01 00:00:00.000Z"
_PATTERNED = (
    "{w}", "{w}-{n}", "{n}", "{n}{n}{n}", "A{n}", "ABC", "AB-{n}", "abc", "+1 555 010{n}", "+155501{n}000",
    "#a1b2c{n}", "2026-01-0{n}", "10:0{n}", "1.0.{n}", "a{n}@example.com", "https://example.com/{n}",
)  # fmt: skip


def record_id(number: int, row: int) -> str:
    """Fifteen of a-z and 0-9, as PocketBase makes them."""
    return f"pv{number:011d}r{row}"


def cell(field: FieldBase, row: int, *, kind: int, long: bool) -> Any | EllipsisType:
    """The stored value, which differs from row to row as far as the field allows; `...` where none fits.

    `long`: whether a text may be as long as its field allows.
    """
    if kind == LEAST and not field.required and field.name != "tokenKey":
        return zero(field)
    word = f"{field.name[:8]}{row}"
    match field:
        case TextField():
            return _text(field, word, row, kind, _LONG if long else _SHORT)
        case NumberField():
            return _number(field, row, kind)
        case DateField():
            return _date(field, row, kind)
        case SelectField():
            return _select(field, row, kind)
        case RelationField():
            return _relation(field, row, kind)
        case FileField():
            names = [f"{word}_{letter}.png" for letter in "abc"][: max(field.max_select, 1)]
            return compact(names) if field.multiple else names[0]
        case EmailField() | UrlField():
            among = field.only_domains or ["example.com", "example.org", "example.net", "a.example"]
            domain = next((name for name in among if name not in field.except_domains), among[0])
            if isinstance(field, UrlField):
                return f"https://{domain}/{word}" + ("?q='{{x}}'&n=%20#ä" if kind == ODD else "")
            return f"{word.lower()}+o'neil@{domain}" if kind == ODD else f"{word.lower()}@{domain}"
    return _other(field, word, row, kind)


def _other(field: FieldBase, word: str, row: int, kind: int) -> Any:
    many = compact({word: [_WIDE, {"deep": [None, True, 1.5, _HARD]}]})
    values: dict[str, tuple[Any, Any, Any]] = {
        "bool": (True, True, field.required),
        "editor": (f"<p>{word}</p>", f"<p>{word}</p>" + f"<p>{_WIDE}</p>" * 20, f"<p>{_HARD}</p>"),
        "autodate": (f"2026-01-0{row + 1} 10:00:00.000Z", _LAST, _FIRST),
        "json": (compact({"n": row}), many, compact(_HARD)),
        "password": (f"$2a$10${word}",) * 3,
        "geoPoint": (_point(row + 0.5, 1), _point(180, 90), _point(-180, -90)),
    }
    ordinary, most, odd = values.get(field.type, ("", "", ""))
    return most if kind == MOST else odd if kind == ODD else ordinary


def _point(lon: float, lat: float) -> str:
    return compact({"lon": lon, "lat": lat})


def _text(field: TextField, word: str, row: int, kind: int, longest: int) -> str | EllipsisType:
    if field.name == "tokenKey":
        return word.ljust(30, "x")
    most = field.max or _LONG
    text = word
    if kind == MOST:
        text = (word + _WIDE * (longest // len(_WIDE)))[:longest]
    elif kind == ODD:
        text = f"{row}{_HARD}"
    # What tells the rows apart stands at the end of the word.
    text = text.ljust(field.min, "x") if len(word) <= most else word[-most:].ljust(field.min, "x")
    text = text[:most]
    return _matching(field, text, row) if field.pattern and field.name != "id" else text


def _matching(field: TextField, text: str, row: int) -> str | EllipsisType:
    tries = [text, *(t.format(w=f"{field.name.lower()[:8]}{row}", n=row + 1) for t in _PATTERNED)]
    for candidate in tries:
        fits = field.min <= len(candidate) <= (field.max or _LONG)
        try:
            if fits and re.search(field.pattern, candidate):
                return candidate
        except re.error:
            break
    return ... if field.required else ""


def _number(field: NumberField, row: int, kind: int) -> float | int:
    low, high = field.min, field.max
    if kind == MOST:
        value: float | int = high if high is not None else 9_007_199_254_740_991
    elif kind == ODD:
        value = low if low is not None else -7 if field.only_int else -0.125
    else:
        value = (low if low is not None else (high or 0) - ROWS if high else 1) + row
    value = value if low is None else max(value, low)
    value = value if high is None else min(value, high)
    value = int(value) if field.only_int or float(value).is_integer() else value
    return value or 1


def _date(field: DateField, row: int, kind: int) -> str:
    value = {MOST: _LAST, ODD: _FIRST}.get(kind, f"2026-01-0{row + 1} 10:00:00.000Z")
    value = max(value, field.min) if field.min else value
    return min(value, field.max) if field.max else value


def _select(field: SelectField, row: int, kind: int) -> str:
    if not field.multiple:
        return field.values[row % len(field.values)] if field.values else ""
    most = field.values[: field.max_select]
    one = field.values[row % max(1, len(field.values)) :][:1]
    return compact(most if kind == MOST else one)


def _relation(field: RelationField, row: int, kind: int) -> str:
    from zlib import crc32

    number = crc32(field.collection_id.encode())
    if not field.multiple:
        return record_id(number, (FULL, OTHER)[row % 2])
    ids = [record_id(number, n) for n in (FULL, OTHER, LEAST, MOST, ODD)]
    count = ROWS if kind == MOST else 2
    return compact(ids[: max(min(count, field.max_select), field.min_select)])
