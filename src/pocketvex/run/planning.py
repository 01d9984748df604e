"""What a server is to become: the plan from what it has to what the code declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pocketvex.diff.compare import compare
from pocketvex.evidence.facts import Fact
from pocketvex.history.foreign import foreign_items
from pocketvex.history.position import with_dropped_options
from pocketvex.plan.idle import idle
from pocketvex.plan.ignored import with_ignored
from pocketvex.plan.make import NeedsFacts, Plan, make_plan
from pocketvex.plan.ownership import Ownership
from pocketvex.plan.questions import Answers, renames_of, still_open, with_remaps
from pocketvex.run.obvious_renames import with_strangers
from pocketvex.run.pending_removals import pending_removals, refuse_renamed
from pocketvex.run.situation import Situation
from pocketvex.run.supported import check_supported
from pocketvex.schema.model import Schema
from pocketvex.target.secrets import late_secrets, leaving_out, waiting_for_secrets
from pocketvex.target.session import Session
from pocketvex.versions import Version


def plan_for(situation: Situation) -> Plan:
    """The plan from what the server has to what the code declares, with its evidence counted.

    A sign-in provider whose secret is not set is no difference; one whose secret is set now is written.
    """
    session, target, position = situation.session, situation.target, situation.position
    state, live, environ, confirmed = (
        situation.state,
        situation.live,
        target.environ,
        situation.choices.confirmed,
    )
    check_supported(situation, agreed=confirmed)
    removed = pending_removals(position)
    answers = answers_in(situation, removed)
    desired = with_remaps(with_dropped_options(situation.desired, position), answers)
    recorded = named_as_live(position.here.schema, live, state.written)
    ownership = Ownership(
        recorded=leaving_out(recorded, desired, live, environ),
        foreign=foreign_items(position.here, position.history, state.absorbed),
        written=state.written,
        managed=position.managed | frozenset(state.managed),
        held=position.held_paths(),
        met=frozenset(state.met),
    )
    said = confirmed | late_secrets(desired, live, environ)
    desired = leaving_out(desired, desired, live, environ)
    renames = with_strangers(desired, live, ownership, renames_of(answers), target.version, removed)
    said |= _first_contacts(desired, live, ownership, said, renames, target.version)
    plan = plan_with_evidence(
        session, desired, live, live,
        ownership=ownership, renames=renames, confirmed=said, migrates=target.migrates,
    )  # fmt: skip
    plan = with_ignored(plan, session.config.ignore, confirmed)
    _tell_absent(situation, plan)
    if not target.local:
        from pocketvex.target.removals import keep_what_no_migration_removes

        plan, notes = keep_what_no_migration_removes(plan, situation.recorded, state.written)
        session.reporter.note(*notes)
    return waiting_for_secrets(plan, environ)


def answers_in(situation: Situation, removed: Mapping[str, str]) -> Answers:
    """What was answered, now or before; who answers nothing is told.

    Raises UsageError where an answer, or the code, renames what a file that has not run yet removes.
    """
    given, recorded = situation.choices.answers, situation.recorded
    refuse_renamed(removed, situation.desired, recorded, given)
    states = (situation.live, recorded)
    for text in idle(given, situation.desired, states):
        # A slip in it would look like an answer that was heard.
        situation.session.reporter.note_once(text)
    return {**still_open(situation.state.answers, situation.desired, states), **given}


def _tell_absent(situation: Situation, plan: Plan) -> None:
    """Name the files that ran here and that the folder lacks, where something has no other explanation.

    Somebody switched to a branch without them: then it was this project that changed what is kept.
    """
    history = situation.position.history
    names = history.names
    if not names or not any(kept.why == "drift" for kept in plan.kept):
        return
    absent = [n for n in situation.target.applied(situation.raw) if n > names[0] and n not in names]
    if absent:
        situation.session.reporter.note_once(
            f"{', '.join(absent[-3:])} ran here and is not in {history.folder.name}/: what is kept may be "
            "its work. On the branch that has it, `pocketvex migrate down` takes it back"
        )


def plan_with_evidence(
    session: Session,
    wanted: Schema,
    before: Schema,
    live: Schema,
    **options: Any,
) -> Plan:
    """The plan from `before` to `wanted`, with whatever it wants to know counted on the server.

    `live` is what that server has: of what is not there, no row is counted.
    """
    known: dict[Fact, int | None] = {}
    while True:
        plan = make_plan(wanted, before, facts=known, version=session.target.version, **options)
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
    renamed = recorded.with_collections(
        c.model_copy(update={"name": names[c.name]}) if c.name in names else c for c in recorded.collections
    )
    return renamed.with_targets(lambda _, field: names.get(field.target, field.target))
