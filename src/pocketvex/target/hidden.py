"""What a removal over HTTP hides before it takes it away, and how that is put back: now, or later.

Under its hidden name nobody writes to it, so it can be counted and kept before it goes: the old name is
unknown, the new one of a field is passed over and that of a collection locked, except for a superuser who
names it (0.23.12, 0.40.6). The name says on the server what was going. What else it was, and the views that
are away meanwhile, stands in the host's state before anything is sent: a kill loses nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pocketvex.errors import Rejected
from pocketvex.schema.indexes import parse_index
from pocketvex.schema.model import GOING_PREFIX
from pocketvex.target.memory import Memory
from pocketvex.target.session import Session
from pocketvex.target.target import Json

HEALS = "`pocketvex dev` or `pocketvex schema apply` puts it back before it does anything else"
_RULES = ("listRule", "viewRule", "createRule", "updateRule", "deleteRule", "authRule", "manageRule")


def hidden_field(field: Json) -> Json:
    return {**field, "name": GOING_PREFIX + field["name"], "hidden": True, "required": False}


def hidden_collection(item: Json) -> Json:
    """What to change so that nobody reaches it by its name, nor by its id."""
    return {"name": GOING_PREFIX + item["name"], **{rule: None for rule in _RULES if rule in item}}


def hidden_path(path: str) -> str:
    """`posts.body`, or `posts`, as it is called while it is hidden."""
    collection, dot, field = path.rpartition(".")
    return f"{collection}{dot}{GOING_PREFIX}{field}"


def note_away(memory: Memory, items: Iterable[Json]) -> None:
    """Remember how these collections are, before they are hidden, or taken away."""
    memory.save(away={item["id"]: dict(item) for item in items})


def uncovered(session: Session, raw: list[Json], *, write: bool) -> list[Json]:
    """The server's collections without what a removal that was cut off left hidden: it is put back first,
    or, where nothing may be written, named."""
    memory, reporter = session.memory, session.reporter
    if not memory.state.away and not any(_hidden(raw)):
        return raw
    if write:
        if back := put_back(session):
            reporter.note(f"{', '.join(back)}: back as before, since a removal was cut off")
        raw = session.target.fetch()
    names = {item["name"].lower() for item in raw}
    reporter.note(
        *(
            f"{was} is hidden as {name} since a removal was cut off, with all that it holds: "
            + (f"there is another {was} now, so rename one of them in the dashboard" if taken else HEALS)
            for name, was, taken in _hidden(raw)
        ),
        *(
            f"the view {view['name']} is away since a removal was cut off: {HEALS}"
            for view in _views(memory.state.away)
            if view["name"].lower() not in names
        ),
    )
    return raw


def put_back(session: Session) -> list[str]:
    """Put back whatever a removal hid or took away on this server, and name it.

    A hidden thing whose name another has by now stays hidden.
    """
    away = session.memory.state.away
    now = session.target.fetch()
    put = _put_back(now, away)
    if put.items:
        _import(session, put.items)
    views = [view for view in _views(away) if not _is_there(view, now)]
    made = [view["name"] for view in views if _make(session, view)]
    session.memory.save(away={id: away[id] for id in put.stuck if id in away})
    return [*put.paths, *made]


class _Put(NamedTuple):
    items: list[Json]
    """What an import takes."""
    paths: list[str]
    stuck: set[str]
    """The ids of the collections in which something stays hidden."""


def _put_back(now: Sequence[Json], away: Mapping[str, Json]) -> _Put:
    put = _Put([], [], set())
    names = {item["name"].lower() for item in now}
    for item in now:
        if item["type"] == "view":
            continue
        before = away.get(item["id"], {})
        sent: Json = {}
        name = item["name"].removeprefix(GOING_PREFIX)
        if name != item["name"] and name.lower() in names:
            put.stuck.add(item["id"])
            name = item["name"]
        elif name != item["name"]:
            sent = {"name": name, **{rule: before[rule] for rule in _RULES if rule in before}}
            put.paths.append(name)
        fields, back, stuck = _fields(item["fields"], before.get("fields") or [])
        put.paths.extend(f"{name}.{field}" for field in back)
        if stuck:
            put.stuck.add(item["id"])
        fields += _let_go(item, before, now) if sent else []
        if fields != item["fields"]:
            sent["fields"] = fields
        there = {(field["id"], field["name"]) for field in fields}
        was = {(field["id"], field["name"]) for field in before.get("fields") or []}
        lost = {name for _, name in was - there}
        if indexes := missing_indexes(item, before, lost):
            sent["indexes"] = [*(item["indexes"] or []), *indexes]
        if sent:
            put.items.append({"id": item["id"], "name": name, **sent})
    return put


def _fields(now: Sequence[Json], before: Sequence[Json]) -> tuple[list[Json], list[str], list[str]]:
    """The fields with the hidden ones as they were; the names that are back, and those that others have."""
    was = {field["id"]: field for field in before}
    taken = {field["name"].lower() for field in now}
    fields: list[Json] = []
    back: list[str] = []
    stuck: list[str] = []
    for field in now:
        name = field["name"].removeprefix(GOING_PREFIX)
        if name == field["name"] or name.lower() in taken:
            fields.append(field)
            stuck += [name] if name != field["name"] else []
        else:
            fields.append(was.get(field["id"], {**field, "name": name}))
            back.append(name)
    return fields, back, stuck


def _let_go(item: Json, before: Json, now: Sequence[Json]) -> list[Json]:
    """The relations that a collection gave up so that another could go, which is still there."""
    fields, collections = ({one["id"] for one in part} for part in (item["fields"], now))
    return [
        field
        for field in before.get("fields") or []
        if field["id"] not in fields and field.get("collectionId") in collections
    ]


def missing_indexes(item: Json, before: Json, lost: Collection[str]) -> list[str]:
    """The indexes that were there before, without those of columns that are gone."""
    there = {parse_index(text).name.lower() for text in item["indexes"] or []}
    return [
        text
        for text in before.get("indexes") or []
        if (index := parse_index(text)).name.lower() not in there and not any(map(index.mentions, lost))
    ]


def _import(session: Session, items: list[Json]) -> None:
    try:
        session.target.client.import_collections(items)
    except Rejected as error:
        # Rows that came meanwhile may be equal where an index wants them not to be: the values come first.
        lean = [{k: v for k, v in item.items() if k != "indexes"} for item in items]
        if lean == items:
            raise
        session.target.client.import_collections(lean)
        indexes = [text for item in items for text in item.get("indexes", ())]
        session.reporter.note(f"not made again, {error.what}: {'; '.join(indexes)}")


def _make(session: Session, view: Json) -> bool:
    """Make a view again; where the server does not take it any more, keep what it was."""
    from pocketvex.target.aside import write_kept

    try:
        session.target.client.import_collections([view])
    except Rejected as error:
        path = write_kept(session, view["name"], view)
        session.reporter.note(
            f"the view {view['name']} could not be made again, what it was is in {path}: {error}"
        )
        return False
    return True


def _hidden(raw: Sequence[Json]) -> Iterator[tuple[str, str, bool]]:
    """What is hidden: its name there, the one that it had, and whether another has that one now."""
    names = {item["name"].lower() for item in raw}
    for item in raw:
        own = item["name"].removeprefix(GOING_PREFIX)
        if own != item["name"]:
            yield item["name"], own, own.lower() in names
        fields = {field["name"].lower() for field in item["fields"]}
        for field in item["fields"]:
            was = field["name"].removeprefix(GOING_PREFIX)
            if was != field["name"]:
                yield f"{item['name']}.{field['name']}", f"{own}.{was}", was.lower() in fields


def _views(away: Mapping[str, Any]) -> list[Json]:
    from pocketvex.diff.simulate import view_order

    views = {item["name"]: item for item in away.values() if item["type"] == "view"}
    return [views[name] for name in view_order({name: view["viewQuery"] for name, view in views.items()})]


def _is_there(view: Json, now: Sequence[Json]) -> bool:
    return any(item["id"] == view["id"] or item["name"].lower() == view["name"].lower() for item in now)
