"""PocketBase's filter language, the one that rules are written in: from a text to a tree.

What is accepted, and what its parts mean, is the server's: found out on 0.23.12, 0.28.4, 0.36.9, 0.39.11
and 0.40.6 by saving rules. Names are looked up elsewhere (`filter_names`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from pocketvex.versions import ESCAPED_BACKSLASHES, FILTER_CALLS, Version

MAX_COMPARISONS = 200

OPERATORS = ("=", "!=", ">", ">=", "<", "<=", "~", "!~")
SIGNS = frozenset((*OPERATORS, *(f"?{sign}" for sign in OPERATORS)))

_NAME = re.compile(r"[A-Za-z_@#][A-Za-z0-9_.:]*")
_NUMBER = re.compile(r"-?[0-9]*(?:\.[0-9]*)?")
_SPACE = " \t\n"


class FilterError(Exception):
    """Where a text stops being a filter: the span of it that is wrong, and why."""

    def __init__(self, what: str, start: int, end: int) -> None:
        super().__init__(what)
        self.what = what
        self.start = start
        self.end = end


class Operand(NamedTuple):
    """One side of a comparison. `text` is the name, the unquoted text, or the number as it is written."""

    kind: Literal["name", "text", "number", "call"]
    text: str
    start: int
    end: int
    args: tuple[Operand, ...] = ()


class Comparison(NamedTuple):
    left: Operand
    sign: str
    right: Operand


class Group(NamedTuple):
    """Parts joined from left to right; `&&` binds stronger than `||`. The first part's join says nothing."""

    parts: tuple[tuple[Literal["&&", "||"], Comparison | Group], ...]


class Ignored(NamedTuple):
    """A span that the server reads over without complaint, though it was surely meant."""

    start: int
    end: int
    what: str


class Filter(NamedTuple):
    root: Group
    ignored: tuple[Ignored, ...] = ()

    def comparisons(self) -> Iterator[Comparison]:
        yield from _comparisons(self.root)


@lru_cache(1024)  # a schema says the same in many places
def parse_filter(text: str, version: Version) -> Filter:
    """The tree of a filter, as a server of this version reads it; raises FilterError where it would not."""
    parser = _Parser(text, version)
    root = parser.group(0, len(text))
    if parser.count > MAX_COMPARISONS:
        raise FilterError(f"has {parser.count} comparisons: the server takes {MAX_COMPARISONS}", 0, len(text))
    return Filter(root, tuple(parser.ignored))


def _comparisons(group: Group) -> Iterator[Comparison]:
    pending = [group]
    while pending:
        for _, part in pending.pop().parts:
            if isinstance(part, Group):
                pending.append(part)
            else:
                yield part


class _Token(NamedTuple):
    kind: str
    start: int
    end: int
    operand: Operand | None = None


class _Parser:
    def __init__(self, text: str, version: Version) -> None:
        self.text = text
        self.version = version
        self.count = 0
        self.ignored: list[Ignored] = []

    def group(self, start: int, end: int) -> Group:
        """What stands between two parentheses, or the whole. A loop, not a recursion: the server nests
        thousands deep."""
        stack = [_Open(start, end)]
        while True:
            top = stack[-1]
            inner = self.part_of(top)
            if inner is not None:
                stack.append(inner)
                continue
            stack.pop()
            group = Group(tuple(top.parts))
            if not stack:
                return group
            stack[-1].add(group)

    def part_of(self, top: _Open) -> _Open | None:
        """Read on until the group ends (None) or another one opens."""
        while (token := self.next(top)) is not None:
            if token.kind == "group":
                self.note_ignored(top, token)
                top.step = "join"
                return _Open(token.start + 1, token.end - 1)
            self.take(top, token)
        if top.step != "join":
            raise self.incomplete(top)
        return None

    def take(self, top: _Open, token: _Token) -> None:
        written = self.text[token.start : token.end]
        match top.step:
            case "left" if token.operand:
                top.left, top.step = token.operand, "sign"
            case "sign" if token.kind == "sign":
                top.sign, top.step = written, "right"
            case "right" if token.operand and top.left:
                top.add(Comparison(top.left, top.sign, token.operand))
                self.count += 1
                top.left, top.step = None, "join"
            case "join" if token.kind == "join":
                top.join = "||" if written == "||" else "&&"
                top.step = "left"
            case _:
                raise FilterError(f"{_EXPECTED[top.step]}, not `{written}`", token.start, token.end)

    def note_ignored(self, top: _Open, token: _Token) -> None:
        if top.left is not None:
            self.ignored.append(Ignored(top.left.start, token.start, "is not compared with anything"))
        elif top.step == "join":
            self.ignored.append(Ignored(token.start, token.end, f"has no operator before it: `{top.join}`"))
        top.left = None

    def incomplete(self, top: _Open) -> FilterError:
        if top.step == "left" and not top.parts:
            what = "is empty" if top.start == 0 else "an empty pair of parentheses"
            start = max(0, top.start - 1)
            return FilterError(what, start, min(len(self.text), top.end + (1 if start < top.start else 0)))
        start = top.left.start if top.left else max(top.start, top.end - 1)
        return FilterError(f"ends too early: {_EXPECTED[top.step]}", start, max(top.end, start + 1))

    def next(self, top: _Open) -> _Token | None:
        """The next token of a group, or None at its end."""
        while top.at < top.end:
            char, at = self.text[top.at], top.at
            if char == "\0":
                return None
            if char in _SPACE:
                top.at = self.spaces(at, top.end)
                continue
            if char == "/":
                top.at = self.comment(at, top.end)
                continue
            token = self.token(char, at, top.end)
            whole = token.kind == "group" or (token.operand and token.operand.kind in ("text", "call"))
            top.at = token.end if whole else self.behind(token.end, top.end)
            return token
        return None

    def token(self, char: str, at: int, end: int) -> _Token:
        if char == "(":
            return _Token("group", at, self.closing(at, end))
        if char in "'\"":
            return self.value(self.quoted(at, end))
        if char == "-" or char in "0123456789":
            return self.value(self.number(at, end))
        if _NAME.match(char):
            return self.value(self.name(at, end))
        for kind, characters, known in (("sign", "=?!><~", SIGNS), ("join", "&|", {"&&", "||"})):
            if char in characters:
                stop = at
                while stop < end and self.text[stop] in characters:
                    stop += 1
                if (written := self.text[at:stop]) not in known:
                    raise FilterError(f"there is no operator `{written}`", at, stop)
                return _Token(kind, at, stop)
        raise FilterError(f"the character {char!r} means nothing here", at, at + 1)

    def value(self, operand: Operand) -> _Token:
        return _Token("operand", operand.start, operand.end, operand)

    def behind(self, at: int, end: int) -> int:
        """Behind a word: the server takes a zero character there for its end, and goes on after it."""
        return at + 1 if at < end and self.text[at] == "\0" else at

    def spaces(self, at: int, end: int) -> int:
        while at < end and self.text[at] in _SPACE:
            at += 1
        return self.behind(at, end)

    def comment(self, at: int, end: int) -> int:
        if self.text[at : min(at + 2, end)] != "//":
            raise FilterError("a comment begins with `//`", at, at + 1)
        stops = [self.text.find(stop, at, end) for stop in "\n\0"]
        return min((stop + 1 for stop in stops if stop >= 0), default=end)

    def closing(self, at: int, end: int) -> int:
        """Behind the parenthesis that closes this one. Comments count here: a `)` in one closes."""
        depth, position = 1, at + 1
        while position < end and self.text[position] != "\0":
            char = self.text[position]
            if char in "'\"":
                position = self.quoted(position, end).end
                continue
            depth += (char == "(") - (char == ")")
            position += 1
            if depth == 0:
                return position
        raise FilterError("this parenthesis is never closed", at, at + 1)

    def quoted(self, at: int, end: int) -> Operand:
        quote, position, escaped = self.text[at], at + 1, False
        while position < end and (char := self.text[position]) != "\0":
            if char == quote and not escaped:
                value = self.text[at + 1 : position].replace(f"\\{quote}", quote)
                return Operand("text", value, at, position + 1)
            both = self.version >= ESCAPED_BACKSLASHES and escaped
            escaped = char == "\\" and not both
            position += 1
        raise FilterError("this text is never closed", at, position)

    def number(self, at: int, end: int) -> Operand:
        found = _NUMBER.match(self.text, at, end)
        assert found is not None  # every part of it is optional
        if found[0] in ("-", "") or found[0].endswith("."):
            raise FilterError(f"`{found[0]}` is not a number", at, found.end())
        return Operand("number", found[0], at, found.end())

    def name(self, at: int, end: int) -> Operand:
        found = _NAME.match(self.text, at, end)
        assert found is not None  # the caller saw its first character
        word, stop = found[0], found.end()
        lone = word in ("@", "#") or (word == "_" and self.version >= FILTER_CALLS)
        if word[-1] in ".:" or lone:
            raise FilterError(f"`{word}` is not a whole name", at, stop)
        if stop < end and self.text[stop] == "(" and self.version >= FILTER_CALLS:
            return self.call(word, at, stop + 1, end)
        return Operand("name", word, at, stop)

    def call(self, name: str, start: int, at: int, end: int) -> Operand:
        args: list[Operand] = []
        comma = False
        while at < end and self.text[at] != "\0":
            char = self.text[at]
            if char == ")":
                return Operand("call", name, start, at + 1, tuple(args))
            if char in _SPACE:
                at = self.spaces(at, end)
            elif char == "/":
                at = self.comment(at, end)
            elif comma != (char == ","):
                raise FilterError("expected a comma" if comma else "expected an argument", at, at + 1)
            elif comma:
                comma, at = False, at + 1
            else:
                args.append(self.argument(char, at, end))
                comma, at = True, args[-1].end
        raise FilterError(f"the call of {name} is never closed", start, at)

    def argument(self, char: str, at: int, end: int) -> Operand:
        if char in "'\"":
            return self.quoted(at, end)
        if char == "-" or char in "0123456789":
            return self.number(at, end)
        if _NAME.match(char):
            return self.name(at, end)
        raise FilterError("an argument is a name, a number or a text", at, at + 1)


class _Open:
    """A group that is being read: what it has so far, and what comes next."""

    def __init__(self, start: int, end: int) -> None:
        self.start, self.at, self.end = start, start, end
        self.parts: list[tuple[Literal["&&", "||"], Comparison | Group]] = []
        self.join: Literal["&&", "||"] = "&&"
        self.step = "left"
        self.left: Operand | None = None
        self.sign = ""

    def add(self, part: Comparison | Group) -> None:
        self.parts.append((self.join, part))


_EXPECTED = {
    "left": "expected a name, a text or a number",
    "sign": "expected an operator like `=`",
    "right": "expected a value after the operator",
    "join": "expected `&&` or `||`",
}
