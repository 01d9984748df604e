"""The shape of a server's answers: what is otherwise is nobody's PocketBase, and is said to be so.

What is read later relies on it. Options of fields are the business of `schema.model`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pocketvex.errors import Unreachable

if TYPE_CHECKING:
    from datetime import datetime

Json = dict[str, Any]

_DEPTH = 40
"""So deep no description of a collection and no refusal is nested; Python ends at about a thousand."""
_NESTED = frozenset({dict, list})
_TEXTS = ("id", "name", "type")
_RULES = (
    "listRule",
    "viewRule",
    "createRule",
    "updateRule",
    "deleteRule",
    "authRule",
    "manageRule",
    "viewQuery",
)
_GROUPS = (
    "passwordAuth", "oauth2", "mfa", "otp", "authAlert", "authToken", "passwordResetToken", "fileToken",
    "emailChangeToken", "verificationToken", "verificationTemplate", "resetPasswordTemplate",
    "confirmEmailChangeTemplate",
)  # fmt: skip
_FLAGS = ("system", "hidden", "required", "presentable")


def stranger(url: str, what: str) -> Unreachable:
    """The error for an answer of the wrong shape."""
    return Unreachable(
        f"{url} answers, but is not PocketBase ({what})",
        why="Nothing of the answer was used.",
        todo="Check host, port and path of the URL, and what stands in front of the server.",
    )


@contextmanager
def reading(url: str, what: str) -> Iterator[None]:
    """Where the values of an answer are taken apart: what does not fit is the answer's fault."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, ArithmeticError) as error:
        raise stranger(url, what) from error


def items(url: str, body: Any) -> list[Json]:
    """The rows of a list."""
    found = body.get("items") if isinstance(body, dict) else None
    if not isinstance(found, list):
        raise stranger(url, "a list without items")
    if not all(isinstance(item, dict) for item in found):
        raise stranger(url, "a list of something else than objects")
    return found


def rows(url: str, body: Any) -> list[Json]:
    """Records, each with its id."""
    found = items(url, body)
    if not all(isinstance(row.get("id"), str) for row in found):
        raise stranger(url, "a record without an id")
    return found


def total(url: str, body: Any) -> int:
    """How many rows a list counts."""
    found = body.get("totalItems") if isinstance(body, dict) else None
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise stranger(url, "a count that is no number")
    return found


def collections(url: str, found: list[Json]) -> list[Json]:
    """Collections as LIST gives them."""
    for item in found:
        if why := _wrong_collection(item):
            raise stranger(url, f"a collection {why}")
    if too_deep(found):
        raise stranger(url, "a collection nested without an end")
    return found


def scaffolds(url: str, body: Any) -> dict[str, Json]:
    """PocketBase's own defaults by type."""
    kinds = ("base", "auth", "view")
    if not isinstance(body, dict) or not all(isinstance(body.get(kind), dict) for kind in kinds):
        raise stranger(url, "its defaults lack a type of collection")
    if any(why := _wrong_fields(body[kind]) for kind in kinds):
        raise stranger(url, f"a default {why}")
    return body


def backups(url: str, body: Any) -> dict[str, int]:
    """Name to size in bytes."""
    with reading(url, "a list of backups without names and sizes"):
        return {str(item["key"]): int(item["size"]) for item in body}


def backup_dates(url: str, body: Any) -> dict[str, datetime]:
    """Name to the time at which it was complete."""
    from datetime import datetime

    with reading(url, "a list of backups without their times"):
        return {str(item["key"]): datetime.fromisoformat(str(item["modified"])) for item in body}


def an_object(url: str, body: Any) -> dict[str, Any]:
    """An answer of names and values."""
    if not isinstance(body, dict):
        raise stranger(url, "settings that are no object")
    return body


def table(url: str, body: Any) -> list[dict[str, str | None]]:
    """The rows of a query by the names of their columns."""
    with reading(url, "the rows of a query do not fit its columns"):
        names = [str(column["name"]) for column in body["columns"] or []]
        found = [dict(zip(names, row, strict=True)) for row in body["rows"] or []]
    if not all(value is None or isinstance(value, str) for row in found for value in row.values()):
        raise stranger(url, "a value of a query that is no text")
    return found


def too_deep(value: Any) -> bool:
    """Whether decoded JSON is nested deeper than any that we read. Level by level: it is asked every time."""
    level = [value] if type(value) in _NESTED else []
    for _ in range(_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) in _NESTED
        ]
        if not level:
            return False
    return True


def _wrong_collection(item: Mapping[str, Any]) -> str:
    """What is wrong with it; "" where nothing is."""
    if not all(_is_name(item.get(key)) for key in _TEXTS):
        return "without id, name and type"
    if not all(isinstance(item.get(key) or [], list) for key in ("fields", "indexes")):
        return "whose fields or indexes are no list"
    if not all(isinstance(text, str) for text in item.get("indexes") or []):
        return "whose indexes are no texts"
    if not all(isinstance(item.get(key), str | None) for key in (*_RULES, "created", "updated")):
        return "whose rules are no texts"
    if not all(isinstance(item.get(key), dict | None) for key in _GROUPS):
        return "whose options are no objects"
    providers = (item.get("oauth2") or {}).get("providers") or []
    if not isinstance(providers, list) or not all(_named(provider) for provider in providers):
        return "whose providers have no names"
    return _wrong_fields(item)


def _wrong_fields(item: Mapping[str, Any]) -> str:
    fields = item.get("fields") or []
    if not isinstance(fields, list):
        return "whose fields are no list"
    for field in fields:
        if not _named(field) or not _is_name(field.get("type")) or not isinstance(field.get("id", ""), str):
            return "with a field that has no name and type"
        for key in _FLAGS:
            if type(field.get(key, False)) is not bool:
                return "with a field whose flags are neither true nor false"
    return ""


def _named(value: Any) -> bool:
    return isinstance(value, dict) and _is_name(value.get("name"))


def _is_name(value: Any) -> bool:
    # Names become names in code and messages: what a person cannot see has no place in them.
    return isinstance(value, str) and value.isprintable() and bool(value)
