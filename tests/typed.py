"""A schema with one of everything that the emitted types speak of, for tests on real servers."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

PUBLIC = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule", "deleteRule"), "")
SIGNED_IN = dict.fromkeys(PUBLIC, "@request.auth.id != ''")
READ = {"listRule": "", "viewRule": ""}


def field(name: str, type_: str, **options: Any) -> Json:
    return {"name": name, "type": type_, **options}


def relation(name: str, target: str, **options: Any) -> Json:
    return field(name, "relation", target=target, **options)


def view(name: str, query: str) -> Json:
    return {"name": name, "type": "view", "query": query, **READ}


def _each(**options: Any) -> list[Json]:
    """A field of every type but autodate and geoPoint."""
    return [
        field("words", "text", **options),
        field("page", "editor", **options),
        field("n", "number", **options),
        field("done", "bool", **options),
        field("mail", "email", **options),
        field("link", "url", **options),
        field("at", "date", **options),
        field("data", "json", **options),
        field("kind", "select", values=["a", "b", 'it\'s "c"\\'], **options),
        field("kinds", "select", values=["a", "b", "c"], maxSelect=3, **options),
        field("doc", "file", **options),
        field("docs", "file", maxSelect=9, **options),
        relation("owner", "people", **options),
        relation("marks", "tags", maxSelect=9, **options),
        field("pin", "password", cost=4, **options),
    ]


CONFIG: Json = {
    "type": "object",
    "properties": {
        "theme": {"enum": ["light", "dark"]},
        "sizes": {"type": "array", "items": {"type": "number"}},
    },
    "required": ["theme"],
}

TABLES: list[Json] = [
    {"name": "teams", **SIGNED_IN, "fields": [field("name", "text", required=True)]},
    {"name": "tags", **PUBLIC, "fields": [field("name", "text", required=True, unique=True)]},
    {"name": "vault", "fields": [field("code", "text", required=True)]},
    {
        "name": "people", "type": "auth", **PUBLIC,
        "updateRule": "id = @request.auth.id || @request.auth.role = 'admin'",
        "manageRule": "@request.auth.role = 'admin'", "otp": {"enabled": True},
        "fields": [
            # As it is, but quick.
            field("password", "password", system=True, required=True, hidden=True, min=8, cost=4),
            field("nick", "text"), field("secret_note", "text", hidden=True),
            field("role", "select", values=["member", "admin"]), field("face", "file"),
            relation("team", "teams"), relation("boss", "people"),
        ],
    },
    {
        "name": "every", **PUBLIC,
        "fields": [
            *_each(), field("code", "text", autogeneratePattern="[a-z]{8}"),
            field("made", "autodate", onCreate=True),
            field("changed", "autodate", onCreate=True, onUpdate=True),
            field("seen", "autodate", onUpdate=True), field("kept", "text", hidden=True),
            field("kept_json", "json", hidden=True), field("config", "json", model=CONFIG),
        ],
    },
    {
        "name": "keyed", **PUBLIC,
        "fields": [
            field("id", "text", system=True, primaryKey=True, required=True, pattern="^[a-z]+$", min=3),
            field("about", "text"),
        ],
    },
    {
        "name": "needs", **PUBLIC,
        "fields": [
            *_each(required=True), field("code", "text", required=True, autogeneratePattern="[a-z]{8}"),
        ],
    },
    {
        "name": "posts", **PUBLIC,
        "fields": [
            field("title", "text", required=True), field("body", "editor"), field("meta", "json"),
            field("status", "select", values=["draft", "published"], required=True),
            field("n", "number"), field("cover", "file"),
            field("topics", "select", values=["x", "y"], maxSelect=2),
            relation("author", "people", required=True, cascadeDelete=True),
            relation("parent", "posts"), relation("tags", "tags", maxSelect=5),
            relation("readers", "people", maxSelect=5, required=True),
            relation("locked", "vault", required=True), relation("team", "teams", required=True),
            field("created", "autodate", onCreate=True),
        ],
    },
    {
        "name": "comments", **PUBLIC,
        "fields": [
            field("body", "text", required=True),
            relation("post", "posts", required=True, cascadeDelete=True),
            relation("author", "people", required=True, cascadeDelete=True),
        ],
    },
    {
        "name": "profiles", **PUBLIC,
        "fields": [
            relation("user", "people", unique=True, required=True, cascadeDelete=True),
            relation("post", "posts"), field("slot", "text"), relation("tag", "tags", maxSelect=3),
            relation("mate", "people"),
        ],
        "indexes": [
            "CREATE UNIQUE INDEX `idx_profiles_slot` ON `profiles` (`post`, `slot`)",
            "CREATE UNIQUE INDEX `idx_profiles_mate` ON `profiles` (`mate`) WHERE `mate` != ''",
        ],
    },
    {"name": "letters", **SIGNED_IN, "fields": [
        field("text", "text"), relation("team", "teams", required=True, cascadeDelete=True)]},
]  # fmt: skip

PLACES: Json = {
    "name": "places", **PUBLIC,
    "fields": [field("spot", "geoPoint"), field("must", "geoPoint", required=True)],
}  # fmt: skip
"""What only 0.27 and later have."""

VIEWS: list[Json] = [
    view("counts",
         "SELECT p.author AS id, count(p.id) AS posts, sum(p.n) AS total, avg(p.n) AS mean,"
         " max(p.title) AS last, total(p.n) AS whole, group_concat(p.title) AS titles"
         " FROM posts p GROUP BY p.author"),
    view("columns",
         "SELECT p.id, p.title, p.body, p.meta, p.status, p.n, p.cover, p.topics, p.author, p.parent, p.tags,"
         " p.readers, p.team, p.created, cast(p.n AS text) AS as_text, cast(p.title AS int) AS as_int,"
         " cast(p.n AS real) AS as_real, cast(p.n AS bool) AS as_bool, (p.n * 2) AS twice,"
         " (CASE WHEN p.n > 1 THEN 'many' ELSE 'few' END) AS word, json_extract(p.meta, '$.a') AS part,"
         " p.author AS writer, coalesce(p.title, '') AS sure_title, 1 AS one, 'x' AS letter, NULL AS none"
         " FROM posts p"),
    view("hidden_too",
         "SELECT id, kept, kept_json, kind, kinds, doc, docs, owner, marks, at, done, mail FROM every"),
    view("addresses",
         "SELECT id, email, emailVisibility, verified, nick, secret_note, tokenKey, password FROM people"),
    view("outer_posts",
         "SELECT t.id, p.id AS post, p.title, p.status, p.author, p.n, p.created, p.topics, p.tags,"
         " p.meta, p.cover, c.body AS said FROM tags t LEFT JOIN posts p ON p.id = t.name"
         " LEFT JOIN comments c ON c.post = p.id"),
    view("inner_posts",
         "SELECT c.id, c.body, p.author, p.status, p.readers FROM comments c JOIN posts p ON p.id = c.post"),
    view("over_outer", "SELECT id, author, status, topics, created FROM outer_posts"),
    view("both", "SELECT b.id, b.word FROM (SELECT id, title AS word FROM posts UNION SELECT id, body AS word"
         " FROM comments) b"),
    view("both_kinds", "WITH b AS (SELECT id, status, author FROM posts UNION ALL SELECT id, name AS status,"
         " '' AS author FROM tags) SELECT b.id, b.status, b.author FROM b"),
    view("inside",
         "SELECT p.id, (SELECT count(*) FROM comments c WHERE c.post = p.id) AS comments,"
         " (SELECT c.author FROM comments c WHERE c.post = p.id LIMIT 1) AS first_author, p.author"
         " FROM posts p"),
    view("with_first",
         "WITH latest AS (SELECT id, author, title FROM posts) SELECT latest.id, latest.author,"
         " latest.title FROM latest"),
    view("from_inner", "SELECT q.id, q.author, q.status FROM (SELECT id, author, status FROM posts) q"),
    view("lone", "SELECT 'all' AS id, count(p.id) AS posts, p.author, p.status, p.title FROM posts p"
         " WHERE p.n > 1000"),
]  # fmt: skip


def everything(version: tuple[int, ...]) -> list[Json]:
    return [*TABLES, *([PLACES] if version >= (0, 27) else []), *VIEWS]
