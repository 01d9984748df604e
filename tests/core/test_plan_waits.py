"""What waits for what: the safe part of a plan must stand on its own in one import."""

from __future__ import annotations

from typing import Any

import pytest

from cases.changes import field, posts, relation, table, view
from pocketvex.evidence.facts import Fact, NonZeroCount, RowCount
from pocketvex.plan.make import Plan, make_plan
from pocketvex.plan.ownership import Ownership
from pocketvex.plan.verdicts import Verdict
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.model import Schema
from pocketvex.versions import NEWEST

Json = dict[str, Any]


def schema(*collections: Json) -> Schema:
    return build_schema(from_dictionary(list(collections), lambda *_: None))


def live(*collections: Json) -> Schema:
    return Schema.from_json(schema(*collections).to_json())


def waiting(after: list[Json], before: list[Json], **more: Any) -> dict[str, str]:
    """What waits, by path: for what."""
    plan = make_plan(schema(*after), live(*before), **{"version": NEWEST, **more})
    assert isinstance(plan, Plan)
    reasons = {c.path: c.judgement.reason for c in plan.changes if c.judgement.verdict is not Verdict.SAFE}
    return {
        path: why.partition("waits for ")[2].rstrip(")")
        for path, why in reasons.items()
        if "waits for" in why
    }


SLUG = {"slug": field(required=True)}
"""A field that is not safe to add."""

CASES: dict[str, tuple[list[Json], list[Json], dict[str, str]]] = {
    "a rule that names it": (
        [posts(SLUG, listRule="slug != ''", viewRule="title != ''")],
        [posts()],
        {"posts:listRule": "posts.slug"},
    ),
    "a rule of another collection, behind a dot": (
        [
            posts(SLUG),
            table(
                "comments",
                {"post": relation("posts"), "slug": "text"},
                listRule="post.slug != ''",
                viewRule="slug = ''",
            ),
        ],
        [posts(), table("comments", {"post": relation("posts"), "slug": "text"})],
        {"comments:listRule": "posts.slug"},
    ),
    "a field by a name that another has until its own rename": (
        [
            posts(
                {"a": field(renamed_from="b"), "b": field("number", renamed_from="c")},
                indexes=["CREATE UNIQUE INDEX `i` ON `posts` (`a`)"],
            )
        ],
        [posts({"b": "text", "c": "number"}, indexes=["CREATE INDEX `i` ON `posts` (`b`)"])],
        {"posts.a": "posts@i", "posts.b": "posts.a"},
    ),
    "a word in quotes is no name": (
        [posts(SLUG, listRule="title != 'slug'")],
        [posts()],
        {},
    ),
    "an index over it": (
        [
            posts(
                SLUG,
                indexes=[
                    "CREATE INDEX `a` ON `posts` (lower(`slug`))",
                    "CREATE INDEX `b` ON `posts` (`title`)",
                ],
            )
        ],
        [posts()],
        {"posts@a": "posts.slug"},
    ),
    "a view of it, and a new rule of the view": (
        [posts(SLUG), view("v", "SELECT id, slug FROM posts", listRule="slug != ''")],
        [posts(), view("v", "SELECT id, title FROM posts")],
        {"v:query": "posts.slug", "v:listRule": "v"},
    ),
    "a new collection whose rule names it, and all that needs that": (
        [
            posts(SLUG, viewRule="@collection.tags.id ?= 'x'"),
            table("tags", {"post": relation("posts")}, listRule="post.slug != ''"),
            table("links", {"tag": relation("tags")}),
            view("v", "SELECT id FROM tags"),
            table("free", {"link": relation("free")}),
        ],
        [posts()],
        {"tags": "posts.slug", "links": "tags", "v": "tags", "posts:viewRule": "tags"},
    ),
    "a new field that points at what waits": (
        [
            posts({**SLUG, "tag": relation("tags")}),
            table("tags", {}, listRule="@collection.posts.slug ?= 'x'"),
        ],
        [posts()],
        {"tags": "posts.slug", "posts.tag": "tags"},
    ),
    "a rename whose index cannot change with it": (
        [
            table(
                "posts",
                {"name": field(renamed_from="title"), "n": field("number")},
                listRule="name = ''",
                indexes=["CREATE UNIQUE INDEX `ux` ON `posts` (`name`, `n`)"],
            )
        ],
        [
            posts(
                {"n": field("number")},
                listRule="title = ''",
                indexes=["CREATE INDEX `ux` ON `posts` (`title`)"],
            )
        ],
        {"posts.name": "posts@ux", "posts:listRule": "posts.name"},
    ),
    "identity by a field whose unique index is not there": (
        [
            table(
                "people",
                {"nick": "text"},
                type="auth",
                indexes=["CREATE UNIQUE INDEX `ux` ON `people` (`nick`)"],
                passwordAuth={"enabled": True, "identityFields": ["email", "nick"]},
            )
        ],
        [
            table(
                "people",
                {"nick": "text"},
                type="auth",
                passwordAuth={"enabled": True, "identityFields": ["email"]},
            )
        ],
        {"people:passwordAuth.identityFields": "people@ux"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_needs_something_unsafe_waits_with_it(name: str) -> None:
    after, before, expected = CASES[name]
    assert waiting(after, before) == expected


@pytest.mark.parametrize(
    ("after", "before", "path", "why"),
    [
        (
            [posts() | {"name": "articles", "renamed_from": "posts"}, posts(renamed_from="")],
            [posts()],
            "posts",
            "the name posts is not free before another goes",
        ),
        (
            [
                table("tags", {"b": "text"}, renamed_from="posts"),
                table("labels", {"a": "text"}, renamed_from="tags"),
            ],
            [table("tags", {"a": "text"}), table("posts", {"b": "text"})],
            "tags",
            "the name tags is not free before another goes",
        ),
        (
            [posts(), table("tags", {"a": "text"}, indexes=["CREATE INDEX `ix` ON `tags` (`a`)"])],
            [posts(indexes=["CREATE INDEX `ix` ON `posts` (`title`)"]), table("tags", {"a": "text"})],
            "tags@ix",
            "the index ix is still one of posts",
        ),
        (
            [posts(), view("v", "SELECT id, (1) AS one FROM posts"), view("w", "SELECT id, one FROM v")],
            [posts(), view("v", "SELECT id FROM posts")],
            "w",
            "v does not show one yet",
        ),
    ],
)
def test_what_one_import_cannot_do(after: list[Json], before: list[Json], path: str, why: str) -> None:
    plan = make_plan(schema(*after), live(*before), version=NEWEST)
    (change,) = (c for c in plan.changes if c.path == path)
    assert change.judgement.verdict is Verdict.UNSAFE
    assert why in change.judgement.reason


def test_what_waits_for_something_harmless_is_harmless() -> None:
    class Nothing(dict[Fact, int | None]):
        def __contains__(self, fact: object) -> bool:
            return True

        def __missing__(self, fact: Fact) -> int | None:
            return 0

    plan = make_plan(
        schema(posts({"n": "number"}, listRule="n > 1")),
        live(posts({"n": "text"})),
        facts=Nothing(),
        version=NEWEST,
    )
    assert isinstance(plan, Plan)
    assert {c.path: c.judgement.verdict for c in plan.changes} == {
        "posts.n": Verdict.HARMLESS,
        "posts:listRule": Verdict.HARMLESS,
    }


def test_what_has_no_answer_makes_its_dependants_wait() -> None:
    after = [table("posts", {"headline": "text"}, listRule="headline != ''", viewRule="id != ''")]
    plan = make_plan(schema(*after), live(posts(listRule="title != ''")), version=NEWEST)
    assert [[o.value for o in q.options] for q in plan.questions] == [["headline", ""]]
    assert [c.path for c in plan.safe] == ["posts:viewRule"]


def test_what_is_kept_makes_its_dependants_wait() -> None:
    """Somebody removed the field in the dashboard: it is not made again, so nothing may name it."""
    after = [posts({"x": "text"}, listRule="x != ''")]
    ownership = Ownership(recorded=live(posts({"x": "text"})), managed=frozenset({"posts"}))
    plan = make_plan(schema(*after), live(posts()), ownership=ownership, version=NEWEST)
    assert [(k.path, k.why) for k in plan.kept] == [("posts.x", "drift")]
    assert plan.safe == ()


@pytest.mark.parametrize("rows", [0, 3])
def test_an_index_goes_with_its_field(rows: int) -> None:
    """A unique field that waits for its migration stays unique until then."""
    before = posts({"slug": "text"}, indexes=["CREATE UNIQUE INDEX `ix` ON `posts` (`slug`)"])
    facts = {RowCount("posts"): rows, NonZeroCount("posts", "slug"): rows}
    plan = make_plan(schema(posts()), live(before), facts=facts, version=NEWEST)
    assert isinstance(plan, Plan)
    verdict = Verdict.UNSAFE if rows else Verdict.HARMLESS
    assert {c.path: c.judgement.verdict for c in plan.changes} == {"posts.slug": verdict, "posts@ix": verdict}
    alone = make_plan(schema(posts({"slug": "text"})), live(before), facts=facts, version=NEWEST)
    assert isinstance(alone, Plan)
    assert [c.path for c in alone.safe] == ["posts@ix"]
