"""What travels between the interpreters arrives whole."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, date, datetime
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketvex.findings import Location
from pocketvex.load.wire import Opaque, from_wire, to_wire
from pocketvex.schema import field
from pocketvex.schema.build import build_schema
from pocketvex.schema.declare import Auth, Base, View, as_values, env, index
from pocketvex.schema.fields import MODELS
from pocketvex.schema.rules import Rules

COMMON = {
    "required": True, "hidden": True, "presentable": True, "help": "so", "unique": True, "id": "abc",
    "renamed_from": "before", "backfill": {"a": [1, None, "x"]},
}  # fmt: skip


class Users(Auth, abstract=True, id="u1", renamed_from="people"):
    auth_rule = "verified = true"
    manage_rule = None
    password_auth = ["email"]
    oauth2 = [{"name": "google", "client_id": "x", "client_secret": env("SECRET"), "extra": {"$at": [1]}}]
    mfa = {"enabled": True, "duration": "30m"}
    tokens = {"auth": "7d"}
    rules = Rules(list="", view="id = 'x'")


class Everything(Base, abstract=True, name="Every_thing"):
    a = field.text(min=1, max=9, pattern="^a", autogenerate_pattern="[a-z]{9}", **COMMON)
    b = field.editor(max_size="5MB", convert_urls=True, backfill="")
    c = field.number(min=1, max=2.5, backfill=0)
    d = field.bool(backfill=False)
    e = field.email(only_domains=["a.de"])
    f = field.url(except_domains=("b.de",))
    g = field.date(min=datetime(2024, 1, 2, 3, 4, 5, 6000, tzinfo=UTC), max="2030-01-01", renamed_from="")
    h, i = field.timestamps()
    j = field.json(dict[str, int], max_size=7)
    k = field.select("x", "y", max=2, backfill="x")
    m = field.file(max=3, max_size="1MB", mime_types=["a/b"], thumbs=["1x1"], protected=True)
    n = field.relation(Users, min=1, max=4, cascade_delete=True)
    o = field.relation("self")
    p = field.password(min=1, max=71, pattern="x", cost=5)
    q = field.geo_point()
    fields = {"class": field.text()}
    indexes = [index("a", "b DESC", unique=True, where="c != 'ß'"), index("lower(e)", name="named")]


class Summary(View, abstract=True):
    query = "SELECT id FROM Every_thing"
    rules = Rules(list="")


def test_a_schema_of_everything_survives() -> None:
    here = build_schema([Users, Everything, Summary])
    classes = [as_values(cls) for cls in (Users, Everything, Summary)]
    for values in classes:
        for declared in values["fields"]:
            if declared["name"] == "j":
                declared["model"] = here.collections[1].field("j").model  # type: ignore[union-attr]
    there = build_schema(from_wire(to_wire(classes)))
    assert there == here
    assert {f.type for f in there.collections[1].fields} == set(MODELS)
    first = there.collections[1].fields[0]
    assert (first.renamed_from, first.backfill, first.source) == (
        "before",
        COMMON["backfill"],
        here.collections[1].fields[0].source,
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4) | st.sampled_from(["$at", "$dict", "$"]) | st.integers(), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_plain_values_survive(value: Any) -> None:
    assert from_wire(to_wire(value)) == value


class Color(StrEnum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        (Color.RED, "red"),
        (Level.LOW, 1),
        ((1, (2,)), [1, [2]]),
        ({"b", "a"}, ["a", "b"]),
        (OrderedDict(a=1), {"a": 1}),
        (date(2024, 1, 2), "2024-01-02"),
        (datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC)),
        (Users, "users"),
        ({1: 2}, {1: 2}),
        ("\ud800", "\ud800"),
        (10**40, 10**40),
        (float("inf"), float("inf")),
        (env("X"), env("X")),
        (Location("a", 1, 2), Location("shown", 1, 2)),
    ],
)
def test_special_values(value: object, arrives: object) -> None:
    assert from_wire(to_wire(value), lambda file: "shown") == arrives


def test_what_cannot_travel_looks_like_it_did() -> None:
    long, broken = from_wire(to_wire([object(), Broken()]))
    assert isinstance(long, Opaque)
    assert repr(long).startswith("<object object")
    assert repr(broken) == "<Broken>"
