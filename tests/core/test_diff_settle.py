"""Operations settled on a state, and undone: laws of any two schemas, and what only the state tells."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cases.changes import field, posts, relation, table
from pocketvex.diff.compare import compare
from pocketvex.diff.operations import AddField, ChangeOption, Operation, ReplaceField
from pocketvex.diff.settle import between, settle
from pocketvex.diff.simulate import apply_operations
from pocketvex.diff.transition import Transition
from pocketvex.diff.undo import undo
from pocketvex.proof.prove import moved
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.fields import RelationField, SelectField
from pocketvex.schema.model import Schema
from pocketvex.versions import NEWEST
from schemas import build, changed, cyclic, edited, worlds, written

Json = dict[str, Any]
ALWAYS = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@st.composite
def changes(draw: st.DrawFn) -> tuple[list[Json], list[Operation]]:
    """What a server has, and what brings it to a schema after some edits."""
    world = draw(worlds())
    after = draw(edited(world))
    by_id = draw(st.booleans())
    assume(by_id or not cyclic(after, world))
    first = compare(build(written(world.copy())), Schema(), version=NEWEST).operations
    collections = apply_operations([], first)
    live = Schema.from_json(collections)
    desired = build(written(after, world, live if by_id else None))
    return collections, compare(desired, live, version=NEWEST).operations


def state(collections: list[Json], operations: list[Operation]) -> list[Json]:
    return apply_operations(collections, operations)


def difference(one: Schema, other: Schema) -> list[str]:
    both = between(one, other).operations + between(other, one).operations
    return [f"{operation.kind} {operation.path}" for operation in both]


@given(changes())
@ALWAYS
def test_settled_operations_reach_what_the_others_do(change: tuple[list[Json], list[Operation]]) -> None:
    collections, operations = change
    found = settle(operations, collections)
    assert not difference(Schema.from_json(state(collections, operations)), found.after)
    assert not difference(Schema.from_json(state(collections, found.operations)), found.after)
    assert settle(found.operations, collections).operations == found.operations


@given(changes())
@ALWAYS
def test_they_are_what_a_comparison_of_the_states_finds(change: tuple[list[Json], list[Operation]]) -> None:
    """In both directions, to the last id and in the same order: nothing is left to compare."""
    collections, operations = change
    # A field with another name and another type is two fields to whoever has the states alone.
    assume(not [o for o in operations if isinstance(o, ReplaceField) and o.before.name != o.after.name])
    found = settle(operations, collections)
    assert found.operations == between(found.before, found.after).operations
    assert found.undone().operations == between(found.after, found.before).operations


@given(changes())
@ALWAYS
def test_undone_after_done_everything_is_back(change: tuple[list[Json], list[Operation]]) -> None:
    collections, operations = change
    found = settle(operations, collections)
    there = state(collections, found.operations)
    back = state(there, found.undone().operations)
    assert not compare(found.before, Schema.from_json(back), version=NEWEST, ask=False).operations
    assert not moved(found.before, back)


@given(changes())
@ALWAYS
def test_undone_twice_is_done(change: tuple[list[Json], list[Operation]]) -> None:
    collections, operations = change
    found = settle(operations, collections)
    known = [o for o in found.operations if not isinstance(o, ChangeOption) or o.known]
    assert undo(undo(known)) == known
    assert found.undone().undone().operations == known


def schema(*collections: Json) -> Schema:
    return build_schema(from_dictionary(list(collections), lambda *_: None))


def settled(before: list[Json], after: list[Json]) -> Transition:
    live = Schema.from_json(schema(*before).to_json())
    operations = compare(schema(*after), live, version=NEWEST, ask=False).operations
    return settle(operations, live.to_json())


def said(operations: list[Operation]) -> list[str]:
    return [f"{operation.kind} {operation.path}" for operation in operations]


def test_what_follows_a_rename_is_an_operation_of_its_own() -> None:
    mapped = {"oauth2": {"enabled": True, "mappedFields": {"name": "nick", "username": "handle"}}}
    index = ["CREATE INDEX `ix` ON `people` (`nick`)", "CREATE INDEX `other` ON `people` (`handle`)"]
    before = table("people", {"nick": "text", "handle": "text"}, type="auth", indexes=index, **mapped)
    live = Schema.from_json(schema(before).to_json())
    code = schema(table("people", {"name": field(renamed_from="nick")}, type="auth"))
    operations = compare(code, live, version=NEWEST, ask=False).operations
    rename = [o for o in operations if o.kind == "rename_field"]
    found = settle(rename, live.to_json())
    assert said(found.operations) == [
        "rename_field people.name",
        "change_index people@ix",
        "change_option people:oauth2.mappedFields.name",
    ]
    assert said(found.undone().operations) == [
        "rename_field people.nick",
        "change_index people@ix",
        "change_option people:oauth2.mappedFields.name",
    ]


def test_what_is_new_is_not_what_goes() -> None:
    """Ids are made from names: of a field that once had the new name, the id is taken until it is gone."""
    old = schema(posts({"x": "text"})).with_ids().collections[0].field("x")
    assert old is not None
    found = settled([posts({"y": field(id=old.id)})], [posts({"x": "text"})])
    assert said(found.operations) == ["add_field posts.x", "drop_field posts.y"]
    new = found.after.collections[0].field("x")
    assert new is not None
    assert new.id != old.id
    gone = schema(table("notes")).with_ids().collections[0].id
    memos = table("memos", {"a": "text"}, id=gone)
    found = settled([memos], [table("notes", {"b": "text"}, renamed_from="")])
    assert said(found.operations) == ["create_collection notes", "drop_collection memos"]
    assert found.after.collections[0].id != gone


def test_a_target_that_hands_on_its_name_is_told_by_its_id() -> None:
    before = [table("tags"), table("labels"), posts({"a": relation("tags"), "b": relation("labels")})]
    after = [table("tags", renamed_from="labels"), posts({"b": relation("tags")})]
    live = Schema.from_json(schema(*before).to_json())
    ids = {c.name: c.id for c in live.collections}
    wanted = changed(schema(*after), "tags", id=ids["labels"])
    found = settle(compare(wanted, live, version=NEWEST, ask=False).operations, live.to_json())
    assert said(found.operations) == ["rename_collection tags", "drop_field posts.a", "drop_collection tags"]
    targets = {f.name: f.target for f in found.before.relations()}
    assert targets == {"a": "tags", "b": "labels"}
    added = {o.path: o.field for o in found.undone().operations if isinstance(o, AddField)}
    target = added["posts.a"]
    assert isinstance(target, RelationField)
    assert target.target == "tags"


def test_what_the_code_says_of_values_is_on_the_fields_alone() -> None:
    before = [posts({"s": field("select", values=["a", "b"]), "t": "text"})]
    fewer = field("select", values=["a"], remap={"b": "a"})
    found = settled(before, [posts({"s": fewer, "t": field(required=True, backfill="x")})])
    choice, text = (found.after.collections[0].field(name) for name in ("s", "t"))
    assert isinstance(choice, SelectField)
    assert choice.remap == {"b": "a"}
    assert text is not None
    assert text.backfill == "x"
    sent = state(found.before.to_json(), found.operations)
    assert not {"backfill", "remap"} & {key for item in sent for f in item["fields"] for key in f}


def test_what_nobody_knows_does_not_come_back() -> None:
    people = table("people", {"nick": "text"}, type="auth")
    found = settled([people], [people | {"otp": {"enabled": True}, "authRule": ""}])
    assert said(found.operations) == ["change_option people:authRule", "change_option people:otp.enabled"]
    assert not found.undone().operations


def test_what_is_done_already_is_left_out() -> None:
    before = [posts({"x": "text"}, indexes=["CREATE INDEX `ix` ON `posts` (`x`)"])]
    after = [posts({"y": field(renamed_from="x", max=9)}, indexes=["CREATE INDEX `ix` ON `posts` (`y`)"])]
    live = Schema.from_json(schema(*before).to_json())
    operations = compare(schema(*after), live, version=NEWEST, ask=False).operations
    first = [o for o in operations if o.kind == "rename_field"]
    middle = state(live.to_json(), first)
    rest = [o for o in operations if o.kind != "rename_field"]
    assert said(settle(rest, middle).operations) == ["change_field posts.y"]
