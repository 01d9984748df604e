"""The other generators of TypeScript for PocketBase, in pinned versions, and how each is called."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from bench.npm import installed, node
from bench.projects import Login


class Generator(NamedTuple):
    """A package of npm; `script` is what its `bin` points to."""

    name: str
    version: str
    script: str

    @property
    def package(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def modules(self) -> Path:
        return installed(self.package)

    def words(self, *arguments: str | Path) -> list[str | Path]:
        """The command as `npx` runs it once the package is there, without the time that npx takes itself."""
        return [node(), self.modules / self.name / self.script, *arguments]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


TYPEGEN = Generator("pocketbase-typegen", "1.5.0", "dist/cli.js")
TYPES = Generator("pocketbase-types", "3.0.0", "dist/cli/index.js")
ZOD = Generator("pocketbase-zod-schema", "1.0.2", "dist/cli/migrate.js")
TYPED = Generator("typed-pocketbase", "0.1.1", "dist/codegen/cli.js")
"""Logs in as PocketBase had it up to 0.22."""
GENERATORS = (TYPEGEN, TYPES, ZOD, TYPED)


def from_server(generator: Generator, login: Login, out: str) -> list[str | Path]:
    """The command that reads a live server."""
    option = "--output" if generator == TYPES else "--out"
    url, email, password = login
    return generator.words("--url", url, "--email", email, "--password", password, option, out)
