"""Whether somebody else changed a server's collections since a passage was computed on them.

An import writes a list of fields or indexes whole, so what was changed in between would be written over, and
nobody would notice: the server is afterwards what the plan says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pocketvex.remote.begun import Begun
from pocketvex.remote.passage import Passage
from pocketvex.schema.model import RECORD_NAME

Json = dict[str, Any]


def moved(going: Passage, now: Sequence[Json], begun: Begun | None = None) -> list[str]:
    """The names of the collections that others changed, made or deleted; of those that are meant to be
    otherwise by now (`begun`), what the passage itself did to them is left out."""
    before = {item["id"]: item for item in going.before if item["name"] != RECORD_NAME}
    there = {item["id"]: item for item in now if item["name"] != RECORD_NAME}
    expected = before if begun is None else {id: _during(item, going, begun) for id, item in before.items()}
    made = {} if begun is None else {id: set(fields) for id, fields in begun.made.items()}
    found = [item["name"] for id, item in before.items() if id not in there]
    for id, item in there.items():
        own = made.get(id, set())
        if id not in expected or _compared(item, own) != _compared(expected[id], own):
            found.append(item["name"])
    return found


def _during(item: Json, going: Passage, begun: Begun) -> Json:
    """A collection of before as it is between the first import and the switch."""
    sent = next((sent for sent in going.expand if sent["id"] == item["id"]), {})
    fields = {field["id"]: field for field in sent.get("fields", ())}
    query = {"viewQuery": sent["viewQuery"]} if "viewQuery" in sent else {}
    rules = dict.fromkeys(begun.rules.get(item["id"], ()))
    # What a field of this version does not have is not there, although it was sent.
    known = [f | {k: v for k, v in fields.get(f["id"], f).items() if k in f} for f in item["fields"]]
    return item | {"fields": known} | query | rules


def _compared(item: Json, made: Iterable[str]) -> Json:
    """Without what is not somebody's choice: the fields of a view follow its tables, and what is made of a
    new column is the server's."""
    kept = {key: value for key, value in item.items() if key != "updated"}
    if item["type"] == "view":
        return kept | {"fields": None}
    return kept | {"fields": [field for field in item["fields"] if field["id"] not in made]}
