"""Names that a server takes in silence: when they are an error, when a finding, and when they are meant."""

from __future__ import annotations

from typing import Any

import pytest

from pocketvex.findings import Finding
from pocketvex.lint.findings import lint
from pocketvex.rules.misspelt import lost_names
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.lost_names import index_problems, lost_columns
from pocketvex.schema.model import Schema
from pocketvex.versions import NEWEST
from schemas import renamed

Json = dict[str, Any]


def text(name: str, **more: Any) -> Json:
    return {"name": name, "type": "text", **more}


def relation(name: str, target: str, **more: Any) -> Json:
    return {"name": name, "type": "relation", "target": target, **more}


def code(
    rule: str | None = None, *, users: list[Json], posts: list[Json] | None = None, **more: Any
) -> Schema:
    collections = [
        {"name": "users", "type": "auth", "fields": [relation("team", "teams"), *users]},
        {"name": "teams", "fields": [text("title")]},
        {
            "name": "posts",
            "fields": [text("title"), relation("author", "users"), *(posts or [])],
            "listRule": rule,
            **more,
        },
    ]
    return build_schema(from_dictionary(collections, lambda *_: None))


def server(rule: str | None = None, *, users: list[Json], posts: list[Json] | None = None) -> Schema:
    return Schema.from_json(code(rule, users=users, posts=posts).to_json())


def lost(after: Schema, before: Schema) -> list[str]:
    return [_shown(problem) for problem in lost_names(after, before, [before], NEWEST)]


def _shown(problem: Finding) -> str:
    part = problem.part
    assert part is not None
    return f"{problem.code} {problem.path} {part.text[part.start : part.end]}: {problem.message}"


ROLE, RANK = text("role"), text("rank", renamed_from="role")
AUTH = "@request.auth."


@pytest.mark.parametrize(
    ("rule", "marked"),
    [
        (f"{AUTH}role != 'banned'", "role"),
        (f"{AUTH}role:lower != 'banned'", "role"),
        (f"title = 'a' || {AUTH}role:isset = true", "role"),
        (f"strftime('%Y', {AUTH}role) = '2020'", "role"),
    ],
)
def test_an_account_is_asked_by_the_name_of_before(rule: str, marked: str) -> None:
    after = code(rule, users=[RANK])
    message = "no account has a field 'role': it is called 'rank' now"
    assert lost(after, server(rule, users=[ROLE])) == [f"PV711 posts.listRule {marked}: {message}"]
    assert lost(after, server(users=[ROLE]))
    gone = code(rule, users=[])
    assert lost(gone, server(rule, users=[ROLE])) == [
        f"PV711 posts.listRule {marked}: no account has a field 'role'"
    ]
    assert not lost(code(rule, users=[ROLE]), server(rule, users=[ROLE]))


def test_a_relation_of_the_account_is_followed() -> None:
    before = server(f"{AUTH}team.title = 'a'", users=[])
    after = renamed(code(f"{AUTH}team.title = 'a'", users=[]), "teams", "title", "name")
    message = "no field 'title' in teams: it is called 'name' now"
    assert lost(after, before) == [f"PV711 posts.listRule title: {message}"]
    back = f"{AUTH}posts_via_author.titel ?= 'a'"
    assert "did you mean 'title'" in lost(code(back, users=[]), server(users=[]))[0]
    assert not lost(code(f"{AUTH}posts_via_author.title ?= 'a'", users=[]), server(users=[]))


def test_it_is_enough_that_one_kind_of_account_has_it() -> None:
    rule = f"{AUTH}role = 'admin'"
    before, after = server(rule, users=[ROLE]), code(rule, users=[])
    assert lost(after, before)
    staff = {"name": "staff", "type": "auth", "fields": [ROLE]}
    more = build_schema(from_dictionary([staff], lambda *_: None))
    assert not lost(after.with_collections([*after.collections, *more.collections]), before)
    for always in ("id", "email", "verified", "collectionName", "collectionId", "tokenKey"):
        assert not lost(code(f"{AUTH}{always} != ''", users=[]), before)


def test_a_guard_of_what_is_sent_is_no_guard_after_a_rename() -> None:
    guard = "@request.body.state:isset = false"
    before = server(guard, users=[], posts=[text("state")])
    renamed = text("status", renamed_from="state")
    assert lost(code(guard, users=[], posts=[renamed]), before) == [
        "PV711 posts.listRule state: no field 'state' in posts: it is called 'status' now"
    ]
    assert lost(code(f"{guard} && title = 'a'", users=[], posts=[]), before)
    assert not lost(code("@request.body.captcha = 'a'", users=[]), before)
    assert not lost(code("@request.body.passwordConfirm = 'a'", users=[]), before)
    inside = "@request.body.author.role = 'a'"
    assert lost(code(inside, users=[RANK]), server(inside, users=[ROLE]))


def test_what_was_so_before_is_a_finding_only() -> None:
    rule = f"{AUTH}role = 'admin'"
    after = code(rule, users=[])
    assert not lost(after, server(rule, users=[]))
    assert lost(after, server("title = 'a'", users=[]))
    assert [p.code for p in lint(after, NEWEST) if p.code == "PV711"] == ["PV711"]


def test_of_a_new_collection_a_name_that_no_account_has_is_an_error() -> None:
    nothing = Schema()
    assert lost(code(f"{AUTH}role = 'admin'", users=[]), nothing)
    assert lost(code(f"{AUTH}rol = 'admin'", users=[ROLE]), nothing)
    assert not lost(code("@request.body.titl = 'admin'", users=[ROLE]), nothing)


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (f"{AUTH}rol = 'a'", "PV711 no account has a field 'rol': did you mean 'role'?"),
        ("@request.body.titl:isset = false", "PV711 no field 'titl' in posts: did you mean 'title'?"),
        ("@request.body.captcha = 'a'", ""),
        ("@request.query.anything = 'a' && @request.headers.x_y = 'a'", ""),
        ("status = 'publishd'", "PV712 'publishd' is no choice of status, so no record has it: "
         "did you mean 'published'?"),
        ("'x' != status", "PV712 'x' is no choice of status, so it leaves nothing out "
         "(there are: draft, published)"),
        ("status ~ 'pub' && status = '' && status != null && status:length > 1", ""),
        ("status:lower = 'draft' && tags:each ?= 'a' && tags = '[\"a\"]'", ""),
        ("tags:each ?= 'c'", "PV712 'c' is no choice of tags, so no record has it (there are: a, b)"),
        ("author.kind = 'c'", "PV712 'c' is no choice of author.kind, so no record has it (there are: x, y)"),
        (f"{AUTH}kind = 'c'", "PV712 'c' is no choice of @request.auth.kind, so no record has it "
         "(there are: x, y)"),
        ("@request.body.status = 'c'", "PV712 'c' is no choice of @request.body.status, so no record has it "
         "(there are: draft, published)"),
        ("title = 'anything' && title = status", ""),
    ],
)  # fmt: skip
def test_findings(rule: str, found: str) -> None:
    kind = {"name": "kind", "type": "select", "values": ["x", "y"]}
    status = {"name": "status", "type": "select", "values": ["draft", "published"]}
    tags = {"name": "tags", "type": "select", "values": ["a", "b"], "maxSelect": 2}
    declared = code(rule, users=[ROLE, kind], posts=[status, tags])
    assert [f"{p.code} {p.message}" for p in lint(declared, NEWEST) if p.code in ("PV711", "PV712")] == (
        [found] if found else []
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT id FROM posts WHERE status = 'gone'", "'gone'"),
        ("SELECT id FROM posts WHERE 'gone' <> `status`", "'gone'"),
        ("SELECT p.id FROM posts p JOIN users u ON 1 WHERE p.status IN ('draft', 'gone')", "'gone'"),
        ("SELECT id, (SELECT 1 FROM posts AS q WHERE q.status IS NOT 'gone') n FROM users", "'gone'"),
        ("SELECT id FROM posts WHERE status = 'draft' -- status = 'gone'", ""),
        ("SELECT id FROM posts WHERE title = 'gone' OR status = ''", ""),
        ("WITH x AS (SELECT id, title AS status FROM posts) SELECT id FROM x WHERE status = 'gone'", ""),
    ],
)
def test_choices_in_views(query: str, found: str) -> None:
    status = {"name": "status", "type": "select", "values": ["draft", "published"]}
    declared = code(users=[], posts=[status])
    view = {"name": "v", "type": "view", "viewQuery": query}
    known = [*declared.to_json(), view]
    schema = build_schema(from_dictionary(known, lambda *_: None))
    parts = [p.part for p in lint(schema, NEWEST) if p.code == "PV712"]
    assert [part.text[part.start : part.end] for part in parts if part] == ([found] if found else [])


def test_a_condition_of_an_index() -> None:
    status = {"name": "status", "type": "select", "values": ["draft", "published"]}
    index = "CREATE INDEX `ix` ON `posts` (`title`) WHERE `status` = 'gone' AND title != 'gone'"
    declared = code(users=[], posts=[status], indexes=[index])
    assert [p.path for p in lint(declared, NEWEST) if p.code == "PV712"] == ["posts@ix"]

    renamed = {**status, "name": "state", "renamed_from": "status"}
    declared = code(users=[], posts=[renamed], indexes=[index])
    before = server(users=[], posts=[status])
    (problem,) = index_problems(declared, lost_columns(declared, [before]))
    assert problem.message == "no field 'status' in posts: it is called 'state' now"
    assert problem.part is not None
    assert problem.part.text[problem.part.start : problem.part.end] == "status"
