"""What can be told of a folder of migrations by looking at it: names, order, and the sum file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from pocketvex.findings import Finding, Level, Location
from pocketvex.history.folder import History
from pocketvex.steps.header import body_hash

_ROWS = re.compile(
    r"\b(?:newQuery|new\s+Record|find(?:All|First)?Records?\w*|countRecords|truncateCollection|recordQuery|settings)\b"
)
"""How a file reaches rows, and not only collections."""


def in_file(
    name: str, message: str, why: str = "", todo: str = "", line: int = 0, *, level: Level = "error"
) -> Finding:
    """What is found in a file of the history, which is named from its folder."""
    return Finding("", message, Location(name, line), level=level, why=why, todo=todo)


def look_at(history: History) -> list[Finding]:
    """What is wrong before anything runs."""
    strays = [never_called(name) for name in history.strays]
    return [*_sums(history), *_order(history), *_twins(history), *strays]


def never_called(name: str) -> Finding:
    """A file of that kind lies in the folder by accident."""
    return in_file(
        name,
        "is no migration: it never calls migrate()",
        "PocketBase loads every .js and .ts file of this folder with every command.",
        "Move it out of the folder, or into a folder in it.",
    )


def called_twice(name: str, calls: int) -> Finding:
    return in_file(
        name,
        f"calls migrate() {calls} times: PocketBase runs the first and passes over the rest",
        todo="Make each call a file of its own.",
    )


def _sums(history: History) -> Iterator[Finding]:
    why = "A server that ran the file before will never see the edit."
    accept = "accept it by deleting its line in pocketvex.sum."
    for name in history.edited:
        yield in_file(
            name, "was edited after it was sealed", why, f"Restore it from version control, or {accept}"
        )
    for name in history.missing:
        why = "A new server would be built without it."
        yield in_file(name, "was sealed and is gone", why, f"Restore it from version control, or {accept}")


def _order(history: History) -> Iterator[Finding]:
    """PocketBase runs files by the bytes of their names, whatever numbers they begin with."""
    for before, file in pairwise(history.files):
        if before.digits and file.digits and int(before.digits) > int(file.digits):
            yield in_file(
                file.name,
                f"runs after {before.name}, whose time is later",
                "PocketBase runs the files by the bytes of their names: 999 comes behind 1000.",
                "Give both as many digits; a renamed file has to be renamed in `_migrations` as well.",
            )
    for file in history.files:
        if not file.digits and file.name.encode() > b"9":
            yield in_file(
                file.name,
                "has no time in its name: every new migration would run before it",
                "PocketBase runs the files by the bytes of their names, and letters come behind digits.",
                "Give it a name that begins with its time in seconds, and rename its row in `_migrations`.",
            )


def _twins(history: History) -> Iterator[Finding]:
    """Two files behind each other that make the same. Further apart, they may be what somebody meant, and so
    may a change of rows that is made twice."""
    for before, file in pairwise(history.files):
        same = body_hash(before.text) == body_hash(file.text)
        if same and not (file.unwritten or file.blank or _ROWS.search(file.text)):
            yield in_file(
                file.name,
                f"says the same as {before.name}",
                "PocketBase knows a file by its name alone, and runs both.",
                "Delete the one that no server has run.",
            )
