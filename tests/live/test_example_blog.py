"""The rules of the blog, tried by the people that they are about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from test_example_import import PROJECTS, declared_by, put
from test_sample_rules import id_of, path

from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.server.binaries import Binary

ADA, BEN, EVE = id_of("ada"), id_of("ben"), id_of("eve")
NEWS = id_of("news")


class Blog:
    """Ada writes, Ben writes with her, Eve is an editor; there is one category, and nothing else."""

    def __init__(self, url: str, stack: ExitStack) -> None:
        self.url, self.stack = url, stack
        self.guest = self.client("")
        self.admin = self.sign_in("_superusers", EMAIL)
        put(self.admin, declared_by(PROJECTS["blog"]))
        # The second factor is for editors, and would ask Eve for a mailed code.
        self.admin.patch("/api/collections/authors", json={"mfa": {"enabled": False}}).raise_for_status()
        self.ada, self.ben, self.eve = (self.sign_up(name) for name in ("ada", "ben", "eve"))
        self.admin.patch(f"{path('authors')}/{EVE}", json={"role": "editor"}).raise_for_status()
        category = {"id": NEWS, "slug": "news", "name": "News"}
        self.eve.post(path("categories"), json=category).raise_for_status()

    def client(self, token: str) -> httpx.Client:
        headers = {"Authorization": token} if token else {}
        return self.stack.enter_context(httpx.Client(base_url=self.url, headers=headers, timeout=30))

    def sign_in(self, collection: str, identity: str) -> httpx.Client:
        answer = self.guest.post(
            f"/api/collections/{collection}/auth-with-password",
            json={"identity": identity, "password": PASSWORD},
        )
        return self.client(answer.raise_for_status().json()["token"])

    def sign_up(self, name: str) -> httpx.Client:
        self.guest.post(path("authors"), json=account(name)).raise_for_status()
        return self.sign_in("authors", name)

    def post(self, slug: str, **values: Any) -> str:
        """A draft of Ada's, with Ben as co-author."""
        self.ada.post(path("posts"), json=post(slug, **values)).raise_for_status()
        return f"{path('posts')}/{id_of(slug)}"


def account(name: str, **values: Any) -> dict[str, Any]:
    return {
        "id": id_of(name),
        "username": name,
        "email": f"{name}@example.com",
        "password": PASSWORD,
        "passwordConfirm": PASSWORD,
        **values,
    }


def post(slug: str, **values: Any) -> dict[str, Any]:
    about = {"id": id_of(slug), "slug": slug, "title": slug, "status": "draft", "categories": [NEWS]}
    return {**about, "author": ADA, "co_authors": [BEN], **values}


@pytest.fixture
def blog(server: ServerFactory, binary: Binary) -> Iterator[Blog]:
    if tuple(binary.version) < (0, 27, 0):
        pytest.skip("geo_point came with PocketBase 0.27")
    with ExitStack() as stack:
        yield Blog(server(binary).url, stack)


def test_nobody_makes_themselves_an_editor(blog: Blog) -> None:
    assert blog.guest.post(path("authors"), json=account("mallory", role="editor")).status_code == 400
    myself = f"{path('authors')}/{ADA}"
    assert blog.ada.patch(myself, json={"role": "editor"}).status_code == 404
    assert blog.ada.patch(myself, json={"name": "Ada"}).status_code == 200
    assert blog.ben.patch(myself, json={"name": "Ben"}).status_code == 404
    assert blog.eve.patch(myself, json={"role": "author"}).status_code == 200


def test_people_sign_in_by_user_name_in_any_case_and_there_is_one_of_each(blog: Blog) -> None:
    assert blog.sign_in("authors", "ADA")
    twin = account("other", username="Ada")
    assert blog.guest.post(path("authors"), json=twin).status_code == 400


def test_a_draft_is_for_those_who_write_it(blog: Blog) -> None:
    draft = blog.post("draft")
    readers = {"guest": blog.guest, "ada": blog.ada, "ben": blog.ben, "eve": blog.eve}
    assert {name: reader.get(draft).status_code for name, reader in readers.items()} == {
        "guest": 404,
        "ada": 200,
        "ben": 200,
        "eve": 200,
    }
    assert blog.ada.patch(draft, json={"status": "published"}).status_code == 200
    assert blog.guest.get(draft).status_code == 200


def test_a_post_keeps_its_author_and_only_an_editor_features_it(blog: Blog) -> None:
    draft = blog.post("draft")
    assert blog.ada.post(path("posts"), json=post("forged", author=BEN)).status_code == 400
    assert blog.ada.post(path("posts"), json=post("star", featured=True)).status_code == 400
    assert blog.ben.patch(draft, json={"title": "Better"}).status_code == 200
    assert blog.ben.patch(draft, json={"author": ADA, "title": "Best"}).status_code == 200
    assert blog.ben.patch(draft, json={"author": BEN}).status_code == 404
    assert blog.ben.patch(draft, json={"featured": True}).status_code == 404
    assert blog.ben.delete(draft).status_code == 404
    assert blog.guest.patch(draft, json={"title": "Worse"}).status_code == 404
    assert blog.eve.patch(draft, json={"featured": True}).status_code == 200
    # The partial unique index: one featured post for each author.
    assert blog.eve.patch(blog.post("second"), json={"featured": True}).status_code == 400


def test_a_comment_stands_under_what_is_published_and_stays_there(blog: Blog) -> None:
    blog.post("draft")
    news = blog.post("published", status="published")
    comment = {"id": id_of("first"), "author": BEN, "text": "First!"}
    assert blog.ben.post(path("comments"), json={**comment, "post": id_of("draft")}).status_code == 400
    assert blog.ada.post(path("comments"), json={**comment, "post": id_of("published")}).status_code == 400
    assert blog.ben.post(path("comments"), json={**comment, "post": id_of("published")}).status_code == 200

    there = f"{path('comments')}/{id_of('first')}"
    assert blog.ben.patch(there, json={"text": "Second"}).status_code == 200
    assert blog.ben.patch(there, json={"post": id_of("draft")}).status_code == 404
    assert blog.ada.patch(news, json={"pinned_comment": id_of("first")}).status_code == 200

    stats = blog.guest.get(path("post_stats")).raise_for_status().json()["items"]
    assert [(row["id"], row["comments"]) for row in stats] == [(id_of("published"), 1)]


def test_the_newsletter_takes_addresses_and_shows_none(blog: Blog) -> None:
    made = blog.guest.post(path("subscribers"), json={"email": "you@example.dev", "token": "x" * 32})
    assert made.status_code == 200
    assert "token" not in made.json()
    stored = blog.admin.get(path("subscribers")).json()["items"][0]
    assert stored["token"] != "x" * 32
    assert blog.guest.get(path("subscribers")).status_code == 403
    forged = {"email": "me@example.dev", "confirmed_at": "2026-01-01"}
    assert blog.guest.post(path("subscribers"), json=forged).status_code == 400


def test_a_passphrase_is_never_returned(blog: Blog) -> None:
    draft = blog.post("draft", passphrase="open sesame")
    assert blog.ada.get(draft).json()["passphrase"] == ""
