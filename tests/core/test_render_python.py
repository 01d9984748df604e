"""Schema to Python: what is written reads well, and declares the same, with the same ids."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from pocketvex.diff.compare import compare
from pocketvex.diff.operations import ChangeIndex, ChangeOption, Operation
from pocketvex.render.python.modules import Pulled, Style, render_python
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.model import Schema
from pocketvex.versions import NEWEST
from pulled import declared_by
from schemas import NASTY, World, build, worlds, written

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
SETS = sorted(path.stem for path in CORPUS.glob("*.json"))

Json = dict[str, Any]


def on_a_server(*collections: Json) -> Schema:
    """As a server would describe it: with all ids and all system fields."""
    schema = build_schema(from_dictionary({"collections": list(collections)}, lambda *_: None))
    return Schema.from_json(schema.to_json())


def text_of(*collections: Json, style: Style | None = None) -> str:
    pulled = render_python(on_a_server(*collections), style)
    assert_the_law(pulled, on_a_server(*collections))
    return "\n".join(module.text for module in pulled.modules)


def assert_the_law(pulled: Pulled, schema: Schema) -> None:
    again = declared_by(pulled.modules)
    assert compare(again, schema, ask=False, version=NEWEST).operations == []
    back = compare(schema, again, ask=False, version=NEWEST).operations
    assert [operation for operation in back if not is_the_servers(operation, schema)] == []
    new = {collection.name: collection for collection in again.with_ids().collections}
    for collection in schema.collections:
        if collection.system:
            continue
        mine = new[collection.name]
        assert mine.id == collection.id
        if collection.type != "view":
            ids = {field.name: field.id for field in collection.fields}
            assert {field.name: ids[field.name] for field in mine.fields} == {
                field.name: field.id for field in mine.fields
            }
            # Also where some of them are no attributes.
            declared = [field.name for field in mine.fields if not mine.is_system_field(field.name)]
            assert declared == [f.name for f in collection.fields if not mine.is_system_field(f.name)]


def is_the_servers(operation: Operation, schema: Schema) -> bool:
    """What the code need not say: options of a new server, and the indexes that it makes by itself."""
    if isinstance(operation, ChangeIndex) and operation.after is not None:
        collection = schema.collection(operation.collection)
        return collection is not None and collection.is_implied(operation.after)
    return isinstance(operation, ChangeOption)


def test_a_collection_as_a_person_writes_it() -> None:
    found = text_of(
        {"name": "users", "type": "auth", "fields": [{"name": "role", "type": "text", "max": 20}]},
        {
            "name": "blog_posts",
            "fields": [
                {"name": "title", "type": "text", "required": True, "max": 200},
                {"name": "slug", "type": "text", "required": True, "pattern": "^[a-z0-9-]+\\d$"},
                {"name": "status", "type": "select", "values": ["draft", "published"], "maxSelect": 1},
                {"name": "cover", "type": "file", "maxSize": 5 * 1024**2, "mimeTypes": ["image/png"]},
                {"name": "author", "type": "relation", "target": "users", "cascadeDelete": True},
                {"name": "parent", "type": "relation", "target": "blog_posts", "maxSelect": 3},
                {"name": "at", "type": "date", "min": "2020-01-01"},
                {"name": "class", "type": "number", "onlyInt": True},
                {"name": "created", "type": "autodate", "onCreate": True},
                {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
            ],
            "indexes": [
                "CREATE UNIQUE INDEX idx_blog_posts_slug_unique ON blog_posts (slug)",
                "CREATE INDEX idx_blog_posts_author_created ON blog_posts (author, created DESC)",
                "CREATE UNIQUE INDEX one_title ON blog_posts (lower(title)) WHERE title != ''",
            ],
            "listRule": "",
            "viewRule": "@request.auth.id != ''",
            "createRule": OWNER,
            "updateRule": f"({OWNER}) || @request.auth.role = 'it'",
        },
    )
    assert found == EXPECTED


OWNER = "@request.auth.id != '' && author = @request.auth.id"
EXPECTED = """from pocketvex import Auth, field


class Users(Auth):
    role = field.text(max=20)

from typing import ClassVar

from pocketvex import Base, Rules, field, index

from schema.users import Users


class BlogPosts(Base):
    title = field.text(required=True, max=200)
    slug = field.text(required=True, unique=True, pattern=r"^[a-z0-9-]+\\d$")
    status = field.select("draft", "published")
    cover = field.file(max_size="5MB", mime_types=["image/png"])
    author = field.relation(Users, cascade_delete=True)
    parent = field.relation("self", max=3)
    at = field.date(min="2020-01-01")
    fields: ClassVar = {"class": field.number(only_int=True)}
    created, updated = field.timestamps()

    rules = Rules(
        list=Rules.public(),
        view=Rules.authenticated(),
        create=Rules.owner("author"),
        update=Rules.any(Rules.owner("author"), Rules.role("it")),
    )
    indexes = (
        index("author", "created DESC"),
        index("lower(title)", unique=True, where="title != ''", name="one_title"),
    )
"""


def test_a_circle_is_broken_by_a_name() -> None:
    found = text_of(
        {"name": "a", "fields": [{"name": "b", "type": "relation", "target": "b"}]},
        {"name": "b", "fields": [{"name": "a", "type": "relation", "target": "a"}]},
    )
    assert 'field.relation("a")' in found
    assert "field.relation(B)" in found


def test_ids_stand_only_where_the_formula_gives_others() -> None:
    found = text_of(
        {"name": "tags", "id": "tags0123456789a", "fields": [
            {"name": "label", "type": "text", "id": "k3x9"}, {"name": "note", "type": "text"},
        ]},
    )  # fmt: skip
    assert 'class Tags(Base, id="tags0123456789a"):' in found
    assert 'label = field.text(id="k3x9")' in found
    assert "note = field.text()" in found


@pytest.mark.parametrize(
    "name",
    ["order", "Order", "9lives", "_x", "view", "BlogPosts", "none", "field", "v_2", "class", "__init__"],
)
def test_a_collection_may_have_any_name(name: str) -> None:
    text_of({"name": name, "fields": [{"name": "me", "type": "relation", "target": name}]})


def test_a_field_may_have_any_name() -> None:
    names = [
        "class", "9lives", "field", "rules", "indexes", "fields", "query", "collection_name", "__secret",
        "index", "env", "Tags", "none", "self", "mfa", "_x", "type", "abstract", "print",
    ]  # fmt: skip
    tags = {"name": "tags", "fields": [{"name": "label", "type": "text"}]}
    fields = [{"name": name, "type": "relation", "target": "tags"} for name in names]
    index = "CREATE INDEX idx_a ON a (`index`, `class`)"
    text_of(tags, {"name": "a", "fields": fields, "indexes": [index], "listRule": ""})


@pytest.mark.parametrize("nasty", [*NASTY, '"""', "\\", "a\\", "x" * 300, "\x00", "\ud7ff", "'\"'"])
def test_a_text_may_hold_anything(nasty: str) -> None:
    text_of(
        {
            "name": "a",
            "listRule": f"note != {json.dumps(nasty)}",
            "viewRule": f"note != {json.dumps(nasty)} && {json.dumps(nasty * 9)} != note",
            "fields": [
                {"name": "note", "type": "text", "help": nasty[:300], "pattern": nasty},
                {"name": "pick", "type": "select", "values": [nasty, "b"]},
            ],
        }
    )


def test_a_name_that_no_server_allows_is_no_code() -> None:
    name = "x(Base): pass\nimport os #/../"
    hostile = Schema.from_json(
        [{"name": name, "id": 'a"b', "type": "base", "fields": [{"name": "a\nb", "type": "text", "id": "c"}]}]
    )
    (module,) = render_python(hostile).modules
    assert re.fullmatch(r"\w+", module.name)
    statements = ast.parse(module.text).body
    assert [type(statement) for statement in statements] == [ast.ImportFrom, ast.ImportFrom, ast.ClassDef]
    assert repr(name)[1:-1] in module.text


def test_a_field_of_a_type_that_nobody_knows_is_left_out_and_named() -> None:
    fields = [{"name": "title", "type": "text"}, {"name": "v", "type": "vector", "size": 3}]
    pulled = render_python(Schema.from_json([{"name": "a", "type": "base", "fields": fields}]))
    assert pulled.left_out == ("a.v",)
    assert "vector" not in pulled.modules[0].text
    assert "title = field.text(" in pulled.modules[0].text


QUERIES = (
    "SELECT id FROM a",
    "select id\n    from a\n  where id != 'x'",
    "SELECT a.id, a.note, (SELECT COUNT(*) FROM b WHERE b.a = a.id) AS many, a.note AS another_name_for_it "
    "FROM a LEFT JOIN b ON b.a = a.id WHERE a.note != 'FROM here' GROUP BY a.id",
    'SELECT id, (\'"""\') AS odd, ("note") AS other FROM a\nWHERE note != \'\\\'',
    "SELECT id, ('two\n   lines') AS odd\n     FROM a",
    "SELECT id,\r\n\tnote,\r\n\t('back\\\\slash') AS odd\r\nFROM a ",
    "-- a comment\nSELECT id -- with 'a quote\nFROM a",
)


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_keeps_its_meaning(query: str) -> None:
    view = {"name": "v", "type": "view", "viewQuery": query}
    tables = [{"name": n, "fields": [{"name": "note", "type": "text"}]} for n in ("a", "b")]
    text_of(*tables, view)


def test_a_query_of_several_lines_keeps_them() -> None:
    query = "SELECT id,\n\t(note) AS one, \nFROM a"
    found = text_of({"name": "a"}, {"name": "v", "type": "view", "viewQuery": query})
    assert '    query = """\n        SELECT id,\n            (note) AS one,\n        FROM a\n    """' in found


def test_a_long_query_has_a_line_for_each_clause() -> None:
    found = text_of(
        *[{"name": n} for n in ("a", "b")], {"name": "v", "type": "view", "viewQuery": QUERIES[2]}
    )
    assert '    query = """\n        SELECT a.id' in found
    assert "\n        LEFT JOIN b ON b.a = a.id\n" in found


def test_accounts_say_what_differs_from_a_new_server() -> None:
    usual = on_a_server({"name": "m", "type": "auth", **ACCOUNT}).collections[0].auth
    changed = {
        **ACCOUNT, "otp": {"enabled": True, "duration": 300, "length": 8}, "authToken": {"duration": 604800},
        "authRule": "verified = true", "passwordAuth": {"enabled": False, "identityFields": ["email"]},
        "oauth2": {"enabled": True, "providers": [
            {"name": "github", "clientId": "x", "authURL": "https://example.com"},
        ], "mappedFields": {"name": ""}},
    }  # fmt: skip
    found = text_of({"name": "m", "type": "auth", **changed}, style=Style(usual={"": usual}))
    assert (
        found
        == """from typing import ClassVar

from pocketvex import Auth, env, field


class M(Auth):
    auth_rule = "verified = true"
    password_auth = False
    oauth2 = (
        {
            "name": "github",
            "client_id": "x",
            "client_secret": env("GITHUB_CLIENT_SECRET"),
            "auth_url": "https://example.com",
        },
    )
    otp: ClassVar = {"enabled": True, "duration": "5m"}
    tokens: ClassVar = {"auth": "7d"}
""".replace(", field", "")
    )
    assert text_of({"name": "m", "type": "auth", **ACCOUNT}, style=Style(usual={"": usual})) == (
        "from pocketvex import Auth\n\n\nclass M(Auth):\n    pass\n"
    )


ACCOUNT: Json = {
    "authRule": "", "manageRule": None, "otp": {"enabled": False, "duration": 180, "length": 8},
    "authToken": {"duration": 432000}, "passwordAuth": {"enabled": True, "identityFields": ["email"]},
    "oauth2": {"enabled": False, "providers": [], "mappedFields": {"name": ""}},
}  # fmt: skip


def test_fields_that_are_no_attributes_keep_their_place() -> None:
    names = ["a", "class", "created", "updated", "from", "b"]
    types = {"created": {"onCreate": True}, "updated": {"onCreate": True, "onUpdate": True}}
    fields = [{"name": n, "type": "autodate" if n in types else "text", **types.get(n, {})} for n in names]
    found = text_of({"name": "x", "fields": fields})
    assert (
        found
        == """from typing import ClassVar

from pocketvex import Base, field


class X(Base):
    a = field.text()
    fields: ClassVar = {
        "class": field.text(),
        "created": field.created(),
        "updated": field.updated(),
        "from": field.text(),
    }
    b = field.text()
"""
    )


def test_a_helper_says_it_whatever_the_quotes() -> None:
    rules = {
        "listRule": '@request.auth.id != ""',
        "viewRule": '@request.auth.id != "" && author = @request.auth.id',
        "createRule": '@request.auth.role = "it\'s"',
        "manageRule": '@request.auth.role = "admin"',
    }
    fields = [{"name": n, "type": "text"} for n in ("author", "role")]
    found = text_of({"name": "users", "type": "auth", "fields": fields, **rules})
    assert 'manage_rule = Rules.role("admin")' in found
    assert "list=Rules.authenticated()" in found
    assert 'view=Rules.owner("author")' in found
    assert "create='@request.auth.role = \"it\\'s\"'" in found


def test_a_module_is_called_as_its_class() -> None:
    pulled = render_python(on_a_server({"name": "MediaClipLabels"}))
    assert [module.name for module in pulled.modules] == ["media_clip_labels"]
    assert 'class MediaClipLabels(Base, name="MediaClipLabels"):' in pulled.modules[0].text


@settings(deadline=None, max_examples=150)
@given(worlds())
def test_any_schema_comes_back(world: World) -> None:
    schema = Schema.from_json(build(written(world)).to_json())
    for style in (Style(), Style(one_file="all", width=60), Style(package="")):
        assert_the_law(render_python(schema, style), schema)


@pytest.mark.skipif(not SETS, reason=f"there is no {CORPUS}")
def test_real_schemas_come_back_and_ruff_has_nothing_to_add(tmp_path: Path) -> None:
    for name in SETS:
        schema = Schema.from_json(json.loads((CORPUS / f"{name}.json").read_text(encoding="utf-8")))
        pulled = render_python(schema)
        assert_the_law(pulled, schema)
        folder = tmp_path / name / "schema"
        folder.mkdir(parents=True)
        for module in pulled.modules:
            (folder / f"{module.name}.py").write_text(module.text, encoding="utf-8")
        assert not pulled.left_out
    selected = ["--extend-select", "RUF,F,I,UP,W,B,C4,PIE,SIM", "--isolated"]
    for check in (["check", *selected], ["check", "--isolated"], ["format", "--check", "--isolated"]):
        for project in sorted(tmp_path.iterdir()):
            ran = subprocess.run(
                [sys.executable, "-m", "ruff", *check, "schema"], cwd=project, capture_output=True, text=True,
                check=False,
            )  # fmt: skip
            assert ran.returncode == 0, ran.stdout + ran.stderr
