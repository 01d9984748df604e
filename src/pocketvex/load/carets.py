"""Mistakes in rules as problems that point into the user's files, with carets under the wrong part."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pocketvex.findings import Finding, Location, Part

if TYPE_CHECKING:
    from pocketvex.rules.place import Place


_WHOLE = ("PV703", "PV705", "PV706")
"""Findings about a rule, not about a word in it."""


class Texts:
    """The files of a project, read when they are asked for; `root` is what their paths are relative to."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.texts: dict[str, str] = {}

    def read(self, file: str) -> str:
        """A file's text, empty where it cannot be read."""
        if file not in self.texts:
            try:
                with open(os.path.join(self.root, file), encoding="utf-8-sig", errors="replace") as source:
                    self.texts[file] = source.read()
            except (OSError, ValueError):
                self.texts[file] = ""
        return self.texts[file]

    def around(self, file: str) -> dict[str, str]:
        """The file and, where it is Python, those beside it, which it may import."""
        folder, _, _ = file.rpartition("/")
        names = [file]
        if file.endswith(".py"):
            try:
                beside = sorted(os.listdir(os.path.join(self.root, folder)))
            except OSError:
                beside = []
            names += [f"{folder}/{name}" if folder else name for name in beside if name.endswith(".py")]
        return {name: self.read(name) for name in names}


def pointed(problems: Iterable[Finding], root: str, texts: Texts | None = None) -> list[Finding]:
    """The same problems; those in rules with line and column, and carets under what is wrong."""
    read = texts or Texts(root)
    return [problem._replace(where=_where(problem, read)) for problem in problems]


def _where(problem: Finding, texts: Texts) -> Location | None:
    source, part = problem.where, problem.part
    if source is None or part is None:
        return source
    # Only where something is wrong: it takes Python's parser.
    from pocketvex.rules.place import find_index, find_rule

    around = texts.around(source.file)
    _, at, index = problem.path.partition("@")
    if at:
        place = find_index(around, source.file, source.line, index, part.text)
        return _in_index(texts, place, part) if place else source
    rule = problem.path.partition(".")[2]
    place = find_rule(around, source.file, source.line, rule, part.text, part.start)
    if place is None:
        return source._replace(excerpt=_in_rule(part) if part.text else "")
    if problem.code in _WHOLE:
        return _line(texts, place.file, place.line)
    return _location(part, place, texts)


def _in_index(texts: Texts, place: Place, part: Part) -> Location:
    """The line that declares an index, with carets where the part is a word of it."""
    from pocketvex.rules.place import lines_of, marked

    line = lines_of(texts.read(place.file))[place.line - 1]
    at = line.find(part.text)
    if (part.start, part.end) == (0, len(part.text)) or at < 0:
        return _line(texts, place.file, place.line)
    column = at + part.start + 1
    return Location(place.file, place.line, column, marked(line, column, part.end - part.start))


def _line(texts: Texts, file: str, line: int) -> Location:
    from pocketvex.rules.place import lines_of

    return Location(file, line, 0, lines_of(texts.read(file))[line - 1].strip())


def _location(part: Part, place: Place, texts: Texts) -> Location:
    from pocketvex.rules.place import lines_of, marked

    line = lines_of(texts.read(place.file))[place.line - 1]
    if place.exact:
        excerpt = marked(line, place.column, part.end - part.start)
    else:
        excerpt = f"{line.strip()}\n{_in_rule(part)}"
    return Location(place.file, place.line, place.column, excerpt)


def _in_rule(part: Part) -> str:
    """The line of the rule itself, where it is put together in a way that no file shows."""
    from pocketvex.rules.place import marked

    before = part.text.rfind("\n", 0, part.start) + 1
    line = part.text[before:].partition("\n")[0]
    return marked(f"= {line}", part.start - before + 3, part.end - part.start)
