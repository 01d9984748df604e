"""The text of migration files: short for short changes, and safe whatever the schema says."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cases.changes import field, posts, relation, table
from pocketvex.diff.apply import apply_operations
from pocketvex.diff.compare import NEWEST, compare
from pocketvex.errors import UsageError
from pocketvex.render.header import managed_by, secrets_of
from pocketvex.render.javascript import literal
from pocketvex.render.migration import render_migration
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.model import Schema
from schemas import NASTY

Json = dict[str, Any]


def schema(*collections: Json) -> Schema:
    return build_schema(from_dictionary(list(collections), lambda *_: None))


def rendered(before: list[Json], after: list[Json], **more: Any) -> str:
    """The file from one to the other, on a history of its own."""
    old = Schema.from_json(
        apply_operations([], compare(schema(*before), Schema(), version=NEWEST).operations)
    )
    raw = apply_operations(old.to_json(), compare(schema(*after), old, ask=False, version=NEWEST).operations)
    options = {"stamp": "1700000001", "comment": ["What it does."], "manages": ["posts"], **more}
    return render_migration(old, Schema.from_json(raw), **options)


def body(text: str) -> str:
    return text.partition("\nmigrate(")[2].partition("\n// What the steps mean")[0]


HEADLINE = field(renamed_from="title")


def test_a_file_reads_like_a_list_of_changes() -> None:
    text = rendered(
        [posts({"state": field(max=9)}, listRule="title != ''")],
        [
            table(
                "posts",
                {"headline": HEADLINE, "state": field(max=5), "n": field("bool", hidden=True)},
                listRule="headline != ''", indexes=["CREATE INDEX `ix` ON `posts` (`n`)"],
            ),
        ],
    )  # fmt: skip
    assert (
        body(text)
        == """(app) => {
  const change = begin(app, "1700000001");
  change.renameFields("posts", [{ "id": "text724990059", "from": "title", "to": "headline" }]);
  change.addField("posts", { "name": "n", "type": "bool", "id": "bool2013832146", "hidden": true }, "state");
  change.setField("posts", { "id": "text2744374011", "name": "state" }, { "max": 9 }, { "max": 5 }, [
    { "option": "max", "says": "are longer than 5 (PV203)", "broken": "LENGTH([[value]]) > 5" },
  ]);
  change.setIndex("posts", null, "CREATE INDEX `ix` ON `posts` (`n`)");
  change.setRule("posts", "listRule", "title != ''", "headline != ''");
  change.finish();
}, (app) => {
  const change = begin(app, "1700000001");
  change.renameFields("posts", [{ "id": "text724990059", "from": "headline", "to": "title" }]);
  change.removeField("posts", { "name": "n", "type": "bool", "id": "bool2013832146" });
  change.setField("posts", { "id": "text2744374011", "name": "state" }, { "max": 5 }, { "max": 9 });
  change.setIndex("posts", "CREATE INDEX `ix` ON `posts` (`n`)", null);
  change.setRule("posts", "listRule", "headline != ''", "title != ''");
  change.finish();
});
"""
    )


def test_a_new_collection_leaves_out_what_every_server_has() -> None:
    text = rendered([], [table("people", {"nick": "text"}, type="auth")])
    assert (
        body(text).partition("}, (app)")[0]
        == """(app) => {
  const change = begin(app, "1700000001");
  change.create({
    "name": "people",
    "type": "auth",
    "id": "pbc_1846335439",
    "listRule": null,
    "viewRule": null,
    "createRule": null,
    "updateRule": null,
    "deleteRule": null,
    "fields": [{ "name": "nick", "type": "text", "id": "text688598839" }],
    "indexes": [],
  });
  change.finish();
"""
    )


def test_the_header_says_what_the_file_does_and_manages() -> None:
    text = rendered(
        [posts()], [posts(listRule="")], comment=["One.", "", "Two\nlines."], manages=["b", "a[otp,mfa]"]
    )
    assert text.splitlines()[:7] == [
        '/// <reference path="../pb_data/types.d.ts" />',
        "// One.", "//", "// Two", "// lines.", "// manages: a[otp,mfa] b", "",
    ]  # fmt: skip
    assert managed_by(text) == {"a[otp,mfa]", "b"}


def test_only_what_is_used_is_in_a_file() -> None:
    rule = rendered([posts()], [posts(listRule="")])
    assert len(rule.splitlines()) < 150
    for absent in ("_pv_kept", "setIndex", "withSecrets", "convert", "guard", "create(", "systemFields"):
        assert absent not in rule, absent
    number = [posts({"x": "number"})]
    assert "numberAsText" in rendered(number, [posts({"x": "text"})])
    assert "_pv_kept" in rendered(number, [posts()])
    assert "guard" in rendered(number, [posts({"x": field("number", max=1)})])


@pytest.mark.parametrize(
    "text", [*NASTY, "`; DROP TABLE posts; --", "\\u0041", "\x00\x01", "*/ /*", "//% if", "<< x >>"]
)
def test_texts_of_the_schema_stay_what_they_are(text: str) -> None:
    """They stand in literals only, and never in SQL, where PocketBase reads markers of its own."""
    before = [posts({"s": field("select", values=["a", text])})]
    # A rule cannot hold a zero character.
    quoted = text.replace("\\", "\\\\").replace("'", "\\'").replace("\x00", "")
    after = [posts({"s": field("select", values=["a"]), "t": field(help=text, required=True, backfill=text)},
                   listRule=f"title = '{quoted}'")]  # fmt: skip
    made = rendered(before, after, comment=[text.replace("\x00", "")])
    code = made.partition("\nmigrate(")[2]
    assert literal(text) in code
    assert text.isascii() or text not in code
    sql = re.findall(r'"broken": "((?:[^"\\]|\\.)*)"', code)
    assert sql
    assert all(text not in found for found in sql)


def test_a_comment_cannot_end_its_line() -> None:
    text = rendered([posts()], [posts(listRule="")], comment=["a\u2028b\rc\n d"])
    head = text.partition("\nmigrate(")[0].splitlines()
    assert all(line.startswith("//") or not line for line in head)


def test_secrets_are_read_where_the_file_runs() -> None:
    google = {"name": "google", "clientId": "g", "clientSecret": {"env": "GOOGLE_SECRET"}}
    people = table("people", type="auth")
    text = rendered([people], [{**people, "oauth2": {"enabled": True, "providers": [google]}}])
    assert 'secret("GOOGLE_SECRET")' in text
    assert secrets_of(text) == {"GOOGLE_SECRET"}
    made = rendered([], [{**people, "oauth2": {"enabled": True, "providers": [google]}}])
    assert secrets_of(made) == {"GOOGLE_SECRET"}
    assert "withSecrets" in made


def test_relations_are_written_by_the_name_of_their_target() -> None:
    text = rendered([posts()], [posts({"next": relation("posts")})])
    assert '"target": "posts"' in text
    assert "collectionId" not in body(text)


def test_what_no_migration_can_do() -> None:
    with pytest.raises(UsageError, match="posts cannot become auth"):
        rendered([posts()], [posts() | {"type": "auth"}])
    with pytest.raises(UsageError, match="a and b cannot exchange their names"):
        rendered(
            [table("a", id="one0"), table("b", id="two0")], [table("b", id="one0"), table("a", id="two0")]
        )


def test_removed_and_renamed_collections_know_of_each_other() -> None:
    text = rendered([table("a", id="one0"), table("b", id="two0")], [table("b", id="one0")])
    assert 'change.remove("two0", "b", "a");\n  change.rename("one0", "a", "b");' in text
    again = rendered([table("a", id="one0")], [table("b", id="one0"), table("a", id="two0")])
    assert 'change.rename("one0", "a", "b", true);' in again


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"), (True, "true"), (1.5, "1.5"), ("é\u2028", '"\\u00e9\\u2028"'), ({}, "{}"), ([], "[]"),
        ({"a": [1, None]}, '{ "a": [1, null] }'), ({"env": "A"}, 'secret("A")'),
        (["x" * 60, "y" * 60], '[\n  "' + "x" * 60 + '",\n  "' + "y" * 60 + '",\n]'),
    ],
)  # fmt: skip
def test_literals(value: Any, text: str) -> None:
    assert literal(value) == text
