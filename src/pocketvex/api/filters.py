"""Record filters that count values, for every field type.

Verified on 0.23.12, 0.28.4, 0.36.9, 0.39.11 and 0.40.6: what looks right often is not. On lists `f != ''`
holds for every row; on json `f != ''` counts nulls; `9 != 0` compares two numbers. Superusers may filter
by hidden fields and by passwords (the stored hash).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

# A name that the filter grammar reads as a field. A leading digit makes it a number or an error, and a
# lone underscore is refused since 0.28.
_PLAIN = re.compile(r"[A-Za-z]\w*|_\w+", re.ASCII)
_LITERALS = frozenset({"true", "false", "null"})
_TEXTUAL = frozenset({"text", "editor", "email", "url", "date", "autodate", "password"})
_LISTABLE = frozenset({"select", "file", "relation"})


def nonzero_filter(collection: str, field: dict[str, Any]) -> str | None:
    """Matches the rows that hold something other than the zero value; None for an unknown type.

    For json the zero value is null alone: `""`, `[]`, `{}`, 0 and false are values that someone stored.
    """
    match str(field.get("type", "")):
        case kind if kind in _TEXTUAL or (kind in _LISTABLE and not _is_list(field)):
            terms = [("", "!=", "''")]
        case kind if kind in _LISTABLE:
            terms = [(":length", ">", "0")]
        case "number":
            terms = [("", "!=", "0")]
        case "bool":
            terms = [("", "=", "true")]
        case "json":
            terms = [("", "!=", "null")]
        case "geoPoint":
            terms = [(".lon", "!=", "0"), (".lat", "!=", "0")]
        case _:
            return None
    return _render(collection, str(field["name"]), terms, " || ")


def zero_filter(collection: str, field: dict[str, Any]) -> str | None:
    """Matches the rows that fail `required`: the zero value, and for json also `""`, `[]` and `{}`."""
    match str(field.get("type", "")):
        case kind if kind in _TEXTUAL or (kind in _LISTABLE and not _is_list(field)):
            terms = [("", "=", "''")]
        case kind if kind in _LISTABLE:
            terms = [(":length", "=", "0")]
        case "number":
            terms = [("", "=", "0")]
        case "bool":
            terms = [("", "=", "false")]
        case "json":
            terms = [("", "=", value) for value in ("null", "''", "'[]'", "'{}'")]
            return _render(collection, str(field["name"]), terms, " || ")
        case "geoPoint":
            terms = [(".lon", "=", "0"), (".lat", "=", "0")]
        case _:
            return None
    return _render(collection, str(field["name"]), terms, " && ")


def exact_filter(collection: str, field: dict[str, Any], limits: Iterable[tuple[str, Any]]) -> str | None:
    """Matches exactly the rows that one of these limits refuses; None where no filter can tell."""
    found = [_refused(collection, field, option, value) for option, value in limits]
    if None in found:
        return None
    return " || ".join(f"({one})" for one in found if one)


def _refused(collection: str, field: dict[str, Any], option: str, value: Any) -> str | None:
    kind, name = str(field.get("type", "")), str(field["name"])
    match kind, option:
        case _, "required":
            return zero_filter(collection, field)
        case "number", ("min" | "max"):
            terms = [("", "!=", "0"), ("", "<" if option == "min" else ">", str(value))]
        case "date", ("min" | "max"):
            terms = [("", "!=", "''"), ("", "<" if option == "min" else ">", f"'{value}'")]
        case (("select" | "file" | "relation"), "max_select") if _is_list(field):
            terms = [(":length", ">", str(value or 1))]
        case "relation", "min_select" if _is_list(field):
            terms = [(":length", ">", "0"), (":length", "<", str(value))]
        case _:
            return None
    return _render(collection, name, terms, " && ")


def _is_list(field: dict[str, Any]) -> bool:
    # 0 and 1 both mean a single value.
    return int(field.get("maxSelect") or 0) > 1


def _render(collection: str, name: str, terms: list[tuple[str, str, str]], joiner: str) -> str:
    if _PLAIN.fullmatch(name) and name.lower() not in _LITERALS:
        return joiner.join(f"{name}{suffix} {operator} {value}" for suffix, operator, value in terms)
    # The grammar takes any name behind `@collection.x.`; joined to itself by id, that is the same row. The
    # `?` operators let the conditions hold for one joined row rather than for all.
    other = f"@collection.{collection}"
    inner = joiner.join(f"{other}.{name}{suffix} ?{operator} {value}" for suffix, operator, value in terms)
    return f"{other}.id ?= id && ({inner})"
