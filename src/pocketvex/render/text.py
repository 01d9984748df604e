"""Plans as lines of text and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pocketvex.diff.operations import ChangeIndex, Operation
from pocketvex.errors import Location
from pocketvex.plan.judge import Access, Verdict
from pocketvex.plan.make import Change, Kept, Plan
from pocketvex.schema.model import Schema

JSON_VERSION = 1

_SIGNS = {
    "create_collection": "+", "add_field": "+",
    "drop_collection": "-", "drop_field": "-",
}  # fmt: skip


def plan_lines(plan: Plan, *, width: int = 80) -> list[str]:
    """A plan that reads like a page: one line a change, then what waits, then what is kept."""
    lines: list[str] = []
    for change in plan.changes:
        lines += change_lines(change, width=width)
    for question in plan.questions:
        what = " or ".join(question.candidates)
        lines.append(f"? {question.path}: gone, and {what} is new: renamed, or two changes? (PV502)")
        new = f"{question.collection}.{question.candidates[0]}".lstrip(".")
        lines.append(
            f'    renamed:     renamed_from="{question.old}" in the code, or --rename {new}={question.old}'
        )
        lines.append(f'    two changes: renamed_from="" in the code, or --rename {new}=')
    lines += kept_lines(plan.kept)
    return lines


def change_lines(change: Change, *, width: int = 80) -> list[str]:
    """One change: what, why, how many rows; the verdict where it is not simply safe."""
    judged = change.judgement
    parts = [judged.reason]
    if judged.evidence is not None and change.operation.kind != "add_field":
        parts.append(str(judged.evidence))
    label = "" if judged.verdict is Verdict.SAFE else f" [{judged.verdict}, {judged.code}]"
    if judged.access is not Access.SAME:
        mark = judged.access.upper() if judged.access is Access.OPENS else judged.access
        label += f" [{mark}, {judged.code}]"
    text = f"{sign(change.operation)} {change.path}: {'; '.join(parts)}{label}"
    return _wrapped(text, width)


def kept_lines(kept: Iterable[Kept]) -> list[str]:
    """What is left as it is, one line a reason."""
    by_reason: dict[str, list[str]] = {}
    for item in kept:
        by_reason.setdefault(item.why, []).append(item.path)
    words = {
        "drift": "changed on the server by somebody else, kept (PV601)",
        "first contact": "not in the code, kept",
        "unmanaged": "not ours, kept",
        "held": "reverted here by `migrate down`; `migrate up` runs it again",
    }
    return [f"= {', '.join(paths)}: {words[why]}" for why, paths in by_reason.items()]


def totals(plan: Plan) -> str:
    """`2 safe, 1 unsafe, 1 waits for an answer`."""
    counted = [(plan.safe, "safe")]
    counted += [
        (tuple(c for c in plan.unsafe if c.judgement.verdict is verdict), str(verdict))
        for verdict in (Verdict.HARMLESS, Verdict.UNSAFE, Verdict.IMPOSSIBLE)
    ]
    parts = [f"{len(found)} {word}" for found, word in counted if found]
    if plan.questions:
        parts.append(f"{len(plan.questions)} waiting for an answer")
    if plan.drift:
        parts.append(f"{len(plan.drift)} changed by somebody else")
    return ", ".join(parts) or "in sync"


def sign(operation: Operation) -> str:
    if isinstance(operation, ChangeIndex):
        return "+" if operation.before is None else "-" if operation.after is None else "~"
    return _SIGNS.get(operation.kind, "~")


def plan_values(plan: Plan, desired: Schema) -> dict[str, Any]:
    """The plan for programs: one versioned object."""
    return {
        "version": JSON_VERSION,
        "in_sync": not plan and not plan.drift,
        "changes": [_change_values(change, desired) for change in plan.changes],
        "questions": [
            {"path": q.path, "old": q.old, "candidates": list(q.candidates), "where": _where(q.where)}
            for q in plan.questions
        ],
        "kept": [{"path": kept.path, "why": kept.why} for kept in plan.kept],
    }


def _change_values(change: Change, desired: Schema) -> dict[str, Any]:
    judged = change.judgement
    evidence = judged.evidence
    return {
        "path": change.path,
        "kind": change.operation.kind,
        "code": judged.code,
        "verdict": str(judged.verdict),
        "access": str(judged.access),
        "reason": judged.reason,
        "where": _where(_source(change, desired)),
        "evidence": {"rows": evidence.rows, "of": evidence.of} if evidence else None,
    }


def _source(change: Change, desired: Schema) -> Location | None:
    collection = desired.collection(change.operation.collection)
    if collection is None:
        return None
    field = collection.field(change.path.partition(".")[2]) if "." in change.path else None
    return (field.source if field else None) or collection.source


def _where(source: Location | None) -> dict[str, Any] | None:
    return {"file": source.file, "line": source.line} if source else None


def _wrapped(text: str, width: int) -> list[str]:
    from textwrap import wrap

    return wrap(text, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False) or [
        text
    ]
