"""Each finding: what it is found in, and what is fine."""

from __future__ import annotations

from typing import Any

import pytest

from pocketvex.findings import Finding, Location
from pocketvex.lint.findings import CODES, by_place, lint
from pocketvex.plan import codes
from pocketvex.schema import field
from pocketvex.schema.build import build_schema
from pocketvex.schema.declare import Auth, Base, View, index
from pocketvex.schema.rules import Rules
from pocketvex.versions import NEWEST

ME = "@request.auth.id"
OWN = f"id = {ME}"
NO_ROLE = "@request.body.role:isset = false"


def found(*classes: type[Base]) -> set[tuple[str, str]]:
    findings = lint(build_schema(classes), NEWEST)
    assert all(finding.where for finding in findings)
    return {(finding.code, finding.path) for finding in findings}


def make(base: type[Base] = Base, /, name: str = "things", **attributes: Any) -> type[Base]:
    return type("Things", (base,), attributes, name=name, abstract=True)  # type: ignore


def accounts(**attributes: Any) -> type[Base]:
    more = {"role": field.select("member", "admin"), "team": field.relation("things")}
    return make(Auth, "accounts", **{**more, **attributes})


def things(**attributes: Any) -> type[Base]:
    more = {
        "title": field.text(), "ok": field.bool(), "mine": field.relation("accounts"),
        "sure": field.relation("accounts", required=True), "indexes": [index("mine"), index("sure")],
    }  # fmt: skip
    return make(**{**more, **attributes})


def test_every_code_is_explained() -> None:
    assert {*CODES} < {*codes.CODES}


@pytest.mark.parametrize(
    ("rule", "odd"),
    [
        (f"mine = {ME}", True),
        (f"{ME} = mine", True),
        (f"mine ?= {ME}", True),
        (f"mine.id = {ME}", True),
        (f"sure.team.mine = {ME}", True),
        (f"title = 'a' || mine = {ME}", True),
        (f"mine = {ME} && @request.auth.role != 'a'", True),
        (f"mine = {ME} && @request.auth.role = ''", True),
        (f"{ME} != '' && mine = {ME}", False),
        (f"mine = {ME} && @request.auth.verified = true", False),
        (f"mine = {ME} && @request.auth.role = 'admin'", False),
        (f"mine = {ME} && sure = {ME}", False),
        (f"sure = {ME}", False),
        (f"sure.id = {ME}", False),
        (f"id = {ME}", False),
        (f"mine != {ME}", False),
        ("mine = null", False),
        (f"(mine = {ME} || title = 'a') && {ME} != null", False),
    ],
)
def test_a_guest_is_the_owner_of_nothing(rule: str, odd: bool) -> None:
    declared = things(rules=Rules(update=rule))
    assert (("PV704", "things.updateRule") in found(accounts(), declared)) == odd


@pytest.mark.parametrize(
    ("rule", "odd"), [(f"@request.body.mine = {ME}", True), (f"@request.body.sure = {ME}", False)]
)
def test_a_guest_who_leaves_the_owner_out(rule: str, odd: bool) -> None:
    declared = things(rules=Rules(create=rule))
    assert (("PV704", "things.createRule") in found(accounts(), declared)) == odd


@pytest.mark.parametrize(
    ("create", "update", "odd"),
    [
        ("", OWN, {"createRule", "updateRule"}),
        (None, OWN, {"updateRule"}),
        (NO_ROLE, OWN, {"updateRule"}),
        ("role = 'member'", f"{OWN} && {NO_ROLE}", set()),
        (NO_ROLE, f"{OWN} && @request.body.role:changed = false", set()),
        (NO_ROLE, f"{OWN} && {NO_ROLE} || @request.auth.role = 'admin'", set()),
        (NO_ROLE, f"{OWN} || {NO_ROLE}", {"updateRule"}),
        (NO_ROLE, f"@collection.things.mine ?= {ME}", set()),
        (None, None, set()),
    ],
)
def test_what_a_rule_trusts_and_people_set(create: str | None, update: str | None, odd: set[str]) -> None:
    people = accounts(rules=Rules(create=create, update=update))
    trusting = things(rules=Rules(delete=Rules.role("admin")))
    assert {path for code, path in found(people, trusting) if code == "PV703"} == {
        f"accounts.{rule}" for rule in odd
    }


def test_nobody_sets_a_hidden_field_and_nobody_trusts_what_no_rule_names() -> None:
    open_ = Rules(create="", update=OWN)
    trusting = things(rules=Rules(delete=Rules.role("admin")))
    hidden = accounts(rules=open_, role=field.select("member", "admin", hidden=True))
    assert not {code for code, _ in found(hidden, trusting)} & {"PV703"}
    assert not {code for code, _ in found(accounts(rules=open_), things())} & {"PV703"}


def test_a_field_that_lets_an_account_sign_in() -> None:
    people = accounts(active=field.bool(), auth_rule="active = true", rules=Rules(update=OWN))
    assert ("PV703", "accounts.updateRule") in found(people, things())


@pytest.mark.parametrize(
    ("listed", "viewed", "code"),
    [
        ("", "title = 'a'", "PV705"),
        ("title = 'a'", "title = 'a' && ok = true", "PV705"),
        ("title = 'a'", None, ""),
        ("", None, ""),
        ("ok = true", f"ok = true || mine = {ME}", ""),
        ("ok = true", f"ok = true || {ME} != '' && sure = {ME}", ""),
        ("ok = true", f"ok = true || {ME} != ''", "PV706"),
        ("title = 'a'", "", "PV706"),
        (None, "", "PV706"),
        ("title = 'a' && ok = true", "ok = true", "PV706"),
        (None, "title = 'a'", ""),
        ("title = 'a'", "ok = true", ""),
        ("title = 'a' && ok = true", "ok=true && (title='a')", ""),
        (None, None, ""),
    ],
)
def test_list_and_view(listed: str | None, viewed: str | None, code: str) -> None:
    codes = {c for c, _ in found(accounts(), things(rules=Rules(list=listed, view=viewed)))}
    assert codes & {"PV705", "PV706"} == ({code} if code else set())


@pytest.mark.parametrize(
    ("indexes", "odd"),
    [
        ([index("title"), index("title", "ok")], "idx_things_title"),
        ([index("title DESC"), index("title", "ok")], "idx_things_title"),
        ([index("title"), index("title", unique=True, name="u")], "idx_things_title"),
        ([index("id")], "idx_things_id"),
        ([index("title"), index("title", unique=True, where="ok = 1", name="u")], ""),
        ([index("title", unique=True), index("title", "ok", name="b")], ""),
        ([index("ok"), index("title", "ok")], ""),
        ([index("title DESC", "ok"), index("title", "ok", "mine")], ""),
        ([index("title COLLATE NOCASE"), index("title", "ok")], ""),
        ([index("title", where="ok = 1"), index("title", "ok", where="`ok` = 1")], "idx_things_title"),
    ],
)
def test_indexes_that_are_never_needed(indexes: list[Any], odd: str) -> None:
    declared = things(indexes=[*indexes, index("mine"), index("sure")])
    assert {path for code, path in found(accounts(), declared) if code == "PV707"} == (
        {f"things@{odd}"} if odd else set()
    )


@pytest.mark.parametrize(
    ("rules", "odd"),
    [
        (Rules(list=Rules.owner("sure")), True),
        (Rules(list=Rules.any(Rules.owner("sure"), f"sure = {ME} && ok = true")), True),
        (Rules(list=Rules.any(Rules.owner("sure"), "ok = true")), False),
        (Rules(view=Rules.owner("sure")), False),
        (Rules(list=f"sure != {ME}"), False),
    ],
)
def test_a_list_that_is_filtered_by_a_relation(rules: Rules, odd: bool) -> None:
    assert (("PV708", "things.sure") in found(accounts(), things(rules=rules, indexes=[]))) == odd
    assert ("PV708", "things.sure") not in found(accounts(), things(rules=rules))


def test_one_index_is_enough_for_what_is_compared_together() -> None:
    both = Rules(list=f"mine = {ME} && sure = {ME}")
    assert ("PV708", "things.sure") in found(accounts(), things(rules=both, indexes=[]))
    declared = things(rules=both, indexes=[index("mine", "ok")])
    assert "PV708" not in {code for code, _ in found(accounts(), declared)}
    either = Rules(list=f"mine = {ME} && sure = {ME} || sure = {ME} && ok = true")
    assert ("PV708", "things.sure") in found(accounts(), things(rules=either, indexes=[index("mine")]))


@pytest.mark.parametrize(("required", "rule", "odd"), [
    (True, "view", False), (True, "update", False), (True, "create", True), (False, "view", True),
])  # fmt: skip
def test_a_record_that_is_found_from_the_other_side_by_itself(required: bool, rule: str, odd: bool) -> None:
    space = make(name="spaces", title=field.text())
    members = make(
        name="members", user=field.relation("accounts", required=required),
        space=field.relation("spaces", required=True),
        rules=Rules(**{rule: f"space.members_via_space.user ?= {ME}"}), indexes=[index("space")],
    )  # fmt: skip
    codes = {code for code, _ in found(accounts(team=field.text()), space, members)}
    assert ("PV704" in codes) == odd


def test_a_lookup_from_the_other_side() -> None:
    people = accounts(rules=Rules(view="things_via_mine.ok ?= true"))
    assert ("PV708", "things.mine") in found(people, things(indexes=[index("ok", "mine")]))
    assert ("PV708", "things.mine") not in found(people, things(indexes=[index("mine", "ok")]))


@pytest.mark.parametrize(
    ("name", "declared", "odd"),
    [
        ("n", field.number(required=True), "PV709"),
        ("n", field.number(required=True, min=0), "PV709"),
        ("n", field.number(required=True, min=1), ""),
        ("n", field.number(required=True, max=-1), ""),
        ("n", field.number(), ""),
        ("b", field.bool(required=True), "PV709"),
        ("t", field.text(required=True), ""),
        ("1st", field.text(), "PV710"),
        ("_", field.text(), "PV710"),
        ("__proto__", field.text(), "PV710"),
        ("_1", field.text(), ""),
    ],
)
def test_fields(name: str, declared: Any, odd: str) -> None:
    assert found(accounts(), things(fields={name: declared})) == ({(odd, f"things.{name}")} if odd else set())


@pytest.mark.parametrize(
    ("rule", "odd"),
    [("title (ok = true)", True), ("(ok = true) (title = 'a')", True), ("(ok = true) && title = 'a'", False)],
)
def test_a_part_that_is_read_over(rule: str, odd: bool) -> None:
    assert (("PV702", "things.viewRule") in found(accounts(), things(rules=Rules(view=rule)))) == odd


def test_a_view_of_unknown_columns_is_let_alone() -> None:
    view = make(
        View, "seen", query="SELECT id FROM things", rules=Rules(list=f"mine = {ME}", view=f"mine = {ME}")
    )
    assert found(accounts(), things(), view) == set()


def test_findings_are_told_in_the_order_of_the_files() -> None:
    places = [Location("b.py", 1), Location("a.py", 10), Location("a.py", 2), None]
    ordered = by_place(Finding("", "", place) for place in places)
    assert [problem.where for problem in ordered] == [None, places[2], places[1], places[0]]
