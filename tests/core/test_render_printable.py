"""What others wrote, as it is printed: exact for programs, harmless for terminals, pages and runners."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostile import HOSTILE, commands, hidden
from pocketvex.render.report.github import command
from pocketvex.render.report.markdown import code, prose
from pocketvex.render.report.printable import as_json, quiet, visible

anything = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("\x1b\x9b\u202e\u200b\r\n:#[]v`@<&|* "))
)


@given(anything)
def test_what_is_shown_hides_nothing_and_commands_nobody(text: str) -> None:
    assert not hidden(visible(text))
    assert not hidden(quiet(text))
    assert not commands(quiet(text))


@given(
    st.recursive(anything | st.integers() | st.none(), lambda s: st.lists(s) | st.dictionaries(anything, s))
)
def test_json_is_exact_and_shows_itself(values: object) -> None:
    text = as_json(values)
    assert json.loads(text) == values
    assert not hidden(text)
    assert not commands(text)


@pytest.mark.parametrize(
    "text", ["", "plain", "größer · „kursiv“ → 日本語 🎉", "two\nlines\tand a tab", "posts::x", "##"]
)
def test_what_harms_nobody_stays_as_it_is(text: str) -> None:
    assert quiet(text) == text
    assert json.loads(as_json(text)) == text


def test_each_character_that_is_not_shown_is_named() -> None:
    assert (
        visible("\x1b[31m\x9b\u202e\U000e0041\ud800\x85\r")
        == "\\x1b[31m\\x9b\\u202e\\U000e0041\\ud800\\x85\\x0d"
    )
    assert visible("a\r\nb") == "a\nb"
    assert quiet("::error::x") == "\\x3a:error::x"
    assert quiet("x\n\u00a0 ::error::x").endswith("\\x3a:error::x")
    assert as_json("##[x]\x9b") == '"\\u0023#[x]\\u009b"'


def test_a_workflow_command_is_one_line_and_one_command() -> None:
    line = command("error", f"{HOSTILE}\ud800", HOSTILE, None)
    assert "\n" not in line
    assert not hidden(line)
    assert line.startswith("::error title=")
    assert line.count("::", 2) == line[2:].count("::")
    title = line.removeprefix("::error title=").partition("::")[0]
    assert ":" not in title
    assert "," not in title


@given(anything)
def test_markdown_holds_no_markup_of_others(text: str) -> None:
    assert not hidden(code(text))
    assert "\n" not in code(text)
    words = prose(text)
    assert not hidden(words)
    outside = "".join(words.split("`")[::2]) if "``" not in words else ""
    assert "<" not in outside
    assert "@everyone" not in outside


def test_what_would_be_a_link_or_a_call_is_code() -> None:
    said = prose("see https://evil.example/x?y and www.evil.example for @everyone, a@b.c <img src=x> [a](b)")
    assert "`https://evil.example/x?y`" in said
    assert "`www.evil.example`" in said
    assert "`@everyone`" in said
    assert "<img" not in said
    assert "[a](b)" not in said
