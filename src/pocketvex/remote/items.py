"""A collection as an item of an import: what tells it, and what of it becomes something else."""

from __future__ import annotations

from typing import Any

from pocketvex.schema.indexes import parse_index

Json = dict[str, Any]

LAST = "2099-01-01 00:00:00.000Z"
"""Where it is to be saved last: an import saves by `created`, then by `updated`, of what it is sent."""
_APART = frozenset(("id", "type", "created", "updated", "system"))


def head(item: Json) -> Json:
    return {key: item[key] for key in ("id", "name", "type", "created") if key in item}


def differs(item: Json, there: Json | None) -> bool:
    return there is None or bool(changes(item, there))


def changes(item: Json, there: Json) -> Json:
    """The keys of a collection that become other ones."""
    apart = _APART | ({"fields", "indexes"} if item["type"] == "view" else frozenset())
    found: Json = {}
    for key, value in item.items():
        if key in apart or value == there.get(key):
            continue
        if isinstance(value, dict) and isinstance(there.get(key), dict):
            value = {k: v for k, v in value.items() if v != there[key].get(k)}
        if key == "indexes":
            value = [parse_index(text).sql(item["name"]) for text in value or []]
        found[key] = value
    if "name" in found and item["type"] != "view" and "indexes" not in found and item.get("indexes"):
        found["indexes"] = [parse_index(text).sql(item["name"]) for text in item["indexes"]]
    return found
