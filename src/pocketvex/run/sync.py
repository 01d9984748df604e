"""One pass: bring a server to the history, then to what the code declares, as far as that is safe.

`dev` does it on every save, `schema apply` once, `schema diff` looks at the plan only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pocketvex.diff.compare import compare
from pocketvex.diff.operations import RenameCollection, ReplaceField
from pocketvex.errors import PocketVexError
from pocketvex.history.backup import back_up, named, takes_away
from pocketvex.history.foreign import foreign_items
from pocketvex.history.position import (
    Position,
    locate,
    run_files,
    with_live_ids,
)
from pocketvex.plan.make import Change, Plan
from pocketvex.plan.ownership import items_of
from pocketvex.plan.questions import renames_of
from pocketvex.plan.verdicts import Access, Verdict
from pocketvex.run.consent import unknown_names
from pocketvex.run.planning import Choices, plan_for
from pocketvex.run.remember import intend, remember
from pocketvex.run.trials import undo_conflicting_trials
from pocketvex.schema.model import Schema
from pocketvex.target.apply_by_sql import recover_collections, runs_here
from pocketvex.target.aside import require_keepable
from pocketvex.target.hidden import collections_at_start
from pocketvex.target.removals import doable_in_one_round
from pocketvex.target.secrets import missing_secrets, unset_in
from pocketvex.target.session import Json, Session
from pocketvex.target.write import Moved, require_unmoved, write_changes


@dataclass(frozen=True)
class Outcome:
    """What a pass found and did."""

    plan: Plan
    """What is left: it waits for a migration, for consent, or for an answer."""
    position: Position
    live: list[Json]
    ran: tuple[str, ...] = ()
    """Files of the history that were run on the server."""
    waiting: tuple[str, ...] = ()
    """Files that the server lacks and that cannot be run from here."""
    applied: tuple[Change, ...] = ()
    kept_aside: tuple[Path, ...] = ()
    secrets: tuple[str, ...] = ()
    """Environment variables that the schema names and that are not set."""
    wants_consent: tuple[Change, ...] = ()
    """What is left and waits for its name to be said, and for nothing else."""
    unknown: tuple[str, ...] = ()
    """Names that were agreed to and that nothing here has."""
    native: bool = True
    """Whether migrations can be run on this server from here."""

    def followed_by(self, later: Outcome) -> Outcome:
        """The outcome of two passes: what is left is what the later one left."""
        return replace(
            later,
            ran=self.ran + later.ran,
            applied=self.applied + later.applied,
            kept_aside=self.kept_aside + later.kept_aside,
            unknown=self.unknown,
        )

    @property
    def schema(self) -> Schema:
        return Schema.from_json(self.live)


def sync(session: Session, desired: Schema, choices: Choices) -> Outcome:
    """Bring the server to the history and to the code; what is not safe stays in the outcome's plan."""
    session.reload()
    raw = collections_at_start(session, write=choices.write)
    if choices.seen is not None:
        require_unmoved(session, raw, choices.seen, "after it was shown")
    position = locate(session, session.schema_of(raw))
    _tell(session, position)
    ran = position.pending
    native = session.data_dir is not None
    may_run = choices.write and session.migrates
    waiting = () if may_run else ran
    if ran and may_run:
        if choices.backup and takes_away(session, position, ran, session.schema_of(raw)):
            back_up(session, named(ran[-1]))
        undo_conflicting_trials(session, raw, position)
        raw = run_files(session, position, ran)
        position = locate(session, session.schema_of(raw))
    if may_run and not waiting:
        raw = recover_collections(session, raw, desired, position.held_paths())
    plan = plan_for(session, desired, raw, position, choices)
    secrets = tuple(missing_secrets(desired, session.schema_of(raw), session.environ))
    if waiting or not choices.write:
        unknown = unknown_names(session, choices.confirmed, plan, ())
        return Outcome(plan, position, raw, (), waiting, secrets=secrets, unknown=unknown, native=native)
    reverts = _reverts(session, with_live_ids(desired, session.schema_of(raw)), position, choices)
    # The name of a collection that is renamed or removed agrees to that, and to nothing in it.
    choices = replace(choices, whole=choices.confirmed - {change.path for change in plan.changes})
    applied: list[Change] = []
    kept: list[Path] = []
    while True:
        wanted = [change for change in plan.changes if may_apply(change, session, choices, reverts)]
        now = doable_in_one_round(raw, wanted)
        _require_keepable(session, now)
        _back_up_first(session, choices, now)
        if now:
            raw = _written(session, desired, raw, position, now, choices, kept)
            applied += now
        remember(session, desired, raw, position, now, choices)
        if not now or len(now) == len(plan.changes):
            break
        # What waited for something of this round may be possible now: a name that became free.
        plan = plan_for(session, desired, raw, position, choices)
    done = set(map(id, now))
    left = replace(plan, changes=tuple(change for change in plan.changes if id(change) not in done))
    asked = tuple(c for c in left.changes if _only_wants_consent(c, session, choices, reverts))
    unknown = unknown_names(session, choices.confirmed, left, applied)
    return Outcome(left, position, raw, ran, (), tuple(applied), tuple(kept), secrets, asked, unknown, native)


def _written(
    session: Session,
    desired: Schema,
    raw: list[Json],
    position: Position,
    changes: Sequence[Change],
    choices: Choices,
    kept: list[Path],
) -> list[Json]:
    """The server's collections after the changes; where it fails half-way, what was done is still ours."""
    intend(session, raw, changes)
    try:
        return write_changes(session, raw, changes, desired, kept)
    except Moved:
        raise
    except PocketVexError:
        with suppress(PocketVexError):
            now = session.fetch()
            live = session.schema_of(now)
            remember(session, desired, now, position, [c for c in changes if _is_done(c, live)], choices)
            there = items_of(live)
            taken = {p for c in changes if (p := c.operation.takes_away) and "@" not in p}
            session.state.written.update(dict.fromkeys(taken - there.keys()))
            session.save()
        raise


def _is_done(change: Change, live: Schema) -> bool:
    """Whether what an operation makes is there; of other kinds nothing is noted by their names."""
    operation = change.operation
    if isinstance(operation, RenameCollection) and live.collection(operation.old) is not None:
        return False
    return live.collection(operation.collection) is not None


def _back_up_first(session: Session, choices: Choices, changes: Sequence[Change]) -> None:
    """Before something goes that this project did not write here itself a moment ago.

    Of its own leftovers the values are kept in a file, and nobody waits for a backup at each key.
    """
    going = [c for c in changes if c.judgement.verdict is Verdict.UNSAFE and not c.leftover]
    if choices.backup and going:
        back_up(session, f"remove_{going[0].path}")


def _only_wants_consent(
    change: Change, session: Session, choices: Choices, reverts: Callable[[Change], bool]
) -> bool:
    agreed = replace(choices, confirmed=choices.confirmed | {change.path})
    harmless = change.judgement.verdict is Verdict.HARMLESS  # it waits because --strict said so
    return not harmless and may_apply(change, session, agreed, reverts)


def _tell(session: Session, position: Position) -> None:
    history = position.history
    changed = [f"{name} was edited" for name in history.edited]
    changed += [f"{name} is gone" for name in history.missing]
    if changed:
        session.notes.append(f"sealed migrations were changed: {', '.join(changed)}")
    session.notes += [f"{name} is not written yet: it is not run" for name in position.unwritten]
    session.notes += [
        f"{name}: nothing shows whether it was run here; it changes no collection" for name in position.unseen
    ]


def _reverts(
    session: Session, desired: Schema, position: Position, choices: Choices
) -> Callable[[Change], bool]:
    """Whether a change takes a server back to what the history and the code both say: no file ever will."""
    renames = renames_of({**session.state.answers, **choices.answers})
    asked = {
        path
        for operation in compare(
            desired, position.recorded.schema, version=session.version, renames=renames, ask=False
        ).operations
        for path in operation.touches
    } - foreign_items(position.recorded, position.history, session.state.absorbed).keys()
    return lambda change: not change.operation.touches & asked


def may_apply(change: Change, session: Session, choices: Choices, reverts: Callable[[Change], bool]) -> bool:
    """Whether a change is written now; the rest waits for a migration or for consent."""
    verdict, access = change.judgement.verdict, change.judgement.access
    named = change.path in choices.confirmed or change.operation.collection in choices.whole
    if verdict is Verdict.IMPOSSIBLE or unset_in(change.operation, session.environ):
        return False
    if change.judgement.by_migration and not session.migrates:
        return False
    if not session.local:
        if change.operation.is_removal:
            return False
        # On a protected server a rename, and whatever changes who may do what, is agreed to by name.
        quiet = access is Access.SAME and change.judgement.code != "PV120"
        return verdict is Verdict.SAFE and (quiet or named)
    if verdict is Verdict.SAFE:
        return True
    if verdict is Verdict.HARMLESS:
        return not choices.strict or named
    if change.judgement.code == "PV121" and change.leftover:
        # The answer was the consent; without the data at hand, nobody can write it into the rows.
        return session.migrates
    if isinstance(change.operation, ReplaceField) and not session.migrates:
        # Over HTTP alone the column is a new one: what is said to convert would be lost as well.
        return False
    return named and (change.leftover or reverts(change))


def _require_keepable(session: Session, changes: Sequence[Change]) -> None:
    """Before anything is written: what goes is kept, in the ledger, or over HTTP in a file."""
    for change in changes:
        if change.judgement.verdict is Verdict.UNSAFE and not runs_here(session, change):
            require_keepable(change)
