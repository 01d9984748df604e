"""The commands about migrations that exist: run files up, take them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pocketvex.diff.compare import compare
from pocketvex.errors import (
    ConsentNeeded,
    HistoryError,
    NotAsIntended,
    PocketVexError,
    ServerError,
    ServerProcessError,
    UsageError,
)
from pocketvex.history.explain_failure import failure_of
from pocketvex.history.first_format import refuse_resealed
from pocketvex.history.folder import bare_name, enlist, unseal, write_draft
from pocketvex.history.losses import takes_away
from pocketvex.history.position import (
    Position,
    changed_paths,
    check_history,
    differences,
    up_to,
)
from pocketvex.plan.make import Plan
from pocketvex.plan.saved import SavedPlan
from pocketvex.run.aftermath import cannot_be_updated, not_given_back
from pocketvex.run.consent import unknown_names
from pocketvex.run.draft import code_is_ahead, find_outstanding
from pocketvex.run.generate import Sealed, not_kept, seal_outstanding
from pocketvex.run.planning import plan_for
from pocketvex.run.remember import remember
from pocketvex.run.run_files import run_files
from pocketvex.run.situation import Choices, Situation, find_situation
from pocketvex.run.trials import undo_conflicting_trials, undo_renamed_again
from pocketvex.schema.model import Schema
from pocketvex.schema.words import counted
from pocketvex.target.backup import back_up
from pocketvex.target.memory import Memory
from pocketvex.target.roads import PAUSE
from pocketvex.target.secrets import late_secrets, unset_in
from pocketvex.target.session import Session
from pocketvex.target.write import require_unmoved, write_changes


@dataclass(frozen=True)
class Ran:
    """What `up` or `down` did, in the order in which it was done."""

    sealed: tuple[str, ...]
    files: tuple[str, ...]
    draft: Plan = field(default_factory=Plan)
    """What a dry run would seal first."""


def up(
    session: Session,
    desired: Schema,
    *,
    to: str | None,
    now: int,
    choices: Choices,
    recorded_only: bool = False,
    dry_run: bool = False,
    reviewed: SavedPlan | None = None,
) -> Ran:
    """Run every file that the server lacks, reverted ones included: all of them, or none.

    On a local server what is outstanding is sealed first. On another, code ahead of the history stops
    the command before anything is written (ChangesPending), unless `recorded_only`. Of a plan that was
    `reviewed`, its files are run and nothing else, or nothing (Moved).
    """
    situation = find_situation(session, desired, choices, write=not dry_run)
    session, history = situation.session, situation.position.history
    planned = None
    if reviewed is not None:
        from pocketvex.run.up_plan import files_as_reviewed

        planned = files_as_reviewed(situation, reviewed)
    check_history(history)
    unwritten = situation.position.unwritten
    session.reporter.note(*(f"{name} is not written yet: it is not run" for name in unwritten))
    sealed = Sealed((), None)
    found = None if recorded_only else find_outstanding(situation)
    plan = found.plan if found is not None else Plan()
    unknown = unknown_names(session.target.host, choices.confirmed - {PAUSE}, plan, also=desired.names())
    session.reporter.note(*(f"--confirm {text}" for text in unknown))
    if found is not None and (found.plan.changes or found.plan.questions):
        if not session.target.local:
            raise code_is_ahead(found)
        if not dry_run and to is None and planned is None:
            situation.road()
            sealed = seal_outstanding(situation, found, name=None, now=now)
            situation = situation.located(situation.raw)
    names = tuple(file.name for file in sealed.files)
    pending = up_to(situation.position, to) if planned is None else planned
    session.reporter.note(*_missed(situation, pending))
    if pending and not dry_run:
        situation = _run(situation, pending, sealed)
    if not dry_run:
        _enlist_what_ran(situation.position)
        remember(_with_secrets(situation))
    seals = dry_run and to is None and planned is None
    would = found.plan if found is not None and seals else Plan()
    return Ran(names, pending, would)


def _run(situation: Situation, pending: Sequence[str], sealed: Sealed) -> Situation:
    """Run these files; what was `sealed` for it, and does not run, is a draft again."""
    session, position = situation.session, situation.position
    held = session.memory.state.held_back
    # Held back before it runs: what fails or is cut off is not run by the next `dev` by itself.
    _hold(session.memory, pending)
    try:
        try:
            situation.road().require(dict(position.history.pairs(pending)))
        except (ConsentNeeded, ServerProcessError):
            session.memory.save(held_back=held)
            raise
        if situation.choices.backup and takes_away(session.target, position, pending, situation.live):
            back_up(session.target, session.reporter, bare_name(pending[-1]))
        require_unmoved(session.target, session.target.fetch(), situation.raw)
        undo_conflicting_trials(situation)
        return run_files(situation, pending)
    except PocketVexError as error:
        if not _take_back(situation, sealed) or not isinstance(error, NotAsIntended):
            raise
        raise not_kept(error, [file.name for file in sealed.files], sealed.draft) from error


def _missed(situation: Situation, names: Sequence[str]) -> list[str]:
    """What rules, views and indexes compare in vain when these files have run (PV711, PV712)."""
    if not names:
        return []
    from pocketvex.plan.missed import missed_by

    before, after = situation.position.here.schema, situation.built_with(names)
    diff = compare(after, before, version=situation.target.version, ask=False)
    return missed_by(diff.operations, after, before)


def _hold(memory: Memory, names: Sequence[str]) -> None:
    """From now on only `migrate up` runs these files here; who sees that one ran forgets it."""
    memory.save(held_back=sorted({*memory.state.held_back, *names}))


def _take_back(situation: Situation, sealed: Sealed) -> bool:
    """What was sealed for this run and did not run is a draft again; what was sealed before is held back."""
    history, memory = situation.position.history, situation.session.memory
    if not sealed.files:
        return False
    try:
        there = situation.target.applied()
    except ServerError:
        return False  # nobody knows, and the first error says more
    if any(file.name in there for file in sealed.files):
        return False
    unseal(history, sealed.files)
    write_draft(history.folder, sealed.draft or None)
    names = {file.name for file in sealed.files}
    memory.save(held_back=[name for name in memory.state.held_back if name not in names])
    return True


def _enlist_what_ran(position: Position) -> None:
    enlist(position.history.folder, [f for f in position.history.files if f.name in position.applied])


def _with_secrets(situation: Situation) -> Situation:
    """Sign-in providers that were left out for want of a secret are written once it is there."""
    desired, environ = situation.desired, situation.target.environ
    late = late_secrets(desired, situation.live, environ)
    if not late:
        return situation
    plan = plan_for(situation)
    late -= {change.path for change in plan.changes if unset_in(change.operation, environ)}
    changes = [change for change in plan.changes if change.path in late]
    if not changes:
        return situation
    return situation.with_raw(write_changes(situation.session, situation.raw, changes, desired))


def down(session: Session, desired: Schema, *, count: int, choices: Choices, dry_run: bool = False) -> Ran:
    """Take back the last `count` files of this project that the server has run, in one transaction.

    PocketBase's own migrations are never counted. The files are pending again, and held back on this
    server until `migrate up`.
    """
    from pocketvex.server.scratch import MigrationFailed

    situation = find_situation(session, desired, choices, write=not dry_run)
    session, target, position = situation.session, situation.target, situation.position
    names = _last(position, count)
    _check_not_below(situation, names)
    _check_ours(situation, names)
    if dry_run:
        return Ran((), names)
    known = dict(position.history.pairs(names))
    texts = {name: known[name] for name in names}
    refuse_resealed(target, texts)
    road = situation.road()
    road.require(texts, down=True)
    if choices.backup and takes_away(target, position, names, situation.live, down=True):
        back_up(target, session.reporter, f"down_{bare_name(names[0])}")
    require_unmoved(target, target.fetch(), situation.raw)
    before = situation.built_without(names)
    undo_renamed_again(situation, before)
    # Held back before it is undone: a kill in between must not let `dev` run the file again.
    held = session.memory.state.held_back
    _hold(session.memory, names)
    try:
        road.take_back(texts)
    except MigrationFailed as error:
        still = [name for name in names if name not in error.ran]
        session.memory.save(
            held_back=[name for name in session.memory.state.held_back if name in held or name not in still],
            applied=list(target.applied()),
        )
        failure = failure_of(error, "migrate down")
        did = f"{', '.join(error.ran)} was taken back before it" if error.ran else "nothing was taken back"
        raise NotAsIntended(
            f"down of {error.file} fails: {did}",
            why=failure.why,
            todo=failure.todo,
        ) from error
    session.memory.save(applied=list(target.applied()))
    after = situation.with_raw(target.fetch())
    _check_down(after, names, before)
    session.reporter.note(
        *not_given_back(target, texts), *cannot_be_updated(target, after.live, before, position)
    )
    remember(after.located(after.raw))
    return Ran((), names)


def _last(position: Position, count: int) -> tuple[str, ...]:
    """The last files that the server has run, newest first."""
    if count < 1:
        raise UsageError("down takes back at least one file")
    if count > len(position.applied):
        ran = len(position.applied)
        said = f"{counted(count, 'file')} cannot be taken back: the server has run {ran} of them"
        raise UsageError(
            said if ran else "there is nothing to take back: the server has run none of these migrations",
            todo="`pocketvex migrate status` lists them.",
        )
    ordered = [name for name in position.history.names if name in position.applied]
    return tuple(reversed(ordered[-count:]))


def _check_not_below(situation: Situation, names: Sequence[str]) -> None:
    """Raise HistoryError where a later file that the server has run is gone: it stands on these."""
    ran = situation.target.applied()
    gone = [name for name in situation.position.history.missing if name in ran and name > names[-1]]
    if gone:
        raise HistoryError(
            f"{names[-1]} cannot be taken back: the server has run {', '.join(gone)} after it",
            why="That file is gone from the folder, and what it did would be left without its ground.",
            todo="Restore it from version control, then run `pocketvex migrate down` again.",
        )


def _check_ours(situation: Situation, names: Sequence[str]) -> None:
    """Raise ConsentNeeded where a collection would go that the server had before any of these files ran."""
    met = set(situation.state.met)
    if not met:
        return
    going = situation.position.here.schema.names() - situation.built_without(names).names()
    others = sorted((going & met) - situation.choices.confirmed)
    if others:
        raise ConsentNeeded(
            f"{', '.join(others)}: on this server before its migration was run: nothing was taken back",
            why="Another project, or another machine, may work with it, rows and all.",
            todo=f"Say --confirm {others[0]} if it is this project's.",
        )


def _check_down(after: Situation, names: Sequence[str], before: Schema) -> None:
    """After down the server must be where the history without these files is: `before`."""
    touched = changed_paths(before, after.position.here.schema)
    left = differences(before, after.live, touched, after.target.version)
    still = [name for name in names if name in after.state.applied]
    if left or still:
        raise NotAsIntended(
            f"{after.target.url} is not as it was before {names[-1]}",
            why="Still different: " + ", ".join([*still, *left][:8]),
        )
