"""Why a file of the history failed on a server, and what to do about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pocketvex.errors import DISK_FULL, TOO_LARGE
from pocketvex.schema.model import RECORD_NAME

if TYPE_CHECKING:
    from pocketvex.server.scratch import MigrationFailed

_GUARD = re.compile(r"(?P<path>\w+\.\w+): (?P<count>\d+) values? (?P<says>.*)", re.DOTALL)
_UNIQUE = re.compile(r"UNIQUE constraint failed: (?P<columns>[^()]*\w)")


OTHERS = "somebody else "
"""How a reason begins that is nobody's mistake: others work there, too."""


class Failure(NamedTuple):
    code: str
    """What `pocketvex explain` takes; "" where no guard threw."""
    path: str
    why: str
    todo: str


def failure_of(error: MigrationFailed, command: str = "migrate up") -> Failure:
    """What a guard of ours, or the database, says in the words of a plan; else PocketBase's own words.

    `command` is what is to be run again.
    """
    if guard := _GUARD.search(error.reason):
        new = "the new field is required" in guard["says"]
        code, first = ("PV102", "Give the field `backfill=`") if new else ("PV203", "Change those rows")
        if "it becomes required" in guard["says"] or "and the field is required" in guard["says"]:
            first = "Give the field `backfill=`, which fills the rows that are empty, or change those rows"
        return Failure(code, guard["path"], error.reason, _todo(code, first, command))
    if unique := _UNIQUE.search(error.reason):
        columns = unique["columns"].removeprefix("index ")
        why = f"{columns}: rows are equal there, and it becomes unique."
        return Failure(
            "PV103", columns, f"{why}\n{error.reason}", _todo("PV103", "Tell those rows apart", command)
        )
    if "database is locked" in error.reason:
        todo = "Another process holds the database. End that process, or wait; then run the command again."
        return Failure("", "", error.reason, todo)
    if DISK_FULL in error.reason:
        todo = f"Make room on the disk of the server, then run `pocketvex {command}` again."
        return Failure("", "", error.reason, todo)
    if TOO_LARGE in error.reason:
        todo = (
            "Raise the limit of the proxy in front of the server (nginx: client_max_body_size), then run "
            f"`pocketvex {command}` again."
        )
        return Failure("", "", error.reason, todo)
    if f"/{RECORD_NAME}/records" in error.reason:
        todo = f"The log of the server says why: is its disk full? Then run `pocketvex {command}` again."
        return Failure("", "", error.reason, todo)
    if error.reason.startswith(OTHERS):
        todo = f"Run `pocketvex {command}` again: it goes by what the server has now."
        return Failure("", "", error.reason, todo)
    return Failure("", "", error.reason, f"Mend the rows or the file, then run `pocketvex {command}` again.")


def _todo(code: str, first: str, command: str) -> str:
    return f"{first}, then run `pocketvex {command}` again. `pocketvex explain {code}` says more."
