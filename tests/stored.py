"""Rows put into a database file and read from it, with no server between."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from pocketvex.proof.rows import make_rows
from pocketvex.proof.values import Values
from pocketvex.schema.model import Schema
from pocketvex.server.ledger import reading


def insert_rows(data_dir: Path, schema: Schema, after: Schema | None = None) -> int:
    """Put these records straight into a database that no server has open; returns how many were written.

    What counts in a proof is that a migration treats stored values right, however they came there.
    """
    written = 0
    with closing(sqlite3.connect(data_dir / "data.db")) as database, database:
        for table, values in make_rows(schema, after):
            names = ", ".join(f"[{name}]" for name in values)
            marks = ", ".join("?" for _ in values)
            sql = f"INSERT OR IGNORE INTO [{table}] ({names}) VALUES ({marks})"
            written += database.execute(sql, list(values.values())).rowcount
    return written


def insert_superuser(data_dir: Path, template: Path) -> None:
    """The superuser of the template, whose password is quickly checked."""
    with reading(template) as database:
        cursor = database.execute("SELECT * FROM _superusers")
        names, rows = [column[0] for column in cursor.description], cursor.fetchall()
    with closing(sqlite3.connect(data_dir / "data.db")) as database, database:
        text = f"INSERT INTO _superusers ({', '.join(names)}) VALUES ({', '.join('?' for _ in names)})"
        database.executemany(text, rows)


def read_values(data_dir: Path, schema: Schema) -> Values:
    """Every stored value, by ids, so that renames do not matter."""
    found: Values = {}
    with reading(data_dir) as database:
        for collection in schema.collections:
            if collection.type == "view" or collection.system:
                continue
            fields = list(collection.fields)
            names = ", ".join(["[id]", *(f"[{field.name}]" for field in fields)])
            for row in database.execute(f"SELECT {names} FROM [{collection.name}]"):
                for field, value in zip(fields, row[1:], strict=True):
                    found[collection.id, field.id, row[0]] = value
    return found
