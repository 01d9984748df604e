"""What a server is to become: the plan from what it has to what the code declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from typing import Any

from pocketvex.diff.compare import compare
from pocketvex.evidence.facts import Fact
from pocketvex.history.foreign import foreign_items
from pocketvex.history.position import Position, with_dropped_options
from pocketvex.plan.ignored import with_ignored
from pocketvex.plan.make import NeedsFacts, Plan, make_plan
from pocketvex.plan.ownership import Ownership
from pocketvex.plan.questions import Answers, renames_of, still_open, with_remaps
from pocketvex.run.obvious_renames import tell_idle, with_strangers
from pocketvex.run.pending_removals import pending_removals, refuse_renamed
from pocketvex.run.supported import check_declares, check_fits
from pocketvex.schema.model import Schema
from pocketvex.target.secrets import late_secrets, leaving_out, waiting_for_secrets
from pocketvex.target.session import Json, Session
from pocketvex.versions import Version


@dataclass(frozen=True)
class Choices:
    """What a person said beforehand."""

    write: bool = True
    """Whether the server may be written to at all."""
    strict: bool = False
    """Whether harmless changes wait like unsafe ones."""
    confirmed: frozenset[str] = frozenset()
    """Paths of changes that were agreed to."""
    whole: frozenset[str] = frozenset()
    """Collections whose names agree to all that changes in them: nothing else has that name."""
    answers: Answers = default(default_factory=dict)
    """What was said to the questions of a plan, by their ids."""
    backup: bool = True
    """Whether a backup is made before something is done that takes values away."""
    seen: Sequence[Json] | None = None
    """What the server had when somebody was asked; where it has something else by now, nothing is written."""


def plan_for(
    session: Session, desired: Schema, raw: Sequence[Json], position: Position, choices: Choices
) -> Plan:
    """The plan from what the server has to what the code declares, with its evidence counted.

    A sign-in provider whose secret is not set is no difference; one whose secret is set now is written.
    """
    check_declares(session, desired, session.schema_of(raw), position.managed, choices.confirmed)
    check_fits(session, desired, session.schema_of(raw), position.recorded.schema)
    tell_idle(session, choices.answers, desired, (session.schema_of(raw), position.recorded.schema))
    remembered = still_open(
        session.state.answers, desired, (session.schema_of(raw), position.recorded.schema)
    )
    answers = {**remembered, **choices.answers}
    removed = pending_removals(position)
    refuse_renamed(removed, desired, position.recorded.schema, answers)
    desired = with_remaps(with_dropped_options(desired, position), answers)
    live, environ = session.schema_of(raw), session.environ
    recorded = named_as_live(position.here.schema, live, session.state.written)
    ownership = Ownership(
        recorded=leaving_out(recorded, desired, live, environ),
        foreign=foreign_items(position.here, position.history, session.state.absorbed),
        written=session.state.written,
        managed=position.managed | frozenset(session.state.managed),
        held=position.held_paths(),
        met=frozenset(session.state.met),
    )
    said = choices.confirmed | late_secrets(desired, live, environ)
    desired = leaving_out(desired, desired, live, environ)
    renames = with_strangers(desired, live, ownership, renames_of(answers), session.version, removed)
    confirmed = said | _first_contacts(desired, live, ownership, said, renames, session.version)
    plan = plan_with_evidence(
        session, desired, live, ownership=ownership, renames=renames, confirmed=confirmed,
        migrates=session.migrates,
    )  # fmt: skip
    plan = with_ignored(plan, session.config.ignore, choices.confirmed)
    _tell_absent(session, position, plan)
    if not session.local:
        from pocketvex.target.removals import keep_what_no_migration_removes

        plan, notes = keep_what_no_migration_removes(plan, position.recorded.schema, session.state.written)
        session.notes += [note for note in notes if note not in session.notes]
    return waiting_for_secrets(plan, environ)


def _tell_absent(session: Session, position: Position, plan: Plan) -> None:
    """Name the files that ran here and that the folder lacks, where something has no other explanation.

    Somebody switched to a branch without them: then it was this project that changed what is kept.
    """
    names = position.history.names
    if not names or not any(kept.why == "drift" for kept in plan.kept):
        return
    absent = [name for name in session.applied() or () if name > names[0] and name not in names]
    folder = position.history.folder.name
    note = (
        f"{', '.join(absent[-3:])} ran here and is not in {folder}/: what is kept may be its work. "
        "On the branch that has it, `pocketvex migrate down` takes it back"
    )
    if absent and note not in session.told:
        session.told.add(note)
        session.notes.append(note)


def plan_with_evidence(session: Session, desired: Schema, live: Schema, **options: Any) -> Plan:
    """The plan, with whatever it wants to know counted on the server."""
    known: dict[Fact, int | None] = {}
    while True:
        plan = make_plan(desired, live, facts=known, version=session.version, **options)
        if not isinstance(plan, NeedsFacts):
            return plan
        known.update(session.count(plan.facts, live))


def _first_contacts(
    desired: Schema,
    live: Schema,
    ownership: Ownership,
    confirmed: frozenset[str],
    renames: Mapping[str, str],
    version: Version,
) -> frozenset[str]:
    """`--confirm NAME` of a collection met for the first time: the code is the whole truth about it."""
    named = confirmed & desired.names()
    if not named:
        return frozenset()
    diff = compare(desired, live, renames=renames, version=version)
    names = {name for name in named if not ownership.manages(diff.renamed.get(name, name))}
    return frozenset(o.path for o in diff.operations if o.collection in names)


def named_as_live(recorded: Schema, live: Schema, written: Mapping[str, Any]) -> Schema:
    """What the history builds, with the names that this project gave to collections since.

    One that it renamed has another name in the history, until the draft is sealed.
    """
    known, there = {c.id: c.name for c in recorded.collections}, live.names()
    names = {
        known[collection.id]: collection.name
        for collection in live.collections
        if collection.name in written
        and collection.id in known
        and known[collection.id] not in there - {collection.name}
    }
    names = {old: new for old, new in names.items() if old != new}
    if not names:
        return recorded
    copy = recorded.model_copy(deep=True)
    for collection in copy.collections:
        collection.name = names.get(collection.name, collection.name)
    for field in copy.relations():
        field.target = names.get(field.target, field.target)
    return copy
