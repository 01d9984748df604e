"""The schema that the generators are held against, as PocketBase exports it."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

USERS, POSTS, CATEGORIES = "_pb_users_auth_", "pbc_1125843985", "pbc_3292755704"
TAGS, COMMENTS, PROFILES, STATS = "pbc_1219621782", "pbc_533777971", "pbc_3414089001", "pbc_1841317062"
AUTHORS = "pbc_1500314271"
OPEN = {"listRule": "", "viewRule": "", "createRule": "", "updateRule": "", "deleteRule": ""}
READ = {"listRule": "", "viewRule": ""}


def field(type_: str, name: str, **options: Any) -> Json:
    return {"type": type_, "name": name, **options}


def relation(name: str, to: str, maximum: int = 1, **options: Any) -> Json:
    return field("relation", name, collectionId=to, maxSelect=maximum, **options)


def choice(name: str, *values: str, **options: Any) -> Json:
    return field("select", name, values=list(values), **{"maxSelect": 1, **options})


CREATED = field("autodate", "created", onCreate=True)
UPDATED = field("autodate", "updated", onCreate=True, onUpdate=True)


def collection(id_: str, name: str, *fields: Json, **options: Any) -> Json:
    return {"id": id_, "name": name, "type": "base", "fields": list(fields), "indexes": [], **OPEN, **options}


BLOG: list[Json] = [
    collection(
        USERS, "users",
        field("text", "name", required=True),
        field("file", "avatar", maxSelect=1),
        choice("role", "admin", "editor", "viewer", required=True),
        field("json", "settings"),
        CREATED, UPDATED,
        type="auth",
    ),
    collection(
        CATEGORIES, "categories",
        field("text", "name", required=True),
        relation("parent", CATEGORIES),
    ),
    collection(
        TAGS, "tags",
        field("text", "name", required=True),
        field("text", "code", required=True, autogeneratePattern="[a-z]{8}"),
    ),
    collection(
        POSTS, "posts",
        field("text", "title", required=True, min=3, max=200),
        field("text", "slug", required=True, pattern="^[a-z0-9-]+$"),
        field("editor", "content"),
        choice("status", "draft", "published", "archived", required=True),
        choice("mood", "calm", "wild"),
        choice("topics", "news", "howto", maxSelect=2),
        relation("author", USERS, required=True),
        relation("category", CATEGORIES),
        relation("tags", TAGS, 10),
        field("file", "cover", maxSelect=1, mimeTypes=["image/png", "image/jpeg"]),
        field("file", "gallery", maxSelect=5),
        field("number", "views"),
        field("bool", "featured"),
        field("json", "meta"),
        field("date", "published_at"),
        field("geoPoint", "place"),
        field("text", "secret", hidden=True),
        CREATED, UPDATED,
    ),
    collection(
        COMMENTS, "comments",
        field("text", "body", required=True),
        relation("author", USERS, required=True),
        relation("post", POSTS, required=True),
        CREATED, UPDATED,
    ),
    collection(
        PROFILES, "profiles",
        relation("user", USERS, required=True),
        field("text", "bio", required=True),
        indexes=["CREATE UNIQUE INDEX `idx_profiles_user` ON `profiles` (`user`)"],
    ),
    {
        "id": STATS, "name": "post_stats", "type": "view", "fields": [], "indexes": [], **READ,
        "viewQuery": "SELECT p.id, p.status AS status, p.author AS author, COUNT(c.id) AS comments "
                     "FROM posts p LEFT JOIN comments c ON c.post = p.id GROUP BY p.id",
    },
    {
        "id": AUTHORS, "name": "author_stats", "type": "view", "fields": [], "indexes": [], **READ,
        "viewQuery": "SELECT u.id, u.name AS name, p.status AS latest "
                     "FROM users u LEFT JOIN posts p ON p.author = u.id GROUP BY u.id",
    },
]  # fmt: skip
"""A blog: every kind of collection, and every kind of field that generators treat in ways of their own."""
