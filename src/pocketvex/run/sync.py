"""One pass: bring a server to the history, then to what the code declares, as far as that is safe.

`dev` does it on every save, `schema apply` once, `schema diff` looks at the plan only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from pathlib import Path
from typing import Any

from pocketvex.diff.compare import compare
from pocketvex.errors import SchemaError
from pocketvex.plan.facts import Fact
from pocketvex.plan.judge import Access, Verdict
from pocketvex.plan.make import Change, NeedsFacts, Plan, make_plan
from pocketvex.plan.ownership import Ownership, items_of, touched_paths
from pocketvex.run.apply import keep_aside, missing_secrets, write_changes
from pocketvex.run.recorded import Position, locate, run_files
from pocketvex.run.session import Json, Session
from pocketvex.schema.model import Schema
from pocketvex.schema.validate import for_server


@dataclass(frozen=True)
class Choices:
    """What a person said beforehand."""

    write: bool = True
    """Whether the server may be written to at all."""
    strict: bool = False
    """Whether harmless changes wait like unsafe ones."""
    confirmed: frozenset[str] = frozenset()
    """Paths of changes that were agreed to."""
    renames: Mapping[str, str] = default(default_factory=dict)


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

    @property
    def schema(self) -> Schema:
        return Schema.from_json(self.live)


def bring_to_recorded(session: Session, *, write: bool) -> tuple[Position, tuple[str, ...], tuple[str, ...]]:
    """Run the files that the server lacks, where that can be done; the position after it, ran, waiting."""
    live = None if session.data_dir is not None else Schema.from_json(session.fetch())
    position = locate(session, live)
    if not position.pending:
        return position, (), ()
    if not write or session.data_dir is None or not session.local:
        return position, (), position.pending
    run_files(session, position, position.pending)
    return locate(session, live), position.pending, ()


def plan_for(
    session: Session, desired: Schema, raw: Sequence[Json], position: Position, choices: Choices
) -> Plan:
    """The plan from what the server has to what the code declares, with its evidence counted."""
    problems = for_server(desired, session.version)
    if problems:
        raise SchemaError(f"PocketBase {session.version} cannot hold this schema", problems=problems)
    live = Schema.from_json(raw)
    ownership = Ownership(
        recorded=position.here.schema,
        written=session.state.written,
        managed=position.managed | frozenset(session.state.managed),
        held=position.held_paths(),
    )
    known: dict[Fact, int | None] = {}
    while True:
        plan = make_plan(
            desired,
            live,
            facts=known,
            ownership=ownership,
            renames=choices.renames,
            confirmed=choices.confirmed,
            version=session.version,
        )
        if not isinstance(plan, NeedsFacts):
            return plan
        known.update(session.count(plan.facts, live))


def sync(session: Session, desired: Schema, choices: Choices) -> Outcome:
    """Bring the server to the history and to the code; what is not safe stays in the outcome's plan."""
    session.reload()
    position, ran, waiting = bring_to_recorded(session, write=choices.write)
    raw = session.fetch()
    secrets = tuple(missing_secrets(desired, session.environ))
    plan = _without_missing_secrets(plan_for(session, desired, raw, position, choices), secrets)
    if waiting or not choices.write:
        return Outcome(plan, position, raw, ran, waiting, secrets=secrets)
    now = [change for change in plan.changes if may_apply(change, session, choices)]
    kept = tuple(path for change in now if (path := _kept(session, change)))
    if now:
        raw = write_changes(session, raw, now, desired)
    applied = set(map(id, now))
    left = Plan(
        tuple(change for change in plan.changes if id(change) not in applied),
        plan.questions,
        plan.kept,
        plan.renamed,
    )
    remember(session, desired, raw, position, now, choices.confirmed)
    return Outcome(left, position, raw, ran, waiting, tuple(now), kept, secrets)


def may_apply(change: Change, session: Session, choices: Choices) -> bool:
    """Whether a change is written now; the rest waits for a migration or for consent."""
    verdict, access = change.judgement.verdict, change.judgement.access
    named = change.path in choices.confirmed
    if verdict is Verdict.IMPOSSIBLE:
        return False
    if not session.local:
        # On a protected server a rename, and whatever changes who may do what, is agreed to by name.
        quiet = access is Access.SAME and change.judgement.code != "PV120"
        return verdict is Verdict.SAFE and (quiet or named)
    if verdict is Verdict.SAFE:
        return True
    if verdict is Verdict.HARMLESS:
        return not choices.strict or named
    return change.leftover and named


def _kept(session: Session, change: Change) -> Path | None:
    return keep_aside(session, change) if change.judgement.verdict is Verdict.UNSAFE else None


def _without_missing_secrets(plan: Plan, secrets: tuple[str, ...]) -> Plan:
    """A provider whose secret is missing is reported, and is no difference."""
    if not secrets:
        return plan
    changes = tuple(c for c in plan.changes if not c.path.endswith(":oauth2.providers"))
    return Plan(changes, plan.questions, plan.kept, plan.renamed)


def remember(
    session: Session,
    desired: Schema,
    raw: Sequence[Json],
    position: Position,
    applied: Iterable[Change],
    confirmed: frozenset[str],
) -> None:
    """Note in the host's state what this project wrote, so that it is told from what others did."""
    live = Schema.from_json(raw)
    state = session.state
    declared = {collection.name for collection in desired.collections}
    created = {c.path for c in applied if c.operation.kind == "create_collection"}
    state.managed = sorted(
        name
        for name in (set(state.managed) | created | (confirmed & declared))
        if live.collection(name) is not None
    )
    state.written = written_items(desired, live, position.here.schema, state.written)
    session.save()


def written_items(
    desired: Schema, live: Schema, recorded: Schema, previous: Mapping[str, Any]
) -> dict[str, Any]:
    """The items in which server and code agree and the history differs; None marks one that is gone."""
    wanted, there, known = items_of(desired), items_of(live), items_of(recorded)
    different = {path for o in compare(desired, live).operations for path in touched_paths(o)}
    absent = object()
    result: dict[str, Any] = {}
    for path, value in there.items():
        agreed = path in wanted and path not in different
        if agreed and known.get(path, absent) != value:
            result[path] = value
        elif not agreed and path in previous and previous[path] is not None:
            result[path] = previous[path]
    for path in known:
        if path not in wanted and path not in there and ":" not in path:
            result[path] = None
    return result
