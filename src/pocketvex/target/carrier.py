"""Migrations brought to a server over HTTP: each import healed before, read back after, and probed.

The same code rehearses on a scratch server what it then does on the real one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from pocketvex.api.client import Client
from pocketvex.diff.compare import compare
from pocketvex.errors import NotAsIntended, PocketVexError, Rejected, Unreachable
from pocketvex.remote.carried import Kept
from pocketvex.remote.copied import CannotRun
from pocketvex.remote.files import Refused, Throws, passages
from pocketvex.remote.passage import GUARD, Guard, Passage, without_begun
from pocketvex.remote.put_away import name_before
from pocketvex.remote.record import Entry, entries, record_of, with_entries
from pocketvex.schema.model import Schema
from pocketvex.steps.migration import Migration
from pocketvex.target import by_records, by_sql
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
    """`found` are files that ran here before, and not over HTTP; `kept` is asked where it is None."""

    def __init__(
        self,
        client: Client,
        version: Version,
        environ: Mapping[str, str],
        say: Say,
        found: Sequence[Entry] = (),
        kept: Kept | None = None,
    ) -> None:
        self.client = client
        self.version = version
        self.environ = environ
        self.say = say
        self.found = found
        self._kept = kept
        self.by_sql = version >= SQL_OVER_HTTP

    def run(self, files: Sequence[tuple[str, Migration]], way: str) -> None:
        """Bring these files to the server, or take them back (`down`).

        Raises Stopped where the server does not take one; the files before it stay.
        """
        with holding(self.client) as hold:
            if self.by_sql:
                by_sql.finish(self.client, self._has_run)
                if known := [entry.name for entry in entries(self.client.collections())]:
                    by_sql.record_rows(self.client, known)
            left = list(files)
            ran: list[str] = []
            while left:
                raw = self.client.collections()
                try:
                    going = next(self.passages(left, way, raw))
                except (Refused, Throws) as error:
                    raise Stopped(error.file, error.why, ran) from error
                self._send(going, raw, hold, ran)
                self.found = ()  # by now it is recorded
                ran += [entry.name for entry in going.entries]
                left = left[len(going.entries) :]

    def passages(
        self, files: Sequence[tuple[str, Migration]], way: str, raw: Sequence[Json]
    ) -> Iterator[Passage]:
        """What is sent for these files. Raises Refused and Throws."""
        kept = self._kept or self.kept(files, raw)
        own = [migration.id for _, migration in files]
        found = passages(
            files, way, without_begun(raw, own), secrets=_random(), environ=self.environ, kept=kept,
            by_records=not self.by_sql,
        )  # fmt: skip
        for going in found:
            if self.by_sql:
                try:
                    by_sql.require_short(going)
                except CannotRun as error:
                    raise Refused(going.entries[-1].name, str(error)) from error
            yield going

    def kept(self, files: Sequence[tuple[str, Migration]], raw: Sequence[Json]) -> Kept:
        """What is known of what PocketBase itself kept when it ran these files on this server."""
        there = {entry.id for entry in entries(raw) if not entry.natively}
        natively = frozenset(migration.id for _, migration in files if migration.id not in there)
        return Kept(by_sql.kept_columns(self.client) if self.by_sql else None, natively)

    def _has_run(self, id: str) -> bool:
        return any(entry.id == id and not entry.natively for entry in entries(self.client.collections()))

    def _send(self, going: Passage, raw: Sequence[Json], hold: Hold, ran: Sequence[str]) -> None:
        name = going.entries[-1].name
        for note in going.notes:
            self.say(note)
        try:
            self._carry(going, raw, hold)
        except (Rejected, by_records.Refusal) as error:
            self._take_back_columns(going)
            reason = _told(error, going) if isinstance(error, Rejected) else str(error)
            raise Stopped(name, reason, ran) from error
        after = self.client.collections()
        if left := self._left(going, after):
            raise NotAsIntended(
                f"{self.client.url} is not what {name} makes of it",
                why=f"Still different: {', '.join(left[:8])}",
                todo="`pocketvex migrate status` says where it stands; then run the command again.",
            )

    def _carry(self, going: Passage, raw: Sequence[Json], hold: Hold) -> None:
        raw = self._with_all_recorded(going, raw, hold)
        record = _record(raw)
        if going.expand:
            self.client.refresh_schema_cache()
            self.client.import_collections(going.expand)
        first, last = with_entries(record, self._entries_after(going, raw), hold.fence)
        items = [first, *going.switch, last]
        if self.by_sql:
            by_sql.switch(self.client, going, lambda: self._import(going, items))
        elif not going.work:
            self._import(going, items)
        else:
            self._write_and_import(going, items, hold)
        self.client.refresh_schema_cache()

    def _with_all_recorded(self, going: Passage, raw: Sequence[Json], hold: Hold) -> Sequence[Json]:
        """What PocketBase itself ran is recorded before it is taken back: that it goes is seen then."""
        there = {entry.name for entry in entries(raw)}
        missing = [entry._replace(natively=True) for entry in going.entries if entry.name not in there]
        if going.way == "up" or not missing:
            return raw
        self.client.refresh_schema_cache()
        self.client.import_collections(with_entries(_record(raw), [*entries(raw), *missing], hold.fence))
        return self.client.collections()

    def _write_and_import(self, going: Passage, items: list[Json], hold: Hold) -> None:
        for attempt in range(1, by_records.PASSES + 1):
            by_records.write_rows(self.client, going, self.say, hold.renew)
            try:
                self._import(going, items)
            except Rejected as error:
                guard = _guard(error, going)
                if guard is None or guard.says:
                    raise
                if attempt == by_records.PASSES:
                    raise by_records.Refusal(
                        "rows are written faster than they can be converted: run it when less is written, "
                        "or update the server to PocketBase 0.39"
                    ) from error
                continue
            break
        by_records.give_lists_back(self.client, going)

    def _import(self, going: Passage, items: list[Json]) -> None:
        self.client.refresh_schema_cache()
        try:
            self.client.import_collections(items)
        except Unreachable:
            # A server goes on without its client. A write waits for it, and then LIST is true.
            self.client.refresh_schema_cache()
            if not self._is_recorded(going):
                raise

    def _take_back_columns(self, going: Passage) -> None:
        """The columns that were made for this, and hold nothing that anybody else wrote, go again."""
        with suppress(PocketVexError):
            there = {item["id"]: item for item in self.client.collections()}
            for sent in going.expand:
                known = next(item for item in going.before if item["id"] == sent["id"])
                ids = {field["id"] for field in known["fields"]}
                made = {f["id"] for f in sent["fields"] if f["id"] not in ids}
                back = [
                    {**field, **next((f for f in known["fields"] if f["id"] == field["id"]), {})}
                    for field in there[sent["id"]]["fields"]
                    if field["id"] not in made
                ]
                self.client.patch_collection(sent["id"], {"fields": back})

    def _entries_after(self, going: Passage, raw: Sequence[Json]) -> list[Entry]:
        known = [entry for entry in entries(raw) if entry.name not in {e.name for e in going.entries}]
        there = {entry.name for entry in known}
        before = [entry for entry in self.found if entry.name not in there and not self.by_sql]
        found = [*before, *known]
        gone = {entry.name for entry in going.entries}
        return [*found, *going.entries] if going.way == "up" else [e for e in found if e.name not in gone]

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
        """Whether the table has the columns that LIST names: a poisoned cache writes the one without the
        other."""
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


def _record(raw: Sequence[Json]) -> Mapping[str, Any]:
    found = record_of(raw)
    assert found is not None  # it was made when the server was held
    return found


def _is_there(item: Json, after: Sequence[Json]) -> bool:
    """Whether a collection has its name, and its fields theirs, those that are put away as well."""
    there = next((other for other in after if other["id"] == item["id"]), None)
    if there is None:
        return not name_before(item["name"]) and item["type"] == "view"
    names = {field["id"]: field["name"] for field in there["fields"]}
    return there["name"] == item["name"] and (
        item["type"] == "view" or all(names.get(field["id"]) == field["name"] for field in item["fields"])
    )


def _guard(error: Rejected, going: Passage) -> Guard | None:
    """The guard that a refusal is about."""
    said = "; ".join([error.what, *(str(problem) for problem in error.problems)])
    if GUARD not in said or "malformed JSON" not in said:
        return None
    return going.guards[int(said.partition(GUARD)[2].partition("_")[0])]


def _told(error: Rejected, going: Passage) -> str:
    """What the server says; of a guard, what it guards."""
    guard = _guard(error, going)
    if guard is not None:
        return guard.says
    return "; ".join(dict.fromkeys([error.what, *(str(problem) for problem in error.problems)]))


def _random() -> Iterable[str]:
    while True:
        yield secrets.token_hex(25)
