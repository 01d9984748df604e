"""The path of a thing, read and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketvex.paths import ThingPath

NAMES = st.text("abc_1", min_size=1)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("posts", ThingPath("posts")),
        ("posts.title", ThingPath("posts", field="title")),
        ("posts@idx.a:b", ThingPath("posts", index="idx.a:b")),
        ("posts:listRule", ThingPath("posts", option="listRule")),
        ("users:oauth2.enabled", ThingPath("users", option="oauth2.enabled")),
        ("posts.status:in review: yes", ThingPath("posts", field="status", choice="in review: yes")),
    ],
)
def test_each_kind(text: str, path: ThingPath) -> None:
    assert ThingPath.parse(text) == path
    assert str(path) == text


@given(NAMES, st.sampled_from(["field", "index", "option"]), NAMES)
def test_what_is_written_is_read(collection: str, kind: str, name: str) -> None:
    path = ThingPath(collection, **{kind: name})
    assert ThingPath.parse(str(path)) == path
