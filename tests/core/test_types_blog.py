"""A small schema with every kind of field: its whole output, and code that uses it (`tests/types/`)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel

from pocketvex.schema import field
from pocketvex.schema.build import build_schema
from pocketvex.schema.declare import Auth, Base, View, index
from pocketvex.schema.fields import FieldBase, JsonField, NumberField, RelationField, SelectField, TextField
from pocketvex.types.render import render_types
from typescript import OLDER, STRICT, STRICTER, VERSIONS, tsc

HERE = Path(__file__).parents[1] / "types"


class Channel(BaseModel):
    kind: Literal["mail", "push"]
    muted: bool = False


class Settings(BaseModel):
    theme: Literal["light", "dark"]
    channels: list[Channel] = []
    nickname: str | None = None


class Users(Auth):
    name = field.text(max=120, help="Shown beside every post.")
    role = field.select("member", "admin", required=True)
    settings = field.json(Settings)
    avatar = field.file(mime_types=["image/png", "image/jpeg"], max_size="5MB")


class Posts(Base):
    title = field.text(required=True, min=3, max=200)
    slug = field.text(required=True, unique=True, pattern=r"^[a-z0-9-]+$")
    code = field.text(required=True, autogenerate_pattern="[a-z]{8}")
    body = field.editor()
    status = field.select("draft", "published", 'it\'s "over"', required=True)
    topics = field.select("news", "code", "life", max=3)
    author = field.relation(Users, required=True, cascade_delete=True)
    editors = field.relation(Users, max=5)
    parent = field.relation("self")
    cover = field.file(max_size="5MB")
    gallery = field.file(max=10, protected=True)
    price = field.number(min=0, max=9.5)
    rank = field.number(only_int=True, required=True)
    featured = field.bool()
    terms = field.bool(required=True)
    website = field.url(except_domains=["example.com"])
    contact = field.email(only_domains=["example.com", "example.org"])
    goes_live = field.date(min="2024-01-01")
    place = field.geo_point()
    meta = field.json()
    layout = field.json(dict[str, list[int]], required=True)
    pin = field.password()
    notes = field.text(hidden=True, required=True, help="For the desk */ only.\nNever shown.")
    created, updated = field.timestamps()
    seen = field.autodate(on_update=True)
    indexes = [index("contact", unique=True, where="status = 'published'")]


class PostStats(View):
    query = "SELECT id, author, status, count(id) AS posts FROM posts GROUP BY author"


class Plain(View):
    query = "SELECT id FROM posts"


BLOG = build_schema([Users, Posts, PostStats, Plain])

VIEW_FIELDS: dict[str, list[FieldBase]] = {
    "post_stats": [
        TextField(name="id", required=True),
        RelationField(name="author", target="users", required=True),
        SelectField(name="status", values=["draft", "published", 'it\'s "over"'], required=True),
        NumberField(name="posts"),
        JsonField(name="best", max_size=1),
    ]
}


def test_the_whole_output() -> None:
    assert render_types(BLOG, view_fields=VIEW_FIELDS) == (HERE / "blog.ts").read_text(encoding="utf-8")


@pytest.mark.parametrize("version", [OLDER, *VERSIONS])
def test_code_that_uses_the_types_compiles_and_wrong_code_does_not(version: str) -> None:
    assert tsc([HERE / "usage.ts"], STRICT, version) == ""


def test_the_output_compiles_in_stricter_projects() -> None:
    assert tsc([HERE / "blog.ts"], STRICTER, VERSIONS[0]) == ""
