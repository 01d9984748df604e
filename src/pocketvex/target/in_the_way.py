"""Tables and columns that are no collections or fields: PocketBase makes nothing of the same name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pocketvex.diff.operations import AddField, CreateCollection, Operation, RenameCollection, RenameField
from pocketvex.errors import NotAsIntended
from pocketvex.paths import ThingPath
from pocketvex.schema.model import Schema
from pocketvex.target.target import Target
from pocketvex.versions import SQL_OVER_HTTP


def require_free(target: Target, live: Schema, operations: Sequence[Operation]) -> None:
    """Raise NotAsIntended where a raw table or column has the name of what is to be made."""
    if found := in_the_way(target, live, operations):
        raise NotAsIntended(
            f"{target.url} has {', and '.join(found)}: nothing was written",
            why="Somebody made it with SQL, and PocketBase makes nothing of that name while it is there.",
            todo="Rename it, or drop it, with SQL of your own, or give what is new another name.",
        )


def in_the_way(target: Target, live: Schema, operations: Sequence[Operation]) -> list[str]:
    """The raw tables and columns that have the name of what is to be made, in words.

    Where only HTTP reaches a server below 0.39, nobody can tell: it says so itself, as an SQL error.
    """
    made = [o for o in operations if isinstance(o, CreateCollection | RenameCollection)]
    added = [o for o in operations if isinstance(o, AddField | RenameField)]
    if not made and not added:
        return []
    was = {o.collection.lower(): o.old.lower() for o in made if isinstance(o, RenameCollection)}
    tables = {o.collection.lower() for o in made}
    homes = {was.get(o.collection.lower(), o.collection.lower()) for o in added}
    there = _columns(target, sorted(tables | homes))
    taken = [name for name in tables if name in there and live.collection(name) is None]
    found = [f"a table {name} that is no collection" for name in sorted(taken)]
    for operation in added:
        home = was.get(operation.collection.lower(), operation.collection.lower())
        collection, name = live.collection(home), ThingPath.parse(operation.path).field
        if collection and name.lower() in there.get(home, ()) and collection.field(name) is None:
            found.append(f"a column {operation.path} that is no field")
    return found


def _columns(target: Target, names: Sequence[str]) -> dict[str, set[str]]:
    """The columns of these tables and views, as far as they are there; all in lower case."""
    found: dict[str, set[str]] = {}
    for table, column in _rows(target, names):
        found.setdefault(table, set()).add(column)
    return found


def _rows(target: Target, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    # Names are letters, digits and _ only: the schema was checked.
    quoted = ", ".join(f"'{name}'" for name in names)
    query = (
        "SELECT lower(m.name) AS home, lower(c.name) AS name FROM sqlite_master m "
        f"JOIN pragma_table_info(m.name) c WHERE m.type IN ('table', 'view') AND lower(m.name) IN ({quoted})"
    )
    if target.data_dir is not None:
        from pocketvex.server.ledger import reading

        with reading(target.data_dir) as database:
            yield from database.execute(query).fetchall()
    elif target.version >= SQL_OVER_HTTP:
        for row in target.client.sql(query):
            yield str(row["home"]), str(row["name"])
