"""`migrate up --check`: what the pending files would do on this server's real rows; nothing is written.

Where the data directory is at hand, PocketBase's own `migrate up` runs them on a copy of the database:
that is exact for every file. Over HTTP only, the changes that the files make are judged by counting.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pocketvex.plan.changes import Change
from pocketvex.plan.facts import Fact
from pocketvex.plan.make import NeedsFacts, make_plan
from pocketvex.plan.verdicts import Judgement
from pocketvex.render.header import is_written_by_us
from pocketvex.render.text import example_lines
from pocketvex.run.draft import DRAFT_STAMP, find_outstanding
from pocketvex.run.failures import failure_of
from pocketvex.run.hidden import collections_at_start
from pocketvex.run.planning import Choices
from pocketvex.run.recorded import Position, check_history, locate, up_to
from pocketvex.run.session import Session
from pocketvex.run.trust import reaches_out
from pocketvex.schema.model import Schema

if TYPE_CHECKING:
    from pocketvex.server.scratch import MigrationFailed

_THROWS = ("PV102", "PV103", "PV203")
"""Changes whose file counts rows, and throws where there are such."""


@dataclass(frozen=True)
class Foreseen:
    """One pending file: it `would run`, `would fail`, is `not reached`, or that is `not known`."""

    name: str
    state: str
    why: str = ""
    todo: str = ""
    line: int = 0


@dataclass(frozen=True)
class Checkup:
    files: tuple[Foreseen, ...]
    exact: bool
    """Whether the files themselves ran, on a copy."""

    @property
    def clear(self) -> bool:
        return all(file.state == "would run" for file in self.files)


def check(session: Session, desired: Schema, to: str | None, choices: Choices) -> Checkup:
    """Look ahead at the pending files, up to the one that is meant; on a local server at the draft too."""
    raw = collections_at_start(session, write=False)
    position = locate(session, session.schema_of(raw))
    check_history(position.history)
    files = position.history.pairs(up_to(position, to))
    if session.data_dir is None:
        return Checkup(tuple(_counted(session, position, files)), exact=False)
    told = {name: _losses(session, position, name, text) for name, text in files}
    if session.local and to is None:
        found = find_outstanding(session, desired, position, raw, answers=choices.answers)
        if found.plan.changes and not found.plan.questions:
            draft = f"{DRAFT_STAMP}.js"
            files.append((draft, found.text(DRAFT_STAMP)))
            told[draft] = _lost(found.plan.changes)
    looked = _on_a_copy(session, session.data_dir, files)
    return Checkup(tuple(_with(file, told[file.name]) for file in looked), exact=True)


def _with(file: Foreseen, losses: Sequence[str]) -> Foreseen:
    """What a file takes away is said of one that runs; another has more to say."""
    said = [file.why, *losses] if file.state == "would run" else [file.why]
    return replace(file, why="\n".join(filter(None, said)))


def _losses(session: Session, position: Position, name: str, text: str) -> list[str]:
    """What a file of ours does to rows, counted on those that the server has now."""
    if not is_written_by_us(text):
        return []
    recorded = position.recorded
    at = recorded.names.index(name)
    before, after = (Schema.from_json(snapshot) for snapshot in recorded.snapshots[at : at + 2])
    return _lost(_changes(session, before, after, session.schema_of(session.fetch())))


def _lost(changes: Sequence[Change]) -> list[str]:
    """Removed and rewritten values, and those that will not convert, with the evidence that a diff shows."""
    lines: list[str] = []
    for change in changes:
        judged = change.judgement
        if change.safe or judged.evidence is None or judged.evidence.rows == 0:
            continue
        lines.append(f"{change.path}: {_said(judged)}")
        lines += [f"  {line.strip()}" for line in example_lines(judged.evidence, 100)]
    return lines


def _on_a_copy(session: Session, data_dir: Path, files: Sequence[tuple[str, str]]) -> list[Foreseen]:
    from pocketvex.server import scratch

    # What reaches out does so on a copy as well: neither that file nor one behind it is run.
    inside = next((n for n, (_, text) in enumerate(files) if reaches_out(text)), len(files))
    rest = [Foreseen(name, "not known", _outside(text)) for name, text in files[inside:]]
    run = dict(files[:inside])
    if not run:
        return rest
    with tempfile.TemporaryDirectory(prefix="pocketvex-check-") as folder:
        copy = Path(folder) / "data"
        scratch.copy(data_dir, copy, files=False)
        try:
            scratch.migrate_up(session.binary, copy, run, around=session.around)
        except scratch.MigrationFailed as error:
            return [*_failed(error, [*run]), *(Foreseen(file.name, "not reached") for file in rest)]
    return [*(Foreseen(name, "would run") for name in run), *rest]


def _outside(text: str) -> str:
    uses = reaches_out(text)
    return f"it uses {', '.join(uses)}, and is not run on a copy" if uses else "a file before it is not run"


def _failed(error: MigrationFailed, names: Sequence[str]) -> list[Foreseen]:
    failure = failure_of(error)
    line = error.where.line if error.where else 0
    at = names.index(error.file)
    named = failure.code and failure.code not in failure.why
    why = f"{failure.why} ({failure.code})" if named else failure.why
    return [
        *(Foreseen(name, "would run", "and be rolled back with the one that fails") for name in names[:at]),
        Foreseen(error.file, "would fail", why, failure.todo, line),
        *(Foreseen(name, "not reached") for name in names[at + 1 :]),
    ]


def _counted(session: Session, position: Position, files: Sequence[tuple[str, str]]) -> Iterator[Foreseen]:
    """The changes that each file makes on an empty server, judged by the rows of this one."""
    live = Schema.from_json(session.fetch())
    snapshots = [Schema.from_json(snapshot) for snapshot in position.recorded.snapshots]
    states = {
        name: (before, after)
        for name, before, after in zip(position.recorded.names, snapshots, snapshots[1:], strict=False)
    }
    for name, text in files:
        if not is_written_by_us(text):
            yield Foreseen(name, "not known", "it is written by hand, and only HTTP reaches the server")
            continue
        stopped = [c for c in _changes(session, *states[name], live) if c.judgement.code in _THROWS]
        broken = [c for c in stopped if c.judgement.evidence is None or c.judgement.evidence.rows != 0]
        unknown = [c for c in broken if c.judgement.evidence is None or c.judgement.evidence.rows is None]
        state = "not known" if unknown else "would fail" if broken else "would run"
        why = "\n".join(f"{c.path}: {_said(c.judgement)}" for c in broken)
        codes = sorted({c.judgement.code for c in broken})
        todo = f"`pocketvex explain {codes[0]}` says what to do." if codes else ""
        yield Foreseen(name, state, why, todo)


def _said(judged: Judgement) -> str:
    return f"{judged.reason}; {judged.evidence or 'nothing was counted'} ({judged.code})"


def _changes(session: Session, before: Schema, after: Schema, live: Schema) -> Sequence[Change]:
    known: dict[Fact, int | None] = {}
    while True:
        plan = make_plan(after, before, facts=known, version=session.version)
        if not isinstance(plan, NeedsFacts):
            return plan.changes
        # A thing that the server does not have yet holds nothing.
        there = frozenset(fact for fact in plan.facts if live.collection(fact.collection) is not None)
        known.update({**dict.fromkeys(plan.facts, 0), **session.count(there, live)})
