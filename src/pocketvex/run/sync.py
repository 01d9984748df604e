"""One pass: bring a server to the history, then to what the code declares, as far as that is safe.

`dev` does it on every save, `schema apply` once, `schema diff` looks at the plan only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pocketvex.diff.compare import compare
from pocketvex.diff.operations import RenameCollection, ReplaceField
from pocketvex.errors import PocketVexError
from pocketvex.history.folder import bare_name
from pocketvex.history.foreign import foreign_items
from pocketvex.history.losses import takes_away
from pocketvex.history.position import Position, with_live_ids
from pocketvex.paths import ThingPath
from pocketvex.plan.make import Change, Plan
from pocketvex.plan.ownership import items_of
from pocketvex.plan.questions import renames_of
from pocketvex.plan.verdicts import Access, Verdict
from pocketvex.run.consent import unknown_names
from pocketvex.run.planning import plan_for
from pocketvex.run.remember import intend, remember
from pocketvex.run.run_files import run_files
from pocketvex.run.situation import Choices, Situation, find_situation
from pocketvex.run.trials import undo_conflicting_trials
from pocketvex.schema.model import Schema
from pocketvex.target.apply_by_sql import recover_collections, runs_here
from pocketvex.target.aside import require_keepable
from pocketvex.target.backup import back_up
from pocketvex.target.removals import doable_in_one_round
from pocketvex.target.secrets import missing_secrets, unset_in
from pocketvex.target.session import Session
from pocketvex.target.target import Json, Target
from pocketvex.target.write import Moved, require_unmoved, write_changes


@dataclass(frozen=True)
class Outcome:
    """What a pass found and did."""

    plan: Plan
    """What is left: it waits for a migration, for consent, or for an answer."""
    situation: Situation
    """Where the server stands now."""
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
    def position(self) -> Position:
        return self.situation.position

    @property
    def live(self) -> list[Json]:
        return self.situation.raw

    @property
    def schema(self) -> Schema:
        return self.situation.live


def sync(session: Session, desired: Schema, choices: Choices) -> Outcome:
    """Bring the server to the history and to the code; what is not safe stays in the outcome's plan."""
    session.memory.reload()
    found = find_situation(session, desired, choices, write=choices.write)
    if choices.seen is not None:
        require_unmoved(found.target, found.raw, choices.seen, "after it was shown")
    _tell(found)
    ran = found.position.pending
    may_run = choices.write and found.target.migrates
    waiting = () if may_run else ran
    if may_run:
        found = _at_the_history(found)
    plan = plan_for(found)
    secrets = tuple(missing_secrets(desired, found.live, found.target.environ))
    if waiting or not choices.write:
        return _outcome(found, plan, waiting=waiting, secrets=secrets)
    # The name of a collection that is renamed or removed agrees to that, and to nothing in it.
    whole = choices.confirmed - {change.path for change in plan.changes}
    found = replace(found, choices=replace(choices, whole=whole))
    reverts = _reverts(found)
    applied: list[Change] = []
    kept: list[Path] = []
    while True:
        wanted = [change for change in plan.changes if may_apply(change, found, reverts)]
        now = doable_in_one_round(found.raw, wanted)
        _require_keepable(found.target, now)
        _back_up_first(found, now)
        if now:
            found = found.with_raw(_written(found, now, kept))
            applied += now
        remember(found, now)
        if not now or len(now) == len(plan.changes):
            break
        # What waited for something of this round may be possible now: a name that became free.
        plan = plan_for(found)
    done = set(map(id, now))
    left = replace(plan, changes=tuple(change for change in plan.changes if id(change) not in done))
    asked = tuple(c for c in left.changes if _only_wants_consent(c, found, reverts))
    return _outcome(
        found, left, ran=ran, applied=applied, kept_aside=tuple(kept), secrets=secrets, wants_consent=asked
    )


def _at_the_history(found: Situation) -> Situation:
    """The server with the files run that it lacks, and with what the code declares again."""
    session, ran = found.session, found.position.pending
    if ran:
        if found.choices.backup and takes_away(found.target, found.position, ran, found.live):
            back_up(found.target, session.reporter, bare_name(ran[-1]))
        undo_conflicting_trials(found)
        found = run_files(found, ran)
    return found.with_raw(recover_collections(session, found.raw, found.desired, found.position.held_paths()))


def _outcome(found: Situation, left: Plan, *, applied: Sequence[Change] = (), **more: Any) -> Outcome:
    return Outcome(
        left,
        found,
        applied=tuple(applied),
        unknown=unknown_names(found.target.host, found.choices.confirmed, left, applied),
        native=found.target.data_dir is not None,
        **more,
    )


def _written(found: Situation, changes: Sequence[Change], kept: list[Path]) -> list[Json]:
    """The server's collections after the changes; where it fails half-way, what was done is still ours."""
    intend(found, changes)
    try:
        return write_changes(found.session, found.raw, changes, found.desired, kept)
    except Moved:
        raise
    except PocketVexError:
        with suppress(PocketVexError):
            now = found.with_raw(found.target.fetch())
            remember(now, [change for change in changes if _is_done(change, now.live)])
            taken = {p for c in changes if (p := c.operation.takes_away) and not ThingPath.parse(p).index}
            gone = dict.fromkeys(taken - items_of(now.live).keys())
            found.session.memory.save(written=found.state.written | gone)
        raise


def _is_done(change: Change, live: Schema) -> bool:
    """Whether what an operation makes is there; of other kinds nothing is noted by their names."""
    operation = change.operation
    if isinstance(operation, RenameCollection) and live.collection(operation.old) is not None:
        return False
    return live.collection(operation.collection) is not None


def _back_up_first(found: Situation, changes: Sequence[Change]) -> None:
    """Before something goes that this project did not write here itself a moment ago.

    Of its own leftovers the values are kept in a file, and nobody waits for a backup at each key.
    """
    going = [c for c in changes if c.judgement.verdict is Verdict.UNSAFE and not c.leftover]
    if found.choices.backup and going:
        back_up(found.target, found.session.reporter, f"remove_{going[0].path}")


def _only_wants_consent(change: Change, found: Situation, reverts: Callable[[Change], bool]) -> bool:
    choices = found.choices
    agreed = replace(found, choices=replace(choices, confirmed=choices.confirmed | {change.path}))
    harmless = change.judgement.verdict is Verdict.HARMLESS  # it waits because --strict said so
    return not harmless and may_apply(change, agreed, reverts)


def _tell(found: Situation) -> None:
    position, reporter = found.position, found.session.reporter
    history = position.history
    changed = [f"{name} was edited" for name in history.edited]
    changed += [f"{name} is gone" for name in history.missing]
    if changed:
        reporter.note(f"sealed migrations were changed: {', '.join(changed)}")
    reporter.note(*(f"{name} is not written yet: it is not run" for name in position.unwritten))
    for name in position.unseen:
        reporter.note(f"{name}: nothing shows whether it was run here; it changes no collection")


def _reverts(found: Situation) -> Callable[[Change], bool]:
    """Whether a change takes a server back to what the history and the code both say: no file ever will."""
    position, state = found.position, found.state
    renames = renames_of({**state.answers, **found.choices.answers})
    desired = with_live_ids(found.desired, found.live)
    asked = {
        path
        for operation in compare(
            desired, found.recorded, version=found.target.version, renames=renames, ask=False
        ).operations
        for path in operation.touches
    } - foreign_items(position.recorded, position.history, state.absorbed).keys()
    return lambda change: not change.operation.touches & asked


def may_apply(change: Change, found: Situation, reverts: Callable[[Change], bool]) -> bool:
    """Whether a change is written now; the rest waits for a migration or for consent."""
    target, choices = found.target, found.choices
    verdict, access = change.judgement.verdict, change.judgement.access
    named = change.path in choices.confirmed or change.operation.collection in choices.whole
    if verdict is Verdict.IMPOSSIBLE or unset_in(change.operation, target.environ):
        return False
    if change.judgement.by_migration and not target.migrates:
        return False
    if not target.local:
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
        return target.migrates
    if isinstance(change.operation, ReplaceField) and not target.migrates:
        # Over HTTP alone the column is a new one: what is said to convert would be lost as well.
        return False
    return named and (change.leftover or reverts(change))


def _require_keepable(target: Target, changes: Sequence[Change]) -> None:
    """Before anything is written: what goes is kept, in the ledger, or over HTTP in a file."""
    for change in changes:
        if change.judgement.verdict is Verdict.UNSAFE and not runs_here(target, change):
            require_keepable(change)
