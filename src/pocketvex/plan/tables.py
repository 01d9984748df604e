"""The tables and views of a schema without rows, in memory: SQLite itself says what it makes of them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable

from pocketvex.schema.model import SYSTEM_FIELDS, Collection, Schema

_AFTER_RENAME = re.compile(r"error in view (\S+) after rename")


def tables_of(collections: Iterable[Collection]) -> sqlite3.Connection:
    """Empty tables as these collections have them, and their views."""
    connection = sqlite3.connect(":memory:")
    if (quotes := getattr(sqlite3, "SQLITE_DBCONFIG_DQS_DML", None)) is not None:  # Python 3.12
        # Elsewise a name in double quotes that is not there is taken for a text.
        connection.setconfig(quotes, False)  # type: ignore[attr-defined, unused-ignore]
    for collection in collections:
        names = dict.fromkeys([*SYSTEM_FIELDS[collection.type], *(field.name for field in collection.fields)])
        columns = ", ".join(f'"{name}"' for name in names)
        made = f"AS {collection.view_query}" if collection.type == "view" else f"({columns})"
        kind = "VIEW" if collection.type == "view" else "TABLE"
        try:
            connection.execute(f'CREATE {kind} "{collection.name}" {made}')
        except sqlite3.Error:
            continue  # what PocketBase makes of it is its own affair
    return connection


def view_against(live: Schema, collection: str, old: str, new: str) -> str:
    """The view because of which SQLite refuses to rename a column, "" where there is none or it cannot tell.

    It rewrites the views that read a column, but not what they call it themselves: `x.name` of
    `(SELECT name FROM posts) x` is left behind.
    """
    connection = tables_of(live.collections)
    try:
        connection.execute(f'ALTER TABLE "{collection}" RENAME COLUMN "{old}" TO "{new}"')
    except sqlite3.Error as error:
        found = _AFTER_RENAME.search(str(error))
        return found[1] if found else ""
    finally:
        connection.close()
    return ""
