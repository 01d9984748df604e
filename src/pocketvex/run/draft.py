"""The one draft: whatever the code asks beyond the history, as a migration that is not sealed yet."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

from pocketvex.diff.operations import ChangeType, CreateCollection, Operation, RenameCollection
from pocketvex.diff.settle import settle
from pocketvex.diff.transition import Transition
from pocketvex.errors import ChangesPending, NotAsIntended, PocketVexError
from pocketvex.history.folder import is_untouched, read_draft, signed, write_draft
from pocketvex.history.foreign import foreign_items
from pocketvex.history.position import Position, with_dropped_options, with_live_ids
from pocketvex.paths import is_setting
from pocketvex.plan.dependencies import standing_without
from pocketvex.plan.ignored import with_ignored
from pocketvex.plan.make import Change, Plan
from pocketvex.plan.ownership import Ownership
from pocketvex.plan.questions import renames_of, with_remaps
from pocketvex.proof.prove import Proof, prove
from pocketvex.render.migration.migration import render_migration
from pocketvex.run.obvious_renames import known_to_be_new, with_strangers
from pocketvex.run.pending_removals import pending_removals
from pocketvex.run.planning import answers_in, plan_with_evidence
from pocketvex.run.situation import Situation
from pocketvex.run.supported import check_supported
from pocketvex.schema.model import Schema
from pocketvex.schema.words import counted
from pocketvex.steps.header import body_hash
from pocketvex.store.files import write_atomically
from pocketvex.target.session import Session

DRAFT_STAMP = "draft"
THROWS = ("PV102", "PV103", "PV203")
"""Changes whose file counts rows, and throws where there are such."""
DRAFT_TITLE = "Draft: `pocketvex migrate up` or `migrate generate` seals it."


@dataclass(frozen=True)
class Outstanding:
    """What the code asks beyond the history."""

    plan: Plan
    transition: Transition
    manages: frozenset[str]
    rows_of: str = ""
    """Whose rows the evidence counts."""

    @property
    def has_unsafe(self) -> bool:
        return any(_can_be_written(change) for change in self.plan.unsafe)

    @property
    def stops(self) -> bool:
        """Whether a row that there is may be what the file throws at."""
        rows = [
            c.judgement.evidence.rows
            for c in self.plan.unsafe
            if c.judgement.code in THROWS and c.judgement.evidence
        ]
        return any(rows)

    @property
    def before(self) -> Schema:
        return self.transition.before

    @property
    def after(self) -> Schema:
        return self.transition.after

    def text(self, stamp: str, *, title: str = "") -> str:
        """The file for all of it."""
        return self.part(self.transition, self.plan.changes, stamp, title)

    def part(self, transition: Transition, changes: Sequence[Change], stamp: str, title: str) -> str:
        """The file for some of these changes."""
        return render_migration(
            transition, stamp=stamp, comment=comment(title, changes, self.rows_of), manages=self.manages
        )


def find_outstanding(situation: Situation) -> Outstanding:
    """What the code asks beyond the whole history, with evidence counted on the session's server."""
    session, target, position = situation.session, situation.target, situation.position
    state, live, before = situation.state, situation.live, situation.recorded
    check_supported(situation)
    answers = answers_in(situation, pending_removals(position))
    declared = with_dropped_options(situation.desired, position)
    wanted = with_live_ids(with_remaps(declared, answers), live)
    owned = position.managed | frozenset(state.managed)
    foreign = foreign_items(position.recorded, position.history, state.absorbed)
    ownership = Ownership(recorded=before, foreign=foreign, managed=owned)
    renames = {**known_to_be_new(wanted, before, live), **renames_of(answers)}
    # What this project removed here by its name goes everywhere: a new server has it again.
    gone_here = {path for path, value in state.written.items() if value is None and not is_setting(path)}
    plan = plan_with_evidence(
        session, wanted, before, live,
        ownership=ownership,
        renames=with_strangers(wanted, before, ownership, renames, target.version),
        confirmed=gone_here,
        by_kind=True,
        migrates=target.migrates,
    )  # fmt: skip
    plan = with_ignored(plan, session.config.ignore)
    operations = [change.operation for change in plan.changes if _can_be_written(change)]
    transition = settle(operations, position.recorded.collections, before)
    manages = managed_entries(declared, _managed_after(declared, owned, operations))
    return Outstanding(plan, transition, manages, session.rows_of)


def _managed_after(declared: Schema, owned: Set[str], operations: Sequence[Operation]) -> frozenset[str]:
    """The collections that are this project's when a file does this."""
    created = {o.collection for o in operations if isinstance(o, CreateCollection)}
    touched = {o.collection for o in operations if o.collection == "users"}
    renamed = {o.collection for o in operations if isinstance(o, RenameCollection) and o.old in owned}
    return frozenset((owned | created | touched | renamed) & declared.names())


def _can_be_written(change: Change) -> bool:
    """No file makes an auth collection of a base one: it is said, and the rest goes on."""
    return not isinstance(change.operation, ChangeType)


def code_is_ahead(found: Outstanding) -> ChangesPending:
    """Why nothing runs on a server that is not local: a file is sealed and committed before."""
    number = len(found.plan.changes) + len(found.plan.questions)
    return ChangesPending(
        f"the code is ahead of the history by {counted(number)}: nothing was run",
        todo="`pocketvex migrate generate` writes the migration; --recorded-only runs what there is.",
    )


def managed_entries(desired: Schema, names: frozenset[str] | set[str]) -> frozenset[str]:
    """What the header of a file lists: collections, and for accounts the option groups that are stated."""
    entries = set()
    for name in names:
        collection = desired.collection(name)
        groups = ",".join(sorted(collection.auth)) if collection else ""
        entries.add(f"{name}[{groups}]" if groups else name)
    return frozenset(entries)


def comment(title: str, changes: Sequence[Change], rows_of: str = "") -> list[str]:
    """What a file does, in words, with the evidence that it was written on, and whose rows that are."""
    lines = [title, ""] if title else []
    for change in changes:
        judged = change.judgement
        evidence = f"; {judged.evidence}" if judged.evidence else ""
        access = f"; {judged.access}" if judged.access else ""
        lines.append(f"{change.path}: {judged.reason}{evidence}{access} ({judged.code}, {judged.verdict})")
    if rows_of and any(change.judgement.evidence for change in changes):
        lines.append(f"The rows that are counted here are those of {rows_of}.")
    return [*lines, ""]


@dataclass(frozen=True)
class DraftState:
    """`edited`: a person changed the draft, and it was left alone; `unproven`: its proof is still to come.

    `asks`: there is none before a question is answered; `stops`: rows may keep it from being run.
    """

    exists: bool
    written: bool
    edited: bool = False
    unproven: bool = False
    asks: bool = False
    stops: bool = False
    proof: Proof | None = None
    error: PocketVexError | None = None


def keep_draft(
    session: Session, found: Outstanding, position: Position, *, proven: bool = True
) -> DraftState:
    """Write, rewrite or remove the draft, and prove it when it is new (unless that is left for later)."""
    folder = session.config.migrations
    current = read_draft(folder)
    if current is not None and not is_untouched(current):
        return DraftState(exists=True, written=False, edited=True)
    if found.plan.questions:
        # What is asked comes first: without the answer, a file would be about something else.
        write_draft(folder, None)
        return DraftState(exists=False, written=False, asks=found.has_unsafe)
    if not found.has_unsafe:
        return DraftState(exists=False, written=write_draft(folder, None))
    text = _draft_text(found)
    if signed(text) == current and _proven_file(position, text).exists():
        return DraftState(exists=True, written=False)
    written = write_draft(folder, signed(text))
    if not proven:
        return DraftState(exists=True, written=written, unproven=True, stops=found.stops)
    return replace(prove_draft(session, found, position), written=written, stops=found.stops)


def prove_draft(session: Session, found: Outstanding, position: Position) -> DraftState:
    """Prove the draft of what is outstanding. Takes half a second or more; may run beside other work."""
    text = _draft_text(found)
    done = DraftState(exists=True, written=True)
    try:
        files = [(f"{DRAFT_STAMP}.js", text)]
        proof = prove(session.binary, position.recorded.data_dir, files, found.before, found.after)
        done = replace(done, proof=proof)
    except NotAsIntended as error:
        done = replace(done, error=error)
    except PocketVexError as error:
        return replace(done, error=error)
    # A proof that was cut off leaves no mark, and is made again.
    write_atomically(_proven_file(position, text), str(done.proof or done.error))
    return done


def _proven_file(position: Position, text: str) -> Path:
    """Lies beside the shadow on which the draft was proven, and goes with it."""
    return position.recorded.data_dir.parent / f"proven-{body_hash(text)[:16]}"


def _draft_text(found: Outstanding) -> str:
    return found.text(DRAFT_STAMP, title=DRAFT_TITLE)


def already_there(found: Outstanding, left: Plan) -> tuple[list[Change], list[Change]]:
    """The outstanding changes that the server has already, and those that it has not, or not all of."""
    missing: set[str] = {path for change in left.changes for path in change.operation.touches}
    missing |= {path for kept in left.kept for path in kept.operation.touches}
    lacks = [c for c in found.plan.changes if c.operation.touches & missing]
    absent = {id(change) for change in lacks}
    # Of what is put away for a while, the server shows no difference in its parts.
    there = standing_without(
        [c for c in found.plan.changes if id(c) not in absent], [c.operation for c in lacks]
    )
    first = {id(change) for change in there}
    return there, [c for c in found.plan.changes if id(c) not in first]
