"""Plans as annotations of a workflow: each at the line of the code that asks for the change.

The form is that of workflow commands: `::error file=…,line=…,title=…::message`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pocketvex.findings import LEVELS, Level, Location
from pocketvex.plan.changes import Change, Kept, PendingFile, Plan
from pocketvex.plan.mentions import Mention, some_of
from pocketvex.plan.questions import Question
from pocketvex.plan.verdicts import Access, Verdict
from pocketvex.render.report.json import source_of
from pocketvex.render.report.printable import visible
from pocketvex.render.report.text import totals
from pocketvex.schema.model import Schema

_ORDER: tuple[str, ...] = LEVELS
"""GitHub shows ten of a level and step: what matters most comes first."""
_SOME = 20
"""So many changes of one migration are named."""


_STATES = {
    "edited": ("error", "this file was sealed, and then edited", "migration"),
    "empty": ("warning", "this step is not written yet: nothing runs it", "migration"),
    "pending": ("notice", "the server has not run this file yet", "migration"),
    "held": ("notice", "in a migration that is not run there: `migrate up` runs it", "migration"),
}


def plan_annotations(
    plan: Plan,
    desired: Schema,
    mentions: Iterable[Mention] = (),
    *,
    folder: str = "",
    pending: Sequence[PendingFile] = (),
    migrations: str = "",
) -> list[str]:
    """One line a change, question, mention and piece of drift, the gravest first; the totals at the end.

    `folder` is where the project lies in its repository: files are named from there; `migrations` is the
    folder that holds those.
    """
    some = [mention for told, _ in some_of(mentions).values() for mention in told]
    found = [*_of_plan(plan, desired, folder), *(_mention(item, folder) for item in some)]
    found += [_to_run(file, migrations) for file in pending]
    found.sort(key=_gravity)
    return [*found, totals(plan, pending)]


def _to_run(file: PendingFile, folder: str) -> str:
    """One line a file, as grave as the gravest thing that it does."""
    levels = [level(change) for change in file.changes]
    grave = min(levels, key=LEVELS.index, default="notice")
    said = [_said(change) for change in file.changes[:_SOME]]
    if len(file.changes) > _SOME:
        said.append(f"… and {len(file.changes) - _SOME} more changes")
    text = "\n".join([_STATES["pending"][1], *said])
    where = Location(f"{folder}/{file.name}", 1)
    return command("notice" if grave == "notice" else "warning", text, "migration", where)


def _of_plan(plan: Plan, desired: Schema, folder: str) -> Iterator[str]:
    for change in plan.changes:
        yield command(level(change), _said(change), change.judgement.code, source_of(change, desired), folder)
    for question in plan.questions:
        text = f"{question.id}: {question.text}\n{_ways(question)}"
        yield command("warning", text, question.code, question.where, folder)
    for kept in plan.drift:
        yield command("warning", _drifted(kept), "PV601", None, folder)


def status_annotations(rows: Iterable[tuple[str, str]], missing: Iterable[str], folder: str) -> list[str]:
    """Migrations that a server has not run, and those that somebody changed; `folder` holds them."""
    lines = [
        command(*_STATES[state], Location(f"{folder}/{name}", 1)) for name, state in rows if state in _STATES
    ]
    lines += [command("error", f"{name} is sealed, and gone", "migration", None) for name in missing]
    return sorted(lines, key=_gravity)


def level(change: Change) -> Level:
    """`error` for what cannot be done, `warning` for what has to be looked at, else `notice`."""
    judged = change.judgement
    if judged.verdict is Verdict.IMPOSSIBLE:
        return "error"
    if judged.verdict is Verdict.UNSAFE or judged.access is Access.OPENS:
        return "warning"
    return "notice"


def _said(change: Change) -> str:
    judged = change.judgement
    evidence = f"; {judged.evidence}" if judged.evidence and judged.evidence.rows != 0 else ""
    label = ", ".join(filter(None, (str(judged.verdict), judged.access.upper())))
    return f"{change.path}: {judged.reason}{evidence} [{label}]"


def _ways(question: Question) -> str:
    """How to answer, a line each."""
    ways = [f"{question.flag(option)}: {option.says}" for option in question.options]
    return "\n".join([*ways, f"or in the code: {question.in_code}"])


def _drifted(kept: Kept) -> str:
    return f"{kept.path}: changed on the server by somebody else, kept"


def _mention(mention: Mention, folder: str) -> str:
    where = Location(mention.file, mention.line)
    return command("warning", f"may mean {mention.path}, which goes: {mention.text}", "hooks", where, folder)


def command(name: str, message: str, title: str, where: Location | None, folder: str = "") -> str:
    """A workflow command, with everything escaped that would end a part of it."""
    place = {}
    if where is not None:
        place["file"] = f"{folder}/{where.file}" if folder else where.file
        if where.line:
            place["line"] = str(where.line)
    place["title"] = title
    properties = ",".join(f"{key}={_property(value)}" for key, value in place.items())
    return f"::{name} {properties}::{_message(message)}"


def _gravity(line: str) -> int:
    return _ORDER.index(line[2:].partition(" ")[0])


def _message(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
