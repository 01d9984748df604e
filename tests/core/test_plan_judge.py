"""Verdicts: one line a case, read as "this, to that, with so many rows: verdict, code, access"."""

from __future__ import annotations

from typing import Any

import pytest

from cases.changes import field, posts, relation, select, table, view
from pocketvex.diff.operations import DropCollection, DropField
from pocketvex.evidence.facts import Evidence, Fact, Found, NonZeroCount, RowCount, Unconvertible
from pocketvex.evidence.limits import narrows
from pocketvex.plan.codes import CODES
from pocketvex.plan.make import NeedsFacts, Plan, make_plan
from pocketvex.plan.verdicts import Access, Verdict
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.fields import FIELD
from pocketvex.schema.model import Schema
from pocketvex.versions import NEWEST

Json = dict[str, Any]


def schema(*collections: Json) -> Schema:
    return build_schema(from_dictionary(list(collections), lambda *_: None))


def live(*collections: Json) -> Schema:
    """The same as a server has it."""
    return Schema.from_json(schema(*collections).to_json())


class Facts(dict[Fact, int | None]):
    """So many rows in every table; so many of them hold a value, or stand in the way."""

    def __init__(self, rows: int | None, values: int | None) -> None:
        super().__init__()
        self.rows, self.values_ = rows, values

    def __contains__(self, fact: object) -> bool:
        return True

    def __missing__(self, fact: Fact) -> int | None:
        return self.rows if isinstance(fact, RowCount) else self.values_


def plan(after: list[Json], before: list[Json], rows: int | None = 3, values: int | None = 2) -> Plan:
    made = make_plan(schema(*after), live(*before), facts=Facts(rows, values), version=NEWEST)
    assert isinstance(made, Plan)
    return made


def only(after: list[Json], before: list[Json], rows: int | None = 3, values: int | None = 2) -> str:
    """The one verdict of a plan in words."""
    (change,) = plan(after, before, rows, values).changes
    judged = change.judgement
    return " ".join(filter(None, [judged.verdict, judged.code, judged.access]))


FIELDS: list[tuple[str, Json | None, Json | None, int | None, int | None, str]] = [
    # what                  before                after                  rows values  verdict
    ("new", None, field(), 3, 0, "safe PV101"),
    ("new required", None, field(required=True), 3, 0, "unsafe PV102"),
    ("new required, no rows", None, field(required=True), 0, 0, "safe PV102"),
    ("new required, unknown", None, field(required=True), None, None, "unsafe PV102"),
    ("gone", field(), None, 3, 2, "unsafe PV201"),
    ("gone, no values", field(), None, 3, 0, "harmless here PV201"),
    ("gone, unknown", field(), None, 3, None, "unsafe PV201"),
    ("gone, of the system", field(system=True), None, 3, 0, "unsafe PV201"),
    ("another type", field(), field("number"), 3, 2, "unsafe PV301"),
    ("another type, no values", field(), field("number"), 3, 0, "harmless here PV301"),
    ("another target", relation("posts"), relation("users"), 3, 1, "unsafe PV301"),
    ("max raised", field(max=5), field(max=9), 3, 3, "safe PV110"),
    ("max to the default", field(max=5), field(), 3, 3, "safe PV110"),
    ("max to more than the default", field(), field(max=6000), 3, 3, "safe PV110"),
    ("max lowered", field(max=9), field(max=5), 3, 3, "unsafe PV203"),
    ("max from the default", field(), field(max=5), 3, 3, "unsafe PV203"),
    ("max lowered, no values", field(), field(max=5), 3, 0, "harmless here PV203"),
    ("max lowered, no rows", field(), field(max=5), 0, 0, "safe PV203"),
    ("min raised", field(), field(min=2), 3, 3, "unsafe PV203"),
    ("min lowered", field(min=2), field(), 3, 3, "safe PV110"),
    ("a pattern", field(), field(pattern="^a"), 3, 3, "unsafe PV203"),
    ("a pattern less", field(pattern="^a"), field(), 3, 3, "safe PV110"),
    ("required", field(), field(required=True), 3, 3, "unsafe PV203"),
    ("required no more", field(required=True), field(), 3, 3, "safe PV110"),
    ("a least number", field("number"), field("number", min=0), 3, 3, "unsafe PV203"),
    ("no least number", field("number", min=0), field("number"), 3, 3, "safe PV110"),
    ("no greatest number", field("number", max=0), field("number"), 3, 3, "safe PV110"),
    ("whole numbers", field("number"), field("number", only_int=True), 3, 3, "unsafe PV203"),
    ("a last date", field("date"), field("date", max="2030-01-01"), 3, 3, "unsafe PV203"),
    ("no last date", field("date", max="2030-01-01"), field("date"), 3, 3, "safe PV110"),
    ("a domain", field("email"), field("email", only_domains=["a.b"]), 3, 3, "unsafe PV203"),
    ("one domain more", field("email", only_domains=["a.b"]), field("email", only_domains=["a.b", "c.d"]),
     3, 3, "safe PV110"),
    ("one domain forbidden", field("url"), field("url", except_domains=["a.b"]), 3, 3, "unsafe PV203"),
    ("a choice more", select("a"), select("a", "b"), 3, 3, "safe PV110"),
    ("the order of choices", select("a", "b"), select("b", "a"), 3, 3, "safe PV110"),
    ("a choice less that nobody holds", select("a", "b"), select("a"), 3, 0, "safe PV203"),
    ("a choice less, required", select("a", "b"), select("a", required=True), 3, 0, "harmless here PV203"),
    ("to a list", select("a", "b"), select("a", "b", max=2), 3, 3, "safe PV111"),
    ("to one", select("a", "b", max=2), select("a", "b"), 3, 3, "unsafe PV204"),
    ("to one, no values", select("a", "b", max=2), select("a", "b"), 3, 0, "harmless here PV204"),
    ("to a shorter list", relation("posts", max=5), relation("posts", max=3), 3, 3, "unsafe PV203"),
    ("cascade", relation("posts"), relation("posts", cascade_delete=True), 3, 3, "safe PV110"),
    ("larger files", field("file", max_size=5), field("file"), 3, 3, "safe PV110"),
    ("smaller files", field("file"), field("file", max_size=5), 3, 3, "safe PV110"),
    ("fewer types of files", field("file"), field("file", mime_types=["a/b"]), 3, 3, "safe PV110"),
    ("a type of files", field("file", mime_types=["a/b"]), field("file", mime_types=["a/b", "c/d"]), 3, 3,
     "safe PV110"),
    ("any type of files", field("file", mime_types=["a/b"]), field("file"), 3, 3, "safe PV110"),
    ("protected", field("file"), field("file", protected=True), 3, 3, "safe PV402 closes access"),
    ("protected no more", field("file", protected=True), field("file"), 3, 3, "safe PV401 opens access"),
    ("hidden", field(), field(hidden=True), 3, 3, "safe PV402 closes access"),
    ("visible", field(hidden=True), field(), 3, 3, "safe PV401 opens access"),
    ("visible, and narrower", field(hidden=True), field(max=5), 3, 3, "unsafe PV203 opens access"),
    ("presentable", field(), field(presentable=True), 3, 3, "safe PV110"),
    ("a longer password", field("password"), field("password", min=9), 3, 3, "safe PV110"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "before", "after", "rows", "values", "says"), FIELDS, ids=[f[0] for f in FIELDS]
)
def test_fields(
    what: str, before: Json | None, after: Json | None, rows: int | None, values: int | None, says: str
) -> None:
    users = table("users", type="auth")
    old = posts({"x": before} if before else None)
    new = posts({"x": after} if after else None)
    assert only([new, users], [old, users], rows, values) == says


UNIQUE = "CREATE UNIQUE INDEX `ix` ON `posts` (`title`)"
PLAIN = "CREATE INDEX `ix` ON `posts` (`title`)"
STUCK = "CREATE UNIQUE INDEX `ix` ON `posts` (`title`, `id`)"


@pytest.mark.parametrize(
    ("before", "after", "rows", "says"),
    [
        ([], [PLAIN], 3, "safe PV101"),
        ([PLAIN], [], 3, "safe PV205"),
        ([], [UNIQUE], 3, "impossible PV103"),
        ([], [UNIQUE], 1, "safe PV103"),
        ([], [UNIQUE], None, "unsafe PV103"),
        ([PLAIN], [UNIQUE], 3, "impossible PV103"),
        ([UNIQUE], [PLAIN], 3, "safe PV101"),
        ([UNIQUE], [], 3, "safe PV205"),
        ([STUCK], [], 3, "unsafe PV206"),
        ([STUCK], [PLAIN], 3, "unsafe PV206"),
    ],
)
def test_indexes(before: list[str], after: list[str], rows: int | None, says: str) -> None:
    values = None if rows is None else 2
    assert only([posts(indexes=after)], [posts(indexes=before)], rows, values) == says


def test_a_unique_index_over_rows_of_which_no_two_are_equal() -> None:
    assert only([posts(indexes=[UNIQUE])], [posts()], rows=3, values=0) == "safe PV103"


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (None, "", "safe PV401 opens access"),
        ("", None, "safe PV402 closes access"),
        (None, "id = 1", "safe PV401 opens access"),
        ("id = 1", "", "safe PV401 opens access"),
        ("id = 1", None, "safe PV402 closes access"),
        ("", "id = 1", "safe PV402 closes access"),
        ("id = 1", "id = 2", "safe PV401 opens access"),
        ("id = 1", "id = 1 && title = 2", "safe PV402 closes access"),
        ("id = 1", "(id = 1) && title = 2", "safe PV402 closes access"),
        ("id = 1", "id = 1 && title = 2 || id = 3", "safe PV401 opens access"),
        ("id = 1 // a", "id = 1 // a && b", "safe PV403"),
    ],
)
def test_rules(before: str | None, after: str | None, says: str) -> None:
    assert only([posts(listRule=after)], [posts(listRule=before)]) == says


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ({"authRule": ""}, {"authRule": None}, "safe PV402 closes access"),
        ({"authRule": "id = 1"}, {"authRule": ""}, "safe PV401 opens access"),
        ({"manageRule": None}, {"manageRule": "id = 1"}, "safe PV401 opens access"),
        ({"mfa": {"enabled": True}}, {"mfa": {"enabled": False}}, "safe PV401 opens access"),
        ({"mfa": {"enabled": False}}, {"mfa": {"enabled": True}}, "safe PV403"),
        ({"otp": {"enabled": False}}, {"otp": {"enabled": True}}, "safe PV401 opens access"),
        ({"otp": {"length": 8}}, {"otp": {"length": 4}}, "safe PV401 opens access"),
        ({"authToken": {"duration": 10}}, {"authToken": {"duration": 20}}, "safe PV403"),
        ({"passwordAuth": {"enabled": True}}, {"passwordAuth": {"enabled": False}}, "safe PV403"),
        ({"authToken": {"duration": 10}}, {}, ""),
    ],
)
def test_auth_options(before: Json, after: Json, says: str) -> None:
    old, new = ({"name": "people", "type": "auth", **options} for options in (before, after))
    found = [
        " ".join(filter(None, [c.judgement.verdict, c.judgement.code, c.judgement.access]))
        for c in plan([new], [old]).changes
    ]
    assert found == ([says] if says else [])


@pytest.mark.parametrize(
    ("before", "after", "rows", "says"),
    [
        ([], [posts()], 3, "safe PV101"),
        ([posts()], [], 3, "unsafe PV202"),
        ([posts()], [], 0, "harmless here PV202"),
        ([posts()], [], None, "unsafe PV202"),
        ([posts()], [posts() | {"name": "articles", "renamed_from": "posts"}], 3, "safe PV120"),
        ([posts()], [posts() | {"type": "auth"}], 3, "impossible PV501"),
    ],
)
def test_collections(before: list[Json], after: list[Json], rows: int | None, says: str) -> None:
    assert only(after, before, rows) == says


def test_evidence_and_dependants_are_named() -> None:
    before = [
        posts(
            {"x": "text", "x_y": "text"}, listRule="x != ''", indexes=["CREATE INDEX `ix` ON `posts` (`x`)"]
        ),
        table("comments", {"post": relation("posts")}, viewRule="post.x = 'a' && post.x_y = 1"),
        view("latest", "SELECT id, x FROM posts"),
    ]
    after = [posts(), table("comments", {"post": relation("posts")})]
    judged = {c.path: c.judgement for c in plan(after, before).changes}
    assert judged["posts.x"].evidence == Evidence(2, 3)
    assert judged["posts.x"].reason == (
        "field removed (named by posts:listRule, posts@ix, comments:viewRule, latest:query, changed with it)"
    )
    gone = {
        c.path: c.judgement for c in plan([table("comments")], [*before[:1], before[1], before[2]]).changes
    }
    assert (
        gone["posts"].reason == "collection removed (named by comments.post, latest:query, changed with it)"
    )


def test_a_relation_that_a_rule_follows_back_is_named() -> None:
    before = [
        posts(listRule="comments_via_post.text != ''"),
        table("comments", {"post": relation("posts"), "text": "text"}),
    ]
    for after, path in (
        ([posts(listRule=""), table("comments", {"text": "text"})], "comments.post"),
        ([posts(listRule="")], "comments"),
    ):
        reasons = {c.path: c.judgement.reason for c in plan(after, before).changes}
        assert reasons[path].endswith("removed (named by posts:listRule, changed with it)")


def test_what_a_view_of_somebody_else_reads_does_not_go_over_the_api() -> None:
    mine = view("mine", "SELECT id, x FROM posts")
    made = plan([posts(), mine], [posts({"x": "text"}), mine], values=0)
    assert [(c.path, c.judgement.verdict) for c in made.changes] == [("posts.x", Verdict.UNSAFE)]
    turned = plan([posts({"x": "number"}), mine], [posts({"x": "text"}), mine], values=0)
    assert [c.judgement.verdict for c in turned.changes] == [Verdict.UNSAFE]
    renamed = plan(
        [posts({"y": field(renamed_from="x")}), mine, view("other", "SELECT id, y FROM posts")],
        [posts({"x": "text"}), mine, view("other", "SELECT id, x FROM posts")],
    )
    said = {c.path: (c.judgement.verdict, c.judgement.reason) for c in renamed.changes}
    assert said["posts.y"] == (Verdict.UNSAFE, "renamed from x, which mine:query reads: not in the code")
    assert said["other:query"] == (Verdict.UNSAFE, "follows a rename (waits for posts.y)")


def test_what_only_follows_a_rename_changes_nobodys_access() -> None:
    before = [
        posts(listRule="title != '' && @request.auth.title = 'title'", indexes=[UNIQUE]),
        table("comments", {"post": relation("posts")}, listRule="@collection.posts.title ?= post.title"),
        view("latest", "SELECT id, title FROM posts WHERE title != 'title'", listRule=""),
    ]
    after = [
        table(
            "articles", {"headline": field(renamed_from="title")}, renamed_from="posts",
            listRule="headline != '' && @request.auth.title = 'title'",
            indexes=["CREATE UNIQUE INDEX `ix` ON `articles` (`headline`)"],
        ),
        table("comments", {"post": relation("articles")},
              listRule="@collection.articles.headline ?= post.headline"),
        view("latest", "SELECT id, headline FROM articles\nWHERE headline != 'title'", listRule=""),
    ]  # fmt: skip
    changes = plan(after, before).changes
    assert {c.judgement.code for c in changes} == {"PV120"}
    assert {c.judgement.access for c in changes} == {Access.SAME}
    assert {c.judgement.verdict for c in changes} == {Verdict.SAFE}


def test_a_rule_that_changes_with_a_rename_is_judged_as_a_rule() -> None:
    after = [table("posts", {"headline": field(renamed_from="title")}, listRule="")]
    said = {c.path: c.judgement.access for c in plan(after, [posts(listRule="title != ''")]).changes}
    assert said == {"posts.headline": Access.SAME, "posts:listRule": Access.OPENS}


def test_facts_are_asked_for_and_names_are_those_of_the_server() -> None:
    after = [table("articles", {"n": field("number")}, renamed_from="posts")]
    before = [posts({"n": "text"})]
    asked = make_plan(schema(*after), live(*before), facts={}, version=NEWEST)
    assert asked == NeedsFacts(frozenset({RowCount("posts")}))
    more = make_plan(schema(*after), live(*before), facts={RowCount("posts"): 2}, version=NEWEST)
    assert more == NeedsFacts(frozenset({NonZeroCount("posts", "title"), NonZeroCount("posts", "n")}))
    counted = {RowCount("posts"): 2, NonZeroCount("posts", "title"): 0, NonZeroCount("posts", "n"): 2}
    converts = Unconvertible("posts", "n", "number", "asNumber", (), (), "n")
    last = make_plan(schema(*after), live(*before), facts=counted, version=NEWEST)
    assert last == NeedsFacts(frozenset({converts}))
    found = Found(1, ("abc",), (("many", 1),))
    made = make_plan(schema(*after), live(*before), facts=counted | {converts: found}, version=NEWEST)
    assert isinstance(made, Plan)
    assert {c.path: c.judgement.evidence for c in made.changes if c.judgement.evidence} == {
        "articles.title": Evidence(0, 2),
        "articles.n": Evidence(1, 2, ("abc",), (("many", 1),)),
    }


def test_without_facts_nothing_is_asked_and_what_depends_on_them_is_unsafe() -> None:
    made = make_plan(
        schema(posts({"slug": field(required=True, renamed_from="")})),
        live(posts({"x": "number"}), table("tags")),
        version=NEWEST,
    )
    assert made.safe == ()
    assert {c.path: str(c.judgement.evidence) for c in made.unsafe} == dict.fromkeys(
        ("posts.slug", "posts.x", "tags"), "an unknown number of rows"
    )


def test_every_code_is_explained() -> None:
    seen = {says.split("PV")[1][:3] for *_, says in FIELDS}
    assert {f"PV{number}" for number in seen} <= CODES.keys()


@pytest.mark.parametrize(
    ("type_", "option", "before", "after", "narrower"),
    [
        ("text", "max", 0, 5000, False),
        ("text", "max", 5000, 4999, True),
        ("editor", "max_size", 0, 5 << 20, False),
        ("json", "max_size", 2_000_000, 0, True),
        ("number", "max", None, 5, True),
        ("number", "max", 5, None, False),
        ("date", "max", "", "2030", True),
        ("date", "min", "2020", "", False),
        ("password", "max", 71, 8, False),
        ("relation", "min_select", 0, 1, True),
        ("text", "help", "", "x", False),
    ],
)
def test_what_narrows(type_: str, option: str, before: Any, after: Any, narrower: bool) -> None:
    made = FIELD.validate_python({"name": "x", "type": type_})
    assert narrows(made, option, before, after) is narrower


def test_operations_say_what_they_touch() -> None:
    made = plan([], [posts(), view("v", "SELECT id FROM posts")])
    assert [type(c.operation) for c in made.changes] == [DropCollection, DropCollection]
    dropped = plan([posts()], [posts({"x": "text"})]).changes[0].operation
    assert isinstance(dropped, DropField)
    assert (dropped.path, dropped.after) == ("posts.x", "title")
