"""The history and a server: which files it has run, and which it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

from pocketvex.diff.compare import compare
from pocketvex.diff.match import same_kind
from pocketvex.diff.operations import CreateCollection
from pocketvex.errors import HistoryError, UsageError
from pocketvex.history.folder import History, read_history
from pocketvex.history.shadow import replay
from pocketvex.paths import home_of
from pocketvex.plan.ownership import items_of
from pocketvex.schema.fields import FieldBase
from pocketvex.schema.model import Collection, Schema
from pocketvex.steps.header import managed_by
from pocketvex.store.state import HostState
from pocketvex.target.recorded import Recorded
from pocketvex.target.session import Session
from pocketvex.versions import NEWEST, Version

Json = dict[str, Any]


class Position(NamedTuple):
    """Where a server stands in the history."""

    history: History
    recorded: Recorded
    """What the whole history builds."""
    here: Recorded
    """What the files build that this server has run."""
    applied: tuple[str, ...]
    pending: tuple[str, ...]
    """Files that the server lacks and that may be run."""
    held: tuple[str, ...]
    """Files that `down` reverted on this server, or failed in `migrate up`: only that runs them again."""
    unseen: tuple[str, ...] = ()
    """Files that change no collection, on a server of which nobody can tell whether it has run them."""
    silent: tuple[str, ...] = ()
    """Files that register nothing: PocketBase loads them, runs nothing and records nothing."""
    remembered: HostState = HostState()
    """What is remembered of the server, with what was seen."""

    @property
    def lacking(self) -> tuple[str, ...]:
        """What `migrate up` runs: pending files, and those held back."""
        return tuple(name for name in self.history.names if name in {*self.pending, *self.held})

    @property
    def unwritten(self) -> tuple[str, ...]:
        """Hand-written steps that nobody has written yet: nothing runs them."""
        return tuple(f.name for f in self.history.files if f.unwritten and f.name not in self.applied)

    @property
    def managed(self) -> frozenset[str]:
        """The collections that the headers of the files list."""
        entries = {entry for file in self.history.files for entry in managed_by(file.text)}
        return frozenset(entry.partition("[")[0] for entry in entries)

    def held_paths(self) -> frozenset[str]:
        """What the files change that are not to be run on this server now."""
        if self.here.names == self.recorded.names:
            return frozenset()
        return changed_paths(self.recorded.schema, self.here.schema)


def find_position(session: Session, raw: Sequence[Json]) -> Position:
    """The history, and what the server, which has these collections now, has of it. Nothing is written."""
    state = session.memory.state
    live = session.target.schema_of(raw)
    history = read_history(session.config.migrations)
    recorded = built(session, history)
    said, all_of_them = session.target.known(raw)
    unseen: tuple[str, ...] = ()
    if not all_of_them:
        still = _still_run(state.applied, said, recorded, live, session.target.version)
        said, unseen = _by_structure([*still, *said], recorded, live, session.target.version)
        state = replace(state, applied=list(said))
    applied = tuple(name for name in said if history.file(name) is not None)
    silent = tuple(name for name in recorded.silent if name not in applied)
    unseen = tuple(name for name in unseen if name not in silent)
    # A file that ran again, whoever ran it, is held back no longer; one that is away may come back with git.
    state = replace(state, held_back=[name for name in state.held_back if name not in applied])
    held = tuple(name for name in state.held_back if history.file(name) is not None)
    pending = tuple(
        file.name
        for file in history.files
        if file.name not in {*applied, *held, *unseen, *silent} and not file.unwritten
    )
    here = recorded
    if {*applied, *silent} != set(history.names):
        here = built(session, history, applied)
    taken_up = _taken_up(state, live)
    return Position(history, recorded, here, applied, pending, held, unseen, silent, taken_up)


def _taken_up(state: HostState, live: Schema) -> HostState:
    """What was about to be written when somebody was killed, and is there: it was written."""
    if not state.intended:
        return state
    there = items_of(live)
    done = {path: value for path, value in state.intended.items() if there.get(path) == value}
    made = {path for path, value in done.items() if value is not None and path == home_of(path)}
    return replace(state, written=state.written | done, managed=sorted({*state.managed, *made}))


def built(session: Session, history: History, names: Sequence[str] | None = None) -> Recorded:
    """What the history, or these files of it, builds on a scratch server."""
    return replay(
        session.binary, history.pairs(names), session.shadow_cache,
        around=session.shadow, progress=session.reporter.progress,
    )  # fmt: skip


def _by_structure(
    ran: Sequence[str], recorded: Recorded, live: Schema, version: Version
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files that a server has run which only HTTP reaches, and those of which nothing shows.

    What ran is known in part (`ran`): what this machine ran there, and what the server records to have run
    over HTTP. Beyond that, a server that has everything as a file leaves it, from the last known one on, has
    run the files up to that one.
    """
    remembered = {name for name in ran if name in recorded.names}
    schemas = [Schema.from_json(snapshot) for snapshot in recorded.snapshots]
    shows = [changed_paths(after, before) for before, after in pairwise(schemas)]
    base = max((n for n, name in enumerate(recorded.names, 1) if name in remembered), default=0)
    reached = 0
    for number in range(len(recorded.names), base, -1):
        shown = frozenset().union(*shows[base:number])
        if not shown or not differences(schemas[base], live, shown, version):
            continue  # it may as well be where it was
        if not differences(schemas[number], live, shown, version):
            reached = number
            break
    applied = tuple(n for i, n in enumerate(recorded.names) if i < reached or n in remembered)
    if applied and len(applied) < len(recorded.names):
        rest = [(n, s) for n, s in zip(recorded.names, shows, strict=True) if n not in applied]
        if not any(s for _, s in rest):
            return applied, tuple(n for n, _ in rest)
    return applied, ()


def _still_run(
    remembered: Sequence[str], said: Sequence[str], recorded: Recorded, live: Schema, version: Version
) -> list[str]:
    """The files of which this machine knows that they ran, without those of which a server that got an older
    backup back knows nothing: it is exactly as one of them, or its own record, leaves it."""
    schemas = [Schema.from_json(snapshot) for snapshot in recorded.snapshots]
    places = {name: number for number, name in enumerate(recorded.names, 1)}
    base = max((places[name] for name in said if name in places), default=0)
    last = max((places[name] for name in remembered if name in places), default=0)
    shown = frozenset[str]().union(
        *(changed_paths(after, before) for before, after in pairwise(schemas[base : last + 1]))
    )
    for number in range(last, base - 1, -1):
        if shown and not differences(schemas[number], live, shown, version):
            return [name for name in remembered if places.get(name, 0) <= number]
    return list(remembered)


def changed_paths(after: Schema, before: Schema) -> frozenset[str]:
    """Every path in which two schemas of one history differ."""
    diff = compare(after, before, version=NEWEST, ask=False)
    return frozenset(path for operation in diff.operations for path in operation.touches)


def differences(wanted: Schema, live: Schema, touched: frozenset[str], version: Version) -> list[str]:
    """Which of these paths are not on the server as they should be."""
    found = []
    for operation in compare(wanted, live, version=version, ask=False).operations:
        # What is missing as a whole is one operation, and lacks everything in it.
        whole = isinstance(operation, CreateCollection) and any(
            home_of(path) == operation.collection for path in touched
        )
        if whole or operation.touches & touched:
            found.append(operation.path)
    return found


def up_to(position: Position, to: str | None) -> tuple[str, ...]:
    """The files that the server lacks, up to the one that is meant."""
    lacking = position.lacking
    if to is None:
        return lacking
    return lacking[: lacking.index(_named(lacking, to)) + 1]


def _named(names: Sequence[str], wanted: str) -> str:
    """The file that a person means: its name, its time stamp, or the number of files to run."""
    if wanted.isdigit() and len(wanted) < 6:
        number = int(wanted)
        if 1 <= number <= len(names):
            return names[number - 1]
    found = [name for name in names if name == wanted or name.startswith(f"{wanted}_") or wanted in name]
    if len(found) == 1:
        return found[0]
    raise UsageError(
        f"{'no' if not found else 'more than one'} pending migration is meant by {wanted!r}",
        todo="`pocketvex migrate status` lists them.",
    )


def check_history(history: History) -> None:
    """Raise HistoryError for sealed files that were edited or deleted."""
    if history.edited or history.missing:
        what = [f"{name} was edited" for name in history.edited]
        what += [f"{name} is gone" for name in history.missing]
        raise HistoryError(
            f"sealed migrations were changed: {', '.join(what)}",
            why="A server that ran the file before will never see the edit.",
            todo="Restore the file from version control, or accept it by deleting its line in pocketvex.sum.",
        )


def with_live_ids(desired: Schema, live: Schema) -> Schema:
    """The schema with the ids that a server gave to things of the same name, where none is declared."""

    def known(collection: Collection) -> Collection:
        there = live.collection(collection.name)
        if there is None or there.type != collection.type:
            return collection
        fields = [_with_live_id(field, there.field(field.name)) for field in collection.fields]
        return collection.model_copy(update={"id": collection.id or there.id, "fields": fields})

    return desired.with_collections(map(known, desired.collections))


def _with_live_id(field: FieldBase, there: FieldBase | None) -> FieldBase:
    if field.id or there is None or not same_kind(there, field):
        return field
    return field.with_id(there.id)


def with_dropped_options(desired: Schema, position: Position) -> Schema:
    """The schema with the server's default for each auth option group that files state and the code not.

    Stated once and then dropped, an option goes back to what a new server has.
    """
    stated: dict[str, set[str]] = {}
    for file in position.history.files:
        for entry in managed_by(file.text):
            name, _, groups = entry.partition("[")
            stated.setdefault(name, set()).update(g for g in groups.rstrip("]").split(",") if g)
    dropped = {c.name: stated.get(c.name, set()) - set(c.auth) for c in desired.collections}
    if not any(dropped.values()):
        return desired
    users = Schema.from_json(position.recorded.snapshots[0]).collection("users")
    assert users is not None  # every server is born with it
    collections = [
        c.model_copy(update={"auth": {**_groups(users.auth, dropped[c.name]), **c.auth}})
        if c.type == "auth"
        else c
        for c in desired.collections
    ]
    return desired.model_copy(update={"collections": collections})


def _groups(options: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name in names}
