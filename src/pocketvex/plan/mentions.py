"""Old names in other people's code: where a name that a plan takes away still occurs in the server's hooks.

It is a search for words, and no more: what it finds may mean something else. Prose and comments are left
out, as are words that are neither in quotes nor a member or a key of something.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pocketvex.diff.operations import DropCollection, DropField, Operation, RenameCollection, RenameField
from pocketvex.paths import ThingPath
from pocketvex.plan.changes import Plan

_WIDTH = 100
_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))"""
    r"""|(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)""",
    re.DOTALL,
)
_OURS = re.compile(r"^// Written by `pocketvex ", re.MULTILINE)
_SQL = re.compile(r"\b(?:select|insert|update|delete|from|where|join|order by)\b", re.IGNORECASE)


class Mention(NamedTuple):
    """`path` is the change that takes `name` away; `text` the line, shortened."""

    path: str
    name: str
    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: may mean {self.path}: {self.text}"


class Gone(NamedTuple):
    """A name that will not be there any more: `field` is "" for that of a collection."""

    path: str
    collection: str
    field: str

    @property
    def name(self) -> str:
        return self.field or self.collection


def gone_names(plan: Plan) -> list[Gone]:
    """What a plan removes or renames, questions included: whatever their answer, the name goes."""
    found = [gone for change in plan.changes if (gone := _gone(change.operation, plan.renamed))]
    for question in plan.questions:
        if question.kind == "rename":
            path = ThingPath.parse(question.id)
            home = plan.renamed.get(path.collection, path.collection)
            found.append(Gone(question.id, home, path.field))
    return found


def _gone(operation: Operation, renamed: Mapping[str, str]) -> Gone | None:
    home = renamed.get(operation.collection, operation.collection)
    match operation:
        case DropCollection():
            return Gone(operation.path, operation.collection, "")
        case RenameCollection(old=old):
            return Gone(operation.path, old, "")
        case DropField(field=field):
            return Gone(operation.path, home, field.name)
        case RenameField(old=old):
            return Gone(operation.path, home, old)
        case _:
            return None


def find_mentions(gone: Iterable[Gone], texts: Mapping[str, str]) -> list[Mention]:
    """The places in these texts (by the names of their files) that may mean a name that is gone.

    For each name, the files that speak of its collection come first. What we wrote ourselves means none.
    """
    texts = {file: text for file, text in texts.items() if not _OURS.search(text)}
    sources: dict[str, _Source] = {}
    found: list[Mention] = []
    for item in gone:
        word = re.compile(rf"\b{re.escape(item.collection)}(?=\b|_via_)")
        near = [file for file, text in texts.items() if item.name in text]
        for file in sorted(near, key=lambda file: not word.search(texts[file])):
            if file not in sources:
                sources[file] = _Source(file, texts[file])
            found += sources[file].mentions(item)
    return found


def some_of(mentions: Iterable[Mention], most: int = 5) -> dict[str, tuple[list[Mention], int]]:
    """By the change that they are about: the first of them, and how many are left."""
    by_path: dict[str, list[Mention]] = {}
    for mention in mentions:
        by_path.setdefault(mention.path, []).append(mention)
    return {path: (found[:most], max(0, len(found) - most)) for path, found in by_path.items()}


class _Source:
    """One text, its strings and its code told apart once."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.lines = text.split("\n")
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.strings: list[tuple[int, str]] = []
        code, end = [], 0
        for token in _TOKEN.finditer(text):
            if token["string"]:
                self.strings.append((token.start() + 1, token["string"][1:-1]))
            code += [text[end : token.start()], re.sub(r"[^\n]", " ", token[0])]
            end = token.end()
        self.code = "".join([*code, text[end:]])

    def mentions(self, gone: Gone) -> Iterator[Mention]:
        places = {*self.in_strings(gone.name), *(self.in_code(gone.name) if gone.field else ())}
        for number in sorted({bisect_right(self.starts, place) for place in places}):
            line = " ".join(self.lines[number - 1].split())
            yield Mention(gone.path, gone.name, self.file, number, line[:_WIDTH])

    def in_strings(self, name: str) -> Iterator[int]:
        # `posts_via_author` speaks of posts and of author.
        word = re.compile(rf"(?:(?<![\w$])|(?<=_via_)){re.escape(name)}(?=_via_|(?![\w$]))")
        for start, text in self.strings:
            for match in word.finditer(text) if name in text else ():
                if not _is_prose(text, match):
                    yield start + match.start()

    def in_code(self, name: str) -> Iterator[int]:
        """As a member of something, or as a key."""
        escaped = re.escape(name)
        for match in re.finditer(rf"\.\s*({escaped})(?![\w$])|[{{,]\s*({escaped})\s*:", self.code):
            yield match.start(1) if match[1] else match.start(2)


def _is_prose(text: str, word: re.Match[str]) -> bool:
    """Whether a word in a string stands among other words, as in a sentence; SQL is no sentence."""
    among = re.search(r"[^\W\d_]\s+$", text[: word.start()]) or re.match(r"\s+[^\W\d_]", text[word.end() :])
    return among is not None and _SQL.search(text) is None
