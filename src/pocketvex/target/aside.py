"""Values that a removal over HTTP takes away, kept in files of this project."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pocketvex.errors import ServerProcessError
from pocketvex.plan.make import Change
from pocketvex.schema.model import GOING_PREFIX
from pocketvex.store.files import LOCAL, write_atomically
from pocketvex.target.session import Session
from pocketvex.target.target import Json, Target

_PAGE = 1000


def require_keepable(change: Change) -> None:
    """Raise ServerProcessError where a change takes away what the API never shows."""
    unseen = [field for field in change.operation.loses if field.type in ("password", "file")]
    if secret := next(iter(unseen), None):
        what = "files" if secret.type == "file" else "passwords"
        raise ServerProcessError(
            f"{change.path} cannot be kept aside over HTTP: nothing was written",
            why=f"The {what} of {secret.name} are not to be had there, and would be lost.",
            todo="Say where the data of this server is on this machine: --data-dir PATH.",
        )


def keep_field(session: Session, path: str, collection: str, name: str) -> Path:
    """Write the values of the hidden field that was called `name`, by record."""
    hidden = GOING_PREFIX + name
    rows = [
        {"id": row["id"], name: row.get(hidden)} for row in _rows(session.target, collection, f"id,{hidden}")
    ]
    return write_kept(session, path, rows)


def keep_collection(session: Session, path: str, name: str) -> Path:
    """Write the records of the hidden collection that was called `name`."""
    rows = [{**row, "collectionName": name} for row in _rows(session.target, GOING_PREFIX + name)]
    return write_kept(session, path, rows)


def _rows(target: Target, collection: str, fields: str = "") -> Iterator[Json]:
    for page in range(1, 1 << 30):
        found = target.client.records(collection, fields=fields, sort="id", page=page, per_page=_PAGE)
        yield from found
        if len(found) < _PAGE:
            return


def write_kept(session: Session, name: str, values: Any) -> Path:
    """Write a file that only its owner reads, beside what was kept before."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    folder = session.root / LOCAL / "kept"
    path = folder / f"{stamp}-{name}.json"
    number = 1
    while path.exists():
        number += 1
        path = folder / f"{stamp}-{name}-{number}.json"
    write_atomically(path, json.dumps(values, ensure_ascii=False, indent=1), mode=0o600)
    return path
