"""The pages for front ends: what they show is compiled, checked, built with Vite, and their lists are run.

Every block of a page says in its first line which file it is. One without a name is a module of its own.
The schema of the pages is Python that stands on the first of them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import node
from conftest import EMAIL, PASSWORD
from pocketvex.load.loader import load_schema
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from typescript import STRICT, VERSIONS, tsc

ROOT = Path(__file__).parents[2]
PAGES = {path.stem: path.read_text("utf-8") for path in sorted((ROOT / "docs" / "front-end").glob("*.md"))}
FIRST = "README"
CODE = ("ts", "tsx", "svelte", "vue")
FRONT_ENDS = [page for page in PAGES if page != FIRST]
FRAMEWORKS = ("react", "svelte", "vue")
STORY = ROOT / "tests" / "types" / "front_end"
SCRIPT = "typescript/scripts/report.ts"
ADDRESS = "http://127.0.0.1:8090"

_BLOCK = re.compile(
    r"^```(\w+)\n(?:(?://|#|<!--) ([\w./-]+\.\w+)(?: -->)?\n)?(.*?)^```$", re.MULTILINE | re.DOTALL
)
_STRICT = {name.removeprefix("--"): True for name in STRICT} | {
    "target": "es2022", "lib": ["es2022", "dom"], "module": "esnext", "moduleResolution": "bundler",
    "types": [], "skipLibCheck": True,
}  # fmt: skip

FLAGS = (*STRICT, "--skipLibCheck", "--jsx", "react-jsx", "--allowImportingTsExtensions")


class Block(NamedTuple):
    language: str
    file: str
    text: str


def blocks(page: str) -> list[Block]:
    return [Block(*(part or "" for part in found)) for found in _BLOCK.findall(PAGES[page])]


def pocketvex(*arguments: str, cwd: Path, **variables: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PB_")}
    ran = subprocess.run(
        [sys.executable, "-m", "pocketvex", *arguments], cwd=cwd, env={**environment, **variables},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the pages, and beside it for each other page a front end with its files."""
    root = node.project(tmp_path_factory.mktemp("front-end"), pinned=node.FRONT_END)
    for block in blocks(FIRST):
        if block.language in ("toml", "python"):
            _write(root / block.file, block.text)
    pocketvex("types", "generate", cwd=root)
    for page in FRONT_ENDS:
        shutil.copytree(root / "web" / "src", root / page / "src")
        shared = [block for other in (FIRST, "typescript") for block in blocks(other) if block.file]
        for number, block in enumerate([*shared, *blocks(page)]):
            if block.language in CODE:
                _write(root / page / (block.file or f"src/block{number}.{block.language}"), block.text)
        (root / page / "tsconfig.json").write_text(
            json.dumps({"compilerOptions": _STRICT, "include": ["src"]})
        )
    return root


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_every_block_is_read() -> None:
    for page, text in PAGES.items():
        assert text.count("\n```") == 2 * len(blocks(page)), page
        assert {b.language for b in blocks(page)} <= {"toml", "sh", "python", *CODE}


def test_the_commands_run(tmp_path: Path) -> None:
    """In a project of their own: the last one overwrites the types with those of an export."""
    for block in blocks(FIRST):
        if block.language in ("toml", "python"):
            _write(tmp_path / block.file, block.text)
    exported = load_schema(tmp_path, tmp_path / "schema", timeout=30).schema.to_json()
    _write(tmp_path / "pb_schema.json", json.dumps(exported))
    lines = [line for block in blocks(FIRST) if block.language == "sh" for line in block.text.splitlines()]
    commands = [line.split()[1:] for line in lines if line.startswith("pocketvex ")]
    assert len(commands) == 3
    for command in commands:
        pocketvex(*command, cwd=tmp_path)


@pytest.mark.parametrize("version", VERSIONS)
def test_typescript_compiles(folder: Path, version: str) -> None:
    assert tsc(_sources(folder), FLAGS, version) == ""


def test_a_mistake_says_what_the_page_says(folder: Path) -> None:
    (block,) = [block for block in blocks("typescript") if "@ts-expect-error" in block.text]
    expected = re.findall(r"// @ts-expect-error (.*)\n", block.text)
    file = folder / "typescript" / "src" / "mistakes.ts"
    file.write_text(block.text.replace("// @ts-expect-error ", "// "), encoding="utf-8")
    said = tsc([file], FLAGS, VERSIONS[-1])
    file.unlink()
    assert len(re.findall(r"^\S.*error TS", said, re.MULTILINE)) == len(expected)
    assert [message for message in expected if message not in said] == []


@pytest.mark.parametrize(
    ("page", "program"),
    [("svelte", ["svelte-check", "--tsconfig", "tsconfig.json", "--fail-on-warnings"]), ("vue", ["vue-tsc"])],
)
def test_components_are_what_their_checker_takes(folder: Path, page: str, program: list[str]) -> None:
    _run(folder, *program, cwd=folder / page)


@pytest.fixture(scope="module")
def built(folder: Path) -> Path:
    """The same with what Vite makes of the components: for browsers in `dist`, for servers in `server`."""
    for source in STORY.iterdir():
        shutil.copy(source, folder)
    _run(folder, "vite", "build", cwd=folder)
    _run(folder, "vite", "build", "--ssr", "server.js", "--outDir", "server", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def served(
    built: Path, template: Callable[[Binary], Path], latest: Binary, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A server with the schema of the pages, and they are for this server."""
    data = tmp_path_factory.mktemp("front-end-data") / "pb_data"
    scratch.copy(template(latest), data)
    with Running(latest, data) as server:
        pocketvex("dev", "--once", cwd=built, PB_URL=server.url, PB_ADMIN_EMAIL=EMAIL, PB_ADMIN_PASS=PASSWORD)
        for page in (*(built / "dist").iterdir(), built / SCRIPT):
            page.write_text(page.read_text("utf-8").replace(ADDRESS, server.url), encoding="utf-8")
        yield server.url


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_page_does_what_it_says(built: Path, served: str, framework: str) -> None:
    node.run(built / "story.mjs", framework, served)


def test_a_script_runs_as_it_is(built: Path, served: str) -> None:
    ran = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    if tuple(map(int, ran.stdout.strip("v\n").split("."))) < (22, 18):
        pytest.skip("Node does not run TypeScript before 22.18")
    assert re.fullmatch(r"\d+ drafts\n", node.run(built / SCRIPT))


def test_a_list_that_is_rendered_on_a_server_opens_nothing(built: Path) -> None:
    node.run(built / "server" / "server.js")


def _sources(folder: Path) -> list[Path]:
    return [path for page in FRONT_ENDS for path in sorted((folder / page).rglob("*/*.ts*"))]


def _run(folder: Path, program: str, *arguments: str, cwd: Path) -> None:
    suffix = ".cmd" if os.name == "nt" else ""
    ran = subprocess.run(
        [str(folder / "node_modules" / ".bin" / f"{program}{suffix}"), *arguments],
        cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
