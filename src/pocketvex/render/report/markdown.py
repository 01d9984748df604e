"""Plans as Markdown, for a comment on a pull request: what matters most first, long lists folded.

Lists, not tables: a rule is full of `|`. Names and rules are code, so that nothing in them is markup, and
an `@request` calls nobody of that name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from pocketvex.findings import Location
from pocketvex.plan.changes import Change, PendingFile, Plan
from pocketvex.plan.codes import CODES
from pocketvex.plan.mentions import Mention, some_of
from pocketvex.plan.questions import Question
from pocketvex.plan.saved import Stop, UpPlan
from pocketvex.plan.verdicts import Access, Verdict
from pocketvex.render.report.json import source_of
from pocketvex.render.report.printable import visible
from pocketvex.render.report.text import sign, totals
from pocketvex.schema.model import Schema
from pocketvex.schema.words import counted

MARK = "<!-- pocketvex -->"
"""The first line: by it a workflow finds the comment of its last run."""
ROOM = 60_000
"""GitHub takes a comment of 65,536 characters; what does not fit is counted."""
_FOLD, _FOLD_SAFE = 15, 5
"""Sections longer than this are folded; what is safe interests less."""
_SOME = 20
"""So many changes of one migration are shown."""
_LONG = 400
"""A rule may have thousands of characters; its beginning and its end are shown."""
_MARKUP = str.maketrans(
    {**{sign: f"\\{sign}" for sign in "\\*_{}[]|~"}, **{sign: f"&#{ord(sign)};" for sign in "`<>&"}}
)
_CODE = re.compile(r"`([^`]*)`|(?<!\w)([@#][\w.:]*\w|(?i:https?://|www\.)[^\s`]+)")


class _Section(NamedTuple):
    title: str
    items: list[str]
    fold: int = _FOLD


def markdown(
    plan: Plan,
    desired: Schema,
    mentions: Iterable[Mention] = (),
    *,
    pending: Sequence[PendingFile] = (),
    room: int = ROOM,
) -> str:
    """The plan as the text of a comment, never longer than GitHub takes."""
    found = [_to_run(pending, desired), *_sections(plan, desired, list(mentions))]
    sections = [section for section in found if section.items]
    head = [MARK, f"### PocketVex: {totals(plan, pending)}", ""]
    tail = _meanings(plan)
    room -= sum(len(line) + 1 for line in (*head, *tail))
    lines: list[str] = []
    for section in sections:
        part = _fitting(section, room)
        room -= sum(len(line) + 1 for line in part)
        lines += part
    return "\n".join([*head, *lines, *tail]).rstrip() + "\n"


def status_markdown(
    rows: Sequence[tuple[str, str]],
    missing: Sequence[str],
    plan: Plan,
    desired: Schema,
    mentions: Iterable[Mention] = (),
) -> str:
    """The migrations that are not simply applied, how many are, and what the code asks beyond them."""
    applied = sum(state == "applied" for _, state in rows)
    lines = [f"- **{state}** {code(name)}" for name, state in rows if state != "applied"]
    lines += [f"- **missing** {code(name)}" for name in missing]
    head = [f"**Migrations: {applied} of {len(rows)} applied**", "", *lines[:100]]
    if len(lines) > 100:
        head.append(f"- … and {len(lines) - 100} more: `pocketvex migrate status` shows all of them")
    room = ROOM - sum(len(line) + 1 for line in head)
    return markdown(plan, desired, mentions, room=room) + "\n" + "\n".join(head).rstrip() + "\n"


def up_plan_markdown(plan: UpPlan, desired: Schema) -> str:
    """What `migrate up` would run, as the text of a comment: what stops it first."""
    saved = plan.saved
    run = f"{counted(len(saved.files), 'migration')} to run" if saved.files else "no migration to run"
    stopped = ", and it would stop" if plan.stops else ""
    head = [MARK, f"### PocketVex: {run} on {code(saved.url)}{stopped}", ""]
    tail = [f"Over the road **{saved.road}**: {prose(plan.promise)}.", ""] if saved.road else []
    if saved.later:
        tail += [f"Left for later: {', '.join(map(code, saved.later))}.", ""]
    changes = tuple(change for file in plan.pending for change in file.changes)
    tail += _meanings(Plan(changes))
    names = [file.name for file in saved.files]
    stops = [_stop(stop, names) for stop in plan.stops]
    sections = [_Section("Stops", stops), _to_run(plan.pending, desired)]
    room = ROOM - sum(len(line) + 1 for line in (*head, *tail))
    lines: list[str] = []
    for section in sections:
        if section.items:
            part = _fitting(section, room, "pocketvex migrate plan")
            room -= sum(len(line) + 1 for line in part)
            lines += part
    return "\n".join([*head, *lines, *tail]).rstrip() + "\n"


def _stop(stop: Stop, names: Iterable[str]) -> str:
    what = stop.what
    for name in names:
        what = what.replace(name, f"`{name}`")
    more = filter(None, (*stop.why.splitlines(), stop.todo))
    return "\n".join([f"- {prose(what)}", *(f"  - {prose(line)}" for line in more)])


def _to_run(pending: Sequence[PendingFile], desired: Schema) -> _Section:
    items = []
    for file in pending:
        lines = [f"- {code(file.name)}{' (written by hand)' if file.by_hand else ''}"]
        lines += [f"  {_change(change, desired, alone=True)}" for change in file.changes[:_SOME]]
        if len(file.changes) > _SOME:
            lines.append(f"  - … and {len(file.changes) - _SOME} more changes")
        items.append("\n".join(lines))
    return _Section("Migrations that are not run here yet", items)


def _sections(plan: Plan, desired: Schema, mentions: list[Mention]) -> list[_Section]:
    def items(wanted: Callable[[Change], bool]) -> list[str]:
        return [_change(change, desired) for change in plan.changes if wanted(change)]

    def of(verdict: Verdict, access: Access = Access.SAME) -> list[str]:
        return items(lambda c: c.judgement.verdict is verdict and c.judgement.access is access)

    def waits(verdict: Verdict) -> list[str]:
        return items(lambda c: c.judgement.verdict is verdict)

    drift = [f"- {code(kept.path)}" for kept in plan.drift]
    return [
        _Section("Impossible", waits(Verdict.IMPOSSIBLE)),
        _Section("Opens access", of(Verdict.SAFE, Access.OPENS)),
        _Section("Unsafe", waits(Verdict.UNSAFE)),
        _Section("Waiting for an answer", [_question(question) for question in plan.questions]),
        _Section("May be meant in hooks", list(_mentions(mentions))),
        _Section("Changed on the server by somebody else, kept", drift),
        _Section("Closes access", of(Verdict.SAFE, Access.CLOSES)),
        _Section("Harmless on this data", waits(Verdict.HARMLESS)),
        _Section("Safe", of(Verdict.SAFE), _FOLD_SAFE),
    ]


def _fitting(section: _Section, room: int, command: str = "pocketvex schema diff") -> list[str]:
    """The section as far as there is room, and how many of its items are left out."""
    items: list[str] = []
    room -= 200  # for what stands around the items
    for item in section.items:
        if len(item) + 1 > room:
            break
        items.append(item)
        room -= len(item) + 1
    left = len(section.items) - len(items)
    if left:
        items.append(f"- … and {left} more: `{command}` shows all of it")
    title = f"{section.title} ({len(section.items)})"
    if len(section.items) > section.fold:
        return ["<details>", f"<summary><b>{title}</b></summary>", "", *items, "", "</details>", ""]
    return [f"**{title}**", "", *items, ""]


def _change(change: Change, desired: Schema, *, alone: bool = False) -> str:
    """`alone` is one whose section does not say how safe it is."""
    judged = change.judgement
    parts = [prose(judged.reason)]
    if judged.evidence is not None:
        parts.append(prose(str(judged.evidence)))
        parts += _examples(judged.evidence.ids, judged.evidence.values)
    if alone and judged.verdict is not Verdict.SAFE:
        parts.append(f"**{judged.verdict}**")
    if judged.access is not Access.SAME and (alone or judged.verdict is not Verdict.SAFE):
        parts.append(f"**{judged.access}**")
    at = _at(judged.code, source_of(change, desired))
    return f"- `{sign(change.operation)}` {code(change.path)}: {'; '.join(parts)} {at}"


def _examples(ids: Sequence[str], values: Sequence[tuple[str, int]]) -> Iterator[str]:
    if ids:
        yield "for example " + ", ".join(map(code, ids))
    if values:
        yield ", ".join(f"{code(value)} ({rows}×)" for value, rows in values)


def _question(question: Question) -> str:
    asked = f"- {code(question.id)}: {prose(question.text)} {_at(question.code, question.where)}"
    ways = [f"  - {code(question.flag(option))}: {prose(option.says)}" for option in question.options]
    return "\n".join([asked, *ways, f"  - in the code: {code(question.in_code)}"])


def _mention(mention: Mention) -> str:
    return f"- {code(f'{mention.file}:{mention.line}')} may mean {code(mention.path)}: {code(mention.text)}"


def _mentions(mentions: Iterable[Mention]) -> Iterator[str]:
    for path, (found, left) in some_of(mentions).items():
        yield from map(_mention, found)
        if left:
            yield f"- … and {left} more that may mean {code(path)}"


def _at(verdict: str, where: Location | None) -> str:
    return f"({verdict}, {code(f'{where.file}:{where.line}')})" if where else f"({verdict})"


def _meanings(plan: Plan) -> list[str]:
    """What the codes mean that have to be looked at."""
    codes = {c.judgement.code for c in plan.changes if not c.safe or c.judgement.access is Access.OPENS}
    codes |= {question.code for question in plan.questions}
    if not codes:
        return []
    lines = [f"- **{name}**: {prose(f'{CODES[name].why} {CODES[name].todo}')}" for name in sorted(codes)]
    return ["<details>", "<summary>What the codes mean</summary>", "", *lines, "", "</details>"]


def code(text: str) -> str:
    """A code span that holds any text: fenced with more backticks than it has in a row."""
    flat = " ".join(visible(text).split())
    if len(flat) > _LONG:
        flat = f"{flat[: _LONG // 2]} … {flat[-_LONG // 2 :]}"
    longest = max(map(len, re.findall("`+", flat)), default=0)
    fence = "`" * (longest + 1)
    room = " " if not flat or "`" in (flat[0], flat[-1]) else ""
    return f"{fence}{room}{flat}{room}{fence}"


def prose(text: str) -> str:
    """Words without markup of others; what is in backticks, calls somebody or would be a link is code."""
    text = visible(text)
    parts: list[str] = []
    end = 0
    for match in _CODE.finditer(text):
        parts += [text[end : match.start()].translate(_MARKUP), code(match[1] or match[2] or " ")]
        end = match.end()
    return " ".join("".join([*parts, text[end:].translate(_MARKUP)]).split())
