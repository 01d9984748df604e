"""The table of changes, as cases: what was, what is asked, the rows; the plan, and what becomes of the rows.

Run on real servers of every version by `tests/live/test_changes.py`. The numbers are those of the rows in
the project's table of changes. Rows are as the database stores them; a record's id is its collection's
name and its number. Only the columns that they name are compared; after down they are again what they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as default
from typing import Any

Json = dict[str, Any]
Rows = dict[str, list[Json]]


@dataclass(frozen=True)
class Case:
    row: int
    what: str
    before: list[Json]
    after: list[Json]
    plan: dict[str, str]
    """Path to verdict, code and, where it changes, access: "safe PV401 opens"."""
    rows: Rows = default(default_factory=dict)
    up: Rows = default(default_factory=dict)
    evidence: dict[str, str] = default(default_factory=dict)
    refused: str = ""
    """What a file says that these rows stop: nothing of it happens."""
    since: tuple[int, int] = (0, 23)
    keeps: bool = False
    """Whether down keeps values aside as well: those of columns that it takes away."""
    asks: tuple[str, ...] = ()
    """The ids of the questions; where there are any, nothing is done before they are answered."""
    files: tuple[str, ...] = ()
    """Files in the storage of the server, as collection/record/name, that are there after down."""

    cannot: str = ""
    """What is said where no migration can do it: there is no file."""

    @property
    def title(self) -> str:
        """`what`, with the version that it came with."""
        return f"{self.what} (since {self.since[0]}.{self.since[1]})" if self.since > (0, 23) else self.what

    def __str__(self) -> str:
        return f"{self.row:02d} {self.what}"


def table(name: str, fields: Json | None = None, **more: Any) -> Json:
    """A collection; a field is the name of its type, or what `field` makes."""
    written = [
        {"name": key, **({"type": value} if isinstance(value, str) else value)}
        for key, value in (fields or {}).items()
    ]
    return {"name": name, "type": more.pop("type", "base"), "fields": written, **more}


def view(name: str, query: str, **more: Any) -> Json:
    return {"name": name, "type": "view", "viewQuery": query, **more}


def field(type: str = "text", **options: Any) -> Json:
    return {"type": type, **options}


def select(*values: str, max: int = 1, **options: Any) -> Json:
    return field("select", values=list(values), max_select=max, **options)


def relation(target: str, max: int = 1, **options: Any) -> Json:
    return field("relation", target=target, max_select=max, **options)


def posts(fields: Json | None = None, **more: Any) -> Json:
    """A table with a title and whatever else is said."""
    return table("posts", {"title": "text", **(fields or {})}, **more)


HAND = "hand00000000001"
TWO: Rows = {"posts": [{"title": "one"}, {"title": ""}]}
EVERY_FIELD: Json = {
    "a_text": field("text", min=1, max=9, pattern="^[a-z]+$", autogenerate_pattern="[a-z]{5}"),
    "a_editor": field("editor", max_size=1000, convert_urls=True),
    "a_number": field("number", min=0, max=0.5),
    "a_bool": field("bool", hidden=True),
    "a_email": field("email", only_domains=["example.com"]),
    "a_url": field("url", except_domains=["example.com"]),
    "a_date": field("date", min="2020-01-01", max="2030-01-01"),
    "a_autodate": field("autodate", on_create=True, on_update=True),
    "a_json": field("json", max_size=1000),
    "a_select": select("it's", 'say "hi"', "{{ x }}", "[[y]]", "{:z}", "back\\slash"),
    "a_file": field(
        "file", max_select=3, max_size=100, mime_types=["image/png"], thumbs=["10x10"], protected=True
    ),
    "a_relation": relation("posts", max=3, min_select=1, cascade_delete=True),
    "a_password": field("password", min=8, max=20, pattern="x", cost=4),
}
AUTH = {"type": "auth", "authToken": {"duration": 1000}}
ACCOUNT = {
    "email": "ann@example.com", "password": "$2a$04$hash", "tokenKey": "k" * 30, "verified": 1,
    "emailVisibility": 0, "nick": "ann",
}  # fmt: skip

NUMERALS: list[tuple[Any, Any]] = [
    ("12", 12), ("1.5", 1.5), ("-7", -7), ("1e3", 1000), ("1.50", 1.5), ("many", 0), ("12 apples", 0),
    ("0x10", 0), ("1,5", 0), ("", 0),
]  # fmt: skip
MOMENTS: list[tuple[Any, Any]] = [
    ("2026-01-01", "2026-01-01 00:00:00.000Z"), ("2026-01-01 10:00:00.000Z", "2026-01-01 10:00:00.000Z"),
    ("2026-01-01T10:00:00Z", "2026-01-01 10:00:00.000Z"), ("soon", ""), ("2026-13-01", ""), ("", ""),
]  # fmt: skip

CASES = [
    # Adding
    Case(
        1,
        "new collections of each type",
        [posts()],
        [
            posts(),
            table("tags", {"label": "text"}),
            table("people", {"nick": "text"}, **AUTH),
            view("latest", "SELECT id, title FROM posts"),
        ],
        {"tags": "safe PV101", "people": "safe PV101", "latest": "safe PV101"},
        TWO,
        up=TWO,
    ),
    Case(
        2,
        "a cycle, relations to themselves, a view over them, rules that name all of it",
        [],
        [
            view(
                "both",
                "SELECT a.id, b.link FROM a JOIN b ON b.id = a.link",
                listRule="@collection.b.link.link != ''",
            ),
            table("a", {"link": relation("b"), "own": relation("a")}, listRule="@collection.both.id ?= id"),
            table(
                "b",
                {"link": relation("a", required=True)},
                listRule="link.link.id != '' && @collection.a.id ?= id",
            ),
        ],
        {"both": "safe PV101", "a": "safe PV101", "b": "safe PV101"},
    ),
    Case(
        4,
        "a field of every type, with every option",
        [posts()],
        [posts(EVERY_FIELD)],
        {f"posts.{name}": "safe PV101" for name in EVERY_FIELD},
        TWO,
        up={
            "posts": [
                {
                    "title": "one",
                    "a_text": "",
                    "a_number": 0,
                    "a_bool": 0,
                    "a_json": None,
                    "a_select": "",
                    "a_file": "[]",
                    "a_relation": "[]",
                    "a_autodate": "",
                }
            ]
        },
    ),
    Case(
        4,
        "a point on the map",
        [posts()],
        [posts({"place": "geoPoint"})],
        {"posts.place": "safe PV101"},
        TWO,
        up={"posts": [{"place": '{"lon":0,"lat":0}'}]},
        since=(0, 27),
    ),
    Case(
        5,
        "a required field, rows, no backfill",
        [posts()],
        [posts({"slug": field(required=True)})],
        {"posts.slug": "unsafe PV102"},
        TWO,
        evidence={"posts.slug": "2 of 2 rows"},
        refused="posts.slug: 2 values are empty, and the new field is required (PV102), as in record posts1",
    ),
    Case(
        5,
        "a required field, no rows",
        [posts()],
        [posts({"slug": field(required=True)})],
        {"posts.slug": "safe PV102"},
    ),
    Case(
        5,
        "required fields that are filled",
        [posts()],
        [
            posts(
                {
                    "slug": field(required=True, backfill="none's {{x}} {:y}"),
                    "n": field("number", required=True, backfill=7),
                    "yes": field("bool", required=True, backfill=True),
                    "list": select("a", "b", max=2, required=True, backfill=["a"]),
                    "data": field("json", required=True, backfill={"it's": [1]}),
                }
            )
        ],
        {
            "posts.slug": "unsafe PV102",
            "posts.n": "unsafe PV102",
            "posts.yes": "unsafe PV102",
            "posts.list": "unsafe PV102",
            "posts.data": "unsafe PV102",
        },
        TWO,
        up={
            "posts": [
                {
                    "slug": "none's {{x}} {:y}",
                    "n": 7,
                    "yes": 1,
                    "list": '["a"]',
                    "data": '{"it\'s": [1]}',
                }
            ]
            * 2
        },
        keeps=True,
    ),
    Case(
        6,
        "an index",
        [posts()],
        [posts(indexes=["CREATE INDEX `ix_title` ON `posts` (`title` DESC, lower(`title`))"])],
        {"posts@ix_title": "safe PV101"},
        TWO,
        up=TWO,
    ),
    Case(
        7,
        "a unique index without duplicates",
        [posts()],
        [posts(indexes=["CREATE UNIQUE INDEX `ux_title` ON `posts` (`title`)"])],
        {"posts@ux_title": "safe PV103"},
        TWO,
        up=TWO,
    ),
    Case(
        8,
        "a unique index with duplicates",
        [posts()],
        [posts(indexes=["CREATE UNIQUE INDEX `ux_title` ON `posts` (`title`)"])],
        {"posts@ux_title": "impossible PV103"},
        {"posts": [{"title": "same"}, {"title": "same"}]},
        refused="UNIQUE constraint failed: posts.title",
    ),
    Case(
        9,
        "options that get wider",
        [
            posts(
                {
                    "state": select("a"),
                    "t": field(min=5, max=5),
                    "f": field("file", max_size=10, mime_types=["image/png"]),
                }
            )
        ],
        [
            posts(
                {
                    "state": select("a", "b"),
                    "t": field(min=1, max=9),
                    "f": field("file", max_size=20, mime_types=["image/png", "image/gif"]),
                }
            )
        ],
        {"posts.state": "safe PV110", "posts.t": "safe PV110", "posts.f": "safe PV110"},
        {"posts": [{"state": "a", "t": "12345", "f": "x.png"}]},
        up={"posts": [{"state": "a", "t": "12345", "f": "x.png"}]},
    ),
    # Renaming
    Case(
        10,
        "a field, with the rule, the index and the view that name it",
        [
            posts(
                listRule="title != ''",
                indexes=["CREATE UNIQUE INDEX `ix` ON `posts` (lower(`title`)) WHERE `title` != ''"],
            ),
            view("latest", "SELECT id, title FROM posts", listRule="title != 'x'"),
            table("comments", {"post": relation("posts")}, listRule="post.title != 'a'"),
        ],
        [
            posts(
                listRule="headline != ''",
                indexes=["CREATE UNIQUE INDEX `ix` ON `posts` (lower(`headline`)) WHERE `headline` != ''"],
            )
            | {"fields": [{"name": "headline", "type": "text", "renamed_from": "title"}]},
            view("latest", "SELECT id, headline FROM posts", listRule="headline != 'x'"),
            table("comments", {"post": relation("posts")}, listRule="post.headline != 'a'"),
        ],
        {
            "posts.headline": "safe PV120",
            "posts:listRule": "safe PV120",
            "posts@ix": "safe PV120",
            "latest:query": "safe PV120",
            "latest:listRule": "safe PV120",
            "comments:listRule": "safe PV120",
        },
        TWO,
        up={"posts": [{"headline": "one"}, {"headline": ""}]},
    ),
    Case(
        10,
        "a field, and its type at once",
        [posts({"n": "text"})],
        [posts({"amount": field("number", renamed_from="n")})],
        {"posts.amount": "unsafe PV301"},
        {"posts": [{"n": "12"}, {"n": "many"}]},
        up={"posts": [{"amount": 12}, {"amount": 0}]},
        keeps=True,
    ),
    Case(
        10,
        "a field, and a new one takes its name",
        [posts()],
        [table("posts", {"title": field(renamed_from="", max=5), "headline": field(renamed_from="title")})],
        {"posts.headline": "safe PV120", "posts.title": "safe PV101"},
        TWO,
        up={"posts": [{"headline": "one", "title": ""}, {"headline": "", "title": ""}]},
    ),
    Case(
        10,
        "a field that the rule of a view names, and another view reads that view",
        [
            table("people", {"kind": "text"}),
            posts(),
            view("top", "SELECT t.id, t.title FROM low t"),
            view("low", "SELECT t.id, t.title FROM posts t", listRule="@collection.people.kind != 'x'"),
        ],
        [
            table("people", {"sort": field(renamed_from="kind")}),
            posts(),
            view("top", "SELECT t.id, t.title FROM low t"),
            view("low", "SELECT t.id, t.title FROM posts t", listRule="@collection.people.sort != 'x'"),
        ],
        {"people.sort": "safe PV120", "low:listRule": "safe PV120"},
        {"people": [{"kind": "k"}]},
        up={"people": [{"sort": "k"}]},
    ),
    Case(
        10,
        "a relation, which a rule elsewhere follows back",
        [
            posts(listRule="comments_via_post.text != ''"),
            table("comments", {"post": relation("posts"), "text": "text"}),
        ],
        [
            posts(listRule="comments_via_article.text != ''"),
            table("comments", {"article": relation("posts", renamed_from="post"), "text": "text"}),
        ],
        {"comments.article": "safe PV120", "posts:listRule": "safe PV120"},
        {"posts": [{"title": "one"}], "comments": [{"post": "posts1", "text": "x"}]},
        up={"posts": [{"title": "one"}], "comments": [{"article": "posts1", "text": "x"}]},
    ),
    Case(
        10,
        "only the case of a field",
        [posts()],
        [table("posts", {"Title": field(renamed_from="title")})],
        {"posts.Title": "safe PV120"},
        TWO,
        up={"posts": [{"Title": "one"}, {"Title": ""}]},
    ),
    Case(
        11,
        "two fields at once",
        [posts({"sub": "text"})],
        [table("posts", {"subtitle": field(renamed_from="sub"), "headline": field(renamed_from="title")})],
        {"posts.subtitle": "safe PV120", "posts.headline": "safe PV120"},
        {"posts": [{"title": "t", "sub": "s"}]},
        up={"posts": [{"headline": "t", "subtitle": "s"}]},
    ),
    Case(
        11,
        "names that are handed on",
        [table("posts", {"a": "text", "b": "text"})],
        [table("posts", {"b": field(renamed_from="a"), "c": field(renamed_from="b")})],
        {"posts.b": "safe PV120", "posts.c": "safe PV120"},
        {"posts": [{"a": "A", "b": "B"}]},
        up={"posts": [{"b": "A", "c": "B"}]},
    ),
    Case(
        11,
        "names that are swapped, which only ids can say",
        [table("posts", {"a": field(id="text_a"), "b": field(id="text_b")})],
        [table("posts", {"a": field(id="text_b"), "b": field(id="text_a")})],
        {"posts.a": "safe PV120", "posts.b": "safe PV120"},
        {"posts": [{"a": "A", "b": "B"}]},
        up={"posts": [{"a": "B", "b": "A"}]},
    ),
    Case(
        12,
        "a field goes, an unrelated one of the same type comes",
        [posts({"a": "text"})],
        [posts({"b": "text"})],
        {},
        {"posts": [{"a": "x"}]},
        asks=("posts.a",),
    ),
    Case(
        12,
        "the same of a collection",
        [posts()],
        [posts() | {"name": "memos"}],
        {},
        TWO,
        asks=("posts",),
    ),
    Case(
        12,
        "fields of different types are two changes",
        [posts({"a": "text"})],
        [posts({"b": "number"})],
        {"posts.a": "unsafe PV201", "posts.b": "safe PV101"},
        {"posts": [{"a": "x"}]},
        up={"posts": [{"title": "", "b": 0}]},
        evidence={"posts.a": "1 of 1 row"},
    ),
    Case(
        12,
        "answered: two changes",
        [posts({"a": "text"})],
        [posts({"b": field(renamed_from="")})],
        {"posts.a": "unsafe PV201", "posts.b": "safe PV101"},
        {"posts": [{"a": "x"}]},
        up={"posts": [{"title": "", "b": ""}]},
    ),
    Case(
        12,
        "answered: a rename",
        [posts({"a": "text"})],
        [posts({"b": field(renamed_from="a")})],
        {"posts.b": "safe PV120"},
        {"posts": [{"a": "x"}]},
        up={"posts": [{"b": "x"}]},
    ),
    Case(
        13,
        "a collection, with relations to it, rules and views that name it",
        [
            posts(),
            table("comments", {"post": relation("posts")}, listRule="@collection.posts.title ?= 'x'"),
            view("latest", "SELECT id, title FROM posts"),
        ],
        [
            posts() | {"name": "articles", "renamed_from": "posts"},
            table("comments", {"post": relation("articles")}, listRule="@collection.articles.title ?= 'x'"),
            view("latest", "SELECT id, title FROM articles"),
        ],
        {"articles": "safe PV120", "comments:listRule": "safe PV120", "latest:query": "safe PV120"},
        {"posts": [{"title": "one"}], "comments": [{"post": "posts1"}]},
        up={"articles": [{"title": "one"}], "comments": [{"post": "posts1"}]},
        files=("posts/posts1/a.txt",),
    ),
    Case(
        13,
        "a collection, which a rule elsewhere follows back",
        [
            posts(listRule="comments_via_post.text != ''"),
            table("comments", {"post": relation("posts"), "text": "text"}),
        ],
        [
            posts(listRule="notes_via_post.text != ''"),
            table("notes", {"post": relation("posts"), "text": "text"}, renamed_from="comments"),
        ],
        {"notes": "safe PV120", "posts:listRule": "safe PV120"},
        {"comments": [{"post": "posts1", "text": "x"}]},
        up={"notes": [{"post": "posts1", "text": "x"}]},
    ),
    Case(
        13,
        "a collection, and a new one takes its name",
        [posts()],
        [posts() | {"name": "articles", "renamed_from": "posts"}, posts({"n": "number"}, renamed_from="")],
        {"articles": "safe PV120", "posts": "unsafe PV101"},
        TWO,
        up={"articles": [{"title": "one"}, {"title": ""}], "posts": []},
    ),
    Case(
        13,
        "only the case of a collection, and a name that ends in test",
        [posts() | {"name": "my_test"}],
        [posts() | {"name": "My_test", "renamed_from": "my_test"}],
        {"My_test": "safe PV120"},
        {"my_test": [{"title": "one"}]},
        up={"My_test": [{"title": "one"}]},
    ),
    Case(
        14,
        "a choice gets another name",
        [posts({"state": select("draft", "it's {:b}"), "all": select("x", "y", "z", max=3)})],
        [
            posts(
                {
                    "state": select("draft", 'say "{{ closed }}"', remap={"it's {:b}": 'say "{{ closed }}"'}),
                    "all": select("x", "y", "w", max=3, remap={"z": "w"}),
                }
            )
        ],
        {"posts.state": "unsafe PV121", "posts.all": "unsafe PV121"},
        {
            "posts": [
                {"state": "it's {:b}", "all": '["z","x"]'},
                {"state": "draft", "all": '["y"]'},
                {"state": "", "all": "[]"},
            ]
        },
        up={
            "posts": [
                {"state": 'say "{{ closed }}"', "all": '["w","x"]'},
                {"state": "draft", "all": '["y"]'},
                {"state": "", "all": "[]"},
            ]
        },
    ),
    # Narrowing
    Case(
        15,
        "a choice goes that is in use",
        [posts({"state": select("a", "b")})],
        [posts({"state": select("a")})],
        {},
        {"posts": [{"state": "b"}, {"state": "a"}]},
        asks=("posts.state:b",),
    ),
    Case(
        15,
        "a choice goes that is in use, of a list",
        [posts({"state": select("a", "it's {:b}", "c", max=2)})],
        [posts({"state": select("a", "c", max=2)})],
        {},
        {"posts": [{"state": '["a"]'}, {"state": '["a","it\'s {:b}"]'}]},
        asks=("posts.state:it's {:b}",),
    ),
    Case(
        15,
        "choices go that are in use: one becomes another, one nothing",
        [posts({"state": select("a", "b", "c"), "more": select("a", "b", "c", max=3)})],
        [
            posts(
                {
                    "state": select("a", remap={"b": "a", "c": ""}),
                    "more": select("a", "b", max=2, remap={"c": "a"}),
                }
            )
        ],
        {"posts.state": "unsafe PV121", "posts.more": "unsafe PV121"},
        {
            "posts": [
                {"state": "b", "more": '["b","c","a"]'},
                {"state": "c", "more": '["c"]'},
                {"state": "", "more": "[]"},
            ]
        },
        up={
            "posts": [
                {"state": "a", "more": '["b","a"]'},
                {"state": "", "more": '["a"]'},
                {"state": "", "more": "[]"},
            ]
        },
    ),
    Case(
        16,
        "a choice goes that is not in use",
        [posts({"state": select("a", "b")})],
        [posts({"state": select("a")})],
        {"posts.state": "safe PV203"},
        {"posts": [{"state": "a"}, {"state": ""}]},
        up={"posts": [{"state": "a"}, {"state": ""}]},
    ),
    Case(
        16,
        "a choice goes and no row holds any",
        [posts({"state": select("a", "b")})],
        [posts({"state": select("a")})],
        {"posts.state": "safe PV203"},
        TWO,
        up=TWO,
    ),
    Case(
        17,
        "required, with empty rows",
        [posts()],
        [posts() | {"fields": [{"name": "title", **field(required=True)}]}],
        {"posts.title": "unsafe PV203"},
        TWO,
        refused="posts.title: 1 value is empty, and it becomes required (PV203), as in record posts2",
    ),
    Case(
        17,
        "required, with empty rows that are filled",
        [posts()],
        [table("posts", {"title": field(required=True, backfill="untitled")})],
        {"posts.title": "unsafe PV203"},
        TWO,
        up={"posts": [{"title": "one"}, {"title": "untitled"}]},
    ),
    *(
        Case(
            18,
            f"{name} gets narrower, and a row does not fit",
            [posts({"x": before})],
            [posts({"x": after})],
            {"posts.x": "unsafe PV203"},
            {"posts": [{"x": good}, {"x": bad}]},
            refused=f"posts.x: 1 value {says} (PV203), as in record posts2",
        )
        for name, before, after, good, bad, says in (
            ("max", field(), field(max=3), "abc", "abcd", "is longer than 3"),
            ("min", field(), field(min=3), "", "ab", "is shorter than 3"),
            ("the least number", field("number"), field("number", min=0), 1, -1, "is less than 0"),
            ("the greatest number", field("number"), field("number", max=5), 5, 6, "is more than 5"),
            (
                "whole numbers",
                field("number"),
                field("number", only_int=True),
                1,
                1.5,
                "is not whole",
            ),
            (
                "the first date",
                field("date"),
                field("date", min="2026-01-01"),
                "2026-01-01 00:00:00.000Z",
                "2025-12-31 23:59:59.000Z",
                "is before 2026-01-01 00:00:00.000Z",
            ),
            (
                "a list",
                select("a", "b", "c", max=3),
                select("a", "b", "c", max=2),
                '["a","b"]',
                '["a","b","c"]',
                "holds more than 2",
            ),
        )
    ),
    Case(
        18,
        "a pattern, which only PocketBase itself can judge",
        [posts({"p": "text"})],
        [posts({"p": field(pattern=r"^\p{L}+\z")})],
        {"posts.p": "unsafe PV203"},
        {"posts": [{"p": "größe"}, {"p": "9"}, {"p": ""}]},
        evidence={"posts.p": "1 of 3 rows"},
        refused="posts.p: 1 value does not match the pattern (PV203), as in record posts2",
    ),
    Case(
        18,
        "a pattern that all values match, and files, which nobody checks again",
        [posts({"p": "text", "f": "file"})],
        [
            posts(
                {
                    "p": field(pattern="^x"),
                    "f": field("file", mime_types=["image/png"], max_size=10),
                }
            )
        ],
        {"posts.p": "harmless PV203", "posts.f": "safe PV110"},
        {"posts": [{"p": "xy", "f": "a.txt"}, {"p": "", "f": ""}]},
        up={"posts": [{"p": "xy", "f": "a.txt"}, {"p": "", "f": ""}]},
        evidence={"posts.p": "0 of 2 rows"},
    ),
    Case(
        18,
        "a domain that some addresses are not of",
        [posts({"e": "email"})],
        [posts({"e": field("email", only_domains=["example.com"])})],
        {"posts.e": "unsafe PV203"},
        {"posts": [{"e": "a@b.org"}, {"e": "a@example.com"}, {"e": ""}]},
        evidence={"posts.e": "1 of 3 rows"},
        refused="posts.e: 1 value is of other domains (PV203), as in record posts1",
    ),
    Case(
        19,
        "lists become one value",
        [
            posts(
                {
                    "s": select("a", "b", max=2),
                    "r": relation("posts", max=5),
                    "f": field("file", max_select=3),
                }
            )
        ],
        [posts({"s": select("a", "b"), "r": relation("posts"), "f": field("file", max_select=1)})],
        {"posts.s": "unsafe PV204", "posts.r": "unsafe PV204", "posts.f": "unsafe PV204"},
        {
            "posts": [
                {"s": '["a","b"]', "r": '["posts1","posts2"]', "f": '["a.txt","b.txt"]'},
                {"s": "[]", "r": "[]", "f": "[]"},
            ]
        },
        up={"posts": [{"s": "b", "r": "posts2", "f": "b.txt"}, {"s": "", "r": "", "f": ""}]},
        files=("posts/posts1/a.txt", "posts/posts1/b.txt"),
        evidence={"posts.s": "1 of 2 rows"},
    ),
    Case(
        19,
        "lists become their first value",
        [posts({"s": select("a", "b", max=2), "r": relation("posts", max=5)})],
        [posts({"s": select("a", "b", keep="first"), "r": relation("posts", keep="first")})],
        {"posts.s": "unsafe PV204", "posts.r": "unsafe PV204"},
        {"posts": [{"s": '["a","b"]', "r": '["posts1","posts2"]'}, {"s": '["b"]', "r": "[]"}]},
        up={"posts": [{"s": "a", "r": "posts1"}, {"s": "b", "r": ""}]},
    ),
    Case(
        20,
        "one value becomes a list",
        [posts({"s": select("a", "b")})],
        [posts({"s": select("a", "b", max=2)})],
        {"posts.s": "safe PV111"},
        {"posts": [{"s": "a"}, {"s": ""}]},
        up={"posts": [{"s": '["a"]'}, {"s": "[]"}]},
    ),
    # Converting
    *(
        Case(
            21,
            f"{before['type']} to {after['type']}",
            [posts({"x": before})],
            [posts({"x": after})],
            {"posts.x": "unsafe PV301"},
            {"posts": [{"x": value} for value, _ in values]},
            up={"posts": [{"x": value} for _, value in values]},
            evidence={"posts.x": f"{lost} of {len(values)} rows"},
            keeps=True,
        )
        for before, after, lost, values in (
            (field(), field("number"), 4, NUMERALS),
            (
                field("number"),
                field(),
                0,
                [
                    (12, "12"),
                    (1.5, "1.5"),
                    (-7, "-7"),
                    (0.1, "0.1"),
                    (12345678901, "12345678901"),
                    (0, "0"),
                ],
            ),
            (field("bool"), field("number"), 0, [(1, 1), (0, 0)]),
            (
                field(),
                field("editor"),
                0,
                [("<p>it's</p>", "<p>it's</p>"), ("a & b < c", "a & b < c"), ("", "")],
            ),
            (
                field(),
                field("url"),
                3,
                [
                    ("https://a.org/x", "https://a.org/x"),
                    ("http://localhost:8090", "http://localhost:8090"),
                    ("a b", ""),
                    ("a.org", ""),
                    ("https://", ""),
                    ("", ""),
                ],
            ),
            (
                field(),
                field("email"),
                3,
                [
                    ("a@b.org", "a@b.org"),
                    ("o'neil+x@b.org", "o'neil+x@b.org"),
                    ("nobody", ""),
                    ("a@", ""),
                    ("a b@c.org", ""),
                    ("", ""),
                ],
            ),
            (
                field(),
                select("a", "it's {:b}"),
                2,
                [("a", "a"), ("it's {:b}", "it's {:b}"), ("c", ""), ("A", ""), ("", "")],
            ),
            (select("a", "b"), field(), 0, [("a", "a"), ("", "")]),
            (
                field("date"),
                field(),
                0,
                [("2026-01-01 10:00:00.000Z", "2026-01-01 10:00:00.000Z"), ("", "")],
            ),
            (field(), field("date"), 2, MOMENTS),
            (
                field("json"),
                field(),
                0,
                [
                    ('"text"', "text"),
                    ('{"a":1}', '{"a":1}'),
                    ("[1,2]", "[1,2]"),
                    (7, "7"),
                    (None, ""),
                    ("null", ""),
                ],
            ),
            (field(), field("json"), 0, [("text", '"text"'), ("[1]", "[1]"), ("", None)]),
        )
    ),
    Case(
        22,
        "a type that means something else",
        [posts({"x": "file"})],
        [posts({"x": "number"})],
        {"posts.x": "unsafe PV301"},
        {"posts": [{"x": "a.txt"}]},
        up={"posts": [{"x": 0}]},
        files=("posts/posts1/a.txt",),
    ),
    Case(
        22,
        "the same, and no row holds a value",
        [posts({"x": "file"})],
        [posts({"x": "number"})],
        {"posts.x": "harmless PV301"},
        TWO,
        up=TWO,
        evidence={"posts.x": "0 of 2 rows"},
    ),
    Case(
        23,
        "a relation to another collection",
        [posts({"r": relation("posts")}), table("tags")],
        [posts({"r": relation("tags")}), table("tags")],
        {"posts.r": "unsafe PV301"},
        {"posts": [{"r": "posts1"}]},
        up={"posts": [{"r": ""}]},
    ),
    Case(
        23,
        "a list of relations to another collection",
        [posts({"r": relation("posts", max=3)}), table("tags")],
        [posts({"r": relation("tags", max=3)}), table("tags")],
        {"posts.r": "unsafe PV301"},
        {"posts": [{"r": '["posts1"]'}, {"r": "[]"}]},
        up={"posts": [{"r": "[]"}, {"r": "[]"}]},
        evidence={"posts.r": "1 of 2 rows"},
    ),
    Case(
        24,
        "base to auth",
        [posts()],
        [posts(type="auth")],
        {"posts": "impossible PV501"},
        TWO,
        cannot="posts cannot become auth: it is base",
    ),
    Case(
        24,
        "auth to base",
        [table("people", {"nick": "text"}, **AUTH)],
        [table("people", {"nick": "text"})],
        {"people": "impossible PV501"},
        {"people": [ACCOUNT]},
        cannot="people cannot become base: it is auth",
    ),
    # Removing
    Case(
        25,
        "a field without values",
        [posts({"x": "text"})],
        [posts()],
        {"posts.x": "harmless PV201"},
        TWO,
        up=TWO,
        evidence={"posts.x": "0 of 2 rows"},
    ),
    Case(
        26,
        "fields with values, each at its place",
        [table("posts", {**EVERY_FIELD, "title": "text"})],
        [posts()],
        {f"posts.{name}": "unsafe PV201" for name in EVERY_FIELD},
        {
            "posts": [
                {
                    "title": "one",
                    "a_text": "x",
                    "a_editor": "<b>",
                    "a_number": 0.25,
                    "a_bool": 1,
                    "a_email": "a@example.com",
                    "a_url": "https://a.org",
                    "a_date": "2026-01-01 10:00:00.000Z",
                    "a_autodate": "2026-01-01 10:00:00.000Z",
                    "a_json": '{"it\'s":null}',
                    "a_select": "{:z}",
                    "a_file": '["a.txt"]',
                    "a_relation": '["posts1"]',
                    "a_password": "$2a$04$x",
                }
            ]
        },
        up={"posts": [{"title": "one"}]},
        files=("posts/posts1/a.txt",),
        evidence={"posts.a_text": "1 of 1 row"},
    ),
    Case(
        26,
        "a point on the map",
        [posts({"place": "geoPoint"})],
        [posts()],
        {"posts.place": "unsafe PV201"},
        {"posts": [{"place": '{"lon":1.5,"lat":2}'}]},
        up={"posts": [{}]},
        since=(0, 27),
    ),
    Case(
        27,
        "a field that an index, a rule and a view name",
        [
            posts({"x": "text"}, listRule="x != ''", indexes=["CREATE UNIQUE INDEX `ix` ON `posts` (`x`)"]),
            view("latest", "SELECT id, title, x FROM posts"),
            view("last", "SELECT id, x FROM latest"),
        ],
        [posts(), view("latest", "SELECT id, title FROM posts")],
        {
            "posts.x": "unsafe PV201",
            "posts@ix": "unsafe PV205",
            "posts:listRule": "safe PV402 closes",
            "latest:query": "safe PV404",
            "last": "harmless PV202",
        },
        {"posts": [{"x": "1"}, {"x": "2"}]},
        up={"posts": [{"title": ""}, {"title": ""}]},
    ),
    Case(
        28,
        "a collection with rows and files, to which others point",
        [
            posts(
                {"next": relation("posts"), "cover": "file"},
                listRule="",
                indexes=["CREATE INDEX `ix` ON `posts` (`title`)"],
            ),
            table("comments", {"post": relation("posts", required=True, cascade_delete=True)}),
            view("latest", "SELECT id, title FROM posts"),
        ],
        [table("comments")],
        {"posts": "unsafe PV202", "comments.post": "unsafe PV201", "latest": "harmless PV202"},
        {"posts": [{"title": "one", "next": "posts1", "cover": "a.txt"}], "comments": [{"post": "posts1"}]},
        up={"comments": [{}], "posts": []},
        files=("posts/posts1/a.txt",),
    ),
    Case(
        27,
        "a relation that a rule elsewhere follows back",
        [
            posts(listRule="comments_via_post.text != ''"),
            table("comments", {"post": relation("posts"), "text": "text"}),
        ],
        [posts(), table("comments", {"text": "text"})],
        {"comments.post": "unsafe PV201", "posts:listRule": "safe PV402 closes"},
        {"posts": [{"title": "one"}], "comments": [{"post": "posts1", "text": "x"}]},
        up={"posts": [{"title": "one"}], "comments": [{"text": "x"}]},
        evidence={"comments.post": "1 of 1 row"},
    ),
    Case(
        28,
        "accounts",
        [
            table(
                "people",
                {"nick": "text"},
                **AUTH,
                indexes=["CREATE UNIQUE INDEX `ux_nick` ON `people` (`nick`)"],
                passwordAuth={"enabled": True, "identityFields": ["email", "nick"]},
            )
        ],
        [],
        {"people": "unsafe PV202"},
        {"people": [ACCOUNT]},
    ),
    Case(
        28,
        "collections without rows that point at each other",
        [table("a", {"link": relation("b", required=True)}), table("b", {"link": relation("a")})],
        [],
        {"a": "harmless PV202", "b": "harmless PV202"},
    ),
    Case(
        28,
        "one without rows, to which one with rows points that goes as well",
        [table("tags", {"label": "text"}), posts({"tag": relation("tags")})],
        [],
        {"tags": "harmless PV202", "posts": "unsafe PV202"},
        {"posts": [{"title": "one"}]},
    ),
    Case(
        29,
        "an index",
        [posts(indexes=["CREATE INDEX `ix` ON `posts` (`title`)"])],
        [posts()],
        {"posts@ix": "safe PV205"},
        TWO,
        up=TWO,
    ),
    Case(
        29,
        "unique indexes over a system field: one goes, one changes",
        [
            posts(
                indexes=[
                    "CREATE UNIQUE INDEX `ux` ON `posts` (`id`, `title`)",
                    "CREATE UNIQUE INDEX `ux_2` ON `posts` (`title`, `id`)",
                ]
            )
        ],
        [posts(indexes=["CREATE UNIQUE INDEX `ux_2` ON `posts` (`title` DESC, `id`)"])],
        {"posts@ux": "unsafe PV206", "posts@ux_2": "unsafe PV206"},
        TWO,
        up=TWO,
    ),
    Case(
        29,
        "an index moves to another collection",
        [posts(indexes=["CREATE INDEX `ix` ON `posts` (`title`)"]), table("tags", {"label": "text"})],
        [posts(), table("tags", {"label": "text"}, indexes=["CREATE INDEX `ix` ON `tags` (`label`)"])],
        {"posts@ix": "safe PV205", "tags@ix": "unsafe PV101"},
        TWO,
        up=TWO,
    ),
    # Access
    Case(
        31,
        "rules that open",
        [posts(viewRule="title != ''")],
        [posts(listRule="", viewRule="")],
        {"posts:listRule": "safe PV401 opens", "posts:viewRule": "safe PV401 opens"},
        TWO,
        up=TWO,
    ),
    Case(
        32,
        "rules that close",
        [posts(listRule="", viewRule="", updateRule="title != ''")],
        [posts(viewRule="title != ''", updateRule="title != '' && id != ''")],
        {
            "posts:listRule": "safe PV402 closes",
            "posts:viewRule": "safe PV402 closes",
            "posts:updateRule": "safe PV402 closes",
        },
    ),
    Case(
        33,
        "rules with every kind of quoting",
        [posts()],
        [
            posts(
                listRule="""title = 'it\\'s {{ x }}' || title = "say [[y]] {:z} ${q}" // and a comment""",
                viewRule="title != '" + "x" * 3000 + "'",
            )
        ],
        {"posts:listRule": "safe PV401 opens", "posts:viewRule": "safe PV401 opens"},
    ),
    Case(
        34,
        "auth options",
        [table("people", type="auth")],
        [
            table(
                "people",
                type="auth",
                authRule="verified = true",
                manageRule="@request.auth.id = id",
                otp={"enabled": True, "length": 6},
                authToken={"duration": 1000},
                verificationTemplate={"subject": "it's {{x}}", "body": "${y} [[z]] {TOKEN}"},
                oauth2={
                    "enabled": True,
                    "providers": [
                        {"name": "google", "clientId": "x", "clientSecret": {"env": "GOOGLE_SECRET"}}
                    ],
                },
            )
        ],
        {
            "people:authRule": "safe PV402 closes",
            "people:manageRule": "safe PV401 opens",
            "people:otp.enabled": "safe PV401 opens",
            "people:otp.length": "safe PV401 opens",
            "people:authToken.duration": "safe PV403",
            "people:verificationTemplate.subject": "safe PV403",
            "people:verificationTemplate.body": "safe PV403",
            "people:oauth2.enabled": "safe PV401 opens",
            "people:oauth2.providers": "safe PV401 opens",
        },
        {"people": [{k: v for k, v in ACCOUNT.items() if k != "nick"}]},
    ),
    # Rest
    Case(
        35,
        "the query of a view, and of a view over it",
        [
            posts(),
            view("v", "SELECT id, title FROM posts", listRule=""),
            view("w", "SELECT id, title FROM v"),
        ],
        [
            posts(),
            view("v", "SELECT id, title, (1) AS one FROM posts", listRule=""),
            view("w", "SELECT id, one FROM v"),
        ],
        {"v:query": "safe PV401 opens", "w:query": "unsafe PV404"},
        TWO,
        up=TWO,
    ),
    Case(
        35,
        "the layout of a query",
        [posts(), view("v", "SELECT id, title FROM posts")],
        [posts(), view("v", "SELECT id,\n   title -- the title\nFROM posts")],
        {},
    ),
    Case(
        36,
        "the order of fields",
        [posts({"a": "text"})],
        [table("posts", {"a": "text", "title": "text"})],
        {},
        TWO,
        up=TWO,
    ),
    Case(37, "nothing", [posts(EVERY_FIELD)], [posts(EVERY_FIELD)], {}),
    Case(
        38,
        "who sees what, and what else is only reported",
        [posts({"a": field(hidden=True), "f": field("file", protected=True), "r": relation("posts")})],
        [
            posts(
                {
                    "a": field(presentable=True),
                    "f": field("file", thumbs=["10x10"]),
                    "r": relation("posts", cascade_delete=True),
                }
            )
        ],
        {"posts.a": "safe PV401 opens", "posts.f": "safe PV401 opens", "posts.r": "safe PV110"},
        TWO,
        up=TWO,
    ),
    Case(
        41,
        "ids that were made by hand: found by their names, and a field more",
        [table("posts", {"title": field(id="hand0001"), "n": field("number", id="hand0002")}, id=HAND)],
        [table("posts", {"title": field(max=9), "n": "number", "more": "text"})],
        {"posts.title": "harmless PV203", "posts.more": "safe PV101"},
        {"posts": [{"title": "one", "n": 7}]},
        up={"posts": [{"title": "one", "n": 7, "more": ""}]},
    ),
    Case(
        41,
        "ids that were made by hand: a rename, and a field that goes",
        [table("posts", {"title": field(id="hand0001"), "n": field("number", id="hand0002")}, id=HAND)],
        [table("posts", {"headline": field(renamed_from="title")})],
        {"posts.headline": "safe PV120", "posts.n": "unsafe PV201"},
        {"posts": [{"title": "one", "n": 7}]},
        up={"posts": [{"headline": "one"}]},
        evidence={"posts.n": "1 of 1 row"},
    ),
]
