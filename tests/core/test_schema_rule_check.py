"""What is said about a rule with a mistake in it, and which part of it is marked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketvex.findings import Finding
from pocketvex.rules.check import rule_problems
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.model import Schema
from schemas import changed, renamed

NEWEST = (0, 40, 6)
VERSIONS = [(0, 23, 12), (0, 28, 4), (0, 36, 9), (0, 39, 11), NEWEST]


def schema(rule: str | None, **more: Any) -> Schema:
    """People, posts with the rule, comments, and a view of posts."""
    declared = {"collections": [
        {"name": "people", "type": "auth", "fields": [
            {"name": "name", "type": "text"}, {"name": "role", "type": "select", "values": ["a"]}]},
        {"name": "posts", "fields": [
            {"name": "title", "type": "text"}, {"name": "status", "type": "text"},
            {"name": "ok", "type": "bool"}, {"name": "author", "type": "relation", "target": "people"}]},
        {"name": "comments", "fields": [
            {"name": "text", "type": "text"}, {"name": "post", "type": "relation", "target": "posts"},
            {"name": "by", "type": "relation", "target": "people"}]},
        {"name": "shown", "type": "view", "viewQuery": "SELECT id, title FROM posts"},
    ]}  # fmt: skip
    built = build_schema(from_dictionary(declared, lambda *_: None))
    for name, value in {"posts": rule, **more}.items():
        built = changed(built, name, list_rule=value)
    return built


def only(rule: str, version: tuple[int, ...] = NEWEST) -> Finding:
    (found,) = rule_problems(schema(rule), version)
    assert found.path == "posts.listRule"
    assert found.code == "PV701"
    return found


@pytest.mark.parametrize(
    ("rule", "marked", "message"),
    [
        ("titel = 'a'", "titel", "no field 'titel' in posts: did you mean 'title'?"),
        ("Title = 'a'", "Title", "did you mean 'title'? (upper and lower case matter)"),
        ("status = published", "published", "a text needs quotes, 'published'"),
        ("author.nam = 'a'", "nam", "no field 'nam' in people: did you mean 'name'?"),
        ("title.x = 'a'", "title", "'title' is a text field: nothing can follow it"),
        ("comments_via_pots.text = 1", "pots", "no relation 'pots' in comments: did you mean 'post'?"),
        ("comments_via_by.text = 1", "by", "comments.by does not point at posts, but at people"),
        ("@collection.comment.text = 1", "comment", "no collection 'comment': did you mean 'comments'?"),
        ("@collection.stock.x = 1", "stock", "`pocketvex schema pull stock`"),
        ("@collection.comments.txt = 1", "txt", "did you mean 'text'?"),
        ("@request.data.title = 1", "@request.data.title", "it is @request.body since PocketBase 0.23"),
        ("@request.user.id = 1", "@request.user.id", "it is @request.auth"),
        ("@request.auth = 1", "@request.auth", "name a part of it, as in @request.auth.id"),
        ("@nwo > title", "@nwo", "did you mean '@now'?"),
        ("title:lowr = 'a'", ":lowr", "no modifier ':lowr': did you mean ':lower'?"),
        ("@request.body.title:each = 'a'", "title:each", "':each' is for select, file and relation fields"),
        ("@request.query.a:each = 'a'", "a:each", "':each' cannot be used here"),
        ("created > @now", "created", "declare it: `created, updated = field.timestamps()`"),
        ("collectionName = 'posts'", "collectionName", "rules know only fields"),
        ("title == 'a'", "==", "there is no operator `==`: use ="),
        ("title <> 'a'", "<>", "use !="),
        ("title = 'a' and ok = true", "and", "expected `&&` or `||`, not `and`: use &&"),
        ("title = 'a' OR ok = true", "OR", "use ||"),
        ("title = 'a' & ok = true", "&", "use &&"),
        ("title is null", "is", "use ="),
        ("title in ('a', 'b')", "in", "compare with each value, joined by ||"),
        ("not ok = true", "ok", "use != or !~"),
        ("!ok", "!", "write ok = false"),
        ("ok", "ok", "as in ok = true"),
        ("title = ", "title = ", "ends too early: expected a value"),
        ("(title = 'a'", "(", "this parenthesis is never closed"),
        ("title = 'a", "'a", "this text is never closed"),
        ("title = 'a')", ")", "the character ')' means nothing here"),
        ("title = \u2018a\u2019", "\u2018", "texts stand in ' or \""),
        ("ok = true && ()", "()", "an empty pair of parentheses"),
        (" ", " ", 'is empty: use "" for public or None for locked'),
        ("// why", "// why", "is empty"),
        ("@request.headers.x-token = 'a'", "-", "headers are written with _"),
        ("lower(title) = 'a'", "lower", "there is no function 'lower'"),
        ("geoDistance(1, 2, 3) < 1", "geoDistance(1, 2, 3)", "takes 4 arguments, not 3"),
        ("geoDistance(1, 2, 3, '4') < 1", "'4'", "takes names and numbers"),
        ("strftime(title) = 'a'", "title", "argument 1 of strftime is a text in quotes"),
        ("strftime('%Y', titel) = 'a'", "titel", "did you mean 'title'?"),
        (" && ".join(["ok = true"] * 201), None, "has 201 comparisons: the server takes 200"),
    ],
)  # fmt: skip
def test_one_mistake(rule: str, marked: str | None, message: str) -> None:
    found = only(rule)
    assert message in found.message
    assert found.part is not None
    assert found.part.text[found.part.start : found.part.end] == (rule if marked is None else marked)


@pytest.mark.parametrize(
    ("rule", "version", "message"),
    [
        ("title:lower = 'a'", (0, 23, 12), "the modifier ':lower' came with PocketBase 0.24"),
        ("title:changed = true", (0, 33, 0), "the modifier ':changed' came with PocketBase 0.34"),
        ("title > @yesterday", (0, 23, 12), "@yesterday came with PocketBase 0.24"),
        ("strftime('%Y') = 'a'", (0, 35, 1), "the function strftime came with PocketBase 0.36"),
    ],
)
def test_what_came_later(rule: str, version: tuple[int, ...], message: str) -> None:
    assert only(rule, version).message == message
    assert not rule_problems(schema(rule), NEWEST)


def test_a_name_from_before_a_rename() -> None:
    code = renamed(schema("title = 'a' && author.title = 'b'"), "posts", "title", "headline")
    assert [problem.message for problem in rule_problems(code, NEWEST)] == [
        "no field 'title' in posts: it is called 'headline' now",
        "no field 'title' in people",
    ]


def test_a_collection_from_before_a_rename() -> None:
    code = changed(schema("@collection.remarks.text = 'a'"), "comments", renamed_from="remarks")
    comments = code.collection("comments")
    assert comments is not None
    live = Schema(collections=[comments.model_copy(update={"name": "remarks", "renamed_from": None})])
    for known in (None, live):
        (found,) = rule_problems(code, NEWEST, known)
        assert found.message == "no collection 'remarks': it is called 'comments' now"


def test_every_name_that_is_wrong_is_told() -> None:
    found = rule_problems(schema("titel = 'a' && (statsu = author.nmae)"), NEWEST)
    assert [p.part.text[p.part.start : p.part.end] for p in found if p.part] == ["titel", "statsu", "nmae"]


def test_what_only_a_server_knows_passes() -> None:
    assert not rule_problems(
        schema("stock_via_post.x = 1 && @collection.shown.total > 1", shown="tite = 1"), NEWEST
    )


def test_a_server_says_what_a_view_has_and_what_there_is_besides() -> None:
    code = schema("stock_via_post.x = 1 || bills_via_post.y = 1", shown="titel = 'a'")
    live = schema(None)
    stock, _ = build_schema(
        from_dictionary(
            {"collections": [
                {"name": "stock", "fields": [{"name": "post", "type": "relation", "target": "posts"}]},
                {"name": "posts"}]}, lambda *_: None,
        )
    ).collections  # fmt: skip
    live = changed(live, "shown", fields=live.collections[1].fields[:1])
    live = live.with_collections([*live.collections, stock])
    assert [problem.message for problem in rule_problems(code, NEWEST, live)] == [
        "no field 'x' in stock",
        "no collection 'bills': declare it, or adopt it from a server with `pocketvex schema pull bills`",
        "no field 'titel' in shown: did you mean 'title'?",
    ]


def test_rules_of_accounts_are_read_as_well() -> None:
    mfa = {"enabled": True, "rule": "c = 1"}
    code = changed(schema(None), "people", auth={"authRule": "a = 1", "manageRule": "b = 1", "mfa": mfa})
    assert [problem.path for problem in rule_problems(code, NEWEST)] == [
        "people.authRule", "people.manageRule", "people.mfa.rule",
    ]  # fmt: skip
    mfa["enabled"] = False
    assert len(rule_problems(code, NEWEST)) == 2


PIECES = st.sampled_from([*"()'\"\\/&|=!?<>~.,:@#_- \n\0é1a", "&&", "||", "//", "title", "geoDistance("])


@given(st.one_of(st.text(min_size=1), st.lists(PIECES, min_size=1).map("".join)), st.sampled_from(VERSIONS))
def test_any_text_gets_an_answer_and_what_is_marked_stands_in_it(text: str, version: tuple[int, ...]) -> None:
    for problem in rule_problems(schema(text), version):
        assert problem.message
        assert problem.part is not None
        assert 0 <= problem.part.start < problem.part.end <= len(text)
