"""Everything that the README shows is run here: its set-up, its walk, its declarations, its program.

Fenced blocks are told apart by their language and by an HTML comment before them; a block that is none of
the known kinds fails. What changes from run to run (ports, times, stamps) is the same for both sides; a
line with only `…` stands for any lines.
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
from collections.abc import Iterator
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
README = (ROOT / "README.md").read_text(encoding="utf-8")

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
            case "ts", "":
                return "front end"
            case "mermaid", "":
                return "picture"
        return ""


BLOCKS = [Block(*(m[name] or "" for name in Block._fields)) for m in _BLOCK.finditer(README)]


def of_kind(*kinds: str) -> list[Block]:
    return [block for block in BLOCKS if block.kind in kinds]


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


def test_every_block_is_tried() -> None:
    assert README.count("\n```") == 2 * len(BLOCKS)
    assert [block for block in BLOCKS if not block.kind] == []


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
    (block,) = of_kind("set-up")
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
    (block,) = of_kind("tests")
    assert block.text in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


# The walk


class Walk:
    """Somebody who does what the README says, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def follow(self, block: Block) -> None:
        if block.kind == "edit":
            if block.mark:
                self.add_rows(*block.mark.removeprefix("rows: ").split())
            self.edit(block)
            return
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


def test_the_walk(tmp_path: Path) -> None:
    walk = Walk(tmp_path)
    for block in of_kind("transcript", "edit"):
        walk.follow(block)
    with walk.admin() as client:
        rows = client.get(records("posts"), params={"sort": "subtitle"}).json()["items"]
    assert [row["subtitle"] for row in rows] == ["Part 0", "Part 1", "Part 2"]


def test_the_front_end_compiles_and_its_mistakes_say_what_is_shown(tmp_path: Path) -> None:
    (block,) = of_kind("front end")
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


# The reference


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The files that the reference shows, as one project."""
    for block in of_kind("file"):
        path = tmp_path / block.mark.removeprefix("file: ")
        path.parent.mkdir(exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
    return tmp_path


def test_the_declarations_are_a_schema_that_a_server_takes(project: Path) -> None:
    ran = pocketvex("dev", "--once", cwd=project)
    assert ran.returncode == 0, ran.stdout
    assert "secret missing: GITHUB_SECRET" in ran.stdout
    assert pocketvex("schema", "diff", "--exit-code", cwd=project).returncode == 0
    declared = load_schema(project, project / "schema", timeout=30).schema
    assert {"members", "articles", "article_counts", "notes", "tags", "tickets"} == declared.names()


def test_the_configuration_shows_the_defaults(project: Path) -> None:
    shown = load_config(project)
    (project / "pocketvex.toml").write_text("", encoding="utf-8")
    default = load_config(project)
    for name in ("schema", "migrations", "hooks", "generated", "load_timeout"):
        assert getattr(shown, name) == getattr(default, name), name
    assert shown.hosts["production"].password == "PB_ADMIN_PASS"


def test_the_program_runs(
    project: Path, server: ServerFactory, latest: Binary, capfd: pytest.CaptureFixture[str]
) -> None:
    (block,) = of_kind("run")
    assert (EMAIL in block.text, PASSWORD in block.text) == (True, True)
    program = project / "program.py"
    program.write_text(block.text.replace("http://127.0.0.1:8090", server(latest).url), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, program], cwd=project, env=environment(), capture_output=True, text=True,
        encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "safe: articles\n" in ran.stdout


def test_what_the_reader_copies_passes_a_type_checker(project: Path) -> None:
    (block,) = of_kind("run")
    (project / "program.py").write_text(block.text, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull, "--cache-dir",
         str(ROOT / ".mypy_cache"), "schema", "program.py"],
        cwd=project, capture_output=True, text=True, check=False,
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
