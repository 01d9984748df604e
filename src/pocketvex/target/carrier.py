"""Migrations brought to a server over HTTP: each import healed before, read back after, and probed.

The same code rehearses on a scratch server what it then does on the real one.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pocketvex.api.client import Client
from pocketvex.diff.compare import compare
from pocketvex.errors import NotAsIntended, PocketVexError, Rejected
from pocketvex.remote.begun import PAUSED, Begun, begun_of
from pocketvex.remote.carried import Kept
from pocketvex.remote.copied import CannotRun
from pocketvex.remote.files import NeedsPause, Refused, Throws, passages
from pocketvex.remote.passage import Passage
from pocketvex.remote.record import Entry, entries, record_of, with_entries
from pocketvex.schema.model import Schema
from pocketvex.steps.migration import Migration
from pocketvex.target import by_records, by_sql, switch
from pocketvex.target.begun import Noted, end, has_run, note, note_rules, noted, settle
from pocketvex.target.hold import Hold, holding
from pocketvex.target.read_back import answers, is_there
from pocketvex.target.switch import Moved, is_recorded
from pocketvex.target.told import add_state, guard_of, not_ended, not_taken_back, told
from pocketvex.versions import SQL_OVER_HTTP, Version

Json = dict[str, Any]
Say = Callable[[str], None]
_SETTLE = 0.25
"""Seconds for requests that were let in before nobody else may write any more."""
_NEEDS_PAUSE = (
    "it writes values record by record, and PocketBase saves a record with all its columns: what an "
    "application writes in the same moment would be lost. Say `--confirm pause`, then nobody but superusers "
    "writes to those collections meanwhile"
)
_ROW_STAYS = (
    "PocketBase itself ran it, and before 0.39 its row in `_migrations` is kept whatever is done over HTTP: "
    "the next start of the server would pass over the file"
)
_TOO_MANY = (
    "rows are written faster than they can be converted, by superusers or by hooks of the server: run it "
    "when they rest, or update the server to PocketBase 0.39"
)


class Stopped(Exception):
    """A file that the server did not take; what ran before it stays."""

    def __init__(self, file: str, reason: str, ran: Sequence[str]) -> None:
        super().__init__(f"{file}: {reason}")
        self.file = file
        self.reason = reason
        self.ran = tuple(ran)


class Carrier:
    """`found` are files that ran here before, and not over HTTP; `kept` is asked where it is None.

    With `pause`, applications are kept from writing where values could not be carried over otherwise. `seen`
    are the files that were recorded when it was decided what to run.
    """

    def __init__(
        self,
        client: Client,
        version: Version,
        environ: Mapping[str, str],
        say: Say,
        found: Sequence[Entry] = (),
        kept: Kept | None = None,
        pause: bool = False,
        seen: frozenset[str] = frozenset(),
    ) -> None:
        self.client = client
        self.version = version
        self.environ = environ
        self.say = say
        self.found = found
        self._kept = kept
        self.pause = pause
        self.seen = seen
        self.by_sql = version >= SQL_OVER_HTTP

    def run(self, files: Sequence[tuple[str, Migration]], way: str) -> None:
        """Bring these files to the server, or take them back (`down`).

        Raises Stopped where the server does not take one; the files before it stay.
        """
        planned = self.seen or _recorded(self.client.collections())
        with holding(self.client) as hold:
            raw = self.client.collections()
            ended: set[str] = set()
            for one in noted(self.client, raw):
                settle(self.client, one)
                if has_run(raw, one.begun) and one.begun.way == way:
                    ended |= {*one.begun.files}
            files = [(name, migration) for name, migration in files if name not in ended]
            known = [entry.name for entry in entries(raw)]
            if self.by_sql and known:
                by_sql.record_rows(self.client, known)
            self._require_unmoved([name for name, _ in files], way, planned, {*known})
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

    def _require_unmoved(
        self, names: Sequence[str], way: str, planned: frozenset[str], now: set[str]
    ) -> None:
        """Raise Stopped where somebody else did the same before the server was held."""
        did = "run" if way == "up" else "taken back"
        if way == "down":
            moved = {*planned} - now
        else:
            moved = now | (by_sql.rows_of(self.client, names) if self.by_sql else set())
        for name in names:
            if name in moved:
                raise Stopped(name, f"somebody else has {did} it meanwhile", ())

    def passages(
        self, files: Sequence[tuple[str, Migration]], way: str, raw: Sequence[Json]
    ) -> Iterator[Passage]:
        """What is sent for these files. Raises Refused and Throws."""
        kept = self._kept or self.kept(files, raw)
        if way == "down" and not self.by_sql:
            for name, migration in files:
                if migration.id in kept.natively:
                    raise Refused(name, _ROW_STAYS)
        found = passages(
            files, way, raw, secrets=_random(), environ=self.environ, kept=kept,
            by_records=not self.by_sql,
        )  # fmt: skip
        for going in found:
            if self.by_sql:
                try:
                    by_sql.require_short(going)
                except CannotRun as error:
                    raise Refused(going.entries[-1].name, str(error)) from error
            elif not self.pause and going.work:
                raise NeedsPause(going.entries[-1].name, _NEEDS_PAUSE)
            yield going

    def kept(self, files: Sequence[tuple[str, Migration]], raw: Sequence[Json]) -> Kept:
        """What is known of what PocketBase itself kept when it ran these files on this server."""
        there = {entry.id for entry in entries(raw) if not entry.natively}
        natively = frozenset(migration.id for _, migration in files if migration.id not in there)
        return Kept(by_sql.kept_columns(self.client) if self.by_sql else None, natively)

    def _send(self, going: Passage, raw: Sequence[Json], hold: Hold, ran: Sequence[str]) -> None:
        name = going.entries[-1].name
        for text in going.notes:
            self.say(text)
        try:
            self._carry(going, raw, hold)
        except (Rejected, by_records.Refusal, Moved) as error:
            raise Stopped(name, told(error, going), ran) from error
        except PocketVexError as error:
            add_state(error, name)
            raise
        after = self.client.collections()
        if left := self._left(going, after):
            raise NotAsIntended(
                f"{self.client.url} is not what {name} makes of it",
                why=f"Still different: {', '.join(left[:8])}",
                todo="`pocketvex migrate status` says where it stands; then run the command again.",
            )

    def _carry(self, going: Passage, raw: Sequence[Json], hold: Hold) -> None:
        raw = self._with_all_recorded(going, raw, hold)
        first, last = with_entries(_record(raw), self._entries_after(going, raw), hold.fence)
        items = [first, *going.switch, last]
        switch.require_room(self.client, items)
        prepared = by_sql.prepare(self.client, going, hold.fence) if self.by_sql else None
        begun = by_sql.begun_of(going, prepared) if prepared else begun_of(going)
        begun_here = note(self.client, begun)
        try:
            if going.expand:
                switch.heal(self.client, going)
                if not self.by_sql:
                    switch.require_same(self.client, going)
                self.client.import_collections(going.expand)
            if prepared:
                by_sql.before_switch(self.client, prepared)
                now = switch.require_same(self.client, going, begun)
                by_sql.watch(self.client, prepared, now)
            if prepared or not going.work:
                switch.send(self.client, going, items, begun, watched=self.by_sql)
            else:
                begun_here = self._write_and_import(going, items, hold, begun_here)
        except (PocketVexError, by_records.Refusal, Moved, KeyboardInterrupt) as error:
            # Where the server does not answer any more, or somebody does not wait, the next run does it.
            self.say("taking back what was begun")
            try:
                for one in noted(self.client, self.client.collections()):
                    settle(self.client, one)
            except PocketVexError as second:
                if isinstance(error, Rejected | by_records.Refusal | Moved):
                    raise not_taken_back(second, error, self.client.url, going) from error
            raise
        try:
            self.client.refresh_schema_cache()
            end(self.client, begun_here, self.client.collections())
        except PocketVexError as error:
            raise not_ended(error, self.client.url, going) from error

    def _with_all_recorded(self, going: Passage, raw: Sequence[Json], hold: Hold) -> Sequence[Json]:
        """What PocketBase itself ran is recorded before it is taken back: that it goes is seen then."""
        there = _recorded(raw)
        missing = [entry._replace(natively=True) for entry in going.entries if entry.name not in there]
        if going.way == "up" or not missing:
            return raw
        self.client.refresh_schema_cache()
        self.client.import_collections(with_entries(_record(raw), [*entries(raw), *missing], hold.fence))
        return self.client.collections()

    def _write_and_import(self, going: Passage, items: list[Json], hold: Hold, begun: Noted) -> Noted:
        """Write the rows in a pause and send the switch; again where superusers or hooks wrote meanwhile."""
        begun, items = self._paused(going, items, begun)
        for _ in range(by_records.PASSES):
            by_records.write_rows(self.client, going, self.say, hold.renew)
            if self._is_through(going, items, begun.begun):
                return begun
        raise by_records.Refusal(_TOO_MANY)

    def _paused(self, going: Passage, items: list[Json], begun: Noted) -> tuple[Noted, list[Json]]:
        """From here on no application writes the records that it is about; the switch gives the rules back.

        Lists come back behind the switch: where there are such, nobody writes until then.
        """
        about = {work.collection for work in going.work}
        rules, then = (
            {item["id"]: {rule: item[rule] for rule in PAUSED} for item in state if item["id"] in about}
            for state in (going.before, going.after)
        )
        late = {kept.collection for kept in begun.begun.lists}
        later = {id: found for id, found in then.items() if id in late}
        begun = note_rules(self.client, begun, rules, later)
        for id in rules:
            self.client.patch_collection(id, dict.fromkeys(PAUSED))
        # A write that was let in before has its turn before this one.
        time.sleep(_SETTLE)
        self.client.refresh_schema_cache()
        none: Json = dict.fromkeys(PAUSED)
        last = {item["id"]: number for number, item in enumerate(items)}
        return begun, [
            item | (none if item["id"] in late else then[item["id"]])
            if item["id"] in rules and last[item["id"]] == number
            else item
            for number, item in enumerate(items)
        ]

    def _is_through(self, going: Passage, items: list[Json], begun: Begun) -> bool:
        """Whether the switch is; False where rows are left over that somebody wrote meanwhile."""
        try:
            switch.send(self.client, going, items, begun, watched=self.by_sql)
        except Rejected as error:
            guard = guard_of(error, going)
            if guard is None or guard.says:
                raise
            return False
        return True

    def _entries_after(self, going: Passage, raw: Sequence[Json]) -> list[Entry]:
        known = entries(raw)
        there = _recorded(raw)
        before = [entry for entry in self.found if entry.name not in there and not self.by_sql]
        own = {entry.name for entry in going.entries}
        others = [entry for entry in (*before, *known) if entry.name not in own]
        return [*others, *going.entries] if going.way == "up" else others

    def _left(self, going: Passage, after: Sequence[Json]) -> list[str]:
        """What is not as it was meant to be: in LIST, in the tables behind it, or in the record."""
        wanted = Schema.from_json(going.after)
        diff = compare(wanted, Schema.from_json(after), version=self.version, ask=False)
        sent = {item["id"] for item in going.switch}
        names = {item["name"] for item in (*going.after, *after) if item["id"] in sent}
        left = [op.path for op in diff.operations if op.collection in names]
        left += [item["name"] for item in going.after if item["id"] in sent and not is_there(item, after)]
        if not is_recorded(going, after):
            left.append("the record of what ran")
        return left + [name for name in names if not left and not answers(self.client, name, after)]


def _record(raw: Sequence[Json]) -> Mapping[str, Any]:
    found = record_of(raw)
    assert found is not None  # it was made when the server was held
    return found


def _recorded(raw: Sequence[Json]) -> frozenset[str]:
    return frozenset(entry.name for entry in entries(raw))


def _random() -> Iterable[str]:
    while True:
        yield secrets.token_hex(25)
