"""Everything that the README and the pages of docs/ show is run here: set-up, walks, declarations, programs.

Fenced blocks are told apart by their language and by an HTML comment before them; a block that is none of
the known kinds fails. The blocks of a page are followed in the order of the page, in a folder of its own.
What changes from run to run (ports, times, stamps) is the same for both sides; a line with only `…` stands
for any lines.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

import node
from conftest import EMAIL, PASSWORD, ServerFactory
from pocketvex.load.loader import load_schema
from pocketvex.server.binaries import Binary, find
from pocketvex.server.embedded import acquire
from pocketvex.store.config import load_config
from typescript import STRICT, VERSIONS, tsc

ROOT = Path(__file__).parents[2]
ADDRESS = "http://127.0.0.1:8090"
"""Of the server in the documents."""

README = "README.md"
WRITTEN = {"bench.md", "changes.md", "generators.md"}
"""By programs. The pages for front ends have tests of their own: test_front_end.py."""

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [ROOT / README, *sorted((ROOT / "docs").glob("*.md"))]
    if path.name not in WRITTEN
}

_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*) -->\n)?^```(?P<language>\w+)(?: (?P<file>\S+))?\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    mark: str
    language: str
    file: str
    text: str

    @property
    def target(self) -> str:
        """Where a block that is a file is written."""
        return self.mark.removeprefix("file: ")

    @property
    def kind(self) -> str:
        """What is done with it."""
        word, _, rest = self.mark.partition(": ")
        match self.language, word:
            case "sh", "set-up" | "tests":
                return word
            case "console", "":
                return "transcript"
            case "diff", "" | "rows" if self.file:
                return "edit"
            case "python" | "toml", "file" if rest:
                return "file"
            case "python", "run":
                return "run"
            case "yaml", "workflow" if rest:
                return "workflow"
            case "ts", "":
                return "front end"
            case "mermaid" | "text", "":
                return "picture"
        return ""


BLOCKS = {
    page: [Block(*(m[name] or "" for name in Block._fields)) for m in _BLOCK.finditer(text)]
    for page, text in PAGES.items()
}


def of_kind(page: str, *kinds: str) -> list[Block]:
    return [block for block in BLOCKS[page] if block.kind in kinds]


def pages_with(*kinds: str) -> list[str]:
    return [page for page in PAGES if of_kind(page, *kinds)]


def declared_by(page: str) -> list[Block]:
    return [block for block in of_kind(page, "file") if block.target.startswith("schema/")]


def environment() -> dict[str, str]:
    """Without the hosts and credentials of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PB_")}
    return {**kept, "NO_COLOR": "1", "COLUMNS": "80", "PYTHONUTF8": "1"}


def pocketvex(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pocketvex", *arguments],
        cwd=cwd, env={**environment(), **variables}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_tried(page: str) -> None:
    assert PAGES[page].count("\n```") == 2 * len(BLOCKS[page])
    assert [block for block in BLOCKS[page] if not block.kind] == []


@pytest.mark.parametrize("kind", ["set-up", "tests", "front end"])
def test_what_has_a_test_of_its_own_stands_in_the_readme_alone(kind: str) -> None:
    assert pages_with(kind) == [README]


# The set-up


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files that a clone would have, as they are now."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: there is nothing to clone")
    to = tmp_path / "clone"
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    return to


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the README's command is for a POSIX shell")
def test_one_command_sets_up_and_runs_the_sample(clone: Path) -> None:
    """From nothing to a server in sync; Ctrl+C ends it, and no file of the repository has changed."""
    (block,) = of_kind(README, "set-up")
    before = contents(clone)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    running = subprocess.Popen(
        ["bash", "-c", block.text], cwd=clone, env={**environment(), "PATH": path},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        encoding="utf-8", start_new_session=True,
    )  # fmt: skip
    assert running.stdout is not None
    said = []
    deadline = time.monotonic() + 300
    try:
        for line in running.stdout:
            said.append(line)
            if "in sync" in line or time.monotonic() > deadline:
                break
        os.killpg(running.pid, signal.SIGINT)
        said += running.communicate(timeout=30)[0].splitlines()
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
    assert any("in sync" in line and "not in a migration" not in line for line in said), "".join(said)
    assert running.returncode == 0, "".join(said)
    assert contents(clone) == before


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {".venv", ".pocketvex", "__pycache__"} & set(path.parts)
    }


def test_ci_runs_the_command_that_the_readme_gives() -> None:
    (block,) = of_kind(README, "tests")
    assert block.text in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


# The walks


class Walk:
    """Somebody who does what a page says, in a folder of their own; `server` is the one that it speaks of."""

    def __init__(self, page: str, folder: Path, server: Callable[[], str]) -> None:
        self.folder = folder
        self.server = server
        self.said: list[str] = []
        """What the programs of the page printed."""
        for block in BLOCKS[page]:
            self.follow(block)

    def follow(self, block: Block) -> None:
        match block.kind:
            case "transcript":
                self.type(block)
            case "edit":
                if block.mark:
                    self.add_rows(*block.mark.removeprefix("rows: ").split())
                self.edit(block)
            case "file":
                self.write(block.target, block.text)
            case "run":
                self.run(block)
            case kind:
                assert kind in ("set-up", "tests", "front end", "picture", "workflow")

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, block: Block) -> None:
        assert ADDRESS in block.text
        assert (EMAIL in block.text, PASSWORD in block.text) == (True, True)
        program = self.write("program.py", block.text.replace(ADDRESS, self.server()))
        ran = subprocess.run(
            [sys.executable, program], cwd=self.folder, env=environment(), capture_output=True, text=True,
            encoding="utf-8", timeout=60, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        self.said.append(ran.stdout)

    def type(self, block: Block) -> None:
        for command, expected in transcript(block.text):
            name, *arguments = shlex.split(command)
            if name == "cd":
                self.folder /= arguments[0]
                continue
            assert name == "pocketvex"
            ran = pocketvex(*arguments, cwd=self.folder)
            said = ran.stdout + (f"[exit code {ran.returncode}]\n" if ran.returncode else "")
            assert re.fullmatch(pattern(expected), stable(said)), f"$ {command}\n{said}"

    def edit(self, block: Block) -> None:
        lines = block.text.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
        file = self.folder / block.file
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{block.file} does not hold\n{old}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def add_rows(self, collection: str, count: str) -> None:
        with self.admin() as client:
            secret = {"password": PASSWORD, "passwordConfirm": PASSWORD}
            author = client.post(records("users"), json={"email": "ada@example.com", **secret}).json()["id"]
            for number in range(int(count)):
                row = {"title": "A", "status": "draft", "author": author, "subtitle": f"Part {number}"}
                client.post(records(collection), json=row).raise_for_status()

    def admin(self) -> Administrator:
        return Administrator(self.folder)


class Administrator:
    """The superuser of the embedded server of a project, as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.lease = acquire(folder / ".pocketvex" / "embedded", find(None))

    def __enter__(self) -> httpx.Client:
        self.client = httpx.Client(base_url=self.lease.url, timeout=30)
        identity = {"identity": self.lease.email, "password": self.lease.password}
        answer = self.client.post("/api/collections/_superusers/auth-with-password", json=identity)
        self.client.headers["Authorization"] = answer.raise_for_status().json()["token"]
        return self.client

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.lease.close()


def records(collection: str) -> str:
    return f"/api/collections/{collection}/records"


def transcript(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a block, each with what is shown under it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def stable(text: str) -> str:
    for changing, same in (
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"), (r"PocketBase \d+\.\d+\.\d+", "PocketBase VERSION"),
        (r"(?m)^\d\d:\d\d:\d\d ", "TIME "), (r"\b\d{10}_", "STAMP_"), (r"\b\d+ ms", "N ms"),
        (r"pv_\w{16}_", "pv_STAMP_"), (r"made, \d+ KB", "made, N KB"),
    ):  # fmt: skip
        text = re.sub(changing, same, text)
    return text


def pattern(expected: str) -> str:
    lines = stable(expected).splitlines(keepends=True)
    return "".join("(?:.*\n)*" if line == "…\n" else re.escape(line) for line in lines)


@pytest.fixture
def walk(tmp_path: Path, server: ServerFactory, latest: Binary) -> Callable[[str], Walk]:
    """Follows a page from its beginning to its end."""
    return lambda page: Walk(page, tmp_path, lambda: server(latest).url)


def test_the_walk(walk: Callable[[str], Walk]) -> None:
    with walk(README).admin() as client:
        rows = client.get(records("posts"), params={"sort": "subtitle"}).json()["items"]
    assert [row["subtitle"] for row in rows] == ["Part 0", "Part 1", "Part 2"]


@pytest.mark.parametrize("page", [page for page in pages_with("transcript", "edit") if page != README])
def test_what_a_page_shows_of_a_terminal_is_what_is_said(walk: Callable[[str], Walk], page: str) -> None:
    walk(page)


def test_the_front_end_compiles_and_its_mistakes_say_what_is_shown(tmp_path: Path) -> None:
    (block,) = of_kind(README, "front end")
    web = node.project(tmp_path / "web")
    assert pocketvex("init", "blog", cwd=tmp_path).returncode == 0
    out = str(web / "generated")
    assert pocketvex("types", "generate", "--out", out, cwd=tmp_path / "blog").returncode == 0
    (web / "main.ts").write_text(block.text, encoding="utf-8")
    assert tsc([web / "main.ts"], STRICT, VERSIONS[-1]) == ""
    (web / "main.ts").write_text(block.text.replace("// @ts-expect-error ", "// "), encoding="utf-8")
    said = tsc([web / "main.ts"], STRICT, VERSIONS[-1])
    expected = re.findall(r"// @ts-expect-error (.*)\n", block.text)
    assert len(re.findall(r"^\S.*error TS", said, re.MULTILINE)) == len(expected) == 3
    assert [message for message in expected if message not in said] == []


# What the reader copies


@pytest.mark.parametrize("page", [page for page in PAGES if declared_by(page)])
def test_what_a_page_declares_is_a_schema_that_a_server_takes(walk: Callable[[str], Walk], page: str) -> None:
    folder = walk(page).folder
    ran = pocketvex("dev", "--once", cwd=folder)
    assert ran.returncode == 0, ran.stdout
    secrets = {name for block in declared_by(page) for name in re.findall(r"env\(\"(\w+)\"\)", block.text)}
    assert [name for name in secrets if f"secret missing: {name}" not in ran.stdout] == []
    assert pocketvex("schema", "diff", "--exit-code", cwd=folder).returncode == 0


def test_each_way_to_declare_a_collection_is_shown(walk: Callable[[str], Walk]) -> None:
    folder = walk("docs/declaring.md").folder
    declared = load_schema(folder, folder / "schema", timeout=30).schema
    assert {"members", "articles", "article_counts", "notes", "tags", "tickets"} == declared.names()


def test_the_configuration_shows_the_defaults(walk: Callable[[str], Walk]) -> None:
    folder = walk("docs/configuration.md").folder
    shown = load_config(folder)
    (folder / "pocketvex.toml").write_text("", encoding="utf-8")
    default = load_config(folder)
    for name in ("schema", "migrations", "hooks", "generated", "load_timeout", "migration_timeout"):
        assert getattr(shown, name) == getattr(default, name), name
    assert shown.hosts["production"].password == "PB_ADMIN_PASS"


def test_the_program_prints_the_plan(walk: Callable[[str], Walk]) -> None:
    (said,) = walk("docs/library.md").said
    assert "safe: articles\n" in said


@pytest.mark.parametrize("page", [page for page in PAGES if declared_by(page) or page in pages_with("run")])
def test_what_the_reader_copies_passes_a_type_checker(walk: Callable[[str], Walk], page: str) -> None:
    folder = walk(page).folder
    programs = [path.name for path in folder.glob("*.py")]
    assert len(programs) == len(of_kind(page, "run"))
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull, "--cache-dir",
         str(ROOT / ".mypy_cache"), "schema", *programs],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_example(tmp_path: Path) -> None:
    """`examples/blog` is brought to an empty server, and then there is nothing left to do."""
    blog = tmp_path / "blog"
    shutil.copytree(
        ROOT / "examples" / "blog", blog, ignore=shutil.ignore_patterns(".pocketvex", "__pycache__")
    )
    for _ in range(2):
        ran = pocketvex("dev", "--once", cwd=blog, BLOG_GITHUB_SECRET="secret")
        assert ran.returncode == 0, ran.stdout
        assert "in sync" in ran.stdout
    assert "applied" not in ran.stdout
    assert pocketvex("types", "generate", "--check", cwd=blog).returncode == 0
