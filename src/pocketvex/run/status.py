"""Where a server stands in the history: `migrate status`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pocketvex.errors import ServerProcessError
from pocketvex.history.folder import read_draft
from pocketvex.plan.make import Plan
from pocketvex.run.draft import find_outstanding
from pocketvex.run.situation import Choices, Situation, find_situation
from pocketvex.schema.model import Schema
from pocketvex.target.roads import RoadName
from pocketvex.target.session import Session


@dataclass(frozen=True)
class FileState:
    """A line of `migrate status`: state is applied, pending, held, edited, empty, unseen or silent.

    Empty is a hand-written step that nobody has written yet; unseen one that changes no collection, on a
    server that cannot tell what it has run; silent a file that registers nothing.
    """

    name: str
    state: str


@dataclass(frozen=True)
class Status:
    rows: tuple[FileState, ...]
    missing: tuple[str, ...]
    """Sealed files that are gone from the folder."""
    plan: Plan
    """What the code asks beyond the history."""
    draft: bool
    road: RoadName | None = None
    """The way on which files would come there; None where there is none."""


def status(session: Session, desired: Schema | None, choices: Choices) -> Status:
    """What the server has run of the history, and what the code, if there is any, asks beyond it."""
    situation = find_situation(session, desired or Schema(), choices, write=False)
    position = situation.position
    found = Plan() if desired is None else find_outstanding(situation).plan

    def state(name: str) -> str:
        if name in position.history.edited:
            return "edited"
        known = {
            "applied": position.applied,
            "held": position.held,
            "empty": position.unwritten,
            "unseen": position.unseen,
            "silent": position.silent,
        }
        return next((said for said, names in known.items() if name in names), "pending")

    return Status(
        _in_order(
            [FileState(name, state(name)) for name in position.history.names]
            + [FileState(name, "silent") for name in position.history.strays]
        ),
        position.history.missing,
        found,
        read_draft(session.config.migrations) is not None,
        _road_of(situation),
    )


def _road_of(situation: Situation) -> RoadName | None:
    try:
        return situation.road().name
    except ServerProcessError:
        return None


def _in_order(rows: Sequence[FileState]) -> tuple[FileState, ...]:
    return tuple(sorted(rows, key=lambda row: row.name.encode()))
