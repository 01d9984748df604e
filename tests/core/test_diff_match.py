"""Who is who in two schemas: ids, hints, answers, names."""

from __future__ import annotations

from typing import Any

import pytest

from cases.changes import field, posts, relation, table, view
from pocketvex.diff.compare import compare
from pocketvex.diff.simulate import apply_operations, changed_collections, view_order
from pocketvex.errors import SchemaError, UsageError
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.model import Schema
from pocketvex.versions import NEWEST
from schemas import changed

Json = dict[str, Any]


def schema(*collections: Json) -> Schema:
    return build_schema(from_dictionary(list(collections), lambda *_: None))


def live(*collections: Json) -> Schema:
    return Schema.from_json(schema(*collections).to_json())


def said(after: list[Json], before: list[Json], **more: Any) -> list[str]:
    diff = compare(schema(*after), live(*before), **{"version": NEWEST, **more})
    questions = [f"? {q.path}: {', '.join(q.candidates)}" for q in diff.ambiguous]
    return [f"{o.kind} {o.path}" for o in diff.operations] + questions


def was(name: str, **options: Any) -> Json:
    return field(renamed_from=name, **options)


T = "text"
FIELDS: dict[str, tuple[Json, Json, list[str]]] = {
    # what: before, after, operations
    "a hint": ({"a": T}, {"b": was("a")}, ["rename_field t.b"]),
    "a hint that was followed": ({"b": T}, {"b": was("a")}, []),
    "a hint at a name that another took": ({"b": T, "a": T}, {"b": was("a"), "a": T}, []),
    "a hint at a name that is there too, and is to go": (
        {"a": T, "b": T},
        {"b": was("a")},
        ["? t.a: b"],
    ),
    "the same, and the other changes": ({"a": T, "b": T}, {"b": was("a", max=9)}, ["? t.a: b"]),
    "a hint at a name that is there too, of another type": (
        {"a": "number", "b": T},
        {"b": was("a")},
        ["? t.a: b"],
    ),
    "a swap, and ids tell": (
        {"a": field(id="ida"), "b": field(id="idb")},
        {"a": was("b", id="idb"), "b": was("a", id="ida")},
        ["rename_field t.a", "rename_field t.b"],
    ),
    "a swap that was made, and ids tell": (
        {"a": field(id="idb"), "b": field(id="ida")},
        {"a": was("b", id="idb"), "b": was("a", id="ida")},
        [],
    ),
    "a hint at nothing": ({}, {"b": was("a")}, ["add_field t.b"]),
    "new, whatever it looks like": ({"a": T}, {"b": was("")}, ["add_field t.b", "drop_field t.a"]),
    "a rename, or two changes?": ({"a": T}, {"b": T}, ["? t.a: b"]),
    "two of them": ({"a": T, "b": T}, {"c": T, "d": T}, ["? t.a: c, d", "? t.b: c, d"]),
    "no question where the types differ": ({"a": T}, {"b": "number"}, ["add_field t.b", "drop_field t.a"]),
    "no question where the targets differ": (
        {"a": relation("t")},
        {"b": relation("u")},
        ["add_field t.b", "drop_field t.a"],
    ),
    "a new one takes the old name": (
        {"a": T},
        {"b": was("a"), "a": T},
        ["rename_field t.b", "add_field t.a"],
    ),
    "names are handed on": (
        {"a": T, "b": T},
        {"b": was("a"), "c": was("b")},
        ["rename_field t.b", "rename_field t.c"],
    ),
    "handed on and done": ({"b": T, "c": T}, {"b": was("a"), "c": was("b")}, []),
    "swapped, by ids": (
        {"a": field(id="x"), "b": field(id="y")},
        {"a": field(id="y"), "b": field(id="x")},
        ["rename_field t.a", "rename_field t.b"],
    ),
    "an id of another server": ({"a": field(id="x")}, {"a": field(id="z")}, []),
    "a rename with another type": (
        {"a": T},
        {"b": was("a", type="number")},
        ["rename_field t.b", "replace_field t.b"],
    ),
    "a rename with another option": (
        {"a": T},
        {"b": was("a", max=5)},
        ["rename_field t.b", "change_field t.b"],
    ),
}


@pytest.mark.parametrize("what", FIELDS)
def test_fields(what: str) -> None:
    before, after, expected = FIELDS[what]
    assert said([table("t", after), table("u")], [table("t", before), table("u")]) == expected


RENAMES: dict[str, tuple[Json, Json, dict[str, str], list[str]]] = {
    # what: before, after, answers (new to old), operations
    "said": ({"a": T}, {"b": T}, {"t.b": "a"}, ["rename_field t.b"]),
    "said to be gone": ({"a": T}, {"b": T}, {"t.a": ""}, ["add_field t.b", "drop_field t.a"]),
    "said of what is not there": ({"a": T}, {"b": T}, {"t.b": "aa"}, ["? t.a: b"]),
    "said of what is there too": ({"a": T, "b": T}, {"b": T}, {"t.b": "a"}, ["? t.a: b"]),
    "said of what is there too, and that it goes": (
        {"a": T, "b": T},
        {"b": was("a")},
        {"t.a": ""},
        ["drop_field t.a"],
    ),
    "taken back": ({"b": T}, {"a": T}, {"t.b": "a"}, ["? t.b: a"]),
    "taken back, and said": ({"b": T}, {"a": T}, {"t.b": "a", "t.a": "b"}, ["rename_field t.a"]),
    "once more": ({"b": T}, {"c": T}, {"t.b": "a"}, ["? t.b: c"]),
}


@pytest.mark.parametrize("what", RENAMES)
def test_an_answer_is_about_one_rename_only(what: str) -> None:
    before, after, answers, expected = RENAMES[what]
    assert said([table("t", after)], [table("t", before)], renames=answers) == expected


def test_the_name_that_a_collection_was_given_may_go_too() -> None:
    renamed = posts() | {"name": "articles"}
    assert said([posts()], [renamed], renames={"articles": "posts"}) == ["? articles: posts"]


def test_collections() -> None:
    two = [posts(), table("tags", {"label": T})]
    assert said([posts() | {"name": "articles", "renamed_from": "posts"}, two[1]], two) == [
        "rename_collection articles"
    ]
    assert said([posts() | {"name": "articles"}, two[1]], two) == ["? posts: articles"]
    assert said([posts() | {"name": "articles", "renamed_from": ""}, two[1]], two) == [
        "create_collection articles", "drop_collection posts",
    ]  # fmt: skip
    assert said([table("new", {"other": T}), *two], two) == ["create_collection new"]
    assert said([posts() | {"name": "Posts"}, two[1]], two) == ["rename_collection Posts"]


@pytest.mark.parametrize("names", ["ab", "abc"])
def test_names_that_are_handed_round_need_ids(names: str) -> None:
    """Done or not, both states look the same."""
    round_ = dict(zip(names, names[1:] + names[0], strict=True))
    with pytest.raises(SchemaError, match=f"the schema has {len(names)} problems"):
        schema(table("t", {name: was(old) for name, old in round_.items()}))
    with pytest.raises(SchemaError, match=f"the schema has {len(names)} problems"):
        schema(*(table(name, {"x": T}) | {"renamed_from": old} for name, old in round_.items()))
    schema(table("t", {name: was(old, id=f"id{name}") for name, old in round_.items()}))


def test_a_collection_is_not_dropped_for_one_that_is_there() -> None:
    two = [posts(), table("articles", {"x": T})]
    renamed = table("articles", {"x": was("")}) | {"renamed_from": "posts"}
    assert said([renamed], two) == ["? posts: articles"]
    assert said([renamed], two, renames={"posts": ""}) == ["drop_collection posts"]


def test_answers_take_the_place_of_hints() -> None:
    after, before = [table("t", {"b": T})], [table("t", {"a": T})]
    assert said(after, before, renames={"t.b": "a"}) == ["rename_field t.b"]
    assert said(after, before, renames={"t.b": ""}) == ["add_field t.b", "drop_field t.a"]
    assert said([table("u", {"a": T})], before, renames={"u": "t"}) == ["rename_collection u"]


def test_a_relation_follows_its_target_to_its_new_name() -> None:
    before = [posts(), table("comments", {"post": relation("posts")})]
    after = [
        posts() | {"name": "articles", "renamed_from": "posts"},
        table("comments", {"post": relation("articles")}),
    ]
    assert said(after, before) == ["rename_collection articles"]


def test_what_the_server_decides_is_no_difference() -> None:
    people = table("people", type="auth", otp={"enabled": True})
    server = Schema.from_json(
        apply_operations([], compare(schema(people), Schema(), version=NEWEST).operations)
    )
    server.collections[0].auth["otp"]["length"] = 12
    assert not compare(schema(people), server, version=NEWEST)
    assert said([posts({"x": field(help="words")})], [posts({"x": T})], version=(0, 36, 9)) == []
    assert said([posts({"x": field(help="words")})], [posts({"x": T})]) == ["change_field posts.x"]


def test_renames_hand_on_names_in_one_go() -> None:
    before = live(table("t", {"a": field(id="1"), "b": field(id="2"), "c": field(id="3")}))
    desired = schema(table("t", {"b": field(id="1"), "c": field(id="2")}))
    after = apply_operations(before.to_json(), compare(desired, before, version=NEWEST).operations)
    assert {f["id"]: f["name"] for f in after[0]["fields"] if not f.get("system")} == {"1": "b", "2": "c"}


def test_collections_hand_on_names_in_one_go() -> None:
    before = live(table("a", id="one0"), table("b", id="two0"), table("c", id="three"))
    desired = schema(table("b", id="one0"), table("c", id="two0"))
    after = apply_operations(before.to_json(), compare(desired, before, version=NEWEST).operations)
    assert {c["id"]: c["name"] for c in after} == {"one0": "b", "two0": "c"}


def test_a_new_collection_has_its_system_fields_first() -> None:
    (made,) = apply_operations(
        [], compare(schema(table("people", {"nick": T}, type="auth")), Schema(), version=NEWEST).operations
    )
    names = ["id", "password", "tokenKey", "email", "emailVisibility", "verified", "nick"]
    assert [f["name"] for f in made["fields"]] == names


def test_what_no_server_knows_is_in_no_json() -> None:
    before = live(posts())
    desired = schema(posts({"slug": field(required=True, backfill="x"), "n": was("title", type="number")}))
    left = [f for f in desired.collections[0].fields if f.name != "title"]
    desired = changed(desired, "posts", fields=left)
    after = apply_operations(before.to_json(), compare(desired, before, version=NEWEST).operations)
    assert not {"backfill", "renamed_from"} & {key for f in after[0]["fields"] for key in f}


def test_a_type_cannot_be_changed() -> None:
    before = live(posts())
    operations = compare(schema(posts() | {"type": "auth"}), before, version=NEWEST).operations
    with pytest.raises(UsageError, match="posts cannot become auth: it is base"):
        apply_operations(before.to_json(), operations)


def test_views_come_behind_the_views_that_they_read() -> None:
    queries = {
        "a": "SELECT id FROM b",
        "b": "SELECT id FROM c",
        "c": "SELECT id FROM posts",
        "d": "SELECT id FROM a",
    }
    assert view_order(queries) == ["c", "b", "a", "d"]
    assert view_order({"a": "SELECT b.id FROM b", "b": "SELECT a.id FROM a"}) == [
        "b",
        "a",
    ]  # the server refuses both
    made = [view(name, query) for name, query in queries.items()]
    after = apply_operations([], compare(schema(*made, posts()), Schema(), version=NEWEST).operations)
    assert [item["name"] for item in changed_collections([], after)] == ["posts", "c", "b", "a", "d"]
