"""What an import cannot express: removing collections and fields, over REST, in an order that works.

Views go first, those that read others before them. A field that a remaining view shows is removed while
the view is away. Tables go last, without the relations between them.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pocketvex.diff.apply import apply_operations, view_order
from pocketvex.diff.operations import (
    AddField,
    DropCollection,
    DropField,
    Operation,
    RenameField,
    ReplaceField,
)
from pocketvex.errors import NotAsIntended, PocketVexError, ServerError
from pocketvex.plan.facts import Fact, NonZeroCount, RowCount
from pocketvex.plan.make import Change, Kept, Plan
from pocketvex.plan.ownership import items_of
from pocketvex.plan.verdicts import Verdict
from pocketvex.plan.waits import with_waiting
from pocketvex.run.automigrate import put_aside
from pocketvex.run.session import Json, Session
from pocketvex.schema.model import PRIVATE_PREFIX, Schema
from pocketvex.schema.views import tables_read

Removal = DropCollection | DropField | ReplaceField


def is_removal(operation: Operation) -> bool:
    return isinstance(operation, DropCollection | DropField | ReplaceField)


def of_no_file(plan: Plan, recorded: Schema, written: Container[str]) -> tuple[Plan, list[str]]:
    """On a server elsewhere only migrations take away, and none knows what neither file nor `dev` made.

    The plan that keeps it, and what a person can do about it.
    """
    removals = [c for c in plan.changes if isinstance(c.operation, DropCollection | DropField)]
    known = items_of(recorded) if removals else {}
    stuck = [c for c in removals if c.path not in known and c.path not in written]
    changes = tuple(change for change in plan.changes if change not in stuck)
    kept = (*plan.kept, *(Kept(change.operation, "drift") for change in stuck))
    return replace(plan, changes=changes, kept=kept), [
        f"{change.path} is in no migration, and a server elsewhere loses things by migrations only: "
        f"`pocketvex schema pull {change.path}`, `pocketvex migrate generate`, then take it out of the code"
        for change in stuck
    ]


def possible(raw: Sequence[Json], changes: Sequence[Change]) -> list[Change]:
    """The changes that one round can make: without what takes a name that a removal of this round frees,
    and without removals of collections that a relation, which stays for now, still points at."""
    left = _in_turn(list(changes), Schema.from_json(raw))
    while True:
        drops = {c.operation.definition.id for c in left if isinstance(c.operation, DropCollection)}
        if not drops:
            return left
        after = apply_operations(raw, [change.operation for change in left])
        pointed = {field.get("collectionId") for item in after for field in item["fields"]} & drops
        if not pointed:
            return left
        left = [c for c in left if not _drops(c.operation, pointed)]


def _in_turn(changes: list[Change], live: Schema) -> list[Change]:
    """Without what takes a name that only a removal frees, and what needs it: removals come last."""
    freed = {c.path.lower() for c in changes if isinstance(c.operation, DropField)}
    takers: list[Operation] = []
    while True:
        more = [c.operation for c in changes if _takes(c.operation, freed) and c.operation not in takers]
        if not more:
            break
        takers += more
        freed |= {f"{o.collection}.{o.old}".lower() for o in more if isinstance(o, RenameField)}
    if not takers:
        return changes
    rest = [change for change in changes if change.operation not in takers]
    settled = with_waiting(rest, takers, (), live)
    return [change for change, now in zip(rest, settled, strict=True) if now is change]


def _takes(operation: Operation, freed: set[str]) -> bool:
    return isinstance(operation, AddField | RenameField) and operation.path.lower() in freed


def _drops(operation: Operation, ids: set[Any]) -> bool:
    return isinstance(operation, DropCollection) and operation.definition.id in ids


def remove(session: Session, collections: Sequence[Json], changes: Sequence[Change]) -> None:
    """Carry out the removals among the changes; `collections` are what the server has now.

    Raises NotAsIntended where rows came meanwhile, and what the server says where it refuses, with where
    each collection stands.
    """
    groups = _groups(collections, [change for change in changes if is_removal(change.operation)])
    fields = [c.operation for group in groups for c in group if not isinstance(c.operation, DropCollection)]
    ids = [item["id"] for item in collections]
    done: list[str] = []
    with put_aside(session, ids), _views_away(session, collections, fields) if fields else _nothing():
        for group in groups:
            try:
                _remove_group(session, group)
            except (ServerError, NotAsIntended) as error:
                stands = f"Done: {', '.join(done)}. " if done else ""
                error.why = f"{stands}Not done: {', '.join(c.path for c in group)}. {error.why}".strip()
                raise
            done += [change.path for change in group]


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _groups(collections: Sequence[Json], changes: Sequence[Change]) -> list[list[Change]]:
    """One request each: views (dependents first), fields by collection, then all tables together."""
    views: dict[str, Change] = {}
    tables: list[Change] = []
    fields: dict[str, list[Change]] = {}
    for change in changes:
        operation = change.operation
        if not isinstance(operation, DropCollection):
            fields.setdefault(operation.collection, []).append(change)
        elif operation.definition.type == "view":
            views[operation.collection] = change
        else:
            tables.append(change)
    queries = {item["name"]: item["viewQuery"] for item in collections if item["name"] in views}
    ordered = [[views[name]] for name in reversed(view_order(queries))]
    return [*ordered, *fields.values(), *([tables] if tables else [])]


def _remove_group(session: Session, group: Sequence[Change]) -> None:
    """First away under another name, where nobody writes; then counted; then removed."""
    raw = session.fetch()
    facts = _resting(group)
    _recount(session, facts, Schema.from_json(raw))
    drops = [c.operation for c in group if isinstance(c.operation, DropCollection)]
    if drops:
        _drop(session, raw, drops, facts)
        return
    after = apply_operations(raw, [change.operation for change in group])
    known = {item["id"]: item for item in raw}
    for item in after:
        before = known[item["id"]]
        if item == before:
            continue
        staying = {field["id"] for field in item["fields"]}
        going = {field["id"] for field in before["fields"]} - staying
        hidden = [_away(field) if field["id"] in going else field for field in before["fields"]]
        session.client.patch_collection(item["id"], {"fields": hidden, "indexes": item["indexes"]})
        away: dict[Fact, str] = {
            NonZeroCount(fact.collection, PRIVATE_PREFIX + fact.field): path
            for fact, path in facts.items()
            if isinstance(fact, NonZeroCount)
        }
        try:
            _recount(session, away, Schema.from_json(session.fetch()))
        except NotAsIntended:
            whole = {"fields": before["fields"], "indexes": before["indexes"]}
            session.client.patch_collection(item["id"], whole)
            raise
        whole = {"fields": item["fields"], "indexes": item["indexes"]}
        session.client.patch_collection(item["id"], whole)


def _away(field: Json) -> Json:
    return {**field, "name": PRIVATE_PREFIX + field["name"], "hidden": True, "required": False}


def _drop(
    session: Session, raw: Sequence[Json], drops: Sequence[DropCollection], facts: Mapping[Fact, str]
) -> None:
    """Delete collections; relations between them would stand in each other's way, so those go first."""
    ids = {drop.definition.id for drop in drops}
    going = [item for item in raw if item["id"] in ids and item["type"] != "view"]
    for item in going:
        session.client.patch_collection(item["id"], {"name": PRIVATE_PREFIX + item["name"]})
    try:
        for fact, path in facts.items():
            if session.client.count(PRIVATE_PREFIX + fact.collection):
                raise _came([path])
    except NotAsIntended:
        for item in going:
            session.client.patch_collection(item["id"], {"name": item["name"], "indexes": item["indexes"]})
        raise
    for item in raw:
        fields = item["fields"]
        kept = [f for f in fields if f["type"] != "relation" or f["collectionId"] not in ids - {item["id"]}]
        if item["id"] in ids and item["type"] != "view" and kept != fields:
            rules = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule", "deleteRule"))
            auth = {"manageRule": None} if item["type"] == "auth" else {}
            session.client.patch_collection(item["id"], {"fields": kept, "indexes": [], **rules, **auth})
    for drop in drops:
        session.client.delete_collection(drop.definition.id)


def _resting(group: Sequence[Change]) -> dict[Fact, str]:
    """What is to be nothing, each with the path of its change."""
    facts: dict[Fact, str] = {}
    for change in group:
        if change.judgement.verdict is Verdict.UNSAFE:
            continue  # agreed to by name, and kept aside
        match change.operation:
            case DropCollection(definition=definition) if definition.type != "view":
                facts[RowCount(definition.name)] = change.path
            case DropField(collection=name, field=field) | ReplaceField(collection=name, after=field):
                facts[NonZeroCount(name, field.name)] = change.path
    return facts


def _recount(session: Session, facts: Mapping[Fact, str], live: Schema) -> None:
    """Count again: rows may have come since the plan."""
    counted = session.count(frozenset(facts), live)
    came = sorted(path for fact, path in facts.items() if counted[fact] != 0)
    if came:
        raise _came(came)


def _came(paths: Sequence[str]) -> NotAsIntended:
    return NotAsIntended(
        f"{', '.join(paths)} held nothing when the plan was made, and holds values now: kept",
        todo="Run the command again.",
    )


@contextmanager
def _views_away(session: Session, collections: Sequence[Json], removals: Sequence[Any]) -> Iterator[None]:
    """Views that show what is removed are deleted, and made again with their ids at the end."""
    away = _in_the_way(collections, removals)
    for view in reversed(away):
        session.client.delete_collection(view["id"])
    try:
        yield
    except PocketVexError:
        if away:
            session.client.import_collections(away)
        raise
    if away:
        session.client.import_collections(away)


def _in_the_way(collections: Sequence[Json], removals: Sequence[Any]) -> list[Json]:
    views = {item["name"]: item for item in collections if item["type"] == "view"}
    queries = {name: item["viewQuery"] for name, item in views.items()}
    found: set[str] = set()
    for removal in removals:
        # Renames are done by now: what is replaced has the new name already.
        field = removal.after if isinstance(removal, ReplaceField) else removal.field
        word = re.compile(rf"\b{re.escape(field.name)}\b", re.IGNORECASE)
        found |= {
            name
            for name, query in queries.items()
            if tables_read(query, {removal.collection}) and word.search(query)
        }
    for before in range(len(views)):
        found |= {name for name, query in queries.items() if tables_read(query, found - {name})}
        if len(found) == before:
            break
    return [views[name] for name in view_order({name: queries[name] for name in queries if name in found})]
