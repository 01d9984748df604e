"""What the code declares, and where: also of code that cannot be loaded, as far as its text tells."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pocketvex.errors import SchemaError
from pocketvex.findings import Location
from pocketvex.load.collect import lines_of
from pocketvex.load.exported import read_exported
from pocketvex.load.loader import load_schema
from pocketvex.load.paths import shown_path
from pocketvex.schema.declare import snake_case
from pocketvex.schema.model import Schema
from pocketvex.store.config import Config

_CLASS = re.compile(r"\s*class\s+(\w+)")
_DECORATORS = 5


class Declaration(NamedTuple):
    """Where a collection is declared; `class_name` is empty where it is no class."""

    where: Location
    class_name: str = ""


@dataclass(frozen=True)
class DeclaredCode:
    """The collections of the code by their names. `error` says why there is no schema."""

    places: Mapping[str, Declaration]
    schema: Schema | None = None
    error: SchemaError | None = None

    def declares(self, collection: str) -> Declaration | None:
        return next((p for name, p in self.places.items() if name.lower() == collection.lower()), None)

    def in_file(self, file: str) -> list[str]:
        """The collections that this file declares."""
        return [name for name, place in self.places.items() if place.where.file == file]


def read_code(config: Config) -> DeclaredCode:
    """Load the code of a project; a folder with nothing in it declares nothing."""
    if not _sources(config.schema):
        return DeclaredCode({}, Schema())
    try:
        schema = load_schema(config.root, config.schema, timeout=config.load_timeout).schema
    except SchemaError as error:
        return DeclaredCode(dict(_scanned(config)), None, error)
    places = {c.name: _place(config.root, c.source) for c in schema.collections if c.source}
    return DeclaredCode(places, schema)


def declares_something(config: Config) -> bool:
    """Whether there is a file that may declare collections."""
    return bool(_sources(config.schema))


def _sources(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.suffix in (".py", ".json") and p.name[0] not in "_.")


def _place(root: Path, where: Location) -> Declaration:
    try:
        lines = (root / where.file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return Declaration(where)
    # A class with a decorator begins at that one.
    for line in lines[max(where.line - 1, 0) :][:_DECORATORS]:
        if found := _CLASS.match(line):
            return Declaration(where, found[1])
    return Declaration(where)


def _scanned(config: Config) -> Iterator[tuple[str, Declaration]]:
    """The collections that the text of the files seems to declare."""
    for path in _sources(config.schema):
        shown = shown_path(str(path), str(config.root))
        try:
            if path.suffix == ".json":
                for values in read_exported(path, shown):
                    yield values["name"], Declaration(values["source"] or Location(shown))
                continue
            tree = ast.parse(path.read_bytes())
        except (SchemaError, SyntaxError, ValueError, OSError):
            continue
        for name, (line, _) in lines_of(str(path))[1].items():
            yield name, Declaration(Location(shown, line))
        for statement in tree.body:
            if isinstance(statement, ast.ClassDef) and (name := _collection(statement)):
                yield name, Declaration(Location(shown, statement.lineno), statement.name)


def _collection(statement: ast.ClassDef) -> str:
    """The name of the collection that a class seems to be; "" where it is a mixin."""
    said = {keyword.arg: getattr(keyword.value, "value", None) for keyword in statement.keywords}
    if not statement.bases or said.get("abstract"):
        return ""
    return str(said.get("name") or snake_case(statement.name))
