"""What a run does to a server before its switch, as data: enough to end it, or to take it back, later.

It is written down on the server before anything else. A run that was cut off in between is then nobody's
riddle: the next one reads what its switch would have followed, or what is to become as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pocketvex.remote.passage import Passage
from pocketvex.remote.work import ToMany

Json = dict[str, Any]
PAUSED = ("createRule", "updateRule", "deleteRule")


class Kept(NamedTuple):
    """A column of before: `name` has what a field held whose id is `field`."""

    collection: str
    field: str
    name: str


class Begun(NamedTuple):
    id: str
    """Of the migration."""
    way: str
    files: list[str]
    triggers: list[str]
    table: str
    """What waits for the switch, and the table of its steps, if there is one."""
    statements: list[str]
    """SQL that belongs behind the switch."""
    back: list[str]
    """SQL that takes back what was done before it."""
    lists: list[Kept]
    """What became one value is its list again, behind the switch."""
    written: list[Kept]
    """Values that were changed where they stand; they come back if there is no switch."""
    made: dict[str, list[str]]
    """The ids of the fields that were made for it, by those of their collections."""
    before: dict[str, Json]
    """What was changed of collections, as it was."""
    rules: dict[str, Json]
    """The rules that are taken away meanwhile."""
    later: dict[str, Json]
    """Those that come behind the switch, and not with it."""

    def text(self) -> str:
        return json.dumps(self._asdict())


def begun_from(text: str) -> Begun:
    raw = json.loads(text)
    lists, written = ([Kept(*one) for one in raw[key]] for key in ("lists", "written"))
    return Begun(**raw | {"lists": lists, "written": written})


def begun_of(going: Passage) -> Begun:
    """What this passage begins by records, with no rules taken away yet."""
    made: dict[str, list[str]] = {}
    before: dict[str, Json] = {}
    known = {item["id"]: item for item in going.before}
    for sent in going.expand:
        there = known[sent["id"]]
        if "fields" not in sent:
            before[sent["id"]] = {"viewQuery": there["viewQuery"]}
            continue
        fields = {field["id"]: field for field in there["fields"]}
        made[sent["id"]] = [f["id"] for f in sent["fields"] if f["id"] not in fields]
        changed = [fields[f["id"]] for f in sent["fields"] if f != fields.get(f["id"], f)]
        if changed:
            before[sent["id"]] = {"fields": changed}
    kept = [Kept(was.collection, was.field, was.name) for was in going.was if was.keeps]
    to_lists = {(work.collection, work.field) for work in going.work if isinstance(work, ToMany)}
    lists = [
        Kept(was.collection, was.field, was.name)
        for was in going.was
        if not was.keeps and (was.collection, was.field) in to_lists
    ]
    files = [entry.name for entry in going.entries]
    return Begun(going.id, going.way, files, [], "", [], [], lists, kept, made, before, {}, {})


def as_before(raw: Iterable[Json], begun: Iterable[Begun]) -> list[Json]:
    """The collections as they were before these began."""
    found = [dict(item) for item in raw]
    for one in begun:
        for item in found:
            item |= changes_back(one, item)
    return found


def changes_back(begun: Begun, item: Mapping[str, Any]) -> Json:
    """What a collection is to be changed to, so that it is as it was; what others changed of it stays."""
    id = item["id"]
    changes: Json = {}
    before = begun.before.get(id, {})
    if "viewQuery" in before:
        changes["viewQuery"] = before["viewQuery"]
    olds = {field["id"]: field for field in before.get("fields", ())}
    made = begun.made.get(id, ())
    if item["type"] != "view":
        fields = [olds.get(f["id"], f) for f in item["fields"] if f["id"] not in made]
        if fields != item["fields"]:
            changes["fields"] = fields
    for rule, text in begun.rules.get(id, {}).items():
        if item[rule] is None and text is not None:
            changes[rule] = text
    return changes
