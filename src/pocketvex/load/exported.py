"""PocketBase's own exported JSON, with the line of each collection and field."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pocketvex.errors import SchemaError
from pocketvex.findings import Location
from pocketvex.load.excerpt import excerpt
from pocketvex.schema.dictionary import Locate, from_dictionary
from pocketvex.schema.model import PRIVATE_PREFIX, RECORD_NAME
from pocketvex.schema.words import counted

_TOKENS = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|([{}\[\]])')
_FIELDS = ("fields", "schema")

Lines = dict[str, tuple[int, dict[str, int]]]


def read_exported(path: Path, shown: str) -> list[dict[str, Any]]:
    """The collections in a file of `/api/collections`, or of "Export collections" in the dashboard.

    Raises SchemaError where it is no such JSON. `shown` is the file's name in messages.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SchemaError(f"cannot be read: {error.strerror}", where=Location(shown)) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SchemaError("is not UTF-8", where=Location(shown, line)) from error
    try:
        written = json.loads(text)
    except json.JSONDecodeError as error:
        lines = text.splitlines()
        at = Location(shown, error.lineno, error.colno, excerpt(lines, error.lineno, error.colno))
        raise SchemaError(f"is not JSON: {error.msg}", where=at) from error
    except RecursionError as error:
        raise SchemaError("is nested too deeply", where=Location(shown)) from error
    if isinstance(written, dict) and "items" in written and "collections" not in written:
        written = _of_page(written, shown)
    if _is_old(written):
        raise SchemaError(
            "is an export of PocketBase 0.22 or older",
            why="Its fields and options have other names since 0.23.",
            where=Location(shown),
            todo="Upgrade that server to 0.23 or later, and export its collections again.",
        )
    found = from_dictionary(written, locator(shown, 1, lines_of(text)))
    own = (PRIVATE_PREFIX, RECORD_NAME)
    return [_without_put_away(values) for values in found if not values["name"].startswith(own)]


def _without_put_away(values: dict[str, Any]) -> dict[str, Any]:
    """What was put away over HTTP is no part of a schema."""
    fields = values.get("fields")
    if not isinstance(fields, list):
        return values
    kept = [f for f in fields if not (isinstance(f, dict) and str(f.get("name")).startswith(PRIVATE_PREFIX))]
    return {**values, "fields": kept}


def _of_page(page: dict[str, Any], shown: str) -> Any:
    """The collections of an answer of GET /api/collections, which has to hold all of them."""
    items, total = page["items"], page.get("totalItems")
    if isinstance(items, list) and isinstance(total, int) and total > len(items):
        raise SchemaError(
            f"holds {len(items)} of {counted(total, 'collection')}",
            why="It is one page of several.",
            where=Location(shown),
            todo="Ask for all on one page: GET /api/collections?perPage=1000",
        )
    return items


def _is_old(written: Any) -> bool:
    """Whether options are there that went with 0.22; `schema` and `options` alone are a form that we take."""
    for item in written if isinstance(written, list) else []:
        if isinstance(item, dict) and isinstance(item.get("schema"), list):
            gone = [(item, "allowEmailAuth"), *((field, "displayFields") for field in item["schema"])]
            if any(isinstance(part, dict) and name in (part.get("options") or {}) for part, name in gone):
                return True
    return False


def locator(file: str, start: int, lines: Lines) -> Locate:
    """The `locate` that `from_dictionary` asks; what has no line of its own is at `start`."""

    def locate(collection: str, field: str) -> Location:
        line, fields = lines.get(collection, (start, {}))
        return Location(file, fields.get(field, line))

    return locate


def lines_of(text: str) -> Lines:
    """Where the names of collections and fields stand in exported JSON that is known to be valid."""
    found: Lines = {}
    # One entry for each open bracket: the key that it stands under, "" in a list.
    path: list[str] = []
    fields: dict[str, int] = {}
    key, line, counted = "", 1, 0
    for token in _TOKENS.finditer(text):
        string, colon, bracket = token.groups()
        if bracket:
            if bracket in "{[":
                path.append(key)
                if bracket == "{" and not _in_fields(path) and _depth(path) == 1:
                    fields = {}
            else:
                path.pop()
            key = ""
        elif colon:
            key = string[1:-1]
        else:
            if key == "name":
                line += text.count("\n", counted, token.start())
                counted = token.start()
                if _depth(path) == 1:
                    found.setdefault(json.loads(string), (line, fields))
                elif _in_fields(path):
                    fields.setdefault(json.loads(string), line)
            key = ""
    return found


def _depth(path: list[str]) -> int:
    """How many objects are open, the one that only holds the list of collections left out."""
    inner = path[1:] if path[:1] == [""] and path[1:2] in (["collections"], ["items"]) else path
    return len(inner) - 1


def _in_fields(path: list[str]) -> bool:
    return len(path) >= 2 and path[-1] == "" and path[-2] in _FIELDS and _depth(path) == 3
