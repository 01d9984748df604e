"""What a use case begins with: a server as it was found, what the code declares, what a person said."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as default
from itertools import pairwise

from pocketvex.history.position import Position, built, find_position
from pocketvex.plan.questions import Answers
from pocketvex.schema.model import Schema
from pocketvex.steps.migration import id_of
from pocketvex.store.state import HostState
from pocketvex.target.road import Road, road_to
from pocketvex.target.roads import PAUSE
from pocketvex.target.session import Session
from pocketvex.target.start import start
from pocketvex.target.target import Json, Target


@dataclass(frozen=True)
class Choices:
    """What a person said beforehand."""

    write: bool = True
    """Whether the server may be written to at all."""
    strict: bool = False
    """Whether harmless changes wait like unsafe ones."""
    confirmed: frozenset[str] = frozenset()
    """Paths of changes that were agreed to."""
    whole: frozenset[str] = frozenset()
    """Collections whose names agree to all that changes in them: nothing else has that name."""
    answers: Answers = default(default_factory=dict)
    """What was said to the questions of a plan, by their ids."""
    backup: bool = True
    """Whether a backup is made before something is done that takes values away."""
    seen: Sequence[Json] | None = None
    """What the server had when somebody was asked; where it has something else by now, nothing is written."""


@dataclass(frozen=True)
class Situation:
    """Each step of a use case makes another one: what was found is never changed."""

    session: Session
    desired: Schema
    raw: list[Json]
    """The server's collections."""
    position: Position
    choices: Choices = Choices()

    def road(self, *, pause: bool = False) -> Road:
        """The way on which migrations come to this server. Raises ServerProcessError where there is none.

        `pause`: as if somebody had agreed that applications are kept from writing meanwhile.
        """
        recorded = self.position.recorded
        states = dict(zip(recorded.names, pairwise(recorded.snapshots), strict=False))
        ran = self.position.history.pairs(self.position.applied)
        found = [(name, id_of(text)) for name, text in ran]
        return road_to(self.session, states, found, pause=pause or PAUSE in self.choices.confirmed)

    @property
    def target(self) -> Target:
        return self.session.target

    @property
    def state(self) -> HostState:
        """What is remembered of the server by now."""
        return self.session.memory.state

    @property
    def live(self) -> Schema:
        return self.target.schema_of(self.raw)

    @property
    def recorded(self) -> Schema:
        """What the whole history builds."""
        return self.position.recorded.schema

    def built_with(self, names: Collection[str]) -> Schema:
        """What the history builds here when these files have run as well."""
        position = self.position
        ran = [name for name in position.history.names if name in {*position.applied, *names}]
        return built(self.session, position.history, ran).schema

    def built_without(self, names: Collection[str]) -> Schema:
        """What it builds when these have been taken back."""
        kept = [name for name in self.position.applied if name not in names]
        return built(self.session, self.position.history, kept).schema

    def with_raw(self, raw: list[Json]) -> Situation:
        """After a write: the server has these collections now."""
        return replace(self, raw=raw)

    def located(self, raw: list[Json]) -> Situation:
        """The same where files may have run, or been written."""
        return replace(self, raw=raw, position=locate(self.session, raw))


def find_situation(session: Session, desired: Schema, choices: Choices, *, write: bool) -> Situation:
    """Look at the server and at the history. With `write`, what a removal left hidden is put back first."""
    session, raw = start(session, write=write)
    return Situation(session, desired, raw, locate(session, raw), choices)


def locate(session: Session, raw: Sequence[Json]) -> Position:
    """Where the server stands in the history; what was seen of it is remembered, and saved with the rest."""
    position = find_position(session, raw)
    session.memory.state = position.remembered
    return position
