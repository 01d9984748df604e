"""Writing a plan to a server over REST: one import, removals after it, then read back and compared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pocketvex.diff.apply import apply_operations, changed_collections
from pocketvex.diff.compare import Diff, compare
from pocketvex.diff.operations import DropCollection, DropField, Operation, ReplaceField
from pocketvex.errors import NotAsIntended, PocketVexError, Problem, Rejected, ServerError
from pocketvex.plan.facts import NonZeroCount, RowCount
from pocketvex.plan.judge import Verdict
from pocketvex.plan.make import Change
from pocketvex.run.session import Json, Session, fingerprint
from pocketvex.schema.model import Schema
from pocketvex.store.files import LOCAL, write_atomically

Removal = DropCollection | DropField | ReplaceField
"""What an import cannot express: it never removes anything."""


def write_changes(
    session: Session, raw: Sequence[Json], changes: Sequence[Change], desired: Schema
) -> list[Json]:
    """Bring these changes to the server and return its collections, read back.

    `raw` is what the plan was made on. Raises NotAsIntended if the server moved since, or did not end
    as intended, and Rejected, with lines of the schema, if it said no.
    """
    now = session.fetch()
    if fingerprint(now) != fingerprint(list(raw)):
        moved = compare(Schema.from_json(now), Schema.from_json(raw), ask=False)
        raise NotAsIntended(
            f"{session.client.url} changed while the plan was made: nothing was written",
            why="Changed by somebody else: " + ", ".join(o.path for o in moved.operations[:6]),
            todo="Run the command again to plan on what the server has now.",
        )
    operations = [change.operation for change in changes]
    additions = [o for o in operations if not isinstance(o, Removal)]
    removals = [o for o in operations if isinstance(o, Removal)]
    target = apply_operations(now, additions)
    payload = changed_collections(now, target)
    try:
        if payload:
            session.client.import_collections(with_secrets(payload, session.environ))
        _remove(session, target, removals, changes)
    except Rejected as error:
        raise located(error, desired) from error
    after = session.fetch()
    _check(session, now, after, operations)
    return after


def _remove(
    session: Session, collections: list[Json], removals: list[Removal], changes: Sequence[Change]
) -> None:
    by_operation = {id(change.operation): change for change in changes}
    done: list[str] = []
    for name in dict.fromkeys(removal.collection for removal in removals):
        group = [removal for removal in removals if removal.collection == name]
        try:
            for removal in group:
                _recount(session, removal, by_operation[id(removal)])
            drop = next((r for r in group if isinstance(r, DropCollection)), None)
            if drop is not None:
                session.client.delete_collection(drop.definition.id)
            else:
                _patch(session, collections, group)
        except ServerError as error:
            stands = f"Done: {', '.join(done)}. " if done else ""
            error.why = f"{stands}Not done: {', '.join(r.path for r in group)}. {error.why}".strip()
            raise
        done += [removal.path for removal in group]


def _patch(session: Session, collections: list[Json], group: Sequence[Operation]) -> None:
    current = {item["id"]: item for item in session.fetch()}
    after = apply_operations(list(current.values()), group)
    item = next(item for item in after if item != current[item["id"]])
    session.client.patch_collection(item["id"], {"fields": item["fields"], "indexes": item["indexes"]})


def _recount(session: Session, removal: Removal, change: Change) -> None:
    """Count again right before the write: rows may have come since the plan."""
    if change.judgement.verdict is not Verdict.HARMLESS:
        return
    live = Schema.from_json(session.fetch())
    match removal:
        case DropCollection():
            if removal.definition.type == "view":
                return
            fact: Any = RowCount(removal.collection)
        case DropField():
            fact = NonZeroCount(removal.collection, removal.field.name)
        case ReplaceField():
            fact = NonZeroCount(removal.collection, removal.before.name)
    if session.count(frozenset([fact]), live)[fact] != 0:
        raise NotAsIntended(
            f"{removal.path} was empty when the plan was made, and holds values now: it is kept",
            todo="Run the command again.",
        )


def _check(session: Session, before: list[Json], after: list[Json], operations: list[Operation]) -> None:
    wanted = Schema.from_json(apply_operations(before, operations))
    left: Diff = compare(wanted, Schema.from_json(after), version=session.version, ask=False)
    if left:
        raise NotAsIntended(
            f"{session.client.url} did not take everything",
            why="Still different: " + ", ".join(operation.path for operation in left.operations[:8]),
            todo="`pocketvex schema diff` shows all of it.",
        )


def with_secrets(payload: list[Json], environ: dict[str, str]) -> list[Json]:
    """The payload with the secrets that the environment holds; a provider without one is left out."""
    for item in payload:
        providers = (item.get("oauth2") or {}).get("providers")
        if not providers:
            continue
        kept = []
        for provider in providers:
            secret = provider.get("clientSecret")
            if isinstance(secret, dict):
                value = environ.get(secret.get("env", ""), "")
                if not value:
                    continue
                provider = {**provider, "clientSecret": value}
            kept.append(provider)
        item["oauth2"] = {**item["oauth2"], "providers": kept}
    return payload


def missing_secrets(desired: Schema, environ: dict[str, str]) -> list[str]:
    """The environment variables that the schema names and that are not set."""
    found = []
    for collection in desired.collections:
        for provider in collection.auth.get("oauth2", {}).get("providers", ()):
            secret = provider.get("clientSecret")
            if isinstance(secret, dict) and not environ.get(secret.get("env", "")):
                found.append(secret.get("env", ""))
    return found


def located(error: PocketVexError, desired: Schema) -> PocketVexError:
    """The same error with the lines of the schema that its problems are about."""

    def place(problem: Problem) -> Problem:
        collection_name, _, rest = problem.path.partition(".")
        collection = desired.collection(collection_name)
        field = collection.field(rest.partition(".")[0]) if collection and rest else None
        source = (field and field.source) or (collection and collection.source) or None
        return problem._replace(where=problem.where or source)

    error.problems = tuple(place(problem) for problem in error.problems)
    return error


def keep_aside(session: Session, change: Change) -> Path | None:
    """Write the values that a change takes away to a file of this project; None where there are none."""
    operation = change.operation
    if isinstance(operation, DropField):
        fields = f"id,{operation.field.name}"
    elif isinstance(operation, ReplaceField):
        fields = f"id,{operation.before.name}"
    elif isinstance(operation, DropCollection) and operation.definition.type != "view":
        fields = ""
    else:
        return None
    rows: list[Json] = []
    for page in range(1, 1 << 30):
        found = session.client.records(
            operation.collection, fields=fields, sort="id", page=page, per_page=1000
        )
        rows += found
        if len(found) < 1000:
            break
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    path = session.root / LOCAL / "kept" / f"{stamp}-{change.path}.json"
    write_atomically(path, json.dumps(rows, ensure_ascii=False, indent=1), mode=0o600)
    return path
