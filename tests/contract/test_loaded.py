"""Which modules a command loads: what it does not load costs nothing, on any machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from source import ROOT

HEAVY = {"pydantic", "httpx", "rich", "questionary", "cryptography", "watchfiles", "ssl", "asyncio"}

PROGRAM = """
import json, sys
sys.argv = ["pocketvex", *sys.argv[1:]]
from pocketvex.__main__ import main
try:
    main()
except SystemExit:
    pass
finally:
    there = [name for name, module in sys.modules.items() if module]
    sys.__stderr__.write("\\n" + json.dumps(there))
"""


def loaded(*arguments: str, cwd: Path = ROOT, **variables: str) -> set[str]:
    """The modules that are there when the command has ended."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PB_")}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], cwd=cwd, env={**kept, **variables},
        capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in ran.stderr, ran.stderr
    return {*json.loads(ran.stderr.splitlines()[-1])}


def test_the_version_loads_next_to_nothing() -> None:
    bare = subprocess.run([sys.executable, "-c", "import json, sys; print(json.dumps(sorted(sys.modules)))"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    more = loaded("--version") - {*json.loads(bare.stdout)}
    assert more <= {"pocketvex", "pocketvex.__main__", "__future__"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"], ["dev", "--help"], ["schema", "diff", "--help"], ["help", "migrate", "up"],
        [], ["nonsense"], ["dev", "--nonsense"], ["migrate", "down", "many"], ["explain", "PV201"],
        ["schema", "diff", "--format", "nonsense"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_help_and_usage_errors_load_nothing_heavy(arguments: list[str]) -> None:
    found = loaded(*arguments)
    assert "typer" in found
    assert not found & HEAVY


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_loads_nothing_heavy(shell: str) -> None:
    words = {"_TYPER_COMPLETE_ARGS": "pocketvex sch", "COMP_WORDS": "pocketvex sch", "COMP_CWORD": "1"}
    variables = {"_POCKETVEX_COMPLETE": f"complete_{shell}", **words}
    assert not loaded(cwd=ROOT, **variables) & HEAVY


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("schema diff --host ", {"embedded", "live"}),
        ("host use l", {"live"}),
        ("migrate status --format j", {"json"}),
        ("explain PV20", {"PV201", "PV202", "PV203", "PV204", "PV205", "PV206"}),
        ("migrate discard 1", {"1700000000_first.js"}),
        ("migrate up --to ", {"1700000000_first.js"}),
    ],
)
def test_values_are_completed_from_the_files_of_the_project(
    tmp_path: Path, words: str, offered: set[str]
) -> None:
    (tmp_path / "pocketvex.toml").write_text('[hosts.live]\nurl = "https://api.example.com"\n')
    (tmp_path / "pb_migrations").mkdir()
    (tmp_path / "pb_migrations/1700000000_first.js").write_text("")
    given = f"pocketvex {words}"
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "_POCKETVEX_COMPLETE": "complete_bash", "COMP_WORDS": given,
             "COMP_CWORD": str(len(given.split(" ")) - 1)},
    )  # fmt: skip
    assert {*ran.stdout.split()} == offered
    assert not {*json.loads(ran.stderr.splitlines()[-1])} & HEAVY


def test_outside_of_a_project_nothing_heavy_is_loaded(tmp_path: Path) -> None:
    assert not loaded("schema", "diff", cwd=tmp_path) & HEAVY


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that is in sync, with everything cached that can be."""
    folder = tmp_path_factory.mktemp("loaded")
    for name in ("schema", "pb_migrations"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "drafts"))
    loaded("dev", "--once", cwd=folder)
    return folder


def test_a_comparison_loads_the_client_and_the_models_and_no_more(project: Path) -> None:
    found = loaded("schema", "diff", cwd=project)
    assert {"httpx", "pydantic"} <= found
    assert not found & (HEAVY - {"httpx", "pydantic", "ssl", "asyncio"})
    assert not ours(found) & modules("render.migration.migration", "proof.prove", "remote.passage")
    assert not found & {"questionary", "re2"}


def test_a_lint_needs_no_client(project: Path) -> None:
    found = loaded("schema", "lint", cwd=project)
    assert "pydantic" in found
    assert not found & (HEAVY - {"pydantic", "asyncio"})


def test_types_need_no_client(project: Path) -> None:
    found = loaded("types", "generate", "--check", cwd=project)
    assert "pydantic" in found
    assert not found & (HEAVY - {"pydantic", "asyncio"})


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with neither views nor rules nor options of accounts."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "schema").mkdir()
    (folder / "schema" / "posts.py").write_text(
        "from pocketvex import Base, field\n\n\nclass Posts(Base):\n    title = field.text()\n",
        encoding="utf-8",
    )
    return folder


def ours(found: set[str]) -> set[str]:
    return {name.removeprefix("pocketvex.") for name in found if name.startswith("pocketvex.")}


def modules(*names: str) -> set[str]:
    """These names, each of which is that of a module."""
    for name in names:
        assert find_spec(f"pocketvex.{name}"), name
    return {*names}


def test_types_load_what_this_schema_needs(plain: Path) -> None:
    found = loaded("types", "generate", cwd=plain)
    assert (plain / "generated" / "types.ts").is_file()
    assert "typer" not in found, "without an option there is nothing to parse"
    assert not ours(found) & modules(
        "schema.auth_options", "rules.check", "schema.dictionary", "load.exported", "load.no_answer"
    )
    assert not {name.partition(".")[0] for name in ours(found)} & {"diff", "plan", "server", "api", "lint"}


@pytest.mark.parametrize("group", ["schema", "migrate", "types", "util"])
def test_a_group_of_commands_loads_no_other(group: str) -> None:
    found = ours(loaded(group, "--help"))
    groups = {name.split(".")[2] for name in found if name.startswith("cli.commands.")}
    assert groups == {group, "options"}


def test_what_compares_does_not_load_what_writes(project: Path) -> None:
    found = loaded("schema", "diff", cwd=project)
    assert "typer" not in found
    writing = modules("run.sync", "target.write", "target.removals", "target.backup", "target.automigrate")
    assert not ours(found) & writing
    judging = modules("plan.judge")
    assert not ours(found) & judging, "nothing differs, so nothing is judged"


def test_a_model_is_built_when_it_is_first_needed() -> None:
    program = (
        "from pocketvex.schema import fields\n"
        "fields.FIELD.validate_python({'name': 'title', 'type': 'text'})\n"
        "print(*[kind for kind, model in fields.MODELS.items() if model.__pydantic_complete__])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["text"]


@pytest.mark.parametrize(
    ("plain_words", "parsed_words"),
    [(["types", "generate"], ["types", "generate", "--from", "schema"]),
     (["schema", "diff"], ["schema", "diff", "--format", "text"])],
    ids=["types", "diff"],
)  # fmt: skip
def test_a_command_without_options_does_what_it_does_with_them(
    project: Path, plain_words: list[str], parsed_words: list[str]
) -> None:
    def said(words: list[str]) -> tuple[int, str]:
        shutil.rmtree(project / "generated", ignore_errors=True)
        ran = subprocess.run([sys.executable, "-m", "pocketvex", *words], cwd=project, capture_output=True,
                             text=True, encoding="utf-8", check=False)  # fmt: skip
        return ran.returncode, ran.stdout

    assert said(plain_words) == said(parsed_words)
