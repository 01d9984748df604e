"""What others wrote (servers, rows, files), made safe to show: on a terminal, in Markdown, in CI."""

from __future__ import annotations

import re
from typing import Any

# Runners of CI take what a program prints for commands: GitHub a line that begins with `::`, whatever blank
# stands before it, and, as Azure and TeamCity, `##[…]`, `##vso[…]`, `##teamcity[…]` anywhere in a line.
_LINE_COMMAND = re.compile(r"^([^\S\n]*):(?=:)", re.M)
_COMMAND = re.compile(r"#(?=#\w*\[)")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, characters that are not seen or turn others around, halves of pairs, line ends of other kinds."""


def visible(text: str) -> str:
    """The text with its escape where a character would act, hide, or turn others around.

    Line ends and tabs stay: how a text is laid out is for who shows it.
    """
    if text.isprintable():
        return text
    return "".join(map(_seen, text.replace("\r\n", "\n")))


def quiet(text: str) -> str:
    """The same, and nothing in it is a command to a runner of CI."""
    shown = visible(text)
    if "::" in shown:
        shown = _LINE_COMMAND.sub(r"\1\\x3a", shown)
    return _COMMAND.sub(r"\\x23", shown) if "##" in shown else shown


def as_json(values: Any) -> str:
    """The values exactly, as JSON whose every character shows itself and commands nobody."""
    import json

    text = json.dumps(values, indent=2, ensure_ascii=False)
    if "##" in text:
        text = _COMMAND.sub(r"\\u0023", text)
    return "\n".join(line if line.isprintable() else _escaped(line) for line in text.split("\n"))


def _seen(char: str) -> str:
    if char.isprintable() or char in "\n\t" or not _is_hidden(char):
        return char
    # As Python writes it, the half of a pair too.
    return char.encode("ascii", "backslashreplace").decode() if ord(char) > 0x7F else f"\\x{ord(char):02x}"


def _escaped(line: str) -> str:
    """A line of JSON: what is not printable stands in a string of it."""
    import json

    return "".join(json.dumps(char)[1:-1] if _is_hidden(char) else char for char in line)


def _is_hidden(char: str) -> bool:
    from unicodedata import category

    return category(char) in _HIDDEN
