"""The formats in which a command shows what it found, and the one place that picks among them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from pocketvex.cli.terminal import output
from pocketvex.errors import UsageError

if TYPE_CHECKING:
    from pocketvex.store.config import Config


class Format(StrEnum):
    """For a person, a program, a pull request, a workflow."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    GITHUB = "github"


FORMATS = (*Format,)


class Shown(ABC):
    """What a command found, able to write itself to stdout; the text stands for what has no other form."""

    @abstractmethod
    def text(self) -> None: ...

    @abstractmethod
    def json(self) -> None: ...

    def markdown(self) -> None:
        self.text()

    def github(self) -> None:
        self.text()


def show(found: Shown, format: Format) -> None:
    """Write what was found in the format that was asked for."""
    match format:
        case Format.TEXT:
            found.text()
        case Format.JSON:
            found.json()
        case Format.MARKDOWN:
            found.markdown()
        case Format.GITHUB:
            found.github()


def checked_format(name: str, formats: Sequence[Format] = FORMATS) -> Format:
    """The format of this name, which has to be one of those that the command has."""
    for format in formats:
        if format == name:
            return format
    raise UsageError(f"no format {name!r}", todo=f"There are: {', '.join(formats)}.")


def write_json(values: object) -> None:
    from pocketvex.render.report.printable import as_json

    output.verbatim(as_json(values))


def in_repository(root: Path) -> str:
    """Where the project lies in its repository; "" where it is its top, or in none."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            return root.relative_to(folder).as_posix().removeprefix(".")
    return ""


def migrations_in(config: Config) -> str:
    """Where the migrations lie in the repository."""
    folder = in_repository(config.root)
    return f"{folder}/{config.migrations.name}" if folder else config.migrations.name
