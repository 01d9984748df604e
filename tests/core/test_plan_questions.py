"""Answers to questions: what they mean, and which of them mean nothing."""

from __future__ import annotations

import pytest

from pocketvex.errors import UsageError
from pocketvex.plan.questions import renames_of

MEANT = {
    "a field": ({"posts.title": "posts.headline"}, {"posts.headline": "title"}),
    "a field, in short": ({"posts.title": "headline"}, {"posts.headline": "title"}),
    "a field that is gone": ({"posts.title": ""}, {"posts.title": ""}),
    "a collection": ({"posts": "pages"}, {"pages": "posts"}),
    "a choice is no name": ({"posts.state:old": "new"}, {}),
}


@pytest.mark.parametrize("case", MEANT)
def test_names_as_compare_takes_them(case: str) -> None:
    answers, renames = MEANT[case]
    assert renames_of(answers) == renames


@pytest.mark.parametrize(
    ("id", "value"),
    [
        ("posts.title", "pages.title"),
        ("posts.title", "pages.headline"),
        ("posts.title", "posts.title"),
        ("posts.title", "title"),
        ("posts", "posts"),
    ],
)
def test_what_names_no_other_thing_there_is_not_taken_for_gone(id: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"'{value}' is no answer to {id}"):
        renames_of({id: value})
