"""Answers that answer nothing are named, with what may have been meant."""

from __future__ import annotations

import pytest

from cases.changes import field, posts, table
from pocketvex.plan.idle import idle
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.model import Schema

STATES = ("draft", "archived", "spam")


def schema(*collections: object) -> Schema:
    return build_schema(from_dictionary(list(collections), lambda *_: None))


SERVER = schema(
    table("posts", {"title": "text", "state": field("select", values=list(STATES))}),
    table("tags", {"x": "text"}),
)
CODE = schema(
    table("posts", {"headline": "text", "state": field("select", values=["draft", "closed"])}),
    table("labels", {"x": "text"}),
)


@pytest.mark.parametrize(
    ("id", "value", "said"),
    [
        ("posts.title", "posts.headline", ""),
        ("posts.title", "headline", ""),
        ("posts.title", "", ""),
        ("Posts.Title", "Headline", ""),
        ("tags", "labels", ""),
        ("tags", "", ""),
        ("labels.y", "labels.x", ""),
        ("posts.titel", "posts.headline", "there is no posts.titel; did you mean posts.title?"),
        ("posts.title", "posts.headlin", "the code has no posts.headlin; did you mean posts.headline?"),
        ("posts.title", "headlin", "the code has no posts.headlin; did you mean posts.headline?"),
        ("posts.state", "", "posts.state is in the code"),
        ("tgs", "labels", "there is no tgs; did you mean tags?"),
        ("tags", "label", "the code has no label; did you mean labels?"),
        ("nothing.like", "", "there is no nothing.like"),
        ("posts.state:archived", "closed", ""),
        ("posts.state:spam", "", ""),
        ("posts.state:archivd", "closed", "posts.state has no choice 'archivd'; did you mean archived?"),
        ("posts.stat:archived", "closed", "the code has no choices in posts.stat; did you mean posts.state?"),
        ("posts.state:draft", "closed", "draft is one of the choices"),
    ],
)
def test_a_slip_is_named(id: str, value: str, said: str) -> None:
    found = list(idle({id: value}, CODE, [SERVER]))
    assert [text.partition(" answers nothing: ")[2] for text in found] == ([said] if said else [])
    assert all(text.startswith((f"{id}=", f"'{id}=")) for text in found)


def test_what_was_done_is_no_slip() -> None:
    done = schema(posts() | {"name": "posts"})
    after = schema(table("posts", {"headline": "text"}))
    assert list(idle({"posts.title": "posts.headline"}, after, [after])) == []
    assert list(idle({"posts.title": "posts.headline"}, after, [after, done])) == []
