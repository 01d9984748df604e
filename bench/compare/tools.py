"""The tools that are held against each other: how each makes its types of a schema."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from bench.compare import servers
from bench.compare.blog import Json
from bench.generators import TYPED, TYPEGEN, TYPES, ZOD, Generator, from_server
from bench.measure import SCRIPT, environment
from bench.npm import installed
from bench.projects import Login, Server, posts, write_project
from bench.saves import Dev, when_in
from bench.zod_code import write_zod_project
from pocketvex import __version__

SDK = "pocketbase@0.28.1"
"""For those that do not say which."""
OUT = "types.ts"


class Tool:
    """One that reads a server; the others say otherwise."""

    def __init__(self, generator: Generator) -> None:
        self.name, self.version = generator.name, generator.version
        self.generator = generator

    def server(self, folder: Path, collections: Sequence[Json]) -> AbstractContextManager[Login]:
        return servers.current(folder, collections)

    def modules(self) -> Path:
        """Where its users have the SDK, and itself if they import it."""
        return installed(SDK)

    def prepare(self, folder: Path, login: Login) -> None:
        """Make the folder that it runs in, for this server."""
        folder.mkdir(parents=True, exist_ok=True)
        link(folder, self.modules())

    def words(self, login: Login) -> list[str | Path]:
        return from_server(self.generator, login, OUT)

    def outputs(self, folder: Path) -> list[Path]:
        return [folder / OUT]

    def run(self, folder: Path, login: Login, *more: str) -> subprocess.CompletedProcess[str]:
        return call([*self.words(login), *more], folder)

    def generate(self, folder: Path, login: Login) -> None:
        ran = self.run(folder, login)
        if ran.returncode or not all(path.is_file() for path in self.outputs(folder)):
            raise NoTypes(f"{self.name} made no types:\n{ran.stdout}{ran.stderr}")

    def watches(self, folder: Path, login: Login) -> bool:
        """Whether it takes `--watch` and stays."""
        try:
            self.run(folder, login, "--watch")
        except subprocess.TimeoutExpired:
            return True
        return False


class Zod(Tool):
    """Reads code; here the code says what the server has."""

    def prepare(self, folder: Path, login: Login) -> None:
        models = {"posts.meta": "z.object({ reading: z.number() })"}
        write_zod_project(folder, servers.exported(login), models)

    def words(self, login: Login | None = None) -> list[str | Path]:
        return self.generator.words("generate-types", "--output", OUT)

    def modules(self) -> Path:
        return self.generator.modules


class Typed(Tool):
    """Reads a server as they were up to 0.22."""

    def server(self, folder: Path, collections: Sequence[Json]) -> AbstractContextManager[Login]:
        return servers.old(folder, collections)

    def modules(self) -> Path:
        return self.generator.modules


class Ours(Tool):
    """Reads code; an export of PocketBase is code as well."""

    def __init__(self) -> None:
        self.name, self.version = "pocketvex", __version__

    def prepare(self, folder: Path, login: Login) -> None:
        super().prepare(folder, login)
        (folder / "pocketvex.toml").touch()
        (folder / "schema").mkdir(exist_ok=True)
        exported = json.dumps(servers.exported(login))
        (folder / "schema" / "pb_schema.json").write_text(exported, encoding="utf-8")

    def words(self, login: Login) -> list[str | Path]:
        return [SCRIPT, "types", "generate"]

    def outputs(self, folder: Path) -> list[Path]:
        return [folder / "generated" / name for name in ("types.ts", "api-client.ts")]

    def generate(self, folder: Path, login: Login) -> None:
        super().generate(folder, login)
        # Where the checks look for it.
        for path in self.outputs(folder):
            shutil.copy(path, folder)

    def watches(self, folder: Path, login: Login) -> bool:
        """`dev` on a project of its own: a field that is saved must turn up in the types."""
        project = write_project(folder / "watched", {"posts": posts()})
        with Server(project):
            dev = Dev(project)
            try:
                dev.until("in sync")
                (project / "schema" / "posts.py").write_text(posts(["added"]), encoding="utf-8")
                when_in(project / "generated" / OUT, "added?")
            finally:
                dev.end()
        return True


class Written(Tool):
    """A client whose types one writes by hand: what makes them is a hook of PocketBase, and not on npm."""

    def __init__(self) -> None:
        self.name, self.version = "pocketbase-ts", "1.6.2"

    def server(self, folder: Path, collections: Sequence[Json]) -> AbstractContextManager[Login]:
        return nullcontext(Login("", "", ""))

    def modules(self) -> Path:
        return installed(f"{self.name}@{self.version}", "pocketbase@0.26.9")

    def outputs(self, folder: Path) -> list[Path]:
        return []

    def generate(self, folder: Path, login: Login) -> None:
        """There is nothing to run."""


class NoTypes(Exception):
    """A tool made none."""


TOOLS: Sequence[Tool] = (Ours(), Tool(TYPEGEN), Tool(TYPES), Zod(ZOD), Typed(TYPED), Written())


def call(
    words: Sequence[str | Path], folder: Path, more: Mapping[str, str] = {}
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, cwd=folder, env={**environment(), **more}, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip


def link(folder: Path, modules: Path) -> None:
    """Let what runs in this folder import these packages."""
    link = folder / "node_modules"
    if not link.exists():
        link.symlink_to(modules, target_is_directory=True)
