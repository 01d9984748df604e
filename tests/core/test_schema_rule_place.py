"""Where in a file a part of a rule is written, however the rule was put together."""

from __future__ import annotations

import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketvex.rules.place import character, find_index, find_rule, marked

SHARED = """from pocketvex import Rules
owner = Rules.owner("auther")
class Part:
    rules = Rules(list="wrong = 3")
class Names:
    near = "wrong = 4"
"""
HEAD = (
    "from pocketvex import Base, Rules\nfrom schema._shared import Part, owner\nfrom schema import _shared\n"
)

# The body of the class, and the rule that comes of it.
WRITTEN = {
    "a text": ('rules = Rules(list="wrong = 1")', "wrong = 1"),
    "by position": ('rules = Rules("wrong = 1")', "wrong = 1"),
    "a name in the class": (
        'mine = "a = 1 && wrong = 1"\n    rules = Rules(list=mine)', "a = 1 && wrong = 1",
    ),
    "pieces": (
        'rules = Rules(\n        list="a = 1"\n        " && wrong = 1"\n    )', "a = 1 && wrong = 1",
    ),
    "parts": (
        'rules = Rules(list=Rules.any("ok = 1", Rules.all("a = 1", "wrong = 1")))',
        "ok = 1 || (a = 1 && wrong = 1)",
    ),
    "several lines": (
        'rules = Rules(list="""\n        a = 1\n        && wrong = 1\n    """)',
        "\n        a = 1\n        && wrong = 1\n    ",
    ),
    "escapes": (
        r"""rules = Rules(list='t = \'\x61\' && \u0061 = 1 && wrong = 1')""", "t = 'a' && a = 1 && wrong = 1",
    ),
    "raw": (r"""rules = Rules(list=r"t = '\'' && wrong = 1")""", r"t = '\'' && wrong = 1"),
    "wide characters": (
        'rules = Rules(list="t = \'é\U0001f600\' && wrong = 1")', "t = 'é\U0001f600' && wrong = 1",
    ),
    "characters that end a line elsewhere": (
        'x = "\u2028 \x0c"\n    rules = Rules(list="t = \'\u2028\' && wrong = 1")',
        "t = '\u2028' && wrong = 1",
    ),
    "an annotated name": ('mine: str = "wrong = 1"\n    rules = Rules(list=mine)', "wrong = 1"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "rule"), WRITTEN.values(), ids=WRITTEN)
def test_the_part_itself_is_found(body: str, rule: str) -> None:
    text = f"{HEAD}class Posts(Base):\n    {body}\n"
    place = find_rule({"schema/a.py": text}, "schema/a.py", 4, "listRule", rule, rule.index("wrong"))
    assert place is not None
    assert place.exact
    assert text.split("\n")[place.line - 1][place.column - 1 :].startswith("wrong")


ELSEWHERE = {
    "an import": ("rules = Rules(list=owner)", "@request.auth.id != '' && auther = 1", "auther", 2),
    "a module": ("rules = Rules(list=_shared.owner)", "@request.auth.id != '' && auther = 1", "auther", 2),
    "a mixin": ("pass", "wrong = 3", "wrong", 4),
}  # fmt: skip


@pytest.mark.parametrize(("body", "rule", "part", "line"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_part_that_stands_in_another_file(body: str, rule: str, part: str, line: int) -> None:
    files = {"schema/a.py": f"{HEAD}class Posts(Part, Base):\n    {body}\n", "schema/_shared.py": SHARED}
    place = find_rule(files, "schema/a.py", 4, "listRule", rule, rule.index(part))
    assert place is not None
    assert place[:2] == ("schema/_shared.py", line)
    assert SHARED.splitlines()[line - 1][place.column - 1 :].startswith(part)


@pytest.mark.parametrize("written", ['f"{owner} && wrong = 1"', "made()", '" && ".join(parts)'])
def test_what_no_file_shows_is_pointed_at_where_it_is_made(written: str) -> None:
    text = f"{HEAD}class Posts(Base):\n    rules = Rules(\n        view={written},\n    )\n"
    place = find_rule({"schema/a.py": text}, "schema/a.py", 4, "viewRule", "x = 1 && wrong = 1", 9)
    assert place == ("schema/a.py", 6, 14, False)


@pytest.mark.parametrize(
    "entry", ['"listRule": "wrong = 1"', '"list_rule": "wrong = 1"', '"rules": {"list": "wrong = 1"}']
)
def test_dictionaries(entry: str) -> None:
    text = f'schema = [\n    {{"name": "posts", "fields": [{{"name": "wrong"}}],\n     {entry}}},\n]\n'
    place = find_rule({"a.py": text}, "a.py", 2, "listRule", "wrong = 1", 0)
    assert place is not None
    assert place.line == 3
    assert text.splitlines()[2][place.column - 1 :].startswith("wrong = 1")


def test_exported_json() -> None:
    rule = 'a = "é" && wrong = 1'
    text = json.dumps([{"name": "posts", "listRule": rule}], indent=1)
    place = find_rule({"a.json": text}, "a.json", 2, "listRule", rule, rule.index("wrong"))
    assert place is not None
    assert text.split("\n")[place.line - 1][place.column - 1 :].startswith("wrong = 1")


@pytest.mark.parametrize("text", ["", "class Posts(Base\n", "x = 1\n", "class Posts(Base): pass\n"])
def test_a_file_that_says_nothing(text: str) -> None:
    assert find_rule({"a.py": text}, "a.py", 1, "listRule", "wrong = 1", 0) is None


def test_indexes() -> None:
    text = (
        'class Posts(Base):\n    indexes = [\n        index("a", "b DESC"),\n        index("a"),\n'
        '        "CREATE INDEX mine ON posts (a)",\n    ]\n'
    )
    found = [
        find_index({"a.py": text}, "a.py", 1, name, columns)
        for name, columns in (("idx_posts_a_b", "abDESC"), ("idx_posts_a", "a"), ("mine", "a"), ("no", "c"))
    ]
    assert [place and place.line for place in found] == [3, 4, 5, None]


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"]), max_size=8), min_size=1, max_size=4),
       st.sampled_from(["", "    "]))  # fmt: skip
def test_every_character_of_a_string_is_found(pieces: list[str], indent: str) -> None:
    """In pieces on lines of their own, each escaped as Python does it."""
    source = "x = (\n" + "".join(f"{indent}{piece!r}\n" for piece in pieces) + ")\n"
    constant = ast.parse(source).body[0].value  # type: ignore[attr-defined]
    lines = source.split("\n")
    for offset, char in enumerate(constant.value):
        line, column = character(source, constant, offset)
        rest = lines[line - 1][column - 1 :]
        assert rest.startswith((char, "\\")), (line, column)
        assert rest.startswith(("\\" + char, repr(char)[1:-1], char))


@pytest.mark.parametrize(
    ("line", "column", "length", "shown"),
    [
        ('    list="titel = 1",', 11, 5, 'list="titel = 1",\n      ^^^^^'),
        ("\tlist='x'", 8, 1, "list='x'\n      ^"),
    ],
)
def test_the_marked_line(line: str, column: int, length: int, shown: str) -> None:
    assert marked(line, column, length) == shown


@given(st.integers(0, 300), st.integers(1, 40), st.integers(0, 12))
def test_of_a_long_line_the_part_in_question_is_shown(before: int, length: int, indent: int) -> None:
    line = " " * indent + "x" * before + "W" * length + "y" * 100
    code, carets = marked(line, indent + before + 1, length).split("\n")
    assert len(code) <= 72
    at = carets.index("^")
    assert set(code[at : at + carets.count("^")]) == {"W"}
