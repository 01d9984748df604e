"""Whether a server has what it was sent: in its list of collections, and in the tables behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pocketvex.api.client import Client
from pocketvex.errors import Rejected
from pocketvex.remote.put_away import name_before

Json = dict[str, Any]
_SORTED_BY = 8
"""So many fields a list may be sorted by at once (0.23 to 0.40)."""


def answers(client: Client, name: str, after: Sequence[Json]) -> bool:
    """Whether the table has the columns that LIST names: a poisoned cache writes the one without the
    other."""
    item = next((item for item in after if item["name"] == name), None)
    if item is None:
        return True
    columns = [field["name"] for field in item["fields"] if field["type"] != "password"]
    try:
        for at in range(0, len(columns), _SORTED_BY):
            client.records(name, sort=",".join(columns[at : at + _SORTED_BY]), per_page=1)
    except Rejected:
        return False
    return True


def is_there(item: Json, after: Sequence[Json]) -> bool:
    """Whether a collection has its name, and its fields theirs, those that are put away as well."""
    there = next((other for other in after if other["id"] == item["id"]), None)
    if there is None:
        return not name_before(item["name"]) and item["type"] == "view"
    names = {field["id"]: field["name"] for field in there["fields"]}
    return there["name"] == item["name"] and (
        item["type"] == "view" or all(names.get(field["id"]) == field["name"] for field in item["fields"])
    )
