"""`migrate prune`: what migrations keep aside on a server, listed, and deleted where somebody names it.

Values lie in the ledger, collections under names that begin with `_pv_`; what was taken away over REST lies
in files of this project.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pocketvex.api.filters import nonzero_filter
from pocketvex.errors import HistoryError, NotAsIntended, UsageError
from pocketvex.history.folder import History
from pocketvex.history.position import Position
from pocketvex.run.situation import locate
from pocketvex.schema.model import PRIVATE_PREFIX
from pocketvex.steps.first_format import is_first
from pocketvex.steps.migration import read_migration
from pocketvex.store.files import LOCAL
from pocketvex.target import kept as ledger
from pocketvex.target.automigrate import put_aside
from pocketvex.target.kept import FIRST, Cell, Group
from pocketvex.target.session import Session
from pocketvex.target.start import start
from pocketvex.target.target import Json, Target

_NAME = re.compile(rf"{PRIVATE_PREFIX}(?P<id>[0-9a-f]{{12}}|[0-9]+|draft|here[0-9]+)_(?P<name>\w+)")
_FIELD = re.compile(rf"{PRIVATE_PREFIX}(?:(?:was|new)_)?(?P<id>[0-9a-f]{{12}})_(?P<name>\w+)")
_RULES = ("listRule", "viewRule", "createRule", "updateRule", "deleteRule")


class KeptAside(NamedTuple):
    """One thing that is kept aside."""

    name: str
    """What `--confirm` takes: `posts.body@1700000000`, a collection, a field, or a file."""
    kind: str
    """values, collection, field or file."""
    rows: int
    migration: str = ""
    """The file of the history that put it there; "" where the history has none of that stamp."""
    way_back: str = ""
    """What gives it back as long as it is there."""
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True)
class Listed:
    kept: tuple[KeptAside, ...]
    known: bool = True
    """Whether the values could be looked for."""


def list_kept(session: Session) -> Listed:
    """What is kept aside on this server, and in this project for it."""
    session, raw = start(session, write=False)
    position = locate(session, raw)
    groups = ledger.groups(session.target)
    files = _files_by_id(position.history)
    found = [
        *_values(position, files, groups or []),
        *_collections(session.target, position, files, raw),
        *_fields(session.target, position, files, raw),
    ]
    return Listed((*found, *_kept_files(session)), groups is not None)


def show(target: Target, listed: Sequence[KeptAside], name: str) -> list[Cell]:
    """The values that are kept under this name, record by record."""
    found = next((kept for kept in listed if kept.name == name and kept.kind == "values"), None)
    if found is None:
        raise UsageError(
            f"{name}: no values of that name are kept aside",
            todo="`pocketvex migrate prune` lists what there is.",
        )
    return [cell for group in found.groups for cell in ledger.cells(target, group)]


def prune(
    session: Session, listed: Sequence[KeptAside], names: Iterable[str], before: Callable[[], None]
) -> list[KeptAside]:
    """Delete what is named, look again, and return what went; `before` is called when all names are known.

    Raises UsageError for a name that is not listed, NotAsIntended where something is still there.
    """
    wanted = list(dict.fromkeys(names))
    known = {kept.name: kept for kept in listed}
    if strangers := [name for name in wanted if name not in known]:
        raise UsageError(
            f"{strangers[0]}: nothing of that name is kept aside",
            todo="`pocketvex migrate prune` lists what there is.",
        )
    going = [known[name] for name in wanted]
    if going:
        before()
    _delete_collections(session, [kept.name for kept in going if kept.kind == "collection"])
    _delete_fields(session, [kept.name for kept in going if kept.kind == "field"])
    ledger.delete(session.target, [group for kept in going for group in kept.groups])
    for kept in going:
        if kept.kind == "file":
            (session.root / kept.name).unlink(missing_ok=True)
    left = {kept.name for kept in list_kept(session).kept} & set(wanted)
    if left:
        raise NotAsIntended(f"still there: {', '.join(sorted(left))}", todo="Run the command again.")
    return going


def _files_by_id(history: History) -> dict[str, str]:
    """The names of the files by what they file their values under."""
    found = {file.digits: file.name for file in history.files if file.digits}
    for file in history.files:
        try:
            migration = read_migration(file.text)
        except HistoryError:
            continue
        if migration is not None:
            found[migration.id] = file.name
    return found


def _values(position: Position, files: Mapping[str, str], groups: Sequence[Group]) -> list[KeptAside]:
    """Values by column and file: what several runs of one file keep of one column is one thing."""
    columns: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        column = _column(group)
        if column:
            columns.setdefault((column, group.migration), []).append(group)
    found = []
    for (column, migration), parts in columns.items():
        file = files.get(migration, "")
        stamp = file.partition("_")[0] or migration
        rows = max(group.rows - group.back for group in parts)
        way = _way(position, file, parts)
        found.append(KeptAside(f"{column}@{stamp}", "values", rows, file, way, tuple(parts)))
    return found


def _column(group: Group) -> str:
    if group.table != FIRST:
        return group.name
    named = re.match(r"\w+", group.field)
    return f"{group.collection}.{named[0]}" if named else ""


def _way(position: Position, file: str, parts: Sequence[Group]) -> str:
    """What would give the values back, where anything does."""
    if all(group.back == group.rows for group in parts):
        return "all of them are in their records again"
    if parts[0].table == FIRST:
        return _of_first(position, file)
    if not file:
        return "declaring it again gives it back where the records are empty"
    way = "up" if file in position.applied else "down"
    newest = max((group.generation for group in parts if group.way == way), default=0)
    live = [g for g in parts if g.way == way and g.generation == newest and g.back < g.rows]
    if not live:
        return "their records hold other values now, or are gone: nothing gives them back by itself"
    return _origin(position, file)


def _collections(
    target: Target, position: Position, files: Mapping[str, str], raw: Sequence[Json]
) -> list[KeptAside]:
    found = []
    for item in raw:
        match = _NAME.fullmatch(item["name"])
        if match is None:
            continue
        file = files.get(match["id"], "")
        of = _of_first if file.startswith(f"{match['id']}_") else _origin
        way = of(position, file) if file else "declaring it again gives it back"
        rows = target.client.count(item["name"]) if item["type"] != "view" else 0
        found.append(KeptAside(item["name"], "collection", rows, file, way))
    return found


def _fields(
    target: Target, position: Position, files: Mapping[str, str], raw: Sequence[Json]
) -> list[KeptAside]:
    """What was put away over HTTP, with its values, and what values were before they were changed there."""
    found = []
    for item in raw:
        if item["type"] == "view" or item["name"].startswith(PRIVATE_PREFIX):
            continue
        for field in item["fields"]:
            match = _FIELD.fullmatch(field["name"])
            if match is None:
                continue
            file = files.get(match["id"], "")
            filled = nonzero_filter(item["name"], field)
            rows = target.client.count(item["id"], filled) if filled else target.client.count(item["id"])
            way = _origin(position, file) if file else "declaring it again gives it back"
            found.append(KeptAside(f"{item['name']}.{field['name']}", "field", rows, file, way))
    return found


def _delete_fields(session: Session, paths: Sequence[str]) -> None:
    """Each collection with all that is named of it at once; a field of it goes with its column."""
    client = session.target.client
    for item in session.target.fetch():
        going = {path.partition(".")[2] for path in paths if path.partition(".")[0] == item["name"]}
        if going:
            client.refresh_schema_cache()
            left = [field for field in item["fields"] if field["name"] not in going]
            client.patch_collection(item["id"], {"fields": left})


def _kept_files(session: Session) -> list[KeptAside]:
    folder = session.root / LOCAL / "kept"
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return [KeptAside(p.relative_to(session.root).as_posix(), "file", _rows_of(p)) for p in paths]


def _rows_of(path: Path) -> int:
    import json

    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0
    return len(found) if isinstance(found, list) else 0


def _of_first(position: Position, file: str) -> str:
    """The same, for what a file of the first format put aside."""
    known = position.history.file(file)
    if known is not None and not is_first(known.text):
        return "nothing gives it back by itself: the file was resealed since"
    return _origin(position, file)


def _origin(position: Position, file: str) -> str:
    """What would give back what this file put aside."""
    if not file:
        return "no file of this history gives it back"
    if file not in position.applied:
        return "`pocketvex migrate up` gives it back"
    ordered = [name for name in position.history.names if name in position.applied]
    count = len(ordered) - ordered.index(file)
    return f"`pocketvex migrate down{f' {count}' if count > 1 else ''}` gives it back"


def _delete_collections(session: Session, names: Sequence[str]) -> None:
    """Over REST, so that the server deletes the files of the records as well."""
    raw = [item for item in session.target.fetch() if item["name"] in names]
    ids = {item["id"] for item in raw}
    with put_aside(session, ids):
        for item in raw:
            # Relations among them would stand in each other's way.
            kept = [f for f in item["fields"] if f["type"] != "relation" or f["collectionId"] not in ids]
            if kept != item["fields"]:
                rules = dict.fromkeys(_RULES)
                session.target.client.patch_collection(item["id"], {"fields": kept, "indexes": [], **rules})
        for item in raw:
            session.target.client.delete_collection(item["id"])
