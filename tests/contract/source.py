"""The sources of PocketVex as syntax trees, and what they import."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "pocketvex"

PACKAGES = (
    "findings", "errors", "versions", "paths",
    "schema", "rules", "diff", "evidence", "plan", "steps", "lint", "render", "types", "remote",
    "store", "api", "server", "load", "target", "history", "proof", "run", "doctor", "dev", "cli",
)  # fmt: skip
"""From what depends on nothing to what may depend on all."""

PURE = (
    "findings",
    "versions",
    "paths",
    "schema",
    "rules",
    "diff",
    "evidence",
    "plan",
    "steps",
    "lint",
    "render",
    "types",
    "remote",
)

MODULES = sorted(SOURCES.rglob("*.py"))


class Import(NamedTuple):
    """`module` is the whole dotted name, `names` what is taken from it."""

    module: str
    names: tuple[str, ...]
    line: int


def package_of(path: Path) -> str:
    """`plan` for src/pocketvex/plan/make.py, `errors` for src/pocketvex/errors.py."""
    return path.relative_to(SOURCES).parts[0].removesuffix(".py")


def dotted(path: Path) -> str:
    """`pocketvex.plan.make`; a package is its `__init__`."""
    return ".".join(path.relative_to(SOURCES.parent).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[Import]:
    """All of them, wherever they stand: in functions and under TYPE_CHECKING as well."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, (), node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            yield Import("." * node.level + (node.module or ""), names, node.lineno)


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def documents() -> dict[str, str]:
    """The pages at the top and those of docs/, by their names."""
    found = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
    return {shown(path): path.read_text(encoding="utf-8") for path in found}


def codes_in(text: str) -> set[str]:
    return set(re.findall(r"\bPV\d{3}\b", text))
