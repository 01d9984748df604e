"""A copy of a server's collections, as LIST has them, which the steps of a migration change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any

from pocketvex.remote.put_away import away_name, name_before
from pocketvex.schema.indexes import Index, parse_index
from pocketvex.schema.model import Collection

Json = dict[str, Any]


class StepFails(Exception):
    """The server is neither as the step wants it, nor as it leaves it: the runtime of a file throws."""


class CannotRun(Exception):
    """What a step asks, and no road over HTTP can do; `why` says what keeps it."""


class Copied:
    """`collections` change, `start` stays."""

    def __init__(self, raw: Iterable[Json], ids: dict[str, str]) -> None:
        self.collections = [deepcopy(dict(item)) for item in raw]
        self.start = {item["id"]: deepcopy(item) for item in self.collections}
        self.ids = ids
        """The ids of the collections that the steps name."""

    def named(self, name: str) -> Json | None:
        return next((c for c in self.collections if _is(c["name"], name)), None)

    def by_id(self, id: str) -> Json | None:
        return next((c for c in self.collections if c["id"] == id), None)

    def collection(self, name: str) -> Json:
        """By name; where it has another one here, by its id."""
        named = self.named(name)
        known = self.by_id(self.ids.get(name, ""))
        if known is not None and name_before(known["name"]):
            known = None
        if named is not None and known is not None and named is not known and named["id"] in self.start:
            raise StepFails(
                f"{name}: is another collection here, and the one that is meant is called {known['name']}"
            )
        return named or known or _fail(name, "there is no such collection")

    def past(self, collection: Json, field: Json) -> Json | None:
        """The field as it was before the migration; None for what is new."""
        fields = self.start.get(collection["id"], {}).get("fields") or []
        return next((f for f in fields if f["id"] == field["id"]), None)

    def away(self, name: str, type: str) -> Json | None:
        """The collection that was put away under this name last."""
        found = [c for c in self.collections if _is(name_before(c["name"]), name) and c["type"] == type]
        return found[-1] if found else None

    def free_name(self, id: str, name: str) -> str:
        return away_name(id, name, (c["name"] for c in self.collections))

    def target_of(self, field: Json) -> str:
        """The name of the collection that a relation points at, also of one that is put away."""
        there = self.by_id(field.get("collectionId", ""))
        found = name_before(there["name"]) or there["name"] if there else field.get("collectionId", "")
        return str(field.get("target") or found)


def field_of(collection: Json, field: Json) -> Json | None:
    """The field of this name, by its id if there are two."""
    same = [f for f in collection["fields"] if _is(f["name"], field["name"])]
    return next((f for f in same if f["id"] == field.get("id")), same[0] if same else None)


def meant(collection: Json, field: Json) -> Json:
    """By name, else by id."""
    known = next(
        (f for f in collection["fields"] if f["id"] == field.get("id") and not name_before(f["name"])), None
    )
    return field_of(collection, field) or known or _fail(at(collection, field), "there is no such field")


def put_away_field(collection: Json, id: str, type: str) -> Json | None:
    """The field of this id that was put away."""
    return next(
        (
            f for f in collection["fields"]
            if f["id"] == id and f["type"] == type and name_before(f["name"])
        ), None,
    )  # fmt: skip


def whole_field(wanted: Json) -> Json:
    """A field with all its options: a file leaves out what is off, or empty."""
    head = {key: wanted[key] for key in ("name", "type", "id") if key in wanted}
    off = Collection.from_json({"name": "one", "fields": [head]}).fields[0].to_json()
    return {**{key: value for key, value in off.items() if key != "collectionId"}, **wanted}


def index_of(collection: Json, name: str) -> Index | None:
    found = (parse_index(text) for text in collection.get("indexes") or [])
    return next((index for index in found if _is(index.name, name)), None)


def many(field: Json) -> bool:
    return field["type"] in ("select", "relation", "file") and (field.get("maxSelect") or 1) > 1


def option(field: Json, key: str) -> Any:
    return field.get(key) or 1 if key == "maxSelect" else field.get(key)


def same(one: Any, other: Any) -> bool:
    """Whether two options say the same: off, empty and left out do."""
    return (_blank(one) and _blank(other)) or one == other


def at(collection: Json, field: Json) -> str:
    return f"{collection['name']}.{field['name']}"


def free_id(id: str, taken: Sequence[str]) -> str:
    """The id, or, where another has it, the id with a number."""
    found, number = id, 1
    while found in taken:
        number += 1
        found = f"{id}{number}"
    return found


def flat(query: str | None) -> str:
    return " ".join((query or "").split())


def _fail(path: str, message: str) -> Any:
    raise StepFails(f"{path}: {message}")


def _is(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def _blank(value: Any) -> bool:
    return value is None or value is False or value == "" or value == [] or value == {}


fail: Callable[[str, str], Any] = _fail
"""Raise StepFails; typed so that it may stand in an expression."""
is_named = _is
