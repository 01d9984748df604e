"""Migrations brought to a server over HTTP: each import healed before, read back after, and probed.

The same code rehearses on a scratch server what it then does on the real one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pocketvex.api.client import Client
from pocketvex.diff.compare import compare
from pocketvex.errors import NotAsIntended, Rejected, Unreachable
from pocketvex.remote.files import Refused, Throws, passages
from pocketvex.remote.passage import GUARD, Passage
from pocketvex.remote.put_away import name_before
from pocketvex.remote.record import Entry, entries, record_of, with_entries
from pocketvex.schema.model import Schema
from pocketvex.steps.migration import Migration
from pocketvex.target.hold import Hold, holding
from pocketvex.versions import SQL_OVER_HTTP, Version

Json = dict[str, Any]
Say = Callable[[str], None]
_SORTED_BY = 8
"""So many fields a list may be sorted by at once (0.23 to 0.40)."""


class Stopped(Exception):
    """A file that the server did not take; what ran before it stays."""

    def __init__(self, file: str, reason: str, ran: Sequence[str]) -> None:
        super().__init__(f"{file}: {reason}")
        self.file = file
        self.reason = reason
        self.ran = tuple(ran)


class Carrier:
    def __init__(self, client: Client, version: Version, environ: Mapping[str, str], say: Say) -> None:
        self.client = client
        self.version = version
        self.environ = environ
        self.say = say

    def run(self, files: Sequence[tuple[str, Migration]], way: str) -> None:
        """Bring these files to the server, or take them back (`down`).

        Raises Refused where nothing was sent, and Stopped where the server did not take one.
        """
        with holding(self.client) as hold:
            left = list(files)
            ran: list[str] = []
            while left:
                raw = self.client.collections()
                try:
                    going = next(self._passages(left, way, raw))
                except (Refused, Throws) as error:
                    why = error.why if isinstance(error, Refused) else error.reason
                    raise Stopped(error.file, why, ran) from error
                self._send(going, raw, hold, ran)
                ran += [entry.name for entry in going.entries]
                left = left[len(going.entries) :]

    def _passages(
        self, files: Sequence[tuple[str, Migration]], way: str, raw: Sequence[Json]
    ) -> Iterator[Passage]:
        return passages(files, way, raw, secrets=_random(), environ=self.environ)

    def _send(self, going: Passage, raw: Sequence[Json], hold: Hold, ran: Sequence[str]) -> None:
        name = going.entries[-1].name
        try:
            self._switch(going, raw, hold)
        except Rejected as error:
            raise Stopped(name, _told(error, going), ran) from error
        after = self.client.collections()
        if left := self._left(going, after):
            raise NotAsIntended(
                f"{self.client.url} is not what {name} makes of it",
                why=f"Still different: {', '.join(left[:8])}",
                todo="`pocketvex migrate status` says where it stands; then run the command again.",
            )

    def _switch(self, going: Passage, raw: Sequence[Json], hold: Hold) -> None:
        record = record_of(raw)
        assert record is not None  # made when it was held
        first, last = with_entries(record, self._entries_after(going, raw), hold.fence)
        self.client.refresh_schema_cache()
        try:
            self.client.import_collections([first, *going.switch, last])
        except Unreachable:
            # A server goes on without its client. A write waits for it, and then LIST is true.
            self.client.refresh_schema_cache()
            if not self._is_recorded(going):
                raise
        self.client.refresh_schema_cache()

    def _entries_after(self, going: Passage, raw: Sequence[Json]) -> list[Entry]:
        known = [entry for entry in entries(raw) if entry.name not in {e.name for e in going.entries}]
        return [*known, *going.entries] if going.way == "up" else known

    def _is_recorded(self, going: Passage) -> bool:
        there = {entry.name for entry in entries(self.client.collections())}
        return (going.entries[-1].name in there) == (going.way == "up")

    def _left(self, going: Passage, after: Sequence[Json]) -> list[str]:
        """What is not as it was meant to be: in LIST, in the tables behind it, or in the record."""
        wanted = Schema.from_json(going.after)
        diff = compare(wanted, Schema.from_json(after), version=self.version, ask=False)
        sent = {item["id"] for item in going.switch}
        names = {item["name"] for item in (*going.after, *after) if item["id"] in sent}
        left = [op.path for op in diff.operations if op.collection in names]
        left += [item["name"] for item in going.after if item["id"] in sent and not _is_there(item, after)]
        if not self._is_recorded(going):
            left.append("the record of what ran")
        return left + [name for name in names if not left and not self._answers(name, after)]

    def _answers(self, name: str, after: Sequence[Json]) -> bool:
        """Whether the table has the columns that LIST names: a poisoned cache writes the one without the other."""
        item = next((item for item in after if item["name"] == name), None)
        if item is None:
            return True
        columns = [field["name"] for field in item["fields"] if field["type"] != "password"]
        try:
            for at in range(0, len(columns), _SORTED_BY):
                self.client.records(name, sort=",".join(columns[at : at + _SORTED_BY]), per_page=1)
        except Rejected:
            return False
        return True


def _is_there(item: Json, after: Sequence[Json]) -> bool:
    """Whether a collection has its name, and its fields theirs, those that are put away as well."""
    there = next((other for other in after if other["id"] == item["id"]), None)
    if there is None:
        return not name_before(item["name"]) and item["type"] == "view"
    names = {field["id"]: field["name"] for field in there["fields"]}
    return there["name"] == item["name"] and (
        item["type"] == "view"
        or all(names.get(field["id"]) == field["name"] for field in item["fields"])
    )


def _told(error: Rejected, going: Passage) -> str:
    """What the server says; of a guard, what it guards."""
    said = "; ".join(dict.fromkeys([error.what, *(str(problem) for problem in error.problems)]))
    if GUARD in said and "malformed JSON" in said:
        number = int(said.partition(GUARD)[2].partition("_")[0])
        check = going.checks[number]
        item = next(item for item in going.before if item["id"] == check.collection)
        field = next(f for f in item["fields"] if f["id"] == check.field)
        return f"{item['name']}.{field['name']}: there are values that {check.says}"
    return said


def _random() -> Iterable[str]:
    while True:
        yield secrets.token_hex(25)


__all__ = ["SQL_OVER_HTTP", "Carrier", "Refused", "Stopped", "Throws"]
