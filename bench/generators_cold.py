"""`types generate` beside the generators of npm, in turn, each a process of its own that finds nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.compare.servers import OLD, old
from bench.generators import TYPED, TYPEGEN, TYPES, ZOD, from_server
from bench.measure import SCRIPT, command, environment, in_turn
from bench.projects import Login, Server, many_collections, write_project
from bench.zod_code import write_zod_project

COLLECTIONS = 20
OUT = "types.ts"


class Way(NamedTuple):
    """A way in which a tool makes its types; what is `stale` goes away first."""

    name: str
    reads: str
    words: Sequence[str | Path]
    folder: Path
    out: Path
    stale: tuple[Path, ...] = ()
    environment: dict[str, str] = {}

    def run(self) -> None:
        """Raises SystemExit where no types come of it."""
        for path in (self.out, *self.stale):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        # tsx would remember the code of the schema; what Python remembers of ours is among what is `stale`.
        env = {**environment(), "TSX_DISABLE_CACHE": "1", **self.environment}
        ran = subprocess.run(
            self.words, cwd=self.folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if ran.returncode or not self.out.is_file():
            raise SystemExit(f"{self.name}, {self.reads}: exit {ran.returncode}\n{ran.stdout}{ran.stderr}")


def measure(folder: Path, rounds: int = 15) -> list[tuple[Way, float]]:
    """The median of each in milliseconds: one schema, and one server for all that can log in to it."""
    modules = many_collections(COLLECTIONS)
    home = write_project(folder / "server", modules)
    with Server(home) as server:
        command("dev", "--once", cwd=home)
        collections = [item for item in server.collections() if not item["system"]]
        exported = folder / "pb_schema.json"
        exported.write_text(json.dumps(collections), encoding="utf-8")
        with old(folder, collections) as before:
            ways = [
                *_ours(folder, modules, server.login, exported),
                *_theirs(folder, server.login, exported),
                *_others(folder, before, collections),
            ]
            work: dict[str, Callable[[], object]] = {str(at): way.run for at, way in enumerate(ways)}
            took = in_turn(work, rounds)
    return [(way, took[str(at)]) for at, way in enumerate(ways)]


def _ours(folder: Path, modules: dict[str, str], login: Login, exported: Path) -> list[Way]:
    project = write_project(folder / "ours", modules)
    out = project / "generated" / OUT
    stale = (out.parent, project / ".pocketvex", project / "schema" / "__pycache__")
    account = {"PB_ADMIN_EMAIL": login.email, "PB_ADMIN_PASS": login.password}

    def way(reads: str, *more: str | Path) -> Way:
        words = [SCRIPT, "types", "generate", *more]
        return Way("pocketvex", reads, words, project, out, stale, account)

    return [
        way("its own code"),
        way("the server", "--from", "live", "--host", login.url),
        way("an export", "--from", exported),
    ]


def _theirs(folder: Path, login: Login, exported: Path) -> list[Way]:
    place = folder / "theirs"
    place.mkdir()
    return [
        Way(str(TYPEGEN), "the server", from_server(TYPEGEN, login, OUT), place, place / OUT),
        Way(str(TYPEGEN), "an export", TYPEGEN.words("--json", exported, "--out", OUT), place, place / OUT),
        Way(str(TYPES), "the server", from_server(TYPES, login, OUT), place, place / OUT),
    ]


def _others(folder: Path, before: Login, collections: list[dict[str, Any]]) -> list[Way]:
    """One that reads a server of 0.22 only, and one that reads no server."""
    place = write_zod_project(folder / "zod", collections)
    return [
        Way(str(ZOD), "its own code", ZOD.words("generate-types", "--output", OUT), place, place / OUT),
        Way(str(TYPED), f"a server of PocketBase {OLD}", from_server(TYPED, before, OUT), place, place / OUT),
    ]
