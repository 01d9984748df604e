"""Which files of the schema's folder are the schema."""

from __future__ import annotations

import os
from collections.abc import Callable
from keyword import iskeyword
from pathlib import Path
from typing import NamedTuple

from pocketvex.errors import SchemaError
from pocketvex.findings import Finding, Location

Shown = Callable[[str], str]
"""From a file's path to the one that messages show."""


class Sources(NamedTuple):
    modules: tuple[str, ...]
    """The names of the Python files, without their ending, sorted."""
    exported: tuple[Path, ...]
    files: tuple[str, ...]
    """All of them, as absolute paths."""


def find_sources(folder: str, shown: Shown) -> Sources:
    """The files to load, none in an empty folder: those with `_` or `.` in front are for others to import.

    Raises SchemaError where there is no folder, or a file that cannot be imported by its name.
    """
    todo = "Begin with `pocketvex init`, or with `pocketvex schema pull` where a server has a schema already."
    try:
        names = sorted(name for name in os.listdir(folder) if name[0] not in "_.")
    except NotADirectoryError:
        raise SchemaError(f"{shown(folder)} is a file: the schema is a folder of Python files") from None
    except OSError as error:
        raise SchemaError(f"there is no folder {shown(folder)} ({error.strerror})", todo=todo) from None
    paths = {name: os.path.join(folder, name) for name in names}
    found = [name for name in names if name.endswith((".py", ".json")) and not os.path.isdir(paths[name])]
    problems = [
        Finding("", message, Location(shown(paths[name])))
        for name in found
        if (message := _unfit(name, paths[name]))
    ]
    if problems:
        raise SchemaError("not every file of the schema can be loaded", problems=problems)
    modules = tuple(name.removesuffix(".py") for name in found if name.endswith(".py"))
    exported = tuple(Path(paths[name]) for name in found if name.endswith(".json"))
    return Sources(modules, exported, tuple(paths[name] for name in found))


def declares_nothing(folder: str) -> str:
    """What is said of a folder without a file to load; it is a project all the same."""
    return f"{folder}/ holds neither *.py nor *.json: the project declares nothing"


def _unfit(name: str, path: str) -> str:
    stem = name.removesuffix(".py")
    if not os.path.exists(path):
        return "is a link to a file that does not exist"
    if name.endswith(".json") or (stem.isidentifier() and not iskeyword(stem)):
        return ""
    better = "".join(c if c.isalnum() else "_" for c in stem)
    better = f"{better}_" if iskeyword(better) else better if better[0].isalpha() else f"_{better}"
    if better.startswith("_"):
        better = f"schema{better}"
    return f"'{stem}' is not a name that Python can import: rename the file, for instance to {better}.py"
