"""What a plan says of the rules, views and indexes that name what it takes away."""

from __future__ import annotations

from typing import Any

import pytest

from cases.changes import posts, select, table, view
from pocketvex.plan.make import Plan, make_plan
from pocketvex.plan.ownership import Ownership
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.model import Schema
from pocketvex.versions import NEWEST

Json = dict[str, Any]
RENAMED = {"type": "text", "renamed_from": "role"}


def users(fields: Json, name: str = "users") -> Json:
    return {**table(name, fields), "type": "auth"}


def said(after: list[Json], before: list[Json]) -> dict[str, str]:
    """By path what a plan says: verdict, code, access and reason."""
    desired = build_schema(from_dictionary(after, lambda *_: None))
    live = Schema.from_json(build_schema(from_dictionary(before, lambda *_: None)).to_json())
    plan = make_plan(desired, live, version=NEWEST)
    assert isinstance(plan, Plan)
    judged = {change.path: change.judgement for change in plan.changes}
    return {p: " ".join(filter(None, (j.verdict, j.code, j.access, j.reason))) for p, j in judged.items()}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("@request.auth.role != 'a'", "@request.auth.rank != 'a'"),
        ("author.role = title", "author.rank = title"),
        ("@collection.users:x.role:lower ?= 'role'", "@collection.users:x.rank:lower ?= 'role'"),
        ("@request.body.author.role = 'a'", "@request.body.author.rank = 'a'"),
    ],
)
def test_a_rule_that_changes_with_a_rename_opens_nothing(before: str, after: str) -> None:
    author = {"author": {"type": "relation", "target": "users"}}
    found = said(
        [users({"rank": RENAMED}), posts(author, listRule=after)],
        [users({"role": "text"}), posts(author, listRule=before)],
    )
    assert found == {
        "users.rank": "safe PV120 renamed from role",
        "posts:listRule": "safe PV120 follows a rename",
    }


def test_only_the_name_that_is_renamed_follows() -> None:
    """Another field of the same name, or one of other accounts, is not meant."""
    author = {"author": {"type": "relation", "target": "users"}, "role": "text"}
    both = "role = 'a' && author.role = 'b'"
    found = said(
        [
            users({"rank": RENAMED, "role2": "text"}),
            posts(author, listRule="role = 'a' && author.rank = 'b'"),
        ],
        [users({"role": "text", "role2": "text"}), posts(author, listRule=both)],
    )
    assert found["posts:listRule"] == "safe PV120 follows a rename"
    staff = users({"role": "text", "rank": "text"}, "staff")
    found = said(
        [users({"rank": RENAMED}), staff, posts(listRule="@request.auth.rank = 'a'")],
        [users({"role": "text"}), staff, posts(listRule="@request.auth.role = 'a'")],
    )
    assert "opens access" in found["posts:listRule"]


@pytest.mark.parametrize(
    ("rule", "access", "effect"),
    [
        ("@request.auth.role = 'admin'", "", "lets nobody through by it then"),
        ("@request.auth.role != 'banned'", " opens access", "may let more people through then"),
        ("@request.auth.role = @request.query.x", " opens access", "may let more people through then"),
    ],
)
def test_a_rule_that_other_accounts_give_a_meaning(rule: str, access: str, effect: str) -> None:
    staff = users({"role": "text"}, "staff")
    before = [users({"role": "text"}), staff, posts(listRule=rule)]
    found = said([users({"rank": RENAMED}), staff, posts(listRule=rule)], before)
    assert found == {
        "users.rank": f"safe PV120{access} renamed from role (named by posts:listRule, which {effect})"
    }
    found = said([users({}), staff, posts(listRule=rule)], before)
    named = f"field removed (named by posts:listRule, which {effect})"
    assert found == {"users.role": f"unsafe PV201{access} {named}"}


def test_a_rule_that_the_code_does_not_have_stops_a_rename() -> None:
    for rule in ("@request.auth.role != 'banned'", "by.role = 'a'"):
        other = table("notes", {"by": {"type": "relation", "target": "users"}}, listRule=rule)
        before = [users({"role": "text"}), other]
        desired = build_schema(from_dictionary([users({"rank": RENAMED})], lambda *_: None))
        live = Schema.from_json(build_schema(from_dictionary(before, lambda *_: None)).to_json())
        owned = Ownership(managed=frozenset({"users"}), recorded=live)
        plan = make_plan(desired, live, ownership=owned, version=NEWEST)
        assert isinstance(plan, Plan)
        reasons = [c.judgement.reason for c in plan.changes if c.path == "users.rank"]
        assert reasons == ["renamed from role, which notes:listRule still says: not in the code"], plan


def test_what_is_sent_is_no_word_of_another_collection() -> None:
    guard = "@request.body.title:isset = false && @request.query.body = 'a' && title = 'body'"
    before = [posts({"body": "text"}, listRule=guard), table("notes", {"body": "text", "title": "text"})]
    found = said([posts(listRule=guard), table("notes", {"title": "text"})], before)
    assert found == {"posts.body": "unsafe PV201 field removed", "notes.body": "unsafe PV201 field removed"}
    guard = "@request.body.body:isset = false"
    found = said([posts(listRule="")], [posts({"body": "text"}, listRule=guard)])
    assert found["posts.body"] == "unsafe PV201 field removed (named by posts:listRule, changed with it)"


def test_a_choice_that_goes_says_who_compares_with_it() -> None:
    index = "CREATE INDEX `ix` ON `posts` (`title`) WHERE state = 'old'"
    rest = {"listRule": "state != 'old'", "viewRule": "state = 'open'", "indexes": [index]}
    old = view("shown", "SELECT id, title FROM posts WHERE state = 'old'")
    before = [posts({"state": select("open", "old")}, **rest), old]
    state = {**select("open", "closed"), "remap": {"old": "closed"}}
    found = said([posts({"state": state}, **rest), old], before)
    (text,) = found.values()
    assert "opens access" in text
    for path in ("posts.listRule: 'old'", "posts@ix: 'old'", "shown.query: 'old'"):
        assert path in text
    assert "viewRule" not in text

    closing = {"listRule": "state = 'old'"}
    before = [posts({"state": select("open", "old")}, **closing)]
    (text,) = said([posts({"state": state}, **closing)], before).values()
    assert "opens access" not in text
    assert "(PV712)" in text

    new, before = "state != 'closd'", [posts({"state": state}, listRule=None)]
    text = said([posts({"state": state}, listRule=new)], before)["posts:listRule"]
    message = "'closd' is no choice of state, so it leaves nothing out: did you mean 'closed'?"
    assert f"posts.listRule: {message} (PV712)" in text


@pytest.mark.parametrize(
    ("query", "stuck"),
    [
        ("SELECT x.id, x.NAME FROM (SELECT id, NAME FROM posts) x", True),
        ("WITH x AS (SELECT id, NAME FROM posts) SELECT x.id, x.NAME FROM x", True),
        ("SELECT id, NAME FROM posts", False),
        ("SELECT id, (SELECT p.NAME FROM posts p WHERE p.id = q.id) AS n FROM posts q", False),
    ],
)
def test_a_view_that_does_not_survive_a_rename_takes_a_migration(query: str, stuck: bool) -> None:
    """SQLite renames the columns in it, not what a sub-select hands on under the same name."""
    before = [posts({"name": "text"}), view("shown", query.replace("NAME", "name"))]
    label = {"type": "text", "renamed_from": "name"}
    found = said([posts({"label": label}), view("shown", query.replace("NAME", "label"))], before)
    why = "renamed from name, which shown reads through a sub-select: takes a migration"
    assert found["posts.label"] == (f"unsafe PV120 {why}" if stuck else "safe PV120 renamed from name")
