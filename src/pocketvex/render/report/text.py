"""Plans as lines of text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from pocketvex.diff.operations import ChangeIndex, Operation
from pocketvex.evidence.facts import Evidence
from pocketvex.paths import home_of
from pocketvex.plan.changes import Change, Kept, PendingFile, Plan
from pocketvex.plan.questions import Question
from pocketvex.plan.verdicts import Access, Verdict

_SIGNS = {
    "create_collection": "+", "add_field": "+",
    "drop_collection": "-", "drop_field": "-",
}  # fmt: skip


_SOME = 10
"""So many changes of a migration are shown; a first one may have hundreds."""


def plan_lines(plan: Plan, *, width: int = 80) -> list[str]:
    """A plan that reads like a page: one line a change, then what waits, then what is kept."""
    lines: list[str] = []
    for change in plan.changes:
        lines += change_lines(change, width=width)
    for question in plan.questions:
        lines += question_lines(question, width=width)
    lines += kept_lines(plan.kept)
    return lines


def pending_lines(files: Iterable[PendingFile], *, width: int = 80) -> list[str]:
    """The migrations that are not run yet, and what each does."""
    lines: list[str] = []
    for file in files:
        lines += [f"pending {file.name}{' (written by hand)' if file.by_hand else ''}"]
        for change in file.changes[:_SOME]:
            lines += [f"    {line}" for line in change_lines(change, width=width - 4)]
        if len(file.changes) > _SOME:
            lines.append(f"    … and {len(file.changes) - _SOME} more changes")
    return lines


def question_lines(question: Question, *, width: int = 80) -> list[str]:
    """What is asked, and how each answer is given."""
    lines = _wrapped(f"? {question.id}: {question.text} [{question.code}]", width)
    ways = [(question.flag(option), option.says) for option in question.options]
    column = min(max(len(flag) for flag, _ in ways), width // 2)
    for flag, says in ways:
        lines += _wrapped(f"    {flag:{column}}  {says}", width, " " * 8)
    return [*lines, *_wrapped(f"    or in the code: {question.in_code}", width, " " * 8)]


def change_lines(change: Change, *, width: int = 80) -> list[str]:
    """One change: what, why, how many rows; the verdict where it is not simply safe."""
    judged = change.judgement
    parts = [judged.reason]
    if judged.evidence is not None:
        parts.append(str(judged.evidence))
    label = "" if judged.verdict is Verdict.SAFE else f" [{judged.verdict}, {judged.code}]"
    if judged.access is not Access.SAME:
        mark = judged.access.upper() if judged.access is Access.OPENS else judged.access
        label += f" [{mark}, {judged.code}]"
    text = f"{sign(change.operation)} {change.path}: {'; '.join(parts)}{label}"
    return _wrapped(text, width) + (example_lines(judged.evidence, width) if judged.evidence else [])


def example_lines(evidence: Evidence, width: int) -> list[str]:
    """Some of the rows that a count is about, where it is not all of them, and what stands in the way."""
    lines = []
    if evidence.ids and evidence.rows != evidence.of:
        more = ", …" if len(evidence.ids) < (evidence.rows or 0) else ""
        lines += _wrapped(f"    rows: {', '.join(evidence.ids)}{more}", width, " " * 10)
    if evidence.values:
        said = ", ".join(f"{_value(value)} in {rows}" for value, rows in evidence.values)
        lines += _wrapped(f"    values: {said}", width, " " * 12)
    return lines


def _value(text: str) -> str:
    short = text if len(text) <= 40 else f"{text[:39]}…"
    return json.dumps(short, ensure_ascii=False)


def kept_lines(kept: Iterable[Kept]) -> list[str]:
    """What is left as it is, one line a reason."""
    by_reason: dict[str, list[str]] = {}
    for item in kept:
        by_reason.setdefault(item.why, []).append(item.path)
    words = {
        "drift": "changed on the server by somebody else, kept (PV601)",
        "first contact": "not in the code, kept",
        "unmanaged": "not ours, kept",
        "held": "in a migration that is not run here: `migrate up` runs it",
    }
    ignored = len(by_reason.pop("ignored", ()))
    lines = []
    for why, paths in by_reason.items():
        lines += [f"= {', '.join(dict.fromkeys(paths))}: {words[why]}", *_ways_out(why, paths)]
    return lines + ([f"= {ignored} ignored by pocketvex.toml"] if ignored else [])


def _ways_out(why: str, paths: list[str]) -> list[str]:
    """What a person can do about what is kept."""
    name = paths[0] if len(paths) == 1 else "NAME"
    if why == "drift":
        return [
            f"    adopt it: `pocketvex schema pull {name}`",
            f"    revert it: `pocketvex schema apply --confirm {name}`",
            "    ignore it: [ignore] in pocketvex.toml, with the reason",
        ]
    if why == "first contact":
        return [
            f"    take it over: `pocketvex schema pull {name}`",
            f"    or --confirm {home_of(paths[0])}: the code is the whole truth about it",
        ]
    return []


def totals(plan: Plan, pending: Sequence[PendingFile] = ()) -> str:
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
    if held := [kept for kept in plan.kept if kept.why == "held"]:
        parts.append(f"{len(held)} in a migration that is not run here")
    if pending:
        parts.append(f"{len(pending)} migration{'s' if len(pending) != 1 else ''} not run here yet")
    return ", ".join(parts) or "in sync"


def sign(operation: Operation) -> str:
    if isinstance(operation, ChangeIndex):
        return "+" if operation.before is None else "-" if operation.after is None else "~"
    return _SIGNS.get(operation.kind, "~")


def _wrapped(text: str, width: int, indent: str = "    ") -> list[str]:
    from textwrap import wrap

    lines = wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return lines or [text]
