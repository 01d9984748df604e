"""`migrate prune`: what migrations keep aside on a server, listed, and deleted where somebody names it.

Values lie in the table `_pv_kept`, collections under names that begin with `_pv_`; what was taken away
over REST lies in files of this project.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pocketvex.errors import NotAsIntended, ServerProcessError, UsageError
from pocketvex.run.automigrate import put_aside
from pocketvex.run.recorded import Position, locate
from pocketvex.run.session import Json, Session, native_dir
from pocketvex.schema.model import PRIVATE_PREFIX
from pocketvex.store.files import LOCAL

_TABLE = "_pv_kept"
_NAME = re.compile(rf"{PRIVATE_PREFIX}(?P<stamp>[0-9]+|draft)_(?P<name>\w+)")
_GROUPS = (
    f"SELECT migration, collection, field, CAST(COUNT(*) AS TEXT) AS n FROM {_TABLE}"
    " GROUP BY migration, collection, field ORDER BY migration, collection, field"
)
_SQL = (0, 39)
_RULES = ("listRule", "viewRule", "createRule", "updateRule", "deleteRule")


class Kept(NamedTuple):
    """One thing that is kept aside."""

    name: str
    """What `--confirm` takes: `posts.body@1700000000`, a collection, or a file."""
    kind: str
    """values, collection or file."""
    rows: int
    migration: str = ""
    """The file of the history that put it there; "" where the history has none of that stamp."""
    way_back: str = ""
    """What gives it back as long as it is there."""
    keys: tuple[tuple[str, str, str], ...] = ()
    """Of values: migration, collection and field, as the table has them. Of a collection: its notes."""


@dataclass(frozen=True)
class Listed:
    kept: tuple[Kept, ...]
    known: bool = True
    """Whether the values could be looked for."""


def list_kept(session: Session) -> Listed:
    """What is kept aside on this server, and in this project for it."""
    raw = session.fetch()
    position = locate(session, session.schema_of(raw))
    groups = _groups(session)
    found = [*_values(position, groups or []), *_collections(session, position, raw, groups or [])]
    return Listed((*found, *_files(session)), groups is not None)


def prune(
    session: Session, listed: Sequence[Kept], names: Iterable[str], before: Callable[[], None]
) -> list[Kept]:
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
    _delete_values(session, [key for kept in going for key in kept.keys])
    for kept in going:
        if kept.kind == "file":
            (session.root / kept.name).unlink(missing_ok=True)
    left = {kept.name for kept in list_kept(session).kept} & set(wanted)
    if left:
        raise NotAsIntended(f"still there: {', '.join(sorted(left))}", todo="Run the command again.")
    return going


def _groups(session: Session) -> list[tuple[str, str, str, int]] | None:
    """What the table holds; None where nobody can look into it."""
    if session.data_dir is not None:
        from pocketvex.server.ledger import reading

        with reading(session.data_dir) as database, closing(database.cursor()) as cursor:
            there = cursor.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (_TABLE,)).fetchone()
            rows = cursor.execute(_GROUPS).fetchall() if there else []
        return [(m, c, f, int(n)) for m, c, f, n in rows]
    if session.version >= _SQL:
        if not session.client.sql(f"SELECT name FROM sqlite_master WHERE name = '{_TABLE}'"):
            return []
        found = session.client.sql(_GROUPS)
        return [(str(r["migration"]), str(r["collection"]), str(r["field"]), int(r["n"] or 0)) for r in found]
    return None


def _values(position: Position, groups: Sequence[tuple[str, str, str, int]]) -> list[Kept]:
    """Values by column: what a change of type and a removal keep of one column is one thing."""
    columns: dict[tuple[str, str, str], list[tuple[str, str, str, int]]] = {}
    for migration, collection, field, count in groups:
        if named := re.match(r"\w+", field):
            key = (migration, collection, named[0])
            columns.setdefault(key, []).append((migration, collection, field, count))
    found = []
    for (stamp, collection, column), parts in columns.items():
        file, way = _origin(position, stamp)
        keys = tuple((m, c, f) for m, c, f, _ in parts)
        rows = max(count for *_, count in parts)
        found.append(Kept(f"{collection}.{column}@{stamp}", "values", rows, file, way, keys))
    return found


def _collections(
    session: Session,
    position: Position,
    raw: Sequence[Json],
    groups: Sequence[tuple[str, str, str, int]],
) -> list[Kept]:
    found = []
    for item in raw:
        match = _NAME.fullmatch(item["name"])
        if match is None or item["type"] == "view":
            continue
        file, way = _origin(position, match["stamp"])
        notes = tuple(
            (m, c, f)
            for m, c, f, _ in groups
            if m == match["stamp"] and c == match["name"] and f.startswith("(")
        )
        rows = session.client.count(item["name"])
        found.append(Kept(item["name"], "collection", rows, file, way, notes))
    return found


def _files(session: Session) -> list[Kept]:
    folder = session.root / LOCAL / "kept"
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return [Kept(p.relative_to(session.root).as_posix(), "file", _rows_of(p)) for p in paths]


def _rows_of(path: Path) -> int:
    import json

    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0
    return len(found) if isinstance(found, list) else 0


def _origin(position: Position, stamp: str) -> tuple[str, str]:
    """The file that put something aside, and what would give it back."""
    file = next((file.name for file in position.history.files if file.digits == stamp), "")
    if not file:
        return "", "no file of this history gives it back"
    if file not in position.applied:
        return file, "`pocketvex migrate up` gives it back"
    ordered = [name for name in position.history.names if name in position.applied]
    count = len(ordered) - ordered.index(file)
    return file, f"`pocketvex migrate down{f' {count}' if count > 1 else ''}` gives it back"


def _delete_collections(session: Session, names: Sequence[str]) -> None:
    """Over REST, so that the server deletes the files of the records as well."""
    raw = [item for item in session.fetch() if item["name"] in names]
    ids = {item["id"] for item in raw}
    with put_aside(session, ids):
        for item in raw:
            # Relations among them would stand in each other's way.
            kept = [f for f in item["fields"] if f["type"] != "relation" or f["collectionId"] not in ids]
            if kept != item["fields"]:
                rules = dict.fromkeys(_RULES)
                session.client.patch_collection(item["id"], {"fields": kept, "indexes": [], **rules})
        for item in raw:
            session.client.delete_collection(item["id"])


def _delete_values(session: Session, keys: Sequence[tuple[str, str, str]]) -> None:
    if not keys:
        return
    if session.data_dir is not None:
        from pocketvex.server.ledger import writing

        with writing(native_dir(session)) as database:
            database.executemany(
                f"DELETE FROM {_TABLE} WHERE migration = ? AND collection = ? AND field = ?", keys
            )
        return
    if session.version < _SQL:
        raise ServerProcessError(
            f"{session.client.url} is reached over HTTP only: the values cannot be deleted from here",
            why="PocketBase lets a superuser write to its tables from 0.39 on.",
            todo="Say where its data is: --data-dir.",
        )
    for migration, collection, field in keys:
        session.client.sql(
            f"DELETE FROM {_TABLE} WHERE migration = {_quoted(migration)}"
            f" AND collection = {_quoted(collection)} AND field = {_quoted(field)}"
        )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
