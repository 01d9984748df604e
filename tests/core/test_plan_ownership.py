"""Whose is it? What a plan keeps, and why: one case a row."""

from __future__ import annotations

from typing import Any

import pytest

from cases.changes import field, posts, table, view
from pocketvex.diff.compare import compare
from pocketvex.diff.simulate import apply_operations
from pocketvex.evidence.facts import Fact, RowCount
from pocketvex.plan.make import NeedsFacts, Plan, make_plan
from pocketvex.plan.ownership import Ownership, is_untouched_users, items_of
from pocketvex.plan.verdicts import Verdict
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.model import Schema
from pocketvex.versions import NEWEST

Json = dict[str, Any]
IX = "CREATE INDEX `ix` ON `posts` (`title`)"
IX_DESC = "CREATE INDEX `ix` ON `posts` (`title` DESC)"


def schema(*collections: Json) -> Schema:
    return build_schema(from_dictionary(list(collections), lambda *_: None))


def live(*collections: Json) -> Schema:
    return Schema.from_json(schema(*collections).to_json())


def kept(
    code: list[Json],
    server: list[Json],
    history: list[Json] | None,
    *,
    written: list[Json] | None = None,
    **more: Any,
) -> dict[str, str]:
    """What stays as it is, and why; `written` is what this project made of the history since."""
    items: dict[str, Any] = {}
    if written is not None:
        now, then = items_of(live(*written)), items_of(live(*(history or [])))
        items = {path: value for path, value in now.items() if then.get(path) != value}
        items |= {path: None for path in then if path not in now}
    managed = {c["name"] for c in [*(history or []), *(written or [])]}
    confirmed = more.pop("confirmed", ())
    ownership = Ownership(
        recorded=None if history is None else live(*history),
        written=items,
        **{"managed": frozenset(managed), **more},
    )
    plan = make_plan(schema(*code), live(*server), ownership=ownership, confirmed=confirmed, version=NEWEST)
    return {item.path: item.why for item in plan.kept}


X, X_LONG = posts({"x": "text"}), posts({"x": field(max=9)})
CASES: list[tuple[str, list[Json], list[Json], list[Json] | None, dict[str, str]]] = [
    # what                                     the code    the server             the history  what is kept
    ("nothing is managed without a history", [], [X], None, {}),
    ("the history has it, the code not", [posts()], [X], [X], {}),
    ("only the server has a field", [posts()], [X], [posts()], {"posts.x": "drift"}),
    ("only the server has an index", [posts()], [posts(indexes=[IX])], [posts()], {"posts@ix": "drift"}),
    (
        "only the server has a collection",
        [posts()],
        [posts(), table("mine")],
        [posts()],
        {"mine": "unmanaged"},
    ),
    ("a field removed by hand", [X], [posts()], [X], {"posts.x": "drift"}),
    ("a collection removed by hand", [X], [], [X], {"posts": "drift"}),
    ("an option changed by hand", [X], [X_LONG], [X], {"posts.x": "drift"}),
    ("an option that the code changes", [X_LONG], [X], [X], {}),
    ("a type changed by hand", [X], [posts({"x": "number"})], [X], {"posts.x": "drift"}),
    (
        "a rule changed by hand",
        [posts(listRule="")],
        [posts()],
        [posts(listRule="")],
        {"posts:listRule": "drift"},
    ),
    ("a rule that the code changes", [posts(listRule="")], [posts()], [posts()], {}),
    (
        "an index changed by hand",
        [posts(indexes=[IX])],
        [posts(indexes=[IX_DESC])],
        [posts(indexes=[IX])],
        {"posts@ix": "drift"},
    ),
    (
        "an index that the code changes",
        [posts(indexes=[IX_DESC])],
        [posts(indexes=[IX])],
        [posts(indexes=[IX])],
        {},
    ),
    (
        "a query changed by hand",
        [posts(), view("v", "SELECT id FROM posts")],
        [posts(), view("v", "SELECT id, title FROM posts")],
        [posts(), view("v", "SELECT id FROM posts")],
        {"v:query": "drift"},
    ),
    ("a first contact", [posts()], [X], [], {"posts.x": "first contact"}),
    ("a first contact, an index", [posts()], [posts(indexes=[IX])], [], {"posts@ix": "first contact"}),
    ("a rename is nobody's drift", [posts({"y": field(renamed_from="x")})], [X], [X], {}),
    (
        "nor is what a renamed collection has",
        [posts({"x": field(max=9)}) | {"name": "articles", "renamed_from": "posts"}],
        [X],
        [X],
        {},
    ),
]


@pytest.mark.parametrize(("what", "code", "server", "history", "expected"), CASES, ids=[c[0] for c in CASES])
def test_what_is_kept(
    what: str, code: list[Json], server: list[Json], history: list[Json] | None, expected: dict[str, str]
) -> None:
    assert kept(code, server, history) == expected


def test_what_a_person_names_is_no_longer_kept() -> None:
    assert kept([posts()], [X], [posts()], confirmed=["posts.x"]) == {}
    assert kept([posts()], [X], [posts()], confirmed=["posts"]) == {"posts.x": "drift"}


def test_what_this_project_wrote_since_is_its_own() -> None:
    """A field that `dev` added a minute ago goes again; what a person added beside it stays."""
    server = [posts({"x": "text", "mine": "text"})]
    assert kept([posts()], server, [posts()], written=[X]) == {"posts.mine": "drift"}
    ownership = Ownership(
        recorded=live(posts()),
        written={path: value for path, value in items_of(live(X)).items() if path == "posts.x"},
        managed=frozenset({"posts"}),
    )
    plan = make_plan(schema(posts()), live(X), ownership=ownership, version=NEWEST)
    assert [(c.path, c.leftover) for c in plan.changes] == [("posts.x", True)]


def test_what_a_reverted_file_changes_is_held_back_whoever_names_it() -> None:
    held = {"posts.x": "held"}
    assert kept([X], [posts()], [posts()], held=frozenset({"posts.x"})) == held
    assert kept([X], [posts()], [posts()], held=frozenset({"posts.x"}), confirmed=["posts.x"]) == held


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (X, ""),
        (posts({"x": "text", "dash": "number"}), "posts.dash"),
        (X_LONG, "posts.x"),
        (posts({"x": "text"}, indexes=[IX]), "posts@ix"),
        (posts({"x": "text"}, listRule=""), "posts:listRule"),
        (posts(), ""),
    ],
)
def test_a_collection_goes_by_itself_only_as_this_project_left_it(server: Json, said: str) -> None:
    ownership = Ownership(recorded=live(X), managed=frozenset({"posts"}))
    facts = {RowCount("posts"): 0}
    plan = make_plan(schema(), live(server), facts=facts, ownership=ownership, version=NEWEST)
    assert isinstance(plan, Plan)
    (change,) = plan.changes
    assert change.judgement.verdict is (Verdict.UNSAFE if said else Verdict.HARMLESS)
    assert change.judgement.reason.partition(", which somebody else changed: ")[2] == said


USERS = table(
    "users",
    {"name": "text", "avatar": "file", "created": field("autodate", on_create=True),
     "updated": field("autodate", on_create=True, on_update=True)},
    type="auth",
)  # fmt: skip


def test_the_untouched_users_simply_become_what_the_code_says() -> None:
    code = table("users", {"nick": field(renamed_from="")}, type="auth")
    ownership = Ownership(recorded=live(USERS), managed=frozenset())
    assert is_untouched_users(live(USERS).collections[0])

    def plan(facts: dict[Fact, int | None]) -> Plan | NeedsFacts:
        return make_plan(schema(code), live(USERS), facts=facts, ownership=ownership, version=NEWEST)

    assert plan({}) == NeedsFacts(frozenset({RowCount("users")}))
    empty = plan({RowCount("users"): 0})
    assert isinstance(empty, Plan)
    assert {c.judgement.verdict for c in empty.changes} == {Verdict.SAFE}
    assert not empty.kept


def test_users_with_a_field_of_somebody_are_a_first_contact() -> None:
    mine = table("users", {"name": "text", "mine": "text"}, type="auth")
    assert kept([table("users", {"name": "text"}, type="auth")], [mine], [USERS], managed=frozenset()) == {
        "users.mine": "first contact"
    }


def test_items_are_plain_values_that_survive_json() -> None:
    import json

    everything = live(
        X_LONG,
        view("v", "SELECT id,\n title FROM posts"),
        table("people", type="auth", otp={"enabled": True}),
    )
    items = items_of(everything)
    assert json.loads(json.dumps(items)) == items
    assert items["v:query"] == "SELECT id, title FROM posts"
    assert items["people:otp.enabled"] is True


def test_items_hold_no_secret_and_no_name_of_one() -> None:
    providers = [{"name": "google", "clientId": "g", "clientSecret": {"env": "GOOGLE_SECRET"}}]
    declared = schema(table("people", type="auth", oauth2={"enabled": True, "providers": providers}))
    made = Schema.from_json(apply_operations([], compare(declared, Schema(), version=NEWEST).operations))
    assert "GOOGLE_SECRET" not in repr(items_of(made))
    assert "GOOGLE_SECRET" in repr(made.collections[0].auth)


@pytest.mark.parametrize(
    ("server", "foreign", "expected"),
    [
        ([posts({"x": "text"})], {"posts.x": None}, {"posts.x": "drift"}),
        ([posts(listRule="")], {"posts:listRule": None}, {"posts:listRule": "drift"}),
        ([posts(indexes=[IX])], {"posts@ix": None}, {"posts@ix": "drift"}),
        ([posts(), table("notes")], {"notes": None}, {"notes": "unmanaged"}),
        ([posts({"x": "text"})], {}, {}),
    ],
    ids=["field", "rule", "index", "collection", "a file of ours"],
)
def test_what_a_file_of_others_made_is_drift_though_the_history_has_it(
    server: list[Json], foreign: dict[str, Any], expected: dict[str, str]
) -> None:
    assert kept([posts()], server, server, foreign=foreign, managed=frozenset({"posts", "notes"})) == expected
    assert not kept(server, server, server, foreign=foreign)
