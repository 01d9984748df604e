"""A law of passes: after one in which everything was applied, nothing is left, and nothing is drift.

In the model of a server (`apply_operations`), with tables that hold nothing, through the life of a change:
applied by `dev`, sealed and run, taken back, run again.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pocketvex.api.client import Client, Credentials
from pocketvex.diff.compare import compare
from pocketvex.diff.simulate import apply_operations
from pocketvex.errors import SchemaError
from pocketvex.evidence.facts import Fact
from pocketvex.history.folder import History
from pocketvex.history.position import Position
from pocketvex.plan.make import NeedsFacts, Plan, make_plan
from pocketvex.plan.ownership import Ownership
from pocketvex.plan.verdicts import Verdict
from pocketvex.run.planning import named_as_live
from pocketvex.run.remember import remember
from pocketvex.run.situation import Situation
from pocketvex.schema.model import Schema
from pocketvex.server.surroundings import Surroundings
from pocketvex.store.config import Config
from pocketvex.store.hosts import Host
from pocketvex.store.state import HostState
from pocketvex.target.memory import Memory
from pocketvex.target.recorded import Recorded
from pocketvex.target.removals import doable_in_one_round
from pocketvex.target.reporter import Reporter
from pocketvex.target.session import Session
from pocketvex.target.target import Target
from pocketvex.versions import NEWEST
from schemas import World, build, edited, worlds, written

Json = dict[str, Any]
NOWHERE = Path("nowhere")
CONFIG = Config(NOWHERE, None, NOWHERE, NOWHERE, NOWHERE, NOWHERE)
CLIENT = Client("http://127.0.0.1:9", Credentials())
TARGET = Target(Host("here", CLIENT.url, local=True), CLIENT, NEWEST, {}, Surroundings())
"""A server that nobody asks anything."""


class Nothing(dict[Fact, int | None]):
    """A server whose tables are all empty."""

    def __contains__(self, fact: object) -> bool:
        return True

    def __missing__(self, fact: Fact) -> int:
        return 0


class InMind(Memory):
    """What a machine remembers, without the file."""

    def __init__(self) -> None:
        self.state = HostState()

    def save(self, **known: Any) -> None:
        self.note(**known)


class Machine:
    """One server, its history, and what this machine remembers of it."""

    def __init__(self) -> None:
        self.live: list[Json] = []
        self.recorded: list[Json] = []
        self.memory = InMind()
        self.session = Session(CONFIG, TARGET, self.memory, Reporter(), Surroundings())

    @property
    def written(self) -> dict[str, Any]:
        return self.memory.state.written

    def situation(self, desired: Schema) -> Situation:
        """What is found: a server that has run the whole history."""
        recorded = Recorded((), [self.recorded], NOWHERE)
        position = Position(History(NOWHERE, (), (), ()), recorded, recorded, (), (), ())
        return Situation(self.session, desired, self.live, position)

    def plan(self, desired: Schema) -> Plan:
        live = Schema.from_json(self.live)
        ownership = Ownership(
            recorded=named_as_live(Schema.from_json(self.recorded), live, self.written),
            written=self.written,
            managed=frozenset(self.memory.state.managed),
        )
        plan = make_plan(desired, live, facts=Nothing(), ownership=ownership, version=NEWEST)
        assert not isinstance(plan, NeedsFacts)
        return plan

    def dev(self, desired: Schema) -> Plan:
        """A pass in which a person agrees to whatever can be done."""
        while True:
            plan = self.plan(desired)
            ready = [c for c in plan.changes if c.judgement.verdict in (Verdict.SAFE, Verdict.HARMLESS)]
            ready = doable_in_one_round(self.live, ready)
            if not ready:
                return plan
            self.live = apply_operations(self.live, [change.operation for change in ready])
            remember(self.situation(desired), ready)

    def up(self, desired: Schema) -> None:
        """What is outstanding is sealed and run: the history builds what the server has."""
        self.found(self.live, desired, {*self.memory.state.managed, *desired.names()})

    def found(self, live: list[Json], desired: Schema, managed: Iterable[str]) -> None:
        """The history builds what the server has; these collections are listed in its files."""
        self.live = self.recorded = live
        self.memory.note(managed=sorted({*managed}))
        remember(self.situation(desired))


@st.composite
def lives(draw: Any) -> tuple[World, World]:
    before = draw(worlds())
    return before, draw(edited(before))


def settled(plan: Plan) -> bool:
    return not plan.changes and not plan.questions and not plan.kept


@settings(max_examples=150, deadline=None)
@given(lives())
def test_a_pass_that_applied_everything_leaves_nothing(pair: tuple[World, World]) -> None:
    first, second = pair
    try:
        start, code = build(written(first)), build(written(second, first))
    except SchemaError:
        assume(False)
        return
    machine = Machine()
    assert settled(machine.dev(start)), "a new server"
    machine.up(start)
    assert machine.written == {}
    assert settled(machine.plan(start))

    earlier = machine.live
    plan = machine.dev(code)
    # What is left has a reason of its own: a person is asked, or no server can do it at once.
    assert not plan.kept, [(kept.path, kept.why) for kept in plan.kept]
    assume(not plan.changes and not plan.questions)
    assert settled(machine.plan(code)), "right after it"

    machine.up(code)
    assert machine.written == {}, "sealed: nothing is written beyond the history"
    assert settled(machine.plan(code))

    # `down` to what it was, and the code taken back as well.
    later = machine.live
    machine.found(earlier, start, (c["name"] for c in earlier))
    assert machine.written == {}
    assert settled(machine.plan(start))

    # Run again, with the code of then.
    machine.found(later, code, (c["name"] for c in later))
    assert settled(machine.plan(code))
    assert not compare(code, Schema.from_json(machine.live), ask=False, version=NEWEST)


@settings(max_examples=150, deadline=None)
@given(lives())
def test_what_another_machine_wrote_is_never_taken_away(pair: tuple[World, World]) -> None:
    """A second machine knows the history and not what `dev` did elsewhere: it adds, and removes nothing."""
    first, second = pair
    try:
        start, code = build(written(first)), build(written(second, first))
    except SchemaError:
        assume(False)
        return
    one = Machine()
    one.dev(start)
    one.up(start)
    other = Machine()
    other.recorded = one.recorded
    other.memory.note(managed=one.memory.state.managed)
    one.dev(code)
    other.live = one.live
    plan = other.plan(start)
    made = {c["name"] for c in one.live} - {c["name"] for c in one.recorded}
    for change in plan.changes:
        assert change.operation.kind != "drop_collection" or change.operation.collection not in made
        assert change.operation.kind != "drop_field", change.path
