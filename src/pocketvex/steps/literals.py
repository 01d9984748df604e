"""JavaScript literals, read: what JSON becomes under a formatter or in a person's hands.

Values and nothing else: no names but `null`, `true` and `false`, no operators, no `${…}`. In files of the
first format a call `secret("NAME")` stands for `{"env": "NAME"}`.
"""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(
    r"""(?P<space>(?:\s|\ufeff|//[^\n\r\u2028\u2029]*|/\*.*?\*/)+)
    |(?P<string>"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*'|`(?:[^`\\$]|\\.|\$(?!\{))*`)
    |(?P<number>[-+]?(?:0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)(?![\w$.]))
    |(?P<name>[A-Za-z_$][\w$]*)
    |(?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|\r\n|(.))", re.DOTALL)
_PLAIN_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?")
"""As a key it is its own text."""
_SIMPLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}
_ENDS = ("\n", "\r", "\u2028", "\u2029")
_WORDS = {"null": None, "true": True, "false": False}


class Unreadable(ValueError):
    """A text that is no literal; `at` is where."""

    def __init__(self, text: str, at: int, wanted: str) -> None:
        self.at = at
        start = text.rfind("\n", 0, at) + 1
        self.line = text.count("\n", 0, at) + 1
        found = text[start:].split("\n", 1)[0].strip()[:80] or "the end"
        super().__init__(f"line {self.line}: {wanted} is expected: {found}")


class Reader:
    """Reads values from a place in a text; `at` is where it stands, behind comments and blanks."""

    def __init__(self, text: str, at: int = 0, *, secrets: bool = False) -> None:
        self.text = text
        self.at = at
        self.secrets = secrets
        self.before = ""
        self.skip()

    def value(self) -> Any:
        kind, word = self.token()
        if word in ("{", "["):
            return self.object() if word == "{" else self.array()
        if kind == "string":
            return self.string()
        if kind == "number":
            return _number(self.take())
        if word in _WORDS:
            self.take()
            return _WORDS[word]
        if self.secrets and word == "secret":
            self.take()
            self.mark("(")
            name = self.string()
            self.mark(")")
            return {"env": name}
        raise self.expected("a value")

    def object(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self.mark("{")
        while not self.ends("}"):
            key = self.key()
            if key in found:
                raise self.expected(f"one value for {key}")
            self.mark(":")
            found[key] = self.value()
        return found

    def key(self) -> str:
        kind, word = self.token()
        if kind == "string":
            return self.string()
        if kind != "name" and not _PLAIN_NUMBER.fullmatch(word):
            raise self.expected("a name")
        return self.take()

    def array(self) -> list[Any]:
        found: list[Any] = []
        self.mark("[")
        while not self.ends("]"):
            found.append(self.value())
        return found

    def arguments(self) -> list[Any]:
        """`(value, …)`: those of a call."""
        found: list[Any] = []
        self.mark("(")
        while not self.ends(")"):
            found.append(self.value())
        return found

    def ends(self, closing: str) -> bool:
        """Whether a list ends here; else what parts its items is passed. One comma may stand at its end."""
        opening = self.before in ("(", "[", "{")
        if not opening and self.token()[1] == ",":
            self.take()
            opening = True
        if self.token()[1] == closing:
            self.take()
            return True
        if not opening:
            raise self.expected(f"a comma or {closing}")
        return False

    def string(self) -> str:
        kind, word = self.token()
        if kind != "string":
            raise self.expected("a text")
        self.take()
        text = _ESCAPE.sub(_unescaped, word[1:-1])
        # What JavaScript writes as two halves is one character.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")

    def mark(self, wanted: str) -> None:
        if self.token()[1] != wanted:
            raise self.expected(wanted)
        self.take()

    def token(self) -> tuple[str, str]:
        match = _TOKEN.match(self.text, self.at)
        return (match.lastgroup or "", match[0]) if match else ("", "")

    def take(self) -> str:
        _, word = self.token()
        self.at += len(word)
        self.before = word
        self.skip()
        return word

    def skip(self) -> None:
        match = _TOKEN.match(self.text, self.at)
        if match and match.lastgroup == "space":
            self.at = match.end()

    def expected(self, wanted: str) -> Unreadable:
        return Unreadable(self.text, self.at, wanted)


def _number(text: str) -> int | float:
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    sign, digits = re.fullmatch(r"([-+]?)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    found = int(digits, 16) if digits[:2] in ("0x", "0X") else float(digits)
    return -found if sign == "-" else found


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code:
        return chr(int(code, 16))
    character = match[4] or "\n"
    return "" if character in _ENDS else _SIMPLE.get(character, character)


def code_in(text: str) -> str:
    """A text without its comments and blanks."""
    return "".join(m[0] for m in _TOKEN.finditer(text) if m.lastgroup != "space")


def comments_in(text: str) -> list[str]:
    """The lines of the comments in a text, without their marks."""
    blanks = (m[0] for m in _TOKEN.finditer(text) if m.lastgroup == "space")
    found = [
        c for blank in blanks for c in re.findall(r"//([^\n\r\u2028\u2029]*)|/\*(.*?)\*/", blank, re.DOTALL)
    ]
    lines = [line.strip(" *\t") for one, more in found for line in (one or more).splitlines()]
    return [line for line in lines if line]
