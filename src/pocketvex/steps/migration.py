"""A migration as data: its steps up and down, and how they stand in a file, written and read back.

    const migration = {"id": …, "collections": {…}, "up": [[name, argument, …], …], "down": […]};

The id is no part of the file's name: what a migration keeps on a server is filed under it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from pocketvex.errors import HistoryError
from pocketvex.steps.literals import Reader, Unreadable, code_in

Step = list[Any]
"""`[name, argument, …]`: a JSON value."""

STEPS = frozenset(
    ("create", "remove", "rename", "recover", "giveBack", "renameFields", "addField", "removeField",
     "replaceField", "setField", "remap", "fill", "unfill", "setIndex", "setRule", "setQuery", "setOption",
     "restoreOption", "expectEmpty", "sql")
)  # fmt: skip
"""The names of steps that the runtime knows."""

_START = re.compile(r"^const\s+migration\s*=\s*(?=\{)", re.MULTILINE)
RUNTIME = re.compile(r"^// -+ PocketVex runtime (\d+)\b.*$", re.MULTILINE)
"""The line between the steps and the runtime."""
_LOOSE = re.compile(r"""[\s"'`,;()\\]""")
"""What a formatter of JavaScript changes."""


class Migration(NamedTuple):
    """What a file does. `collections` are the ids of the collections that the steps name."""

    id: str
    collections: dict[str, str]
    up: list[Step]
    down: list[Step]

    def named(self, stamp: str) -> Migration:
        """The same steps with an id of their own: it says nothing, and no two files have the same."""
        content = json.dumps([stamp, self.up, self.down], sort_keys=True)
        return self._replace(id=sha256(content.encode()).hexdigest()[:12])

    def to_json(self) -> dict[str, Any]:
        return self._asdict()


def read_migration(text: str) -> Migration | None:
    """The steps of a file that PocketVex wrote, also after a formatter; None for any other file.

    Raises HistoryError where the steps cannot be read.
    """
    try:
        parts = _parts(text)
    except Unreadable as error:
        raise HistoryError("the steps of a migration cannot be read", why=str(error)) from error
    return _migration(parts[0]) if parts else None


def id_of(text: str) -> str:
    """The id of the migration in a file; "" for one that cannot be read, or that PocketVex did not write."""
    try:
        found = read_migration(text)
    except HistoryError:
        return ""
    return found.id if found else ""


def code_of_its_own(text: str) -> str:
    """What a file says beside its steps and above the runtime, but for comments; "" for nothing."""
    try:
        parts = _parts(text)
    except Unreadable:
        return ""
    return code_in(parts[1]) + code_in(parts[2]).removeprefix(";") if parts else ""


def runtime_of(text: str) -> str:
    """What stands below the steps, from the line that says so; "" where there is none."""
    return split(text)[1]


def split(text: str) -> tuple[str, str]:
    """A file above the line that says what the steps mean, and from that line on; newlines made one kind."""
    plain = text.replace("\r\n", "\n")
    match = RUNTIME.search(plain)
    at = match.start() if match else len(plain)
    return plain[:at], plain[at:]


def same_code(one: str, other: str) -> bool:
    """Whether two texts are the same but for what a formatter changes."""
    return _LOOSE.sub("", one) == _LOOSE.sub("", other)


def _parts(text: str) -> tuple[Any, str, str] | None:
    """The value of the steps, what stands above them, and what stands between them and the runtime."""
    start, end = _START.search(text), RUNTIME.search(text)
    if start is None or end is None or end.start() < start.end():
        return None
    above, body = text[: start.start()], text[: end.start()]
    try:
        value, at = json.JSONDecoder().raw_decode(body, start.end())
    except ValueError:
        # Quotes, commas and comments of JavaScript: only an edited file has them.
        reader = Reader(body, start.end())
        value, at = reader.value(), reader.at
    return value, above, body[at:]


def _migration(value: Any) -> Migration:
    ways: list[Any] = [value.get(way) for way in ("up", "down")] if isinstance(value, dict) else []
    if not ways or not all(_are_steps(way) for way in ways) or not isinstance(value.get("id"), str):
        raise HistoryError(
            "the steps of a migration cannot be read",
            why="They are an object with an id and two lists, up and down, of steps: [name, argument, …].",
        )
    collections = value.get("collections")
    known = dict(collections) if isinstance(collections, dict) else {}
    return Migration(value["id"], known, ways[0], ways[1])


def _are_steps(found: Any) -> bool:
    return isinstance(found, list) and all(
        isinstance(step, list) and step and isinstance(step[0], str) for step in found
    )


def named_collections(steps: Sequence[Step]) -> set[str]:
    """The names by which steps speak of collections."""
    names: set[str] = set()
    for name, *arguments in steps:
        match name:
            case "create" | "sql":
                continue
            case "remove":
                names.add(arguments[1])
            case "rename":
                names |= {arguments[1], arguments[2]}
            case _:
                names.add(arguments[0])
    return names
