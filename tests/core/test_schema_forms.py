"""The class form, the dictionary form and exported JSON, and what is said where one is not quite met."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pocketvex.errors import SchemaError
from pocketvex.findings import Location
from pocketvex.schema import field
from pocketvex.schema.build import build_schema
from pocketvex.schema.declare import Auth, Base, View, declared, index, snake_case
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.ids import USERS_ID, collection_id
from pocketvex.schema.model import Collection, Schema, system_id
from pocketvex.schema.rules import Rules

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


@pytest.fixture(autouse=True)
def _declared_is_left_alone() -> Any:
    before = list(declared)
    yield
    declared[:] = before


def one(cls: type[Base] | dict[str, Any]) -> Collection:
    return build_schema([cls]).collections[0]


def messages(*written: type[Base] | dict[str, Any]) -> dict[str, str]:
    with pytest.raises(SchemaError) as caught:
        build_schema(written)
    return {problem.path: problem.message for problem in caught.value.problems}


def dictionary(written: Any) -> list[dict[str, Any]]:
    return from_dictionary(written, lambda collection, name: Location("s.py", 1))


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Posts", "posts"),
        ("BlogPosts", "blog_posts"),
        ("APIKeys", "api_keys"),
        ("V2Items", "v2_items"),
        ("a", "a"),
    ],
)
def test_snake_case(name: str, snake: str) -> None:
    assert snake_case(name) == snake


def test_class_arguments_mixins_and_abstract_bases() -> None:
    class Noted:
        note = field.text()
        fields = {"class": field.text()}

    class Stamped(Base, abstract=True):
        created, updated = field.timestamps()
        indexes = [index("created", name="by_created")]

    class BlogPosts(Noted, Stamped, name="Blog", id="b1", renamed_from="posts"):
        title = field.text()
        note = field.editor()
        fields = {"import": field.bool()}

    assert declared[-1] is BlogPosts
    assert Stamped not in declared
    blog = one(BlogPosts)
    assert (blog.name, blog.id, blog.renamed_from) == ("Blog", "b1", "posts")
    assert {f.name: f.type for f in blog.fields} == {
        "created": "autodate", "updated": "autodate", "note": "editor", "title": "text", "class": "text",
        "import": "bool",
    }  # fmt: skip
    assert blog.indexes[0].name == "by_created"


def test_a_subclass_drops_a_field_with_none() -> None:
    class First(Base):
        a = field.text()
        b = field.text()

    class Second(First):
        a = None

    assert [f.name for f in one(Second).fields] == ["b"]


def test_fields_may_be_called_like_options() -> None:
    class Odd(Base):
        rules = field.json()
        indexes = field.number()
        query = field.text()
        fields = field.bool()
        mfa = field.text()

    odd = one(Odd)
    assert {f.name for f in odd.fields} == {"rules", "indexes", "query", "fields", "mfa"}
    assert odd.rules() == dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule", "deleteRule"))


def test_the_line_of_a_class_with_hooks_of_its_own() -> None:
    class Hooked:
        def __init_subclass__(cls, **kwargs: Any) -> None:
            super().__init_subclass__(**kwargs)

    class Posts(Hooked, Base):
        a = field.text()

    source, of_field = one(Posts).source, one(Posts).fields[0].source
    assert source is not None
    assert of_field is not None
    assert (source.file, of_field.line - source.line) == (__file__, 1)


def test_relations_name_classes_names_and_themselves() -> None:
    class Users(Auth, name="Members"):
        friend = field.relation("self")

    class Posts(Base):
        author = field.relation(Users)
        editor = field.relation("members", max=3)

    schema = build_schema([Users, Posts])
    assert [f.target for f in schema.relations()] == ["Members"] * 3


def test_a_single_index_needs_no_list() -> None:
    class Posts(Base):
        a = field.text()
        indexes = index("a")

    assert [i.name for i in one(Posts).indexes] == ["idx_posts_a"]


def test_unique_is_an_index_that_leaves_empty_optional_values_alone() -> None:
    class Posts(Base):
        broken = field.relation("_mfas")
        a = field.text(unique=True)
        b = field.text(unique=True, required=True)
        c = field.number(unique=True)
        d = field.text(unique=True)
        indexes = [index("d", unique=True)]

    found = {i.name: i.sql("posts").partition("(")[2] for i in one(Posts).indexes}
    assert found == {
        "idx_posts_d": "`d`)",
        "idx_posts_a_unique": "`a`) WHERE `a` != ''",
        "idx_posts_b_unique": "`b`)",
        "idx_posts_c_unique": "`c`)",
    }


def make(base: type[Base] = Base, **attributes: Any) -> type[Base]:
    return type("Posts", (base,), attributes, abstract=True)  # type: ignore[call-overload, no-any-return]


NOT_QUITE: list[tuple[Any, str, str]] = [
    (
        make(rules="a = 1"),
        "posts",
        "`rules` takes Rules(list=…, view=…, create=…, update=…, delete=…), not 'a = 1'",
    ),
    (make(rules={"list": ""}), "posts", "`rules` takes Rules("),
    (make(rule=Rules()), "posts.rule", "the attribute is called `rules`"),
    (make(access=Rules()), "posts.access", "the attribute is called `rules`"),
    (make(index=[]), "posts.index", "did you mean `indexes`?"),
    (make(renamed_from="notes"), "posts.renamed_from", "`class …(…, renamed_from='notes')`"),
    (make(id="pbc_1"), "posts.id", "it is an argument of the class"),
    (make(name="memos"), "posts.name", "it is an argument of the class"),
    (make(View, sql="SELECT 1", query=""), "posts.query", "a view needs"),
    (make(indexs=(index("title"),)), "posts.indexs", "the attribute is called `indexes`"),
    (make(stamps=field.timestamps()), "posts.stamps", "unpack them"),
    (make(title=(field.text(),)), "posts.title", "with a comma after it"),
    (make(mixed=(field.text(), 1)), "posts.mixed", "unpack them"),
    (make(title=field.text), "posts.title", "is a field that is not called: write field.text()"),
    (make(fields=[field.text()]), "posts.fields", 'takes {"name": field.text(), …}'),
    (make(fields=3), "posts.fields", 'takes {"name": field.text(), …}'),
    (make(fields={"a": "text"}), "posts.a", "is not a field: 'text'"),
    (
        make(t=field.text(requierd=True)),
        "posts.t",
        "a text field has no option 'requierd': did you mean 'required'?",
    ),  # type: ignore[call-arg]
    (make(t=field.select("a", maxx=1)), "posts.t", "did you mean 'max'?"),  # type: ignore[call-arg]
    (make(t=field.bool(zzz=1)), "posts.t", "it takes only what every field takes"),  # type: ignore[call-arg]
    (make(t=field.text(max="5")), "", ""),
    (make(t=field.text(max="five")), "posts.t.max", "not 'five'"),  # type: ignore[arg-type]
    (make(t=field.editor(max_size="5 parsecs")), "posts.t.max_size", "is not a size like"),
    (make(t=field.relation(5)), "posts.t", "a relation's target is a collection class, a name, or 'self'"),  # type: ignore[arg-type]
    (make(t=field.json(5)), "posts.t", "5 is no model that JSON can hold"),
]


@pytest.mark.parametrize(("cls", "path", "message"), NOT_QUITE)
def test_what_to_write_instead(cls: type[Base], path: str, message: str) -> None:
    if not message:
        build_schema([cls])
        return
    found = messages(cls)
    assert message in found.get(path, str(found))


def test_unknown_class_arguments() -> None:
    with pytest.raises(TypeError, match="a collection takes name, id, renamed_from and abstract, not nmae"):
        type("Posts", (Base,), {}, nmae="x")  # type: ignore[call-overload]


def test_dates_as_people_write_them() -> None:
    moment = datetime(2024, 1, 2, 3, tzinfo=UTC)
    value = one(make(d=field.date(min=moment, max="2030-01-01"))).fields[0].options()
    assert (value["min"], value["max"]) == ("2024-01-02 03:00:00.000Z", "2030-01-01 00:00:00.000Z")


POSTS = {
    "name": "posts", "type": "base",
    "fields": [
        {"name": "title", "type": "text", "required": True, "max": 9},
        {"name": "kind", "type": "select", "values": ["a", "b"], "maxSelect": 2},
        {"name": "up", "type": "relation", "collectionId": "posts", "cascadeDelete": True, "maxSelect": 1},
    ],
    "indexes": ["CREATE INDEX i ON posts (title)"],
    "listRule": "", "viewRule": "title != ''",
}  # fmt: skip
NESTED = {
    "name": "posts", "type": "base",
    "schema": {
        "title": {"type": "text", "required": True, "options": {"max": 9}},
        "kind": {"type": "select", "options": {"values": ["a", "b"], "max_select": 2}},
        "up": {"type": "relation", "options": {"collection": "self", "cascade_delete": True, "maxSelect": 1}},
    },
    "indexes": ["CREATE INDEX i ON posts (title)"],
    "rules": {"list": "", "view": "title != ''"},
}  # fmt: skip
MIXED = {
    **POSTS, "fields": [
        field.text(required=True, max=9).as_dict("title"),
        POSTS["fields"][1], {**POSTS["fields"][2], "collectionId": "", "target": "self"},  # type: ignore[index, dict-item]
    ],
}  # fmt: skip


@pytest.mark.parametrize("written", [[POSTS], {"collections": [POSTS]}, POSTS, NESTED, [MIXED]])
def test_every_spelling_of_the_dictionary_form(written: Any) -> None:
    (posts,) = build_schema(dictionary(written)).collections
    (plain,) = build_schema(dictionary(POSTS)).collections
    assert [f.options() | {"collection_id": ""} for f in posts.fields] == [
        f.options() | {"collection_id": ""} for f in plain.fields
    ]
    assert (posts.rules(), posts.indexes) == (plain.rules(), plain.indexes)
    assert (posts.list_rule, posts.view_rule, posts.create_rule) == ("", "title != ''", None)


def test_snake_case_rules_and_auth_options() -> None:
    users = {
        "name": "users", "type": "auth", "list_rule": "", "rules": {"manage": "id = 'x'", "updateRule": ""},
        "authRule": "verified = true", "options": {"auth_token": {"duration": "1d"}}, "renamedFrom": "people",
    }  # fmt: skip
    (found,) = build_schema(dictionary(users)).collections
    assert (found.list_rule, found.update_rule, found.renamed_from) == ("", "", "people")
    assert found.auth == {
        "manageRule": "id = 'x'",
        "authRule": "verified = true",
        "authToken": {"duration": 86400},
    }


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"name": "a", "fiels": []}, "a collection has no 'fiels': did you mean 'fields'?"),
        ({"name": "a", "rules": {"lst": ""}}, "a collection has no 'lst'"),
        ({"name": "a", "rules": "x"}, "`rules` takes"),
        ({"name": "a", "fields": 5}, "is a list, not 5"),
        ({"name": "a", "fields": [5]}, "is not a field: 5"),
        ({"name": "a", "indexes": "x"}, "is a list, not 'x'"),
        ({"name": "a", "type": "bse"}, "input should be 'base', 'auth' or 'view', not 'bse'"),
        (
            {"name": "a", "fields": [{"name": "t", "type": "txt"}]},
            "no field type 'txt': did you mean 'text'?",
        ),
        ({"name": "a", "fields": [{"name": "t", "type": "text", "maxx": 1}]}, "did you mean 'max'?"),
        ({"fields": []}, "a name is 1 to 255"),
        ({"name": "a", "listRule": 5}, "input should be a valid string, not 5"),
    ],
)
def test_broken_dictionaries(written: Any, message: str) -> None:
    assert message in "\n".join(messages(*dictionary(written)).values())


@pytest.mark.parametrize("written", [5, "x", [5], {"collections": {"a": 1}.keys()}])
def test_no_dictionary_form_at_all(written: Any) -> None:
    with pytest.raises(SchemaError, match="a schema in the dictionary form is"):
        dictionary(written)


def test_views_take_their_fields_from_the_query() -> None:
    view = {
        "name": "v",
        "type": "view",
        "fields": POSTS["fields"],
        "options": {"query": "SELECT id FROM _mfas"},
    }
    (found,) = build_schema(dictionary(view)).collections
    assert (found.fields, found.view_query) == ([], "SELECT id FROM _mfas")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real schemas is not beside this checkout")
@pytest.mark.parametrize("file", sorted(CORPUS.glob("*.json")), ids=lambda path: path.stem)
def test_real_exports_load_as_the_server_has_them(file: Path) -> None:
    raw = json.loads(file.read_text(encoding="utf-8"))
    declared_ = build_schema(dictionary(raw))
    server = Schema.from_json(raw)
    for collection in declared_.collections:
        there = server.collection(collection.name)
        assert there is not None
        assert collection.rules() == there.rules()
        assert {i.meaning() for i in collection.indexes} == {i.meaning() for i in there.indexes}
        if collection.type != "view":
            assert {f.name: f.options() for f in collection.fields} == {
                f.name: f.options() for f in there.fields
            }
            assert {f.name: f.id for f in collection.fields} == {f.name: f.id for f in there.fields}
    for ours in declared_.relations():
        assert server.collection(ours.target) is not None


def test_an_export_of_some_collections_points_at_the_others_by_their_ids() -> None:
    def relation(name: str, id: str) -> dict[str, object]:
        return {"name": name, "type": "relation", "collectionId": id, "maxSelect": 1}

    tags_id = collection_id("base", "tags")
    fields = [
        relation("user", USERS_ID),
        relation("tag", tags_id),
        relation("root", system_id("_superusers")),
        relation("own", "abcdefghi012345"),
    ]
    export: list[dict[str, object]] = [{"name": "a", "id": "pbc_a", "type": "base", "fields": fields}]
    own = {"name": "mine", "id": "abcdefghi012345", "fields": []}
    for users in ({"name": "users", "type": "auth"}, {"name": "People", "type": "auth", "id": USERS_ID}):
        schema = build_schema(from_dictionary([*export, own, users, {"name": "tags"}], lambda *_: None))
        assert [r.target for r in schema.relations()] == [users["name"], "tags", "_superusers", "mine"]
        ids = {f["name"]: f["collectionId"] for f in schema.to_json()[0]["fields"]}
        assert ids == {f["name"]: f["collectionId"] for f in fields}
    with pytest.raises(SchemaError) as raised:
        build_schema(from_dictionary(export, lambda *_: None))
    assert [str(p).partition(": declare")[0] for p in raised.value.problems] == [
        "a.user: no collection 'users'",
        f"a.tag: no collection '{tags_id}'",
        "a.own: no collection 'abcdefghi012345'",
    ]
