"""Comments that silence a finding, and those that silence nothing."""

from __future__ import annotations

import pytest

from pocketvex.findings import Finding, Location
from pocketvex.lint.findings import CODES
from pocketvex.lint.suppressions import silenced

FILE = """class Posts(Base):{head}
    title = field.text()  # plain
    n = field.number(  {first}
        required=True,{middle}
    ){last}
    {alone}
    m = field.number(required=True)


class Notes(Base):
    text = field.text()
"""


def left(line: int, code: str = "PV709", **comments: str) -> list[tuple[str, str]]:
    places = dict.fromkeys(("head", "first", "middle", "last", "alone"), "")
    text = FILE.format(**{**places, **{key: f"  # pocketvex: {value}" for key, value in comments.items()}})
    findings = [Finding("posts.n", "odd", Location("a.py", line), code)]
    return [(found.code, found.message) for found in silenced(findings, {"a.py": text}, CODES)]


@pytest.mark.parametrize(
    ("line", "where"),
    [
        (3, "first"),
        (3, "last"),
        (4, "middle"),
        (4, "first"),
        (7, "alone"),
        (1, "head"),
        (3, "head"),
        (7, "head"),
    ],
)
def test_silenced(line: int, where: str) -> None:
    assert left(line, **{where: "ignore PV709: a reason, and more"}) == []


@pytest.mark.parametrize(
    ("line", "where"), [(7, "first"), (7, "last"), (3, "middle"), (3, "alone"), (10, "head"), (11, "alone")]
)
def test_a_comment_is_about_its_own_place(line: int, where: str) -> None:
    assert left(line, **{where: "ignore PV709"}) == [
        ("PV709", "odd"), ("PV790", "PV709 is found here no more: remove the comment"),
    ]  # fmt: skip


def test_several_codes_of_which_one_is_found() -> None:
    assert left(3, first="ignore PV709, PV708") == [
        ("PV790", "PV708 is found here no more: remove the comment")
    ]


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("ignore", "this comment names no code: # pocketvex: ignore PV703"),
        ("ignore everything", "this comment names no code: # pocketvex: ignore PV703"),
        ("ignore PV201", "PV201 is no code of a finding: remove the comment"),
        ("ignore PV401: it is right", "PV401 is no code of a finding: remove the comment"),
    ],
)
def test_comments_that_mean_nothing(comment: str, message: str) -> None:
    assert left(3, first=comment) == [("PV709", "odd"), ("PV790", message)]


def test_a_text_that_looks_like_a_comment_is_none() -> None:
    text = 'x = """\n# pocketvex: ignore PV709\n"""\n'
    assert silenced([], {"a.py": text}, CODES) == []


@pytest.mark.parametrize("text", ["x = (\n", "\tx\n y\n", ""])
def test_a_file_that_cannot_be_read_silences_nothing(text: str) -> None:
    assert silenced([], {"a.py": text}, CODES) == []
