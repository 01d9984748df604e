"""The typed client over a small schema: code that uses it, and what its mistakes say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel
from test_types_hostile import HOSTILE

import node
from pocketvex.schema import field
from pocketvex.schema.build import build_schema
from pocketvex.schema.declare import Auth, Base, Rules, View
from pocketvex.schema.fields import FieldBase, NumberField, RelationField, TextField
from pocketvex.schema.model import Schema
from pocketvex.types.render import render_client, render_types
from typescript import OLDER, STRICT, STRICTER, VERSIONS, tsc

HERE = Path(__file__).parents[1] / "types" / "client"

PUBLIC = Rules(list="", view="", create="", update="", delete="")


class Settings(BaseModel):
    theme: Literal["light", "dark"]
    digest: bool = False


class Users(Auth):
    name = field.text()
    avatar = field.file()
    role = field.select("admin", "editor", "viewer", required=True)
    settings = field.json(Settings)
    created, updated = field.timestamps()
    rules = PUBLIC


class Categories(Base):
    name = field.text(required=True)
    parent = field.relation("self")
    rules = PUBLIC


class Tags(Base):
    name = field.text(required=True)
    rules = PUBLIC


class Posts(Base):
    title = field.text(required=True, min=3, max=200)
    slug = field.text(required=True, unique=True, pattern="^[a-z0-9-]+$")
    content = field.editor()
    status = field.select("draft", "published", "archived", required=True)
    author = field.relation(Users, required=True)
    category = field.relation(Categories)
    tags = field.relation(Tags, max=10)
    cover = field.file()
    gallery = field.file(max=10)
    views = field.number()
    featured = field.bool()
    place = field.geo_point()
    meta = field.json()
    published_at = field.date()
    created, updated = field.timestamps()
    rules = PUBLIC


class Comments(Base):
    body = field.text(required=True)
    author = field.relation(Users, required=True)
    post = field.relation(Posts, required=True, cascade_delete=True)
    created = field.created()
    rules = PUBLIC


class Accounts(Base):
    iban = field.text()
    rules = Rules(view=Rules.authenticated())


class Ledger(Base):
    entry = field.text()


class Profiles(Base):
    user = field.relation(Users, required=True, unique=True)
    account = field.relation(Accounts, required=True)
    entry = field.relation(Ledger, required=True)
    bio = field.text()
    rules = Rules(view="", list="")


class PostStats(View):
    query = (
        "SELECT p.id, p.id AS post, count(c.id) AS comments "
        "FROM posts p LEFT JOIN comments c ON c.post = p.id GROUP BY p.id"
    )
    rules = Rules(list="", view="")


SAMPLE = build_schema([Users, Categories, Tags, Posts, Comments, Accounts, Ledger, Profiles, PostStats])

VIEW_FIELDS: dict[str, list[FieldBase]] = {
    "post_stats": [
        TextField(name="id", required=True),
        RelationField(name="post", target="posts"),
        NumberField(name="comments"),
    ]
}

MISTAKES = [
    ('posts.getOne("id", { expand: "autor" })', "'autor' is not a relation of 'posts'"),
    ('posts.getOne("id", { expand: "author.nope" })', "'nope' is not a relation of 'users'"),
    ('posts.getOne("id", { fields: "id,titel" })', "'titel' is not a field of 'posts'"),
    ('posts.getOne("id", { fields: "title.x" })', "'title.x': 'title' has no parts"),
    ('posts.getOne("id", { fields: "expand.author.name" })', "'author' is not expanded"),
    (
        'posts.getOne("id", { expand: "author", fields: "expand.author.nam" })',
        "'nam' is not a field of 'users'",
    ),
    ('posts.getFullList({ sort: "-craeted" })', "cannot sort 'posts' by 'craeted'"),
    (f'posts.getFullList({{ sort: "{",".join(["title"] * 9)}" }})', "sort takes 8 fields at most"),
    ('posts.getFullList({ sort: "title", expnad: "author" })', "'expnad' is not an option"),
    ("posts.getOne((await users.getOne('id')).id)", """'Id<"users">' is not assignable to"""),
    ('pb.collection("nope")', """'"nope"' is not assignable to parameter of type 'keyof Collections'"""),
    ('tags.create({ nam: "a" })', "'nam' does not exist in type 'FormData | TagsCreate'"),
    ('posts.create({ title: "a", status: "draft", author: "b" })', "Property 'slug' is missing"),
    ('pb.filter("a = {:b}", { c: 1 })', "'c' does not exist in type"),
]
"""A mistake, and what the compiler says of it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A front end with the emitted files in it."""
    found = node.project(tmp_path_factory.mktemp("client"))
    (found / "types.ts").write_text(render_types(SAMPLE, view_fields=VIEW_FIELDS), encoding="utf-8")
    (found / "api-client.ts").write_text(render_client(), encoding="utf-8")
    for name in ("usage.ts", "alone.ts"):
        (found / name).write_text((HERE / name).read_text(encoding="utf-8"), encoding="utf-8")
    return found


@pytest.mark.parametrize("version", [OLDER, *VERSIONS])
def test_code_that_uses_the_client_compiles_and_wrong_code_does_not(folder: Path, version: str) -> None:
    assert tsc([folder / "usage.ts"], STRICT, version) == ""


def test_results_are_told_to_fit_without_following_every_relation(folder: Path) -> None:
    assert tsc([folder / "alone.ts"], STRICT, OLDER) == ""


@pytest.mark.parametrize("version", [OLDER, *VERSIONS])
def test_the_client_compiles_in_stricter_projects(folder: Path, version: str) -> None:
    assert tsc([folder / "types.ts", folder / "api-client.ts"], STRICTER, version) == ""


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_the_types_of_every_hostile_schema_compile_and_the_client_with_them(
    tmp_path: Path, version: str
) -> None:
    front_end = node.project(tmp_path / "all")
    for name, schema in HOSTILE.items():
        folder = front_end / name
        folder.mkdir()
        (folder / "types.ts").write_text(render_types(schema), encoding="utf-8", newline="\n")
        (folder / "api-client.ts").write_text(render_client(), encoding="utf-8")
        (folder / "use.ts").write_text(use(schema), encoding="utf-8", newline="\n")
    assert tsc(sorted(front_end.glob("*/use.ts")), [*STRICT, "--noUnusedLocals"], version) == ""


def use(schema: Schema) -> str:
    """Code that reads every collection, with the first of its relations, fields and orders."""
    lines = ['import { createClient } from "./api-client.js";', "export const pb = createClient();"]
    for number, collection in enumerate(schema.collections):
        relation = next((f.name for f in collection.fields if isinstance(f, RelationField)), "")
        field = next((f.name for f in collection.fields if f.name not in ("id", "h")), "id")
        options = f"expand: {json.dumps(relation)}, sort: '-{field}', fields: '*,{field}'"
        read = f"pb.collection('{collection.name}').getList(1, 9, {{ {options} }})"
        lines.append(f"export const found{number} = await {read};")
        lines.append(f"export const one{number} = found{number}.items[0]?.{field};")
    return "\n".join(lines)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_mistake_says(folder: Path, version: str) -> None:
    start = 'import { createClient } from "./api-client.js";\nconst pb = createClient();\n'
    start += "".join(f'const {name} = pb.collection("{name}");\n' for name in ("posts", "users", "tags"))
    written = folder / "mistakes.ts"
    written.write_text(
        start + "".join(f"{code};\n" for code, _ in MISTAKES) + "export {};\n", encoding="utf-8"
    )
    said = tsc([written], STRICT, version)
    by_line = re.split(r"^.*?mistakes\.ts\((\d+),\d+\): error ", said, flags=re.MULTILINE)[1:]
    errors = dict(zip(map(int, by_line[::2]), by_line[1::2], strict=True))
    first = start.count("\n") + 1
    for line, (code, message) in enumerate(MISTAKES, first):
        assert message in errors.get(line, "compiles"), code
    assert len(errors) == len(MISTAKES)


@pytest.mark.parametrize("version", [OLDER, *VERSIONS])
def test_strings_of_hundreds_of_names_are_checked_to_their_end(folder: Path, version: str) -> None:
    many = range(300)
    paths, names = ",".join(["comments_via_post.author", "author"] * 150), ",".join(["id", "title"] * 150)
    filter_ = " || ".join(f"title = {{:p{n}}}" for n in many)
    values = ", ".join(f"p{n}: 1" for n in many)
    cut = ",".join(["title:excerpt(9,true)"] * 300)
    lines = [
        f'posts.getList(1, 9, {{ expand: "{paths}", fields: "{names}" }})',
        f'posts.getOne("id", {{ fields: "{cut}" }})',
        f'pb.filter("{filter_}", {{ {values} }})',
        *(
            f'// @ts-expect-error\nposts.getList(1, 9, {{ {option}: "{text},nope" }})'
            for option, text in (("expand", paths), ("fields", names))
        ),
        f'// @ts-expect-error\npb.filter("{filter_} || a = {{:last}}", {{ {values} }})',
    ]
    start = 'import { createClient } from "./api-client.js";\nconst pb = createClient();\n'
    written = folder / "long.ts"
    written.write_text(
        start + 'const posts = pb.collection("posts");\n' + ";\n".join(lines), encoding="utf-8"
    )
    said = tsc([written], STRICT, version)
    assert not said, said[:500]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_client_compiles_for_node_alone(tmp_path: Path, version: str) -> None:
    """Without the library of browsers; with it is how every other test compiles."""
    server = node.project(tmp_path / "server", pinned=node.FRONT_END)
    (server / "types.ts").write_text(render_types(SAMPLE, view_fields=VIEW_FIELDS), encoding="utf-8")
    (server / "api-client.ts").write_text(render_client(), encoding="utf-8")
    roots = str(server / "node_modules" / "@types")
    flags = ("--lib", "es2022", "--types", "node", "--typeRoots", roots, "--skipLibCheck")
    # The check of libraries is left out: the SDK's own types name what only browsers have.
    assert tsc([server / "api-client.ts"], (*STRICT, *flags), version) == ""


HELPERS = """
import { createClient, liveList } from "./api-client.js";
import type { ListOptions, LiveList } from "./api-client.js";
import type { CollectionName, CreateOf, Expanded, Id, RecordOf, WritableCollection } from "./types.js";
const pb = createClient();
export async function ids<C extends CollectionName>(collection: C): Promise<string[]> {
  return (await pb.collection(collection).getFullList({ filter: "id != ''" })).map((record) => record.id);
}
export async function add<C extends WritableCollection>(to: C, body: CreateOf<C>): Promise<RecordOf<C>> {
  return pb.collection(to).create(body);
}
export async function* each<C extends CollectionName>(collection: C, options: ListOptions<C> = {}) {
  yield* await pb.collection(collection).getFullList(options);
}
export function live<C extends CollectionName>(collection: C): LiveList<RecordOf<C>> {
  return liveList(pb, collection);
}
export function ended<C extends CollectionName>(collection: C, call: (record: RecordOf<C>) => void): unknown {
  return pb.collection(collection).subscribe("*", (event) => call(event.record));
}
export async function card(id: Id<"hub">): Promise<Expanded<"hub", "first.hub,c3_via_hub.next">> {
  return pb.collection("hub").getOne(id, { expand: "c3_via_hub.next,first.hub" });
}
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_functions_over_any_of_300_collections(tmp_path: Path, version: str) -> None:
    """All of them point to one, and to each other."""
    relation = {"type": "relation", "required": True}
    tables = [
        {
            "name": f"c{n}",
            "fields": [
                {**relation, "name": "hub", "target": "hub"},
                {**relation, "name": "next", "target": f"c{(n + 1) % 300}"},
                {"type": "text", "name": f"t{n}"},
            ],
        }
        for n in range(300)
    ]
    hub = {"name": "hub", "type": "auth", "fields": [{**relation, "name": "first", "target": "c0"}]}
    front_end = node.project(tmp_path / "large")
    (front_end / "types.ts").write_text(render_types(build_schema([hub, *tables])), encoding="utf-8")
    (front_end / "api-client.ts").write_text(render_client(), encoding="utf-8")
    (front_end / "helpers.ts").write_text(HELPERS, encoding="utf-8")
    assert tsc([front_end / "helpers.ts"], STRICT, version) == ""


def test_neither_file_says_any(folder: Path) -> None:
    for name in ("types.ts", "api-client.ts"):
        text = (folder / name).read_text(encoding="utf-8")
        code = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', " ", text, flags=re.DOTALL)
        assert not re.search(r"\bany\b", code), name
