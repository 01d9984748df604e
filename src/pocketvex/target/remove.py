"""Removing over REST, which an import cannot express: what goes is hidden, counted, kept, and then gone.

Views go first, those that read others before them. A field that a remaining view shows is removed while
the view is away. Tables go last, those first to which no other points.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pocketvex.diff.operations import DropCollection, DropField, ReplaceField
from pocketvex.diff.simulate import apply_operations, view_order
from pocketvex.errors import NotAsIntended, PocketVexError
from pocketvex.evidence.facts import Fact, NonZeroCount
from pocketvex.plan.make import Change
from pocketvex.plan.verdicts import Verdict
from pocketvex.schema.indexes import parse_index
from pocketvex.schema.model import GOING_PREFIX, Collection, Schema
from pocketvex.schema.views import tables_read
from pocketvex.target.aside import keep_collection, keep_field
from pocketvex.target.automigrate import put_aside
from pocketvex.target.hidden import (
    HEALS,
    hidden_collection,
    hidden_field,
    hidden_path,
    missing_indexes,
    note_away,
    put_back,
)
from pocketvex.target.session import Session
from pocketvex.target.target import Json


def remove(session: Session, before: Sequence[Json], changes: Sequence[Change], kept: list[Path]) -> None:
    """Carry out the removals among the changes; `before` are the collections as a failure is to leave them.

    `kept` receives the files that hold what was agreed to lose. Whatever ends it early, Ctrl+C included:
    what is not gone by then is put back as it was. Raises NotAsIntended where rows came meanwhile, and what
    the server says where it refuses, with where each thing stands.
    """
    removals = [change for change in changes if change.operation.is_removal]
    raw = session.target.fetch()
    views, fields, tables = _kinds(removals)
    away = _in_the_way(raw, [change for group in fields.values() for change in group], views)
    work = _Work(session, kept)
    with put_aside(session, [item["id"] for item in raw]):
        note_away(session.memory, [*_touched(raw, before, removals), *away])
        try:
            work.delete_views(raw, views)
            for view in reversed(away):
                session.target.client.delete_collection(view["id"])
            for name, group in fields.items():
                work.remove_fields(name, group)
            work.remove_tables(tables)
            if away:
                put_back(session)
        except BaseException as error:
            work.recover(error, removals, away)
            raise
        note_away(session.memory, [])


def _kinds(removals: Sequence[Change]) -> tuple[list[Change], dict[str, list[Change]], list[Change]]:
    """Views, fields by collection, and tables."""
    views: list[Change] = []
    fields: dict[str, list[Change]] = {}
    tables: list[Change] = []
    for change in removals:
        operation = change.operation
        if not isinstance(operation, DropCollection):
            fields.setdefault(operation.collection, []).append(change)
        elif operation.definition.type == "view":
            views.append(change)
        else:
            tables.append(change)
    return views, fields, tables


def _touched(raw: Sequence[Json], before: Sequence[Json], removals: Sequence[Change]) -> list[Json]:
    """The tables that lose something, with the indexes that went ahead of their columns."""
    names = {change.operation.collection.lower() for change in removals}
    going = {c.path.lower() for c in removals if not isinstance(c.operation, DropCollection)}
    was = {item["id"]: item.get("indexes") or [] for item in before}
    found = []
    for item in raw:
        if item["name"].lower() in names and item["type"] != "view":
            fields = [f["name"] for f in item["fields"] if f"{item['name']}.{f['name']}".lower() in going]
            ahead = [t for t in was.get(item["id"], []) if any(map(parse_index(t).mentions, fields))]
            known = {parse_index(t).name.lower(): t for t in [*ahead, *(item["indexes"] or [])]}
            found.append({**item, "indexes": list(known.values())})
    return found


class _Work:
    """The steps of one removal, and what is done of it."""

    def __init__(self, session: Session, kept: list[Path]) -> None:
        self.session = session
        self.target = session.target
        self.kept = kept
        self.first = len(kept)
        self.done: list[str] = []

    def delete_views(self, raw: Sequence[Json], changes: Sequence[Change]) -> None:
        there = {item["name"]: item for item in raw}
        named = {change.operation.collection: change for change in changes}
        for name in reversed(view_order({name: there[name]["viewQuery"] for name in named})):
            self.target.client.delete_collection(there[name]["id"])
            self.done.append(named[name].path)

    def remove_fields(self, collection: str, group: Sequence[Change]) -> None:
        raw = self.target.fetch()
        item = _named(raw, collection)
        after = _named(apply_operations(raw, [change.operation for change in group]), collection)
        staying = {field["id"] for field in after["fields"]}
        going = {field["id"]: field["name"] for field in item["fields"] if field["id"] not in staying}
        self.hide_fields(item, going)
        now = _named(self.target.fetch(), collection)
        self.require_nothing(now, group)
        for change in group:
            if change.judgement.verdict is Verdict.UNSAFE:
                self.kept.append(keep_field(self.session, change.path, collection, _field_of(change)))
                # It may have taken long, and what others changed meanwhile is not ours to take back.
                now = _named(self.target.fetch(), collection)
        new = {id: _field(after, name) for id, name in going.items()}
        fields = [new[f["id"]] if f["id"] in going else f for f in now["fields"]]
        whole = {"fields": [f for f in fields if f is not None]}
        dropped = [name for id, name in going.items() if new[id] is None]
        if indexes := missing_indexes(now, item, dropped):
            whole["indexes"] = [*(now["indexes"] or []), *indexes]
        self.target.client.patch_collection(item["id"], whole)
        self.done += [change.path for change in group]

    def hide_fields(self, item: Json, going: Mapping[str, str]) -> None:
        fields = [hidden_field(f) if f["id"] in going else f for f in item["fields"]]
        indexes = [
            text for text in item["indexes"] or [] if not any(map(parse_index(text).mentions, going.values()))
        ]
        self.target.client.patch_collection(item["id"], {"fields": fields, "indexes": indexes})

    def require_nothing(self, hidden: Json, group: Sequence[Change]) -> None:
        """Raise NotAsIntended where rows came since the plan, of what nobody agreed to lose."""
        resting: dict[Fact, str] = {
            NonZeroCount(hidden["name"], GOING_PREFIX + _field_of(change)): change.path
            for change in group
            if change.judgement.verdict is not Verdict.UNSAFE
        }
        # Read as it is: a schema knows nothing of what is hidden.
        there = Schema(collections=[Collection.from_json(hidden)])
        counted = self.target.count(frozenset(resting), there)
        if came := sorted(path for fact, path in resting.items() if counted[fact] != 0):
            raise _came(came)

    def remove_tables(self, changes: Sequence[Change]) -> None:
        left = {change.operation.collection: change for change in changes}
        going = {name: item for item in self.target.fetch() if (name := item["name"]) in left}
        for item in going.values():
            self.target.client.patch_collection(item["id"], hidden_collection(item))
        for name, change in left.items():
            if change.judgement.verdict is Verdict.UNSAFE:
                self.kept.append(keep_collection(self.session, change.path, name))
            elif self.target.client.count(GOING_PREFIX + name):
                raise _came([change.path])
        while going:
            name = next((name for name in going if not _pointing(going, name)), next(iter(going)))
            for other in _pointing(going, name):
                going[other] = self.unlink(going[other], going[name]["id"])
            self.target.client.delete_collection(going.pop(name)["id"])
            self.done.append(left[name].path)

    def unlink(self, item: Json, target: str) -> Json:
        """Two that point at each other stand in each other's way: one lets go."""
        fields = [field for field in item["fields"] if field.get("collectionId") != target]
        self.target.client.patch_collection(item["id"], {"fields": fields, "indexes": []})
        return {**item, "fields": fields}

    def recover(self, error: BaseException, removals: Sequence[Change], away: Sequence[Json]) -> None:
        """Put back what is not gone, and say in the error where everything stands."""
        left = [change.path for change in removals if change.path not in self.done]
        said = [f"Done: {', '.join(self.done)}."] if self.done else []
        said += [f"Not done: {', '.join(left)}."] if left else []
        todo = ""
        try:
            if back := put_back(self.session):
                said.append(f"Back as before: {', '.join(back)}.")
        except PocketVexError as second:
            places = [f"{path} as {hidden_path(path)}" for path in left]
            places += [f"the view {view['name']} nowhere" for view in away]
            said.append(
                f"Nothing could be put back ({second.what}). It may stand there, with all that it holds: "
                f"{', '.join(places)}."
            )
            todo = f"When the server answers, {HEALS}."
        if files := self.kept[self.first :]:
            said.append(f"Values are kept in {', '.join(map(str, files))}.")
        if isinstance(error, PocketVexError):
            error.why = " ".join(filter(None, (*said, error.why)))
            error.todo = " ".join(filter(None, (todo, error.todo)))
        else:
            self.session.reporter.note(*filter(None, (*said, todo)))


def _named(raw: Sequence[Json], name: str) -> Json:
    return next(item for item in raw if item["name"].lower() == name.lower())


def _field(item: Json, name: str) -> Json | None:
    return next((field for field in item["fields"] if field["name"].lower() == name.lower()), None)


def _field_of(change: Change) -> str:
    """The name of what goes, on the server. Renames are done by now: what is replaced has its new name."""
    operation = change.operation
    assert isinstance(operation, DropField | ReplaceField)
    return operation.after.name if isinstance(operation, ReplaceField) else operation.field.name


def _pointing(going: Mapping[str, Json], name: str) -> list[str]:
    """Which of the others have a relation to it."""
    target = going[name]["id"]
    return [
        other
        for other, item in going.items()
        if other != name and any(field.get("collectionId") == target for field in item["fields"])
    ]


def _came(paths: Sequence[str]) -> NotAsIntended:
    return NotAsIntended(
        f"{', '.join(paths)} held nothing when the plan was made, and holds values now: kept",
        todo="Run the command again.",
    )


def _in_the_way(raw: Sequence[Json], removals: Sequence[Change], dropped: Sequence[Change]) -> list[Json]:
    """The views that stay, and that may show one of these fields; each behind those that it reads."""
    gone = {change.operation.collection for change in dropped}
    views = {item["name"]: item for item in raw if item["type"] == "view" and item["name"] not in gone}
    queries = {name: item["viewQuery"] for name, item in views.items()}
    found: set[str] = set()
    for change in removals:
        word = re.compile(rf"\b{re.escape(_field_of(change))}\b", re.IGNORECASE)
        found |= {
            name
            for name, query in queries.items()
            if tables_read(query, {change.operation.collection}) and word.search(query)
        }
    for before in range(len(views)):
        found |= {name for name, query in queries.items() if tables_read(query, found - {name})}
        if len(found) == before:
            break
    return [views[name] for name in view_order({name: queries[name] for name in queries if name in found})]
