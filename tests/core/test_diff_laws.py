"""What holds for the diff of any two schemas, without a server."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pocketvex.diff.compare import compare
from pocketvex.diff.settle import settle
from pocketvex.diff.simulate import apply_operations, changed_collections
from pocketvex.plan.make import make_plan
from pocketvex.render.migration.migration import render_migration
from pocketvex.schema.model import Schema
from pocketvex.versions import NEWEST
from schemas import World, build, cyclic, edited, worlds, written

ALWAYS = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[World, World, bool]:
    """A schema, the same after some edits, and whether the second is written with ids."""
    world = draw(worlds())
    after = draw(edited(world))
    by_id = draw(st.booleans())
    assume(by_id or not cyclic(after, world))
    return world, after, by_id


def two(pair: tuple[World, World, bool]) -> tuple[Schema, Schema]:
    """What the code asks for, and what a server has."""
    world, after, by_id = pair
    live = Schema.from_json(build(written(world.copy())).to_json())
    return build(written(after, world, live if by_id else None)), live


@given(worlds())
@ALWAYS
def test_a_schema_and_what_a_server_says_of_it_are_equal(world: World) -> None:
    declared = build(written(world))
    assert not compare(declared, Schema.from_json(declared.to_json()), version=NEWEST)


@given(pairs())
@ALWAYS
def test_what_the_operations_make_is_what_the_code_asks_for(pair: tuple[World, World, bool]) -> None:
    desired, live = two(pair)
    diff = compare(desired, live, version=NEWEST)
    assert not diff.ambiguous
    made = apply_operations(live.to_json(), diff.operations)
    assert not compare(desired, Schema.from_json(made), version=NEWEST)


@given(pairs(), st.randoms(use_true_random=False))
@ALWAYS
def test_the_order_in_the_code_does_not_matter(pair: tuple[World, World, bool], random: Random) -> None:
    desired, live = two(pair)

    def shuffled(things: list[Any]) -> list[Any]:
        return random.sample(things, len(things))

    other = desired.with_collections(
        c.model_copy(update={"fields": shuffled(c.fields), "indexes": shuffled(c.indexes)})
        for c in shuffled(desired.collections)
    )
    assert sorted(o.kind + o.path for o in compare(other, live, version=NEWEST).operations) == sorted(
        o.kind + o.path for o in compare(desired, live, version=NEWEST).operations
    )


@given(pairs())
@ALWAYS
def test_a_migration_is_the_same_text_each_time_and_every_change_has_one_verdict(
    pair: tuple[World, World, bool],
) -> None:
    desired, live = two(pair)
    diff = compare(desired, live, version=NEWEST)
    found = settle(diff.operations, live.to_json())
    texts = {render_migration(found, stamp="1", comment=["a\nb"], manages=["posts", "a[otp]"]) for _ in "12"}
    assert len(texts) == 1
    assert not [line for line in texts.pop().splitlines() if line.lstrip().startswith("//%") or "<<" in line]
    plan = make_plan(desired, live, version=NEWEST)
    assert [change.operation for change in plan.changes] == diff.operations


@given(pairs())
@ALWAYS
def test_only_what_changed_is_sent_and_views_come_last(pair: tuple[World, World, bool]) -> None:
    desired, live = two(pair)
    raw = live.to_json()
    operations = compare(desired, live, version=NEWEST).operations
    sent = changed_collections(raw, apply_operations(raw, operations))
    known = {item["id"]: item for item in raw}
    assert all(item != known.get(item["id"]) for item in sent)
    kinds = [item["type"] == "view" for item in sent]
    assert kinds == sorted(kinds)
    assert not changed_collections(raw, raw)


def test_the_pairs_hold_every_kind_of_change() -> None:
    """What the laws are tried on: each kind in a good part of the pairs."""
    seen: Counter[str] = Counter()

    @given(pairs())
    @settings(ALWAYS, max_examples=250)
    def count(pair: tuple[World, World, bool]) -> None:
        desired, live = two(pair)
        seen.update({operation.kind for operation in compare(desired, live, version=NEWEST).operations})

    count()
    print(dict(seen.most_common()))
    wanted = (
        "add_field drop_field rename_field change_field replace_field change_index change_rule change_option "
        "change_query create_collection drop_collection rename_collection"
    )
    assert {kind for kind in wanted.split() if seen[kind] < 4} == set()
