"""What is sent to a server for one file, or for several that change nothing but structure: two imports at
most.

The first (`expand`) makes hidden columns for values that are written before the switch. The second (`switch`)
is one transaction: names, fields, indexes, rules, views, and the record of what ran. PocketBase saves the
items of an import in the order of `created`, then `updated`, tables before views; the same collection may
stand in it twice (0.23 to 0.40).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pocketvex.remote.carried import Outcome
from pocketvex.remote.copied import CannotRun
from pocketvex.remote.expressions import AS_LIST, AS_ONE, inlined
from pocketvex.remote.items import LAST, changes, differs, head
from pocketvex.remote.put_away import loosened, name_before
from pocketvex.remote.record import Entry
from pocketvex.remote.rows import Was, unfinished, was_columns
from pocketvex.remote.views import aliased, in_order, shaken_views
from pocketvex.remote.work import Check, Convert, Fill, GiveBack, Remap, ToMany, ToOne, Unfill, Work
from pocketvex.schema.indexes import parse_index
from pocketvex.schema.model import PRIVATE_PREFIX

Json = dict[str, Any]
_FIRST = "2000-01-01 00:00:01.000Z"
GUARD = "idx_pv_guard_"


class Guard(NamedTuple):
    """What is true of no row when the switch is through: the server itself looks, in the same transaction."""

    collection: str
    condition: str
    says: str = ""
    """"" of rows that are only left over, and can be written."""


class Passage(NamedTuple):
    entries: tuple[Entry, ...]
    way: str
    expand: list[Json]
    work: list[Work]
    guards: list[Guard]
    switch: list[Json]
    """Without the record of what ran, which stands around it."""
    columns: Mapping[tuple[str, str], str]
    """What a field is called before the switch, by the ids of its collection and its own."""
    was: list[Was]
    before: Sequence[Json]
    after: Sequence[Json]
    notes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.entries[-1].id


def passage(
    entries: Sequence[Entry],
    way: str,
    raw: Sequence[Json],
    outcomes: Sequence[Outcome],
    *,
    by_records: bool,
) -> Passage:
    """What brings a server from `raw` to what the last of the outcomes says.

    With `by_records`, values are written record by record before the switch. Raises CannotRun where
    PocketBase would not take it in one import.
    """
    known = {item["id"]: item for item in raw}
    after = _without_passing_through(known, outcomes[-1].after)
    then = {item["id"]: item for item in after}
    work = [one for outcome in outcomes for one in outcome.work]
    checks = [check for outcome in outcomes for check in outcome.checks]
    _require_system_indexes(known, after)
    new = _new_columns(entries[-1].id, known, then, [*work, *checks])
    if by_records:
        _require_no_files(known, work)
    was, made = was_columns(entries[-1].id, way, known, work) if by_records else ([], {})
    wider = _wider(known, then, work) if by_records else {}
    expand: list[Json] = [
        {**head(known[id]), "fields": [
            *_kept(known[id]["fields"], {f: field for (c, f), field in wider.items() if c == id}),
            *new.get(id, []), *made.get(id, []),
        ]}
        for id in sorted({*(i for i in new if new[i]), *made, *(i for i, _ in wider)})
    ]  # fmt: skip
    expand += aliased(known, after)
    columns = {
        (item["id"], field["id"]): field["name"] for item in raw for field in item.get("fields") or []
    } | {(id, field["id"]): field["name"] for id, fields in new.items() for field in fields}
    guards = [
        Guard(check.collection, _condition(check, known, then, columns), _says(check, known, then))
        for check in checks
    ]
    if by_records:
        guards += [
            Guard(one.collection, left)
            for one in work
            if (left := unfinished(one, was, lambda c, f: columns[c, f], known, then))
        ]
    guards = list({(guard.collection, guard.condition): guard for guard in reversed(guards)}.values())
    held = {id: [*new.get(id, []), *made.get(id, [])] for id in {*new, *made}}
    switch = _switch(known, after, held, guards)
    notes = tuple(note for outcome in outcomes for note in outcome.notes)
    return Passage(tuple(entries), way, expand, work, guards, switch, columns, was, list(raw), after, notes)


def _require_system_indexes(known: Mapping[str, Json], after: Sequence[Json]) -> None:
    """PocketBase takes no import that changes a unique index with one of its own fields in it, in any way."""
    for item in after:
        there = known.get(item["id"])
        if there is None or item["type"] == "view":
            continue
        own = [field["name"] for field in there["fields"] if field.get("system")]
        names = {field["id"]: field["name"] for field in item["fields"]}
        moved = [f["name"] for f in there["fields"] if names.get(f["id"], f["name"]) != f["name"]]
        now = {
            (index := parse_index(text)).name.lower(): index.meaning() for text in item.get("indexes") or []
        }
        for text in there.get("indexes") or []:
            index = parse_index(text)
            if not index.unique or not any(map(index.mentions, own)):
                continue
            if now.get(index.name.lower()) != index.meaning() or any(map(index.mentions, moved)):
                raise CannotRun(
                    f"the unique index {index.name} of {there['name']} covers one of PocketBase's own "
                    "fields, and no import changes such a one"
                )


def _says(check: Check, known: Mapping[str, Json], then: Mapping[str, Json]) -> str:
    path = f"{known[check.collection]['name']}.{_field(then, check)['name']}"
    return f"{path}: there are values that {check.says}"


def _condition(
    check: Check,
    known: Mapping[str, Json],
    then: Mapping[str, Json],
    columns: Mapping[tuple[str, str], str],
) -> str:
    """What breaks the check: the server looks before PocketBase makes a list of a value, or one of a list."""
    there = next((f for f in known[check.collection]["fields"] if f["id"] == check.field), None)
    field = _field(then, check)
    held = "[[value]]"
    if there is not None and _is_list(there) != _is_list(field):
        held = AS_LIST if _is_list(field) else AS_ONE
    return inlined(check.broken, check.bound, columns[check.collection, check.field], held)


def _is_list(field: Json) -> bool:
    return bool((field.get("maxSelect") or 0) > 1)


def _field(then: Mapping[str, Json], check: Check) -> Json:
    found: Json = next(f for f in then[check.collection]["fields"] if f["id"] == check.field)
    return found


def _require_no_files(known: Mapping[str, Json], work: Iterable[Work]) -> None:
    """A record that lists fewer files loses the others from the storage, and takes none back by its name."""
    for one in work:
        if isinstance(one, ToMany) or (isinstance(one, ToOne) and one.first):
            field = next(f for f in known[one.collection]["fields"] if f["id"] == one.field)
            if field["type"] == "file":
                raise CannotRun(
                    f"{known[one.collection]['name']}.{field['name']}: the records API "
                    "takes no file by its name"
                )


def _kept(fields: Sequence[Json], wider: Mapping[str, Json]) -> list[Json]:
    """None where none becomes wider: an import leaves the fields that it does not name, with what somebody
    else changed of them in this moment. It puts those it names first, so they are all named if one is."""
    return [wider.get(field["id"], field) for field in fields] if wider else []


def _wider(
    known: Mapping[str, Json], then: Mapping[str, Json], work: Iterable[Work]
) -> dict[tuple[str, str], Json]:
    """Fields that take the choices of before and of after, while records are written."""
    found: dict[tuple[str, str], Json] = {}
    for one in work:
        if isinstance(one, Remap | Fill | Unfill):
            there = next((f for f in known[one.collection]["fields"] if f["id"] == one.field), None)
            if there is None:
                continue
            field = {**found.get((one.collection, one.field), there), "required": False}
            if isinstance(one, Remap) and field["type"] == "select":
                more = [*one.map.values(), *one.map, *one.more, *one.more.values()]
                field["values"] = list(dict.fromkeys([*field["values"], *filter(None, more)]))
                after = next(f for f in then[one.collection]["fields"] if f["id"] == one.field)
                field |= {"maxSelect": max(field["maxSelect"], after["maxSelect"]), "minSelect": 0}
            if field != there:
                found[one.collection, one.field] = field
    return found


def _without_passing_through(known: Mapping[str, Json], after: Sequence[Json]) -> list[Json]:
    """Without what one file makes and a later one puts away: the server never has it."""
    found = []
    for item in after:
        there = known.get(item["id"])
        if there is None and name_before(item["name"]):
            continue
        ids = {field["id"] for field in (there or {}).get("fields") or []}
        if item.get("fields") and item["type"] != "view":
            fields = [f for f in item["fields"] if f["id"] in ids or not name_before(f["name"])]
            item = {**item, "fields": fields}
        found.append(item)
    return found


def _new_columns(
    id: str, known: Mapping[str, Json], after: Mapping[str, Json], work: Iterable[Work | Check]
) -> dict[str, list[Json]]:
    """The columns that are written before the switch and are not there, by collection."""
    found: dict[str, list[Json]] = {}
    for one in work:
        target = (
            one.target
            if isinstance(one, Convert)
            else one.field
            if isinstance(one, Fill | GiveBack | Check)
            else ""
        )
        there = known[one.collection]
        fields = found.setdefault(one.collection, [])
        if not target or any(field["id"] == target for field in [*there["fields"], *fields]):
            continue
        field = next(field for field in after[one.collection]["fields"] if field["id"] == target)
        fields.append(loosened(field, f"{PRIVATE_PREFIX}new_{id}_{field['name']}"[:96]))
    return found


def _switch(
    known: Mapping[str, Json],
    after: Sequence[Json],
    new: Mapping[str, list[Json]],
    guards: Sequence[Guard],
) -> list[Json]:
    changed = [item for item in after if differs(item, known.get(item["id"]))]
    shaken = shaken_views(known, after, changed)
    first = {item["id"]: item for item in _first(known, after, changed, new, guards)}
    tables: list[Json] = []
    views: list[Json] = []
    for item in after:
        there = known.get(item["id"])
        if item["id"] not in {c["id"] for c in changed} | shaken | first.keys():
            continue
        if there is None:
            made = {key: value for key, value in item.items() if key != "updated"} | {"created": LAST}
            (views if item["type"] == "view" else tables).append(made)
            continue
        sent = {**head(there), **changes(item, there), "name": item["name"]}
        if item["type"] == "view":
            views.append({**sent, "viewQuery": item["viewQuery"]})
        else:
            if item["id"] in first:
                sent = {**sent, "indexes": item.get("indexes") or []}
            tables.append(sent | {"updated": LAST})
    return [*first.values(), *tables, *in_order(views)]


def _first(
    known: Mapping[str, Json],
    after: Sequence[Json],
    changed: Sequence[Json],
    new: Mapping[str, list[Json]],
    guards: Sequence[Guard],
) -> list[Json]:
    """Collections as they are, saved before all else: with an index that rows which break a check keep from
    being made, and without the names that others are to have."""
    tables = [item for item in changed if item["type"] != "view"]
    wanted = {item["name"].lower(): item["id"] for item in changed}
    indexes = {
        parse_index(text).name.lower(): item["id"] for item in tables for text in item.get("indexes") or []
    }
    guarded = {guard.collection for guard in guards}
    found = []
    for item in [*changed, *(i for i in after if i["id"] in guarded and i not in changed)]:
        there = known.get(item["id"])
        if there is None:
            continue
        name = there["name"]
        moves = wanted.get(name.lower(), item["id"]) != item["id"]
        if item["type"] == "view":
            if moves:
                raise CannotRun(f"the view {name} gives its name to another collection in one step")
            continue
        texts = there.get("indexes") or []
        kept = [t for t in texts if indexes.get(parse_index(t).name.lower(), item["id"]) == item["id"]]
        if not moves and len(kept) == len(texts) and item["id"] not in guarded:
            continue
        name = f"{PRIVATE_PREFIX}moving_{item['id']}" if moves else name
        looks = [
            f"CREATE INDEX `{GUARD}{number}_{item['id'].lower()}` ON `{name}` "
            f"(json(CASE WHEN {guard.condition} THEN '{{' ELSE '1' END))"
            for number, guard in enumerate(guards)
            if guard.collection == item["id"]
        ]
        texts = [parse_index(text).sql(name) for text in kept] + looks
        fields = [*there["fields"], *new.get(item["id"], [])]
        found.append(
            {**head(there), "name": name, "created": _FIRST, "updated": _FIRST, "fields": fields,
             "indexes": texts}
        )  # fmt: skip
    return found
