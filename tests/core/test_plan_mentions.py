"""Old names in hooks: what may mean a name that goes is found, and words that only look like it are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketvex.plan.make import make_plan
from pocketvex.plan.mentions import Gone, find_mentions, gone_names, some_of
from pocketvex.versions import NEWEST
from projects import posts, schema_of, text

TITLE = Gone("posts.title", "posts", "title")
POSTS = Gone("posts", "posts", "")


def lines(gone: Gone, source: str) -> list[int]:
    return [mention.line for mention in find_mentions([gone], {"pb_hooks/main.pb.js": source})]


@pytest.mark.parametrize(
    "source",
    [
        'e.record.get("title")',
        "record.set('title', slug)",
        "const said = e.record.title",
        "e?.record?.title",
        'new Record(posts, { title: "a" })',
        'new Record(posts, { "title": "a" })',
        '$app.findRecordsByFilter("posts", "title ~ {:x} && status = 1")',
        '$app.findRecordsByFilter("posts", "", "-title")',
        '$app.findFirstRecordByData("posts", "title", value)',
        'db.newQuery("SELECT title FROM posts")',
        "db.newQuery(`SELECT id,\n  title\nFROM posts`)".replace("\n", " "),
        "`/posts?sort=${'title'}`",
        'filter: "post.title = 1"',
    ],
)
def test_a_field_is_meant(source: str) -> None:
    assert lines(TITLE, f"// hooks\n{source}\n") == [2]


@pytest.mark.parametrize(
    "source",
    [
        "// the title of a post",
        "/* record.title\n * title: x */",
        'throw new BadRequestError("The title is too long")',
        'throw new BadRequestError("Please give it a title!")',
        "const title = subtitle(other)",
        "e.record.titles + e.record.sub_title + e.record.$title",
        'e.record.get("title_de") + e.record.get("subtitle")',
    ],
)
def test_a_word_is_only_a_word(source: str) -> None:
    assert lines(TITLE, source) == []


@pytest.mark.parametrize(
    "source",
    [
        'onRecordCreate((e) => e.next(), "posts")',
        "$app.findCollectionByNameOrId('posts')",
        'filter: "@collection.posts.author = 1"',
        'expand: "posts_via_author"',
        'routerAdd("GET", "/posts/{id}", handler)',
        'db.newQuery("SELECT * FROM posts")',
    ],
)
def test_a_collection_is_meant(source: str) -> None:
    assert lines(POSTS, source) == [1]


@pytest.mark.parametrize(
    "source", ["posts.forEach(publish)", "// posts", '"posts_old"', '"All posts are gone"']
)
def test_a_variable_is_no_collection(source: str) -> None:
    assert lines(POSTS, source) == []


def test_a_back_relation_names_its_field() -> None:
    assert lines(Gone("comments.post", "comments", "post"), 'expand: "comments_via_post"') == [1]


def test_strings_of_many_lines_and_lines_with_many_names() -> None:
    source = 'db.newQuery(`\n  SELECT title\n  FROM posts\n`)\nx(e.record.title, "title")\r\ny.title'
    assert lines(TITLE, source) == [2, 5, 6]


def test_files_that_speak_of_the_collection_come_first() -> None:
    texts = {"a.js": 'f("title"); on("users")', "b.js": 'f("title"); on("posts")'}
    found = find_mentions([TITLE], texts)
    assert [mention.file for mention in found] == ["b.js", "a.js"]
    assert str(found[0]) == 'b.js:1: may mean posts.title: f("title"); on("posts")'


PIECES = ["title", "a", *"\"'`/*.\\\n\r\u2028 {},:$"]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_a_place_is_a_line_that_has_the_name(source: str) -> None:
    for number in lines(TITLE, source):
        assert "title" in source.split("\n")[number - 1]


def test_of_many_places_some_are_told_and_the_rest_is_counted() -> None:
    found = find_mentions([TITLE, POSTS], {"a.js": 'e.record.title; on("posts")\n' * 7})
    assert {path: (len(some), left) for path, (some, left) in some_of(found).items()} == {
        "posts.title": (5, 2),
        "posts": (5, 2),
    }


def test_what_goes_is_what_a_plan_removes_renames_or_asks_about() -> None:
    before = schema_of(
        posts(text("body"), text("old"), text("asked")), posts(name="memos"), posts(name="dropped")
    )
    after = schema_of(
        posts(text("new", renamed_from="old"), text("really"), name="posts"),
        posts(text("more"), name="notes", renamed_from="memos"),
    )
    plan = make_plan(after, before, renames={"posts.body": ""}, version=NEWEST)
    assert {(gone.path, gone.name) for gone in gone_names(plan)} == {
        ("posts.body", "body"),
        ("posts.new", "old"),
        ("posts.asked", "asked"),
        ("notes", "memos"),
        ("dropped", "dropped"),
    }


def test_where_nothing_goes_nothing_is_looked_for() -> None:
    assert gone_names(make_plan(schema_of(posts(text("new"))), schema_of(posts()), version=NEWEST)) == []
