"""Schemas with awkward names and values, all of them legal: one for each kind of awkwardness."""

from __future__ import annotations

from zlib import crc32

from bench.compare.blog import Json, choice, collection, field


def _base(name: str, *fields: Json) -> Json:
    return collection(f"pbc_{crc32(name.encode()):010d}", name, *fields)


def _text(*names: str) -> list[Json]:
    return [field("text", name) for name in names]


HOSTILE: dict[str, tuple[str, list[Json]]] = {
    "digits": (
        "names that begin with a digit",
        [_base("2fa", *_text("0"), choice("1e3", "a")), _base("things", *_text("2fa"), choice("3d", "a"))],
    ),
    "reserved": (
        "collections and fields called as words of the language",
        [
            _base(name, *_text("new", "default"), choice("enum", "a"))
            for name in ("class", "function", "void")
        ],
    ),
    "borrowed": (
        "collections called as types of the language",
        [_base(name, *_text("date"), choice("file", "a")) for name in ("Array", "Record", "Date", "Promise")],
    ),
    "meeting": (
        "names that are one in PascalCase",
        [_base("a_b", choice("c", "x")), _base("aB", choice("c", "y")), _base("a", choice("b_c", "z"))],
    ),
    "quotes": (
        "select values with quotes and backslashes",
        [_base("things", choice("one", 'say "hi"', "it's", "`tick` ${code}", "back\\slash", "end\\"))],
    ),
    "lines": (
        "select values with line ends and ends of comments",
        [_base("things", choice("one", "new\nline", "*/ end", "// start", "\u2028"))],
    ),
    "prototype": (
        "`__proto__` and `constructor`, as field and as value",
        [_base("things", *_text("__proto__", "constructor"), choice("one", "__proto__", "constructor"))],
    ),
    "twins": (
        "select values that differ in signs alone",
        [_base("things", choice("one", "a-b", "a b", "a_b", "A B"), choice("two", "<", ">", "="))],
    ),
    "bare": (
        "a collection without fields",
        [_base("things")],
    ),
}
"""By key: what is awkward, and the collections."""
