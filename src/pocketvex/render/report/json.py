"""Plans as plain values, for programs: what `plan.schema.json` beside this module describes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pocketvex.evidence.facts import Evidence
from pocketvex.findings import Location
from pocketvex.paths import ThingPath
from pocketvex.plan.changes import Change, PendingFile, Plan
from pocketvex.plan.mentions import Mention
from pocketvex.plan.questions import Question
from pocketvex.plan.saved import KIND, VERSION, UpPlan
from pocketvex.schema.model import Schema

JSON_VERSION = 1
"""Rises when a key goes or changes its meaning; new keys may come without that."""


def plan_values(
    plan: Plan, desired: Schema, mentions: Iterable[Mention] = (), pending: Sequence[PendingFile] = ()
) -> dict[str, Any]:
    """The plan as one versioned object."""
    return {
        "version": JSON_VERSION,
        "in_sync": not plan and not plan.drift and not pending,
        "pending": [pending_values(file, desired) for file in pending],
        "changes": [change_values(change, desired) for change in plan.changes],
        "questions": [question_values(question) for question in plan.questions],
        "kept": [{"path": kept.path, "why": kept.why, "reason": kept.reason} for kept in plan.kept],
        "mentions": [mention_values(mention) for mention in mentions],
    }


def pending_values(file: PendingFile, desired: Schema) -> dict[str, Any]:
    changes = [change_values(change, desired) for change in file.changes]
    return {"name": file.name, "by_hand": file.by_hand, "changes": changes}


def change_values(change: Change, desired: Schema) -> dict[str, Any]:
    judged = change.judgement
    return {
        "path": change.path,
        "kind": change.operation.kind,
        "code": judged.code,
        "verdict": str(judged.verdict),
        "access": str(judged.access),
        "reason": judged.reason,
        "where": where_values(source_of(change, desired)),
        "evidence": evidence_values(judged.evidence) if judged.evidence else None,
    }


def up_plan_values(plan: UpPlan, desired: Schema, *, examples: bool = True) -> dict[str, Any]:
    """`migrate plan`: what is held against the server by `migrate up --plan`.

    Without `examples` nothing of it stood in a row: a file goes further than a screen.
    """
    saved = plan.saved
    files = []
    for kept, file in zip(saved.files, plan.pending, strict=True):
        changes = [change_values(change, desired) for change in file.changes]
        for change in changes:
            if not examples and change["evidence"] is not None:
                change["evidence"] |= {"ids": [], "values": []}
        files.append({"name": kept.name, "hash": kept.hash, "by_hand": file.by_hand, "changes": changes})
    return {
        "version": VERSION,
        "kind": KIND,
        "server": {"url": saved.url, "born": saved.born, "pocketbase": saved.pocketbase},
        "road": {"name": saved.road, "promise": plan.promise} if saved.road else None,
        "files": files,
        "later": list(saved.later),
        "stops": [stop._asdict() for stop in plan.stops],
        "base": dict(saved.base),
    }


def evidence_values(evidence: Evidence) -> dict[str, Any]:
    return {
        "rows": evidence.rows,
        "of": evidence.of,
        "ids": list(evidence.ids),
        "values": [{"value": value, "rows": rows} for value, rows in evidence.values],
    }


def questions_values(plan: Plan) -> dict[str, Any]:
    """The open questions alone, as one versioned object."""
    return {"version": JSON_VERSION, "questions": [question_values(question) for question in plan.questions]}


def question_values(question: Question) -> dict[str, Any]:
    """An answers file maps the `id` of a question to the `value` of one of its options."""
    return {
        "id": question.id,
        "kind": question.kind,
        "code": question.code,
        "text": question.text,
        "options": [
            {"value": option.value, "says": option.says, "flag": question.flag(option)}
            for option in question.options
        ],
        "in_code": question.in_code,
        "where": where_values(question.where),
        "evidence": evidence_values(question.evidence) if question.evidence else None,
    }


def mention_values(mention: Mention) -> dict[str, Any]:
    return {
        "path": mention.path,
        "name": mention.name,
        "file": mention.file,
        "line": mention.line,
        "text": mention.text,
    }


def outcome_values(
    applied: Iterable[Change],
    ran: Sequence[str],
    waiting: Sequence[str],
    left: Plan,
    desired: Schema,
    mentions: Iterable[Mention] = (),
) -> dict[str, Any]:
    """`schema apply`: what was written to the server, and what is left."""
    return {
        "version": JSON_VERSION,
        "applied": [change_values(change, desired) for change in applied],
        "ran": list(ran),
        "waiting": list(waiting),
        "left": plan_values(left, desired, mentions),
    }


def status_values(
    rows: Sequence[tuple[str, str]],
    missing: Sequence[str],
    plan: Plan,
    desired: Schema,
    mentions: Iterable[Mention] = (),
    road: str | None = None,
) -> dict[str, Any]:
    """`migrate status`: each file with its state, files that are gone, what the code asks beyond them, and on
    which road files would come there."""
    return {
        "version": JSON_VERSION,
        "road": road,
        "migrations": [{"name": name, "state": state} for name, state in rows],
        "missing": list(missing),
        "outstanding": plan_values(plan, desired, mentions),
    }


def source_of(change: Change, desired: Schema) -> Location | None:
    """The line that declares what a change is about; of what is gone, the collection it was in."""
    collection = desired.collection(change.operation.collection)
    if collection is None:
        return None
    field = collection.field(ThingPath.parse(change.path).field)
    return (field.source if field else None) or collection.source


def where_values(source: Location | None) -> dict[str, Any] | None:
    return {"file": source.file, "line": source.line} if source else None
