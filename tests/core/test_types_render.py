"""What single options and forms mean for the types, each as one line of the output."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pocketvex.schema.build import build_schema
from pocketvex.schema.fields import FIELD, FieldBase
from pocketvex.schema.model import Schema
from pocketvex.types.render import render_types


def base(*fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "things", "fields": list(fields), **more}


def of(type_: str, **options: Any) -> dict[str, Any]:
    return {"type": type_, "name": "x", **options}


def text_of(collection: dict[str, Any], **views: list[FieldBase]) -> str:
    return render_types(build_schema([collection]), view_fields=views)


def interface(text: str, name: str) -> str:
    """The body of one interface, without its comments."""
    body = text.split(f"export interface {name} {{\n")[1].split("}\n")[0]
    return re.sub(r"/\*\*.*?\*/\s*", "", body, flags=re.DOTALL).rstrip("\n")


READ_AND_WRITTEN = [
    (of("text"), "x: string;", "x?: string;"),
    (of("text", required=True), "x: string;", "x: string;"),
    (of("text", required=True, autogenerate_pattern="[a-z]{9}"), "x: string;", "x?: string;"),
    (of("bool", required=True), "x: boolean;", "x: true;"),
    (of("select", values=["a"]), 'x: ThingsX | "";', 'x?: ThingsX | "";'),
    (of("select", values=["a"], required=True), "x: ThingsX;", "x: ThingsX;"),
    (of("select", values=["a", "b"], max_select=2), "x: ThingsX[];", "x?: readonly ThingsX[];"),
    (of("relation", target="self", max_select=1), 'x: Id<"things"> | "";', 'x?: Id<"things"> | "";'),
    (of("relation", target="self", max_select=2), 'x: Id<"things">[];', 'x?: readonly Id<"things">[];'),
    (of("relation", target="_superusers"), 'x: Id<"_superusers"> | "";', 'x?: Id<"_superusers"> | "";'),
    (of("relation", target="_otps"), 'x: string | "";', 'x?: string | "";'),
    (of("file", required=True), "x: FileName;", "x: Upload;"),
    (of("date", required=True), "x: DateTime;", "x: DateTime | Date;"),
    (of("json", required=True), 'x: Json<"things.x">;', 'x: Json<"things.x">;'),
    (of("geoPoint", required=True), "x: GeoPoint;", "x: GeoPoint;"),
    (of("password", required=True), 'x: "";', "x: string;"),
]


@pytest.mark.parametrize(("field", "read", "written"), READ_AND_WRITTEN, ids=lambda v: str(v)[:60])
def test_a_field_as_it_is_read_and_written(field: dict[str, Any], read: str, written: str) -> None:
    text = text_of(base(field))
    assert f"  {read}\n" in interface(text, "ThingsRecord") + "\n"
    assert f"  {written}\n" in interface(text, "ThingsCreate") + "\n"


def test_what_is_hidden_is_not_read_and_need_not_be_written() -> None:
    text = text_of(base(of("text", hidden=True, required=True)))
    assert "x" not in re.findall(r"(\w+)\??:", interface(text, "ThingsRecord"))
    assert "x?: string" in interface(text, "ThingsCreate")
    assert "x?: string" in interface(text, "ThingsUpdate")


def test_an_autodate_is_never_written() -> None:
    text = text_of(base(of("autodate", on_create=True)))
    assert "x: DateTime;" in interface(text, "ThingsRecord")
    assert interface(text, "ThingsCreate").strip() == "id?: string;"
    assert interface(text, "ThingsUpdate").strip() == "[key: string]: never;"


def test_an_id_that_nobody_makes_is_required() -> None:
    plain = {"type": "text", "name": "id", "pattern": "^[a-z]+$", "primary_key": True, "required": True}
    assert "id: string;" in interface(text_of(base(plain)), "ThingsCreate")
    made = {**plain, "autogenerate_pattern": "[a-z]{9}"}
    assert "id?: string;" in interface(text_of(base(made)), "ThingsCreate")


def test_an_account_without_an_address() -> None:
    optional = base({"type": "email", "name": "email"}, type="auth")
    assert "email?: string;" in interface(text_of(optional), "ThingsCreate")
    assert "email: string;" in interface(text_of(base(type="auth")), "ThingsCreate")


def test_accounts_show_no_secret() -> None:
    text = text_of(base(type="auth"))
    assert "tokenKey" not in text
    assert "password" not in interface(text, "ThingsRecord").lower()


def test_a_comment_says_what_the_type_cannot() -> None:
    field = of("text", required=True, unique=True, min=3, max=200, pattern="^a*/$", help="Two\nlines */")
    limits = "required, unique, 3 to 200 characters, matches ^a*\\/$"
    assert f"  /**\n   * {limits}\n   * Two\n   * lines *\\/\n   */\n" in text_of(base(field))


COLUMNS: list[FieldBase] = [
    FIELD.validate_python({"type": "text", "name": "id", "required": True}),
    FIELD.validate_python({"type": "select", "name": "kind", "values": ["a"], "required": True}),
    FIELD.validate_python({"type": "json", "name": "total"}),
    FIELD.validate_python({"type": "text", "name": "secret", "hidden": True}),
]


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("SELECT id, kind, (1) AS total FROM _superusers", "ThingsKind"),
        ("SELECT s.id, t.kind, (1) AS total FROM _superusers s LEFT JOIN _otps t ON (1)", 'ThingsKind | ""'),
        ("SELECT id, kind, (SELECT 1) AS total FROM _superusers", 'ThingsKind | ""'),
        ("SELECT 'all' AS id, kind, count(id) AS total FROM _superusers", 'ThingsKind | ""'),
        ("SELECT id, kind, count(id) AS total FROM _superusers GROUP BY kind", "ThingsKind"),
    ],
)
def test_columns_of_a_view_are_read_only_and_may_be_empty_after_an_outer_join(query: str, kind: str) -> None:
    text = text_of({"name": "things", "type": "view", "viewQuery": query}, things=COLUMNS)
    assert interface(text, "ThingsRecord").split("\n  ") == [
        "  id: string;", "collectionId: string;", 'collectionName: "things";', f"kind: {kind};",
        'total: Json<"things.total">;',
    ]  # fmt: skip
    assert (
        'things: { kind: "view"; record: ThingsRecord; create: never; update: never; relations: {} };' in text
    )


def test_a_view_of_a_view_is_as_sure_as_that_one() -> None:
    outer = "SELECT s.id, t.kind, (1) AS total FROM _superusers s LEFT JOIN _otps t ON (1)"
    found = [
        {"name": "last", "type": "view", "viewQuery": "SELECT id, kind, total FROM middle"},
        {"name": "middle", "type": "view", "viewQuery": "SELECT id, kind, total FROM things"},
        {"name": "things", "type": "view", "viewQuery": outer},
    ]
    columns = dict.fromkeys(("things", "middle", "last"), COLUMNS)
    text = render_types(Schema.from_json(found), view_fields=columns)
    assert 'kind: LastKind | "";' in interface(text, "LastRecord")


def test_a_view_that_nobody_inferred_says_so() -> None:
    text = text_of({"name": "things", "type": "view", "viewQuery": "SELECT (1) AS id"})
    assert "[column: string]: unknown;" in interface(text, "ThingsRecord")
    assert "/** The columns are not known" in text


def test_of_what_every_server_has_only_superusers_are_shown() -> None:
    raw = [
        base(of("text")),
        {"name": "_superusers", "type": "auth", "fields": [of("text")]},
        {"name": "_otps"},
        {"name": "_pv_kept"},
    ]
    text = render_types(Schema.from_json(raw))
    assert text == text_of(base(of("text")))
    assert re.findall(r"export interface (\w+)Record", text) == ["Superusers", "Things"]


def digest(text: str) -> str:
    match = re.search(r"^// schema-hash: ([0-9a-f]{12})$", text, re.MULTILINE)
    assert match is not None
    return match[1]


VARIANTS = [
    base(),
    base(type="auth"),
    base(of("text")),
    base(of("text", help="a")),
    base(of("text", max=3)),
    base(of("text", unique=True)),
    base(of("text", autogenerate_pattern="[a-z]{9}")),
    base(of("email")),
    base(of("text", hidden=True)),
    base(of("select", values=["a", "b"])),
    base(of("select", values=["b", "a"])),
    base(of("select", values=["a", "b"], max_select=2)),
    base(of("json")),
    base(of("json", model={"type": "string"})),
    base(of("json", required=True, model={"type": "string"})),
    base(of("relation", target="self")),
    base(of("relation", target="_superusers")),
    base(of("autodate", on_create=True)),
    base(of("autodate", on_update=True)),
    {"name": "things", "type": "view", "viewQuery": "SELECT (1) AS id"},
]


def test_the_hash_tells_apart_what_the_types_tell_apart() -> None:
    texts = [text_of(variant) for variant in VARIANTS]
    assert len({digest(text) for text in texts}) == len(set(texts)) == len(VARIANTS)


def test_the_hash_does_not_see_what_the_types_do_not_depend_on() -> None:
    plain = base(of("relation", target="self", cascade_delete=False), of("file") | {"name": "f"})
    other = base(
        of("relation", target="self", cascade_delete=True, max_select=1, id="abc"),
        of("file", thumbs=["10x10"], max_select=1) | {"name": "f"},
        deleteRule="",
        id="pbc_1",
        indexes=["CREATE INDEX `i` ON `things` (`x`)"],
    )
    assert text_of(plain) == text_of(other)
