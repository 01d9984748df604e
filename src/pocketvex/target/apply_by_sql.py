"""Changes to what no file has yet and that are about values: a migration that is run once, here.

It is written like every other, so values are converted, filled and mapped, those that go are kept, and what
is declared again gets back what was kept of it; it is no file, because the history never sees what a server
tried out on the way.
"""

from __future__ import annotations

import time
from collections.abc import Sequence, Set

from pocketvex.diff.operations import (
    AddField,
    ChangeField,
    DropCollection,
    DropField,
    Operation,
    ReplaceField,
)
from pocketvex.diff.settle import settle
from pocketvex.errors import NotAsIntended
from pocketvex.plan.make import Change
from pocketvex.plan.verdicts import Verdict
from pocketvex.schema.model import PRIVATE_PREFIX, Schema
from pocketvex.steps.migration import Migration, Step
from pocketvex.target.kept import has_values
from pocketvex.target.road import road_to
from pocketvex.target.session import Session
from pocketvex.target.target import Json, Target


def runs_here(target: Target, change: Change) -> bool:
    """Whether a change is made by a migration of its own: where values go, or are written anew.

    Removed in one transaction with the look whether anything is there, nothing that somebody writes
    meanwhile is lost.
    """
    if not target.migrates:
        return False
    if change.judgement.by_migration:
        return True
    if change.operation.is_removal:
        return bool(change.operation.loses)
    return change.judgement.verdict is Verdict.UNSAFE and takes_sql(change.operation)


def takes_sql(operation: Operation) -> bool:
    """Whether the values of rows are written anew, which the API cannot do in one piece."""
    match operation:
        case AddField(field=field):
            return field.backfill is not None
        case ChangeField(before=before, after=after):
            filled = after.required and not before.required and after.backfill is not None
            single = before.multiple and not after.multiple and getattr(after, "keep", "") == "first"
            return filled or single or bool(getattr(after, "remap", None))
        case _:
            return False


def run_here(session: Session, raw: Sequence[Json], changes: Sequence[Change]) -> None:
    """Carry these changes out on a server whose data directory is at hand.

    Raises NotAsIntended, with what the migration said, where it fails: then nothing of it is done.
    """
    from pocketvex.render.migration.migration import make_migration

    transition = settle([change.operation for change in changes], raw, session.target.schema_of(raw))
    made = make_migration(transition, stamp=_stamp())
    looks = [step for change in changes if change.judgement.verdict is Verdict.HARMLESS
             for step in _expected(change.operation)]  # fmt: skip
    _run(session, made._replace(up=[*looks, *made.up]), ", ".join(change.path for change in changes))
    session.reporter.note(
        *(
            f"{change.path}: what it held is kept in the database, and comes back where it is declared again"
            for change in changes
            if change.judgement.verdict is Verdict.UNSAFE and not isinstance(change.operation, AddField)
        )
    )


def _expected(operation: Operation) -> list[Step]:
    match operation:
        case DropCollection(collection=name):
            return [["expectEmpty", name]]
        case DropField(collection=name, field=field) | ReplaceField(collection=name, before=field):
            return [["expectEmpty", name, {"id": field.id, "name": field.name}]]
        case _:
            return []


def recover_fields(session: Session, raw: Sequence[Json], changes: Sequence[Change]) -> bool:
    """Give fields that were just added back what was kept of them; whether anything was tried."""
    there = {item["name"]: item for item in raw}
    steps: list[Step] = []
    for operation in [change.operation for change in changes]:
        if not isinstance(operation, AddField) or operation.collection not in there:
            continue
        item = there[operation.collection]
        field = next((f for f in item["fields"] if f["name"] == operation.field.name), None)
        if field is not None and has_values(session.target, item["id"], field["id"]):
            steps.append(["giveBack", operation.collection, {"id": field["id"], "name": field["name"]}])
    if steps:
        _run(session, Migration("", {}, steps, []).named(_stamp()), "what was kept")
    return bool(steps)


def recover_collections(session: Session, raw: list[Json], desired: Schema, held: Set[str]) -> list[Json]:
    """Give collections that the code declares, and that are put away here, their names back.

    Those in `held` wait for `migrate up`: the file that makes them knows nothing of what dev changed since,
    like a name. Returns the server's collections after it.
    """
    there = {item["name"].lower() for item in raw}
    away = [item for item in raw if item["name"].startswith(PRIVATE_PREFIX)]
    missing = [
        c for c in desired.collections
        if c.name.lower() not in there and c.type != "view" and c.renamed_from is None and c.name not in held
        and any(item["name"].endswith(f"_{c.name}") and item["type"] == c.type for item in away)
    ]  # fmt: skip
    if not missing or session.target.data_dir is None:
        return raw
    before = {item["id"]: item["name"] for item in away}
    steps: list[Step] = [["recover", c.name, c.type] for c in missing]
    migration = Migration("", {}, steps, []).named(_stamp())
    _run(session, migration, ", ".join(c.name for c in missing))
    after = session.target.fetch()
    back = [i["name"] for i in after if i["id"] in before and i["name"] != before[i["id"]]]
    if back:
        session.reporter.note(f"{', '.join(back)}: back with what was put away")
    return after


def _stamp() -> str:
    return f"here{time.time_ns() // 1_000_000}"


def _run(session: Session, migration: Migration, what: str) -> None:
    from pocketvex.render.migration.migration import migration_text
    from pocketvex.server.scratch import MigrationFailed

    try:
        road_to(session).run_once([(f"{migration.id}.js", migration_text(migration, []))])
    except MigrationFailed as error:
        raise NotAsIntended(
            f"{what}: nothing of it was done", why=error.reason, todo="Run the command again."
        ) from error
