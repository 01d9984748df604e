"""Writing a plan to a server over REST: one import, removals after it, then read back and compared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from pocketvex.diff.compare import compare
from pocketvex.diff.operations import Operation
from pocketvex.diff.simulate import apply_operations, changed_collections
from pocketvex.errors import NotAsIntended, PocketVexError, Rejected
from pocketvex.findings import Finding
from pocketvex.paths import ThingPath
from pocketvex.plan.make import Change
from pocketvex.schema.model import Schema
from pocketvex.target.apply_by_sql import recover_fields, run_here, runs_here
from pocketvex.target.in_the_way import require_free
from pocketvex.target.recount import recount
from pocketvex.target.remove import remove
from pocketvex.target.secrets import with_secrets
from pocketvex.target.session import Session
from pocketvex.target.target import Json, Target
from pocketvex.versions import NEWEST


class Moved(NotAsIntended):
    """Somebody else changed the server meanwhile: nothing was written."""


def write_changes(
    session: Session,
    raw: Sequence[Json],
    changes: Sequence[Change],
    desired: Schema,
    kept: list[Path] | None = None,
) -> list[Json]:
    """Bring these changes to the server and return its collections, read back.

    `kept` receives the files that hold what was agreed to lose.
    `raw` is what the plan was made on. Raises NotAsIntended if the server or its rows moved since, or did
    not end as intended, and Rejected, with lines of the schema, if it said no.
    """
    target = session.target
    now = target.fetch()
    require_unmoved(target, now, raw)
    recount(target, changes, target.schema_of(now))
    operations = [change.operation for change in changes]
    require_free(target, target.schema_of(now), operations)
    here = [change for change in changes if runs_here(target, change)]
    if any(change.judgement.by_migration for change in here):
        here = list(changes)
    rest = [change for change in changes if change not in here]
    additions = [change.operation for change in rest if not change.operation.is_removal]
    try:
        wanted = apply_operations(now, additions)
        if payload := changed_collections(now, wanted):
            target.client.import_collections(with_secrets(payload, now, target.environ))
        if len(additions) < len(rest):
            remove(session, now, rest, [] if kept is None else kept)
    except Rejected as error:
        raise with_schema_lines(error, desired) from error
    if here:
        run_here(session, target.fetch(), here)
    after = target.fetch()
    if target.local and recover_fields(session, after, rest):
        after = target.fetch()
    _check(target, now, after, operations, desired)
    return after


def require_unmoved(
    target: Target, now: Sequence[Json], raw: Sequence[Json], since: str = "while the plan was made"
) -> None:
    """Raise NotAsIntended where a server is not any more what a plan was made on, or agreed to on."""
    if fingerprint(now) != fingerprint(raw):
        raise Moved(
            f"{target.url} changed {since}: nothing was written",
            why=f"Changed by somebody else: {_moved(now, raw)}",
            todo="Run the command again to plan on what the server has now.",
        )


def fingerprint(collections: Sequence[Json]) -> str:
    """Whether a server's collections are what they were; what changes on every save of a view is left out."""
    kept = [
        {k: v for k, v in item.items() if k != "updated" and not (k == "fields" and item["type"] == "view")}
        for item in collections
    ]
    return sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _moved(now: Sequence[Json], raw: Sequence[Json]) -> str:
    found = compare(Schema.from_json(now), Schema.from_json(raw), version=NEWEST, ask=False)
    names = [operation.path for operation in found.operations]
    before = {item["id"]: item for item in raw}
    names = names or [item["name"] for item in now if item != before.get(item["id"])]
    return ", ".join(names[:6])


def _check(
    target: Target, before: list[Json], after: list[Json], operations: list[Operation], desired: Schema
) -> None:
    wanted = Schema.from_json(apply_operations(before, operations))
    diff = compare(wanted, target.schema_of(after), version=target.version, ask=False)
    left = [operation.path for operation in diff.operations]
    if left:
        raise NotAsIntended(
            f"{target.url} did not take everything",
            why="Still different: " + ", ".join(left[:8]),
            todo="`pocketvex schema diff` shows all of it.",
        )


def with_schema_lines(error: PocketVexError, desired: Schema) -> PocketVexError:
    """The same error with the lines of the schema that its problems are about."""

    def place(finding: Finding) -> Finding:
        path = ThingPath.parse(finding.path)
        collection = desired.collection(path.collection)
        # `posts.title.max` is the option of a field.
        field = collection.field(path.field.partition(".")[0]) if collection and path.field else None
        source = (field and field.source) or (collection and collection.source) or None
        return finding._replace(where=finding.where or source)

    error.problems = tuple(place(problem) for problem in error.problems)
    return error
