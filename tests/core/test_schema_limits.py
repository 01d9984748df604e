"""Each limit of PocketBase, one row each: the declaration, and what is said about it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from pocketvex.errors import SchemaError
from pocketvex.findings import Finding
from pocketvex.rules.check import rule_problems
from pocketvex.schema import field
from pocketvex.schema.build import build_schema
from pocketvex.schema.declare import Auth, Base, FieldDeclaration, View, env, index
from pocketvex.schema.limits import odd, refused
from pocketvex.schema.rules import Rules
from pocketvex.schema.validate import for_server
from pocketvex.schema.views import sources


def problems(*classes: type[Base] | dict[str, Any], held: bool | None = None) -> dict[str, str]:
    """What is said of it; `held`: whether only what a server may hold is wanted, or only what it may not."""
    found: tuple[Finding, ...] = ()
    try:
        schema = build_schema(classes)
    except SchemaError as error:
        found = () if held else error.problems
    else:
        found = () if held is False else (
            *refused(schema), *odd(schema), *rule_problems(schema, (0, 40, 6))
        )  # fmt: skip
    assert all(problem.where for problem in found)
    return {problem.path: problem.message for problem in found}


def make(base: type[Base] = Base, /, name: str = "things", **attributes: Any) -> type[Base]:
    """A class with these attributes, as a class statement would make it."""
    kwargs = {key: attributes.pop(key) for key in ("id", "renamed_from") if key in attributes}
    kwargs |= {"name": name, "abstract": True}
    return type("Things", (base,), attributes, **kwargs)  # type: ignore


FIELDS: list[tuple[FieldDeclaration, str]] = [
    (field.text(min=-1), "min must be between 0"),
    (field.text(max=2**53), "max must be between 0 and 9007199254740991"),
    (field.text(min=5, max=4), "max (4) is less than min (5)"),
    (field.text(pattern="(?=a)"), "RE2"),
    (field.text(pattern="(?<!a)b"), "RE2"),
    (field.text(pattern=r"(a)\1"), "RE2"),
    (field.text(help="x" * 301), "help has at most 300"),
    (field.text(id="x" * 101), "an id has at most 100"),
    (field.password(max=72), "max must be between 0 and 71"),
    (field.password(cost=3), "cost must be between 4 and 31"),
    (field.password(cost=32), "cost must be between 4 and 31"),
    (field.editor(max_size=-1), "max_size must be between"),
    (field.json(max_size=2**53), "max_size must be between"),
    (field.number(min=2, max=1), "max (1) is less than min (2)"),
    (field.number(min=0.5, only_int=True), "min must be a whole number"),
    (field.number(max=math.inf), "max must be a finite number"),
    (field.number(min=math.nan), "min must be a finite number"),
    (field.email(only_domains=["a.de"], except_domains=["b.de"]), "exclude each other"),
    (field.email(only_domains=["not a domain"]), "'not a domain' is not a domain"),
    (field.url(except_domains=["-a.de"]), "is not a domain"),
    (field.url(except_domains=["localhost"]), "'localhost' is not a domain"),
    (field.url(except_domains=["EXAMPLE.com"]), "'EXAMPLE.com' matches no address"),
    (field.url(except_domains=["example.com."]), "'example.com.' is not a domain"),
    (field.url(except_domains=["a_b.com"]), "'a_b.com' is not a domain"),
    (field.date(min="yesterday"), "'yesterday' is not a date"),
    (field.date(min="2024-02-01", max="2024-01-01"), "max is before min"),
    (field.autodate(), "needs on_create, on_update, or both"),
    (field.autodate(on_create=True, required=True), "neither `required` nor `help`"),
    (field.created(help="x"), "neither `required` nor `help`"),
    (field.select(), "needs values"),
    (field.select("a", ""), "an empty text is one of the values"),
    (field.select("a", "a"), "stands twice"),
    (field.select("a", max=2), "max (2) is more than there are values (1)"),
    (field.select("a", max=-1), "max must be between"),
    (field.file(max=-1), "max must be between"),
    (field.file(max_size=-1), "max_size must be between"),
    (field.file(thumbs=["0x0"]), "'0x0' is not a thumb size"),
    (field.file(thumbs=["100x100z"]), "is not a thumb size"),
    (field.relation("self", min=2), "max (1) is less than min (2)"),
    (field.relation("self", min=-1), "min must be between"),
    (field.relation("nowhere"), "schema pull nowhere"),
    (field.relation(""), "a relation needs a target"),
    (field.relation("a_view"), "cannot point at a view"),
]


@pytest.mark.parametrize(("declared", "message"), FIELDS, ids=lambda v: v if isinstance(v, str) else v.type)
def test_field_limits(declared: FieldDeclaration, message: str) -> None:
    view = make(View, "a_view", query="SELECT id FROM things")
    found = problems(make(f=declared), view, held=message not in NOWHERE)
    assert list(found) == ["things.f"]
    assert message in found["things.f"]


NOWHERE = (
    "neither `required` nor `help`", "schema pull nowhere", "a relation needs a target",
    "an id has at most 100",
)  # fmt: skip
"""What no server can hold, so that no project with it is loaded."""

FINE = [
    field.text(min=1, max=0),
    field.text(pattern=r"^(?:a|b)\\1\d$"),
    field.text(help="x" * 300, id="x" * 100),
    field.password(min=8, max=71, cost=31),
    field.number(min=-2.5, max=-2.5),
    field.number(min=1.0, only_int=True),
    field.email(only_domains=["a.de", "x-y.co.uk"]),
    field.date(min="2024-01-01", max="2024-01-01 10:00:00"),
    field.select("a", "b", max=2),
    field.file(max=99, thumbs=["100x100", "0x50", "50x0", "100x100t", "1x1b", "1x1f"]),
    field.relation("_superusers"),
    field.relation("THINGS"),
]


@pytest.mark.parametrize("declared", FINE, ids=lambda v: v.type)
def test_what_is_just_within_the_limits(declared: FieldDeclaration) -> None:
    assert problems(make(f=declared)) == {}


NAMES = {
    "a-b": "a field's name is 1 to 100", "ä": "a field's name is", "x" * 101: "a field's name is",
    "": "a field's name is", "null": "keeps for itself", "Expand": "keeps for itself",
    "collectionId": "keeps",
    "_rowid_": "keeps for itself", "a_via_b": "back-relation",
}  # fmt: skip


@pytest.mark.parametrize(("name", "message"), NAMES.items())
def test_field_names(name: str, message: str) -> None:
    (found,) = problems(make(fields={name: field.text()})).values()
    assert message in found


TEXT = {"t": field.text(), "u": field.text(unique=True)}
COLLECTIONS: list[tuple[type[Base], str, str]] = [
    (make(name="a b"), "a b", "a name is 1 to 255"),
    (make(name="x" * 256), "x" * 256, "a name is 1 to 255"),
    (make(name="a_via_b"), "a_via_b", "back-relation"),
    (make(name="_migrations"), "_migrations", "internal table"),
    (make(name="sqlite_x"), "sqlite_x", "internal table"),
    (make(name="_pv_x"), "_pv_x", "PocketVex's own"),
    (make(id="a b"), "things.id", "an id is 1 to 100"),
    (make(fields={"a": field.text(), "A": field.text()}), "things.A", "is declared twice"),
    (make(fields={"a": field.text(id="x"), "b": field.text(id="x")}), "things.b", "id of another field"),
    (make(query="SELECT 1"), "things.query", "a base collection has no query"),
    (make(View), "things.query", "a view needs `query"),
    (make(View, query="SELECT id FROM nowhere"), "things.query", "no collection 'nowhere'"),
    (make(View, query="SELECT id FROM _mfas, nowhere"), "things.query", "no collection 'nowhere'"),
    (make(View, query="SELECT id FROM _mfas", t=field.text()), "things.fields", "come from its query"),
    (make(View, query="SELECT id FROM _mfas", indexes=[index("id")]), "things.indexes", "has no indexes"),
    (make(View, query="SELECT id FROM _mfas", rules=Rules(create="")), "things.createRule", "read-only"),
    (make(rules=Rules(list=" ")), "things.listRule", "is empty: use"),
    (make(rules=Rules(list="@request.data.a = 1")), "things.listRule", "it is @request.body since"),
    (make(rules=Rules(view="a = 1 and b = 2")), "things.viewRule", "use &&"),
    (make(rules=Rules(view="a = 1 OR b = 2")), "things.viewRule", "use ||"),
    (make(**TEXT, indexes=[index("lost")]), "things.indexes", "no field 'lost'"),
    (make(**TEXT, indexes=[index("tt")]), "things.indexes", "did you mean 't'?"),
    (make(**TEXT, indexes=[index("t", name="i"), index("u", name="I")]), "things.indexes", "I stands twice"),
    (make(**TEXT, indexes=[index("t"), index("t", name="other")]), "things.indexes", "is the same as"),
    (make(indexes=["CREATE TABLE x"]), "things.indexes", "not a CREATE INDEX statement"),
    (make(indexes=[5]), "things.indexes", "not an index: 5"),
    (make(indexes=5), "things.indexes", "is a list, not 5"),
    (make(auth_rule="x = 1"), "things", "auth_rule is for auth collections only"),
    (make(Auth, passwordConfirm=field.text()), "things.passwordConfirm", "keeps for sign-up"),
    (make(Auth, manage_rule=""), "things.manage_rule", "cannot be public"),
    (make(Auth, auth_rule="a = 1 and b = 2"), "things.authRule", "use &&"),
    (make(Auth, tokens={"auth": 9}), "things.authToken", "10 seconds"),
    (make(Auth, tokens={"aut": 9}), "things", "tokens has no 'aut': did you mean 'auth'?"),
    (make(Auth, tokens={"auth": "soon"}), "things.authToken.duration", "is not a duration"),
    (
        make(Auth, templates={"verification": {"subject": "x", "body": ""}}),
        "things.verificationTemplate",
        "empty",
    ),
    (make(Auth, otp={"enabled": True, "duration": 5}), "things.otp", "10 to 86400"),
    (make(Auth, otp={"enabled": True, "length": 3}), "things.otp", "length at least 4"),
    (make(Auth, otp={"lenght": 3}), "things.otp", "no option 'lenght': did you mean 'length'?"),
    (make(Auth, oauth2=[{"name": "g", "client_secret": "x"}]), "things.oauth2", 'use env("NAME")'),
    (make(Auth, password_auth=[]), "things.password_auth", "at least one identity field"),
    (make(Auth, password_auth=["gone"]), "things.password_auth", "no field 'gone'"),
    (make(Auth, password_auth=["t"], t=field.text()), "things.password_auth", "unique index of its own"),
]


HELD = (
    "no collection 'nowhere'", "read-only", "is the same as", "cannot be public", "10 seconds", "empty",
    "10 to 86400", "length at least 4", "at least one identity field", "no field 'gone'",
    "unique index of its own", "is empty: use", "it is @request.body since", "use &&", "use ||",
)  # fmt: skip
"""What a server may hold."""


@pytest.mark.parametrize(
    ("declared", "path", "message"), COLLECTIONS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_collection_limits(declared: type[Base], path: str, message: str) -> None:
    found = problems(declared)
    assert message in found[path]
    assert len(found) == 1
    assert problems(declared, held=True) == (found if message in HELD else {})


@pytest.mark.parametrize(
    "query",
    [
        "SELECT max(id) AS id, count(id) AS n FROM _mfas GROUP BY method, recordRef",
        "SELECT id, method FROM _mfas ORDER BY created, id",
        "SELECT u.id, u.x FROM (SELECT id, method AS x FROM _mfas UNION SELECT id, fingerprint AS x"
        " FROM _authOrigins) u",
    ],
)
def test_what_a_query_reads_is_what_stands_behind_from(query: str) -> None:
    assert problems(make(View, query=query)) == {}


def test_auth_that_is_fine() -> None:
    users = make(
        Auth, "users", nick=field.text(unique=True, required=True), password_auth=["email", "nick"],
        oauth2=[{"name": "g", "client_id": "x", "client_secret": env("S")}], otp=True, mfa={"duration": "5m"},
        auth_alert=False, tokens={"auth": "7d"}, manage_rule=None, auth_rule="",
    )  # fmt: skip
    (collection,) = build_schema([users]).collections
    assert collection.auth["authToken"] == {"duration": 604800}
    assert collection.auth["passwordAuth"] == {"enabled": True, "identityFields": ["email", "nick"]}
    assert collection.auth["authAlert"] == {"enabled": False}
    assert (collection.auth["authRule"], collection.auth["manageRule"]) == ("", None)


def test_all_problems_at_once() -> None:
    found = problems(
        make(name="one", good=field.text(), bad=field.number(min="x"), indexes=[index("bad")]),  # type: ignore[arg-type]
        make(name="two", r=field.relation("one"), s=field.select(), rules=Rules(list=5)),  # type: ignore[arg-type]
        make(name="three", a=field.relation("two"), b=field.relation("gone"), c=field.text(maxx=1)),  # type: ignore[call-arg]
    )
    assert sorted(found) == ["one.bad.min", "three.b", "three.c", "two.listRule"]


def test_identity_fields_are_looked_at_while_passwords_are_on() -> None:
    names = {"identity_fields": ["email", "gone"]}
    on = build_schema([make(Auth, password_auth={"enabled": True, **names})])
    off = build_schema([make(Auth, password_auth={"enabled": False, **names})])
    assert ([p.message for p in refused(on)], odd(on)) == (["no field 'gone'"], [])
    assert refused(off) == []
    assert [p.message for p in odd(off)] == ["no field 'gone': passwords can not be switched on like that"]


@pytest.mark.parametrize(
    "table", ["_collections", "_params", "_migrations", "sqlite_master", "main.things", "pragma_table_list"]
)
def test_a_view_may_read_what_is_no_collection(table: str) -> None:
    seen = make(View, "seen", query=f"SELECT t.id FROM {table} t")
    assert problems(make(name="things"), seen) == {}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM things WHERE name IS NOT DISTINCT FROM other",
        "SELECT q.id FROM (WITH q(id) AS (SELECT id FROM things) SELECT id FROM q) q",
        'WITH RECURSIVE a AS MATERIALIZED (SELECT id FROM [things]), "b" (id) AS (SELECT id FROM a) '
        "SELECT id FROM b",
        "SELECT t.id FROM main . `things` AS t, main.things o, json_each(t.x) e",
    ],
)
def test_which_tables_a_query_reads(query: str) -> None:
    assert sources(query) == {"things"}


def test_names_that_differ_in_case_only() -> None:
    message = problems(make(name="a"), make(name="A"))["A"]
    assert message.startswith("is declared twice, also at ")
    assert message.endswith(" as a: case makes no difference")


def test_index_names_are_taken_across_collections() -> None:
    one, two = (make(name=n, t=field.text(), indexes=[index("t", name="i")]) for n in ("a", "b"))
    assert problems(one, two)["b.indexes"] == "the name i is taken in a"


def test_what_an_older_server_does_not_have() -> None:
    schema = build_schema(
        [make(p=field.geo_point(), t=field.text(), indexes=[index("t", where="(t != '')")])]
    )
    assert [p.path for p in for_server(schema, (0, 26, 9))] == ["things.p", "things.indexes"]
    assert [p.path for p in for_server(schema, (0, 27, 0))] == ["things.indexes"]
    assert for_server(schema, (0, 40, 3)) == []
