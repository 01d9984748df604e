"""Python source as ruff and black would lay it out: literals, and brackets that open where a line is full."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from unicodedata import combining, east_asian_width

_STEP = 4
_COMPACT = ("field.", "index(")
"""Calls whose arguments stand on one line of their own where they fit there."""
_PLAIN_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_AFTER_OPERATOR = re.compile(r"(?<=&& )|(?<=\|\| )")
_AFTER_SPACE = re.compile(r"(?<= )(?=[^ ])")


class Text(NamedTuple):
    """A string; `raw` asks for an `r"…"` where its backslashes allow one."""

    value: str
    raw: bool = False


class Group(NamedTuple):
    """Something in brackets: what opens it, its items with what stands before each, what closes it."""

    opening: str
    items: tuple[tuple[str, Expr], ...]
    closing: str


Expr = str | Text | Group
"""A piece of an expression; a `str` stands for itself."""


def call(name: str, positional: Iterable[Expr] = (), /, **named: Expr) -> Group:
    """`name(a, b=c)`."""
    items = [("", value) for value in positional]
    items += [(f"{key}=", value) for key, value in named.items()]
    return Group(f"{name}(", tuple(items), ")")


def value(item: Any) -> Expr:
    """Plain data as Python writes it; pieces of expressions may stand in it."""
    match item:
        case Text() | Group():
            return item
        case str():
            return Text(item)
        case dict():
            pairs = ((f"{literal(str(key))}: ", value(inner)) for key, inner in item.items())
            return Group("{", tuple(pairs), "}")
        case list() | tuple():
            return Group("[", tuple(("", value(inner)) for inner in item), "]")
        case _:
            return repr(item)


def row(items: Iterable[Expr]) -> Group:
    """A tuple."""
    return Group("(", tuple(("", item) for item in items), ")")


def flat(expr: Expr) -> str:
    """The expression on one line."""
    match expr:
        case Text(text, raw):
            return literal(text, raw=raw)
        case Group(opening, items, closing):
            alone = "," if opening == "(" and len(items) == 1 else ""
            return opening + ", ".join(before + flat(item) for before, item in items) + alone + closing
    return expr


def laid_out(before: str, expr: Expr, after: str = "", *, indent: int, width: int) -> list[str]:
    """The lines of `before + expression + after`: one if it fits, else opened."""
    margin = " " * indent
    one = f"{margin}{before}{flat(expr)}{after}"
    if columns(one) <= width:
        return [one]
    if isinstance(expr, Group) and expr.items:
        body = margin + " " * _STEP + flat(expr)[len(expr.opening) : -len(expr.closing)]
        if expr.opening.startswith(_COMPACT) and columns(body) <= width:
            return [f"{margin}{before}{expr.opening}", body, f"{margin}{expr.closing}{after}"]
        inner = [
            line
            for prefix, item in expr.items
            for line in laid_out(prefix, item, ",", indent=indent + _STEP, width=width)
        ]
        return [f"{margin}{before}{expr.opening}", *inner, f"{margin}{expr.closing}{after}"]
    if isinstance(expr, Text):
        return _long_text(before, expr, after, indent, width) or [one]
    return [one]


def _long_text(before: str, text: Text, after: str, indent: int, width: int) -> list[str]:
    """A string in pieces, one a line, in parentheses; nothing where it cannot be cut."""
    margin, inner = " " * indent, " " * (indent + _STEP)
    pieces = [text.value] if text.raw else list(_pieces(text.value, width - indent - _STEP))
    if len(pieces) == 1:
        alone = f"{inner}{literal(text.value, raw=text.raw)}"
        # Only an assignment gains a line by parentheses.
        if not before.endswith(" = ") or columns(alone) > width:
            return []
        return [f"{margin}{before}(", alone, f"{margin}){after}"]
    return [f"{margin}{before}(", *(inner + literal(piece) for piece in pieces), f"{margin}){after}"]


def _pieces(text: str, room: int) -> Iterator[str]:
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        yield from _filled(line, room)


def _filled(line: str, room: int) -> Iterator[str]:
    """A line cut into pieces that fit: after operators, else after spaces."""
    if columns(literal(line)) <= room:
        yield line
        return
    at = _AFTER_OPERATOR if _AFTER_OPERATOR.search(line) else _AFTER_SPACE
    words = [word for word in at.split(line) if word]
    if len(words) == 1:
        yield line
        return
    piece = ""
    for word in words:
        if piece and columns(literal(piece + word)) > room:
            yield from _filled(piece, room)
            piece = ""
        piece += word
    yield from _filled(piece, room)


def literal(text: str, *, raw: bool = False) -> str:
    """A string as ruff writes it: double quotes, unless single ones need fewer backslashes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    if raw and "\\" in text and text.isprintable() and quote not in text and not _odd_end(text):
        return f"r{quote}{text}{quote}"
    return quote + "".join(_escaped(char, quote) for char in text) + quote


def block(text: str, indent: int) -> list[str]:
    """Lines in triple quotes, each with this margin; the first and last line of the literal are empty."""
    margin = " " * indent
    safe = "".join(char if char == "\n" else _escaped(char, "") for char in text).replace('"""', '\\"\\"\\"')
    return ['"""', *(f"{margin}{line}".rstrip() for line in safe.split("\n")), f'{margin}"""']


def columns(text: str) -> int:
    """How wide a terminal shows it: what line lengths are measured in."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _odd_end(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _escaped(char: str, quote: str) -> str:
    if char == quote:
        return f"\\{char}"
    if char in _PLAIN_ESCAPES:
        return _PLAIN_ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
