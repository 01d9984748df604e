"""`migrate up --check`: what the pending files would do on this server's real rows; nothing is written.

Where the data directory is at hand, PocketBase's own `migrate up` runs them on a copy of the database:
that is exact for every file. Over HTTP, what is sent is rehearsed on a scratch server without rows, and what
rows say is counted; or a backup is downloaded, which is a copy of the database again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pocketvex.errors import PocketVexError
from pocketvex.history.explain_failure import failure_of
from pocketvex.history.folder import DRAFT
from pocketvex.history.position import check_history, up_to
from pocketvex.history.trust import reaches_out
from pocketvex.plan.changes import Change
from pocketvex.plan.verdicts import Judgement
from pocketvex.render.report.text import example_lines
from pocketvex.run.counted import changes_of, fills
from pocketvex.run.draft import DRAFT_STAMP, THROWS, Outstanding, code_is_ahead, find_outstanding
from pocketvex.run.generate import edited_draft, refuse
from pocketvex.run.situation import Choices, Situation, find_situation
from pocketvex.schema.model import Schema
from pocketvex.steps.header import is_written_by_us
from pocketvex.target.download import downloaded
from pocketvex.target.road import Native, Road
from pocketvex.target.session import Session

if TYPE_CHECKING:
    from pocketvex.server.scratch import MigrationFailed


@dataclass(frozen=True)
class Foreseen:
    """A pending file or the draft: it `would run`, `would fail`, is `not reached`, or that is `not known`."""

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


class _Pending(NamedTuple):
    name: str
    text: str
    changes: Sequence[Change] | None
    """What it changes, judged by the rows that there are now; None where nobody can tell."""
    sealed: bool = True


def check(
    session: Session,
    desired: Schema,
    to: str | None,
    choices: Choices,
    *,
    now: int,
    recorded_only: bool = False,
    with_data: bool = False,
) -> Checkup:
    """Look ahead at the pending files, up to the one that is meant, and at what the code asks beyond them.

    On a local server that is the draft, edited or not: `up` seals it first. On another `up` does not begin.
    """
    situation = find_situation(session, desired, choices, write=False)
    position, target = situation.position, situation.target
    check_history(position.history)
    pending = _sealed(situation, position.history.pairs(up_to(position, to)))
    refused: list[Foreseen] = []
    if to is None and not recorded_only:
        found = find_outstanding(situation)
        try:
            pending += _draft(situation, found, now)
        except PocketVexError as error:
            what = _drafted(position.history.folder) if target.local else _CODE
            why = "\n".join(filter(None, (error.what, error.why)))
            refused = [Foreseen(what, "would fail", why, error.todo)]
    if target.data_dir is not None:
        road: Road = Native(target, situation.session.binary, target.data_dir)
        return Checkup((*_tried(road, pending), *refused), exact=True)
    if with_data:
        with downloaded(situation.session) as data_dir:
            road = Native(target, situation.session.binary, data_dir)
            return Checkup((*_tried(road, pending), *refused), exact=True)
    road = situation.road(pause=True)
    if road.name == "hooks":
        return Checkup((*_tried(road, pending), *refused), exact=True)
    return Checkup((*_rehearsed(road, pending), *refused), exact=False)


def _sealed(situation: Situation, files: Sequence[tuple[str, str]]) -> list[_Pending]:
    recorded = situation.position.recorded
    states = dict(zip(recorded.names, pairwise(recorded.snapshots), strict=False))

    def changes(name: str, text: str) -> Sequence[Change]:
        before, after = map(Schema.from_json, states[name])
        return changes_of(situation.session, text, after, before, situation.live)

    return [
        _Pending(name, text, changes(name, text) if is_written_by_us(text) else None) for name, text in files
    ]


def _draft(situation: Situation, found: Outstanding, now: int) -> list[_Pending]:
    """What `up` would seal first. Raises what keeps it from beginning."""
    if not found.plan.changes and not found.plan.questions:
        return []
    if not situation.target.local:
        raise code_is_ahead(found)
    folder = situation.position.history.folder
    refuse(folder, found)
    if (edited := edited_draft(situation, found, None, now)) is not None:
        return [_Pending(_drafted(folder), edited.text, None, sealed=False)]
    return [_Pending(_drafted(folder), found.text(DRAFT_STAMP), found.plan.changes, sealed=False)]


_CODE = "the code"


def _drafted(folder: Path) -> str:
    """What stands for what the code asks: the draft, where there is one."""
    there = (folder / DRAFT).is_file()
    return DRAFT.as_posix() if there else _CODE


def _rehearsed(road: Road, pending: Sequence[_Pending]) -> list[Foreseen]:
    """What is sent for these files is tried on a scratch server without rows; what rows say is counted."""
    from pocketvex.server.scratch import MigrationFailed
    from pocketvex.target.over_http import CannotCarry

    if not pending:
        return []
    names = [file.name if file.sealed else f"{DRAFT_STAMP}.js" for file in pending]
    try:
        road.try_out(dict(zip(names, (file.text for file in pending), strict=True)))
    except MigrationFailed as error:
        return _failed(error, pending, names.index(error.file))
    except CannotCarry as error:
        at = names.index(error.file)
        why = "\n".join([error.what, error.why])
        stopped = Foreseen(pending[at].name, "would fail", why, error.todo)
        others = [f.name for f in pending if f is not pending[at]]
        return [stopped, *(Foreseen(name, "not reached", "all files are looked at first") for name in others)]
    return [_counted(file) for file in pending]


def _tried(road: Road, pending: Sequence[_Pending]) -> list[Foreseen]:
    """What a file takes away is said of one that runs; another has more to say."""
    looked = _on_a_copy(road, pending)
    lost = [
        _lost(file.changes or ()) if seen.state == "would run" else ()
        for file, seen in zip(pending, looked, strict=True)
    ]
    return [
        replace(seen, why="\n".join(filter(None, (seen.why, *lines))))
        for seen, lines in zip(looked, lost, strict=True)
    ]


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


def _on_a_copy(road: Road, pending: Sequence[_Pending]) -> list[Foreseen]:
    from pocketvex.server.scratch import MigrationFailed

    # What reaches out does so on a copy as well: neither that file nor one behind it is run.
    inside = next((n for n, file in enumerate(pending) if reaches_out(file.text)), len(pending))
    rest = [Foreseen(file.name, "not known", _outside(file.text)) for file in pending[inside:]]
    run = pending[:inside]
    if not run:
        return rest
    # The draft is behind every file that is sealed.
    names = [file.name if file.sealed else f"{DRAFT_STAMP}.js" for file in run]
    try:
        road.try_out(dict(zip(names, (file.text for file in run), strict=True)))
    except MigrationFailed as error:
        return [
            *_failed(error, run, names.index(error.file)),
            *(Foreseen(file.name, "not reached") for file in rest),
        ]
    return [*(Foreseen(file.name, "would run") for file in run), *rest]


def _outside(text: str) -> str:
    uses = reaches_out(text)
    return f"it uses {', '.join(uses)}, and is not run on a copy" if uses else "a file before it is not run"


def _failed(error: MigrationFailed, run: Sequence[_Pending], at: int) -> list[Foreseen]:
    failure = failure_of(error)
    # In a draft, the lines are others than in the file that is made of it.
    line = error.where.line if error.where and run[at].sealed else 0
    named = failure.code and failure.code not in failure.why
    why = f"{failure.why} ({failure.code})" if named else failure.why
    return [
        *(
            Foreseen(file.name, "would run", "and be rolled back with the one that fails")
            for file in run[:at]
        ),
        Foreseen(run[at].name, "would fail", why, failure.todo, line),
        *(Foreseen(file.name, "not reached") for file in run[at + 1 :]),
    ]


def _counted(file: _Pending) -> Foreseen:
    """The changes that a file makes on an empty server, judged by the rows of this one."""
    if file.changes is None:
        return Foreseen(file.name, "would run")  # it changes nothing but collections
    stopped = [c for c in file.changes if c.judgement.code in THROWS and not fills(c)]
    broken = [c for c in stopped if c.judgement.evidence is None or c.judgement.evidence.rows != 0]
    unknown = [c for c in broken if c.judgement.evidence is None or c.judgement.evidence.rows is None]
    state = "not known" if unknown else "would fail" if broken else "would run"
    why = "\n".join(f"{c.path}: {_said(c.judgement)}" for c in broken)
    codes = sorted({c.judgement.code for c in broken})
    todo = f"`pocketvex explain {codes[0]}` says what to do." if codes else ""
    return Foreseen(file.name, state, why, todo)


def _said(judged: Judgement) -> str:
    return f"{judged.reason}; {judged.evidence or 'nothing was counted'} ({judged.code})"
