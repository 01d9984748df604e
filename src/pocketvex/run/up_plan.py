"""`migrate plan`: what `migrate up` would run on a server; and whether that is still what was reviewed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from pocketvex.errors import Exit, PocketVexError, ServerProcessError
from pocketvex.history.position import check_history, up_to
from pocketvex.plan.changes import Change, PendingFile
from pocketvex.plan.saved import (
    SavedFile,
    SavedPlan,
    Stop,
    UpPlan,
    collections_moved,
    counted_of,
    evidence_moved,
    files_moved,
    server_moved,
)
from pocketvex.run.counted import changes_of, failing
from pocketvex.run.draft import code_is_ahead, find_outstanding
from pocketvex.run.pending import pending_file
from pocketvex.run.situation import Choices, Situation, find_situation
from pocketvex.schema.model import RECORD_NAME, Schema
from pocketvex.server.scratch import MigrationFailed
from pocketvex.steps.header import is_written_by_us
from pocketvex.target.roads import PROMISES, RoadName
from pocketvex.target.session import Session
from pocketvex.target.target import Json
from pocketvex.target.write import Moved, fingerprint


def plan_up(
    session: Session, desired: Schema, *, to: str | None, choices: Choices, recorded_only: bool = False
) -> UpPlan:
    """What `up` would run, with its evidence counted now, and all that would stop it. Nothing is written."""
    situation = find_situation(session, desired, choices, write=False)
    session, position = situation.session, situation.position
    check_history(position.history)
    session.reporter.note(*(f"{name} is not written yet: it is not run" for name in position.unwritten))
    names = up_to(position, to)
    stops = [] if recorded_only else _code_ahead(situation, to)
    road, refused = _road(situation, names)
    pending, failing = _files(situation, names)
    saved = _saved(situation, road or "", pending, later=position.lacking[len(names) :])
    return UpPlan(saved, PROMISES[road] if road else "", pending, (*stops, *refused, *failing))


def files_as_reviewed(situation: Situation, then: SavedPlan) -> tuple[str, ...]:
    """The files of a plan that was reviewed. Raises Moved, with all that moved, where it is out of date."""
    position = situation.position
    now = _saved(situation, then.road, ())
    moved = list(server_moved(then, now))
    if not moved:
        hashes = {file.name: file.hash for file in position.history.files}
        moved = [
            *collections_moved(then, now),
            *files_moved(then, hashes, position.lacking, position.applied),
        ]
    names = tuple(file.name for file in then.files)
    if not moved and names:
        road = situation.road().name
        if road != then.road:
            moved.append(f"it would run over the road {road}, and was planned for {then.road}")
        pending, _ = _files(situation, names)
        moved += evidence_moved(then, _saved(situation, road, pending))
    if moved:
        raise Moved(
            f"the plan is out of date for {situation.target.url}: nothing was written",
            why="\n".join(moved),
            todo="`pocketvex migrate plan` makes a new one, to be reviewed again.",
        )
    return names


def _saved(
    situation: Situation, road: str, pending: Sequence[PendingFile], later: Sequence[str] = ()
) -> SavedPlan:
    target, history = situation.target, situation.position.history
    hashes = {file.name: file.hash for file in history.files}
    return SavedPlan(
        url=target.url,
        born=situation.state.fingerprint,
        pocketbase=str(target.version),
        road=road,
        base=_base(situation.raw),
        files=tuple(SavedFile(file.name, hashes[file.name], counted_of(file.changes)) for file in pending),
        later=tuple(later),
    )


def _base(raw: Sequence[Json]) -> Mapping[str, str]:
    """Our own record is no part of it: it says who is at work, and what ran is compared by name."""
    return {item["name"]: fingerprint([item]) for item in raw if item["name"] != RECORD_NAME}


def _files(situation: Situation, names: Sequence[str]) -> tuple[tuple[PendingFile, ...], list[Stop]]:
    """The files with what they change, and those that would fail on the rows that there are."""
    position, live = situation.position, situation.live
    recorded = position.recorded
    states = dict(zip(recorded.names, pairwise(recorded.snapshots), strict=False))
    found, stops = [], []
    for name, text in position.history.pairs(names):
        if not is_written_by_us(text):
            # The scratch server shows what it makes of collections; nobody knows which rows it looks at.
            found.append(pending_file(position, name, situation.target.version))
            continue
        before, after = map(Schema.from_json, states[name])
        changes = changes_of(situation.session, text, after, before, live)
        found.append(PendingFile(name, tuple(changes), by_hand=False))
        if broken := failing(changes):
            stops.append(_fails(name, broken))
    return tuple(found), stops


def _fails(name: str, broken: Sequence[Change]) -> Stop:
    why = "\n".join(
        f"{c.path}: {c.judgement.reason}; {c.judgement.evidence} ({c.judgement.code})" for c in broken
    )
    todo = f"`pocketvex explain {min(c.judgement.code for c in broken)}` says what to do."
    return Stop(f"{name} would fail", why, todo, Exit.FINDINGS)


def _road(situation: Situation, names: Sequence[str]) -> tuple[RoadName | None, list[Stop]]:
    """The name of the road, and what it refuses, if anything."""
    if not names:
        return None, []
    name: RoadName | None = None
    try:
        road = situation.road(pause=True)
        name = road.name
        road.require(dict(situation.position.history.pairs(names)))
    except MigrationFailed as error:
        return name, [Stop(error.what, "", "", error.exit_code)]
    except ServerProcessError as error:
        return name, [_stop(error)]
    return name, []


def _code_ahead(situation: Situation, to: str | None) -> list[Stop]:
    """What is in no file is sealed by `up` on a local server, and is a plan for nobody before."""
    if situation.target.local and to is not None:
        return []
    found = find_outstanding(situation)
    ahead = found.plan.changes or found.plan.questions
    return [_stop(code_is_ahead(found))] if ahead else []


def _stop(error: PocketVexError) -> Stop:
    return Stop(error.what, error.why, error.todo, error.exit_code)
