"""What was found where: in the schema, in a rule, in a file of the history."""

from __future__ import annotations

from typing import Literal, NamedTuple

Level = Literal["error", "warning", "notice"]
"""What has to be mended, what is taken and probably not meant, what is only to be known."""
LEVELS: tuple[Level, ...] = ("error", "warning", "notice")
"""The gravest first."""


class Location(NamedTuple):
    """A place in a file of the user: `line` and `column` count from 1, 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0
    excerpt: str = ""

    def __str__(self) -> str:
        parts = [self.file, *(str(n) for n in (self.line, self.column) if n)]
        return ":".join(parts)


class Part(NamedTuple):
    """The characters of a text, as of a rule, that a message is about."""

    text: str
    start: int
    end: int


class Finding(NamedTuple):
    """One thing that is not as it should be.

    `path` names it in the user's words (`posts.title.max`); what is found in a migration has only a place.
    """

    path: str
    message: str
    where: Location | None = None
    code: str = ""
    part: Part | None = None
    level: Level = "error"
    why: str = ""
    todo: str = ""

    def __str__(self) -> str:
        at = f"{self.where}: " if self.where else ""
        path = f"{self.path}: " if self.path else ""
        return f"{at}{path}{self.message}"
