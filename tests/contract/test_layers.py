"""Dependencies point one way, and the pure packages touch nothing but their arguments."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from source import MODULES, PACKAGES, PURE, dotted, imports, package_of, shown, tree

THIRD_PARTY = {
    "pydantic": {"schema", "load"},
    "httpx": {"api"},
    "watchfiles": {"dev"},
    "typer": {"cli"},
    "questionary": {"cli"},
    "prompt_toolkit": {"cli"},
    "cryptography": {"store"},
    "keyring": {"store"},
    "tomlkit": {"store"},
    "platformdirs": {"server", "store"},
    "re2": {"proof", "target"},
}
"""Which package may import what from elsewhere."""

RUNS_USER_CODE = ("src/pocketvex/load/", "src/pocketvex/schema/build.py")
"""Where the modules and the models of users may raise whatever they like."""

WORLD = {
    "asyncio", "fcntl", "getpass", "glob", "http", "importlib", "io", "locale", "logging", "multiprocessing",
    "os", "pathlib", "platform", "random", "secrets", "select", "shutil", "signal", "socket", "ssl",
    "subprocess", "tempfile", "threading", "time", "urllib", "uuid", "warnings",
}  # fmt: skip
"""Modules of the standard library that know where and when they run."""

CALLS = {"open", "input", "print", "eval", "exec", "__import__", "breakpoint"}
METHODS = {
    "now", "utcnow", "today", "read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "glob",
    "getenv", "urandom", "unlink", "mkdir",
}  # fmt: skip

pure = pytest.mark.parametrize("path", [p for p in MODULES if package_of(p) in PURE], ids=shown)
every = pytest.mark.parametrize("path", [p for p in MODULES if package_of(p) in PACKAGES], ids=shown)


def test_every_package_has_its_place() -> None:
    assert {package_of(path) for path in MODULES} - {"__init__", "__main__"} == set(PACKAGES)


@every
def test_imports_point_one_way(path: Path) -> None:
    own = PACKAGES.index(package_of(path))
    allowed = {*PACKAGES[: own + 1]}
    for found in imports(path):
        assert not found.module.startswith("."), f"line {found.line}: imports are absolute"
        head, _, rest = found.module.partition(".")
        if head != "pocketvex":
            continue
        wanted = {rest.partition(".")[0]} if rest else {*found.names} - {"__version__"}
        assert wanted <= allowed, f"line {found.line}: {package_of(path)} imports {wanted - allowed}"


def test_the_command_line_has_an_order_of_its_own() -> None:
    order = ("interrupts", "terminal", "show", "context", "complete", "commands", "fast_path", "app", "main")
    for path in (path for path in MODULES if package_of(path) == "cli" and path.stem != "__init__"):
        own = order.index(dotted(path).split(".")[2])
        for found in imports(path):
            head = found.module.removeprefix("pocketvex.cli.").partition(".")[0]
            wanted = found.names if found.module == "pocketvex.cli" else (head,)
            if found.module.startswith("pocketvex.cli"):
                assert {*wanted} <= {*order[: own + 1]}, f"{shown(path)}:{found.line}"


@pytest.mark.parametrize("path", [p for p in MODULES if package_of(p) in ("steps", "render")], ids=shown)
def test_what_is_written_is_not_compared_again(path: Path) -> None:
    """A migration is of the operations that were planned."""
    assert "pocketvex.diff.compare" not in {found.module for found in imports(path)}


def test_no_module_needs_itself() -> None:
    """Not even by an import inside of a function: what is in a circle can only be read as one."""
    names = {dotted(path): path for path in MODULES}
    needs = {
        name: {
            wanted
            for found in imports(path)
            for wanted in (found.module, *(f"{found.module}.{taken}" for taken in found.names))
            if wanted in names and wanted not in ("pocketvex", name)
        }
        for name, path in names.items()
    }
    while free := {name for name, wanted in needs.items() if not wanted}:
        needs = {name: wanted - free for name, wanted in needs.items() if name not in free}
    assert not needs


def test_the_way_in_knows_the_command_line_only() -> None:
    (way_in,) = [path for path in MODULES if package_of(path) == "__main__"]
    ours = {i.module for i in imports(way_in) if i.module.startswith("pocketvex")}
    assert ours == {"pocketvex", "pocketvex.cli.interrupts", "pocketvex.cli.main"}


@every
def test_each_library_has_its_packages(path: Path) -> None:
    for found in imports(path):
        top = found.module.partition(".")[0]
        if top not in sys.stdlib_module_names and top != "pocketvex":
            users = THIRD_PARTY.get(top, set())
            assert package_of(path) in users, f"line {found.line}: {top} is for {users}"


@pure
def test_a_pure_module_imports_nothing_of_the_world(path: Path) -> None:
    # `sys` is there for frames and limits of numbers.
    found = {i.module.partition(".")[0]: i.line for i in imports(path)}
    assert {name: line for name, line in found.items() if name in WORLD} == {}


@pure
def test_a_pure_module_calls_nothing_of_the_world(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                assert called.id not in CALLS, f"line {node.lineno}"
            elif isinstance(called, ast.Attribute):
                assert called.attr not in METHODS, f"line {node.lineno}"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sys":
            assert node.attr in ("_getframe", "maxsize", "float_info"), f"line {node.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_a_module_can_be_read_at_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_a_module_says_what_its_job_is(path: Path) -> None:
    assert not tree(path).body or ast.get_docstring(tree(path))


def test_everything_is_caught_in_one_place() -> None:
    """`except Exception` where a command ends, where code of the user runs, and in the checks of `doctor`:
    nowhere else.

    What is raised again, or handed over to whoever takes the result, was not caught.
    """
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ExceptHandler) and _catches_all(node) and not _hands_over(node):
                name = shown(path)
                allowed = (*RUNS_USER_CODE, "src/pocketvex/cli/main.py", "src/pocketvex/doctor/examine.py")
                assert name.startswith(allowed), f"{name}:{node.lineno}"


def _catches_all(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in ("Exception", "BaseException")
    )


def _hands_over(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    stored = (
        isinstance(last, ast.Assign) and isinstance(last.value, ast.Name) and last.value.id == handler.name
    )
    return stored or isinstance(last, ast.Raise)


def test_one_module_writes_to_the_terminal() -> None:
    printing = {
        shown(path)
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    # `--version` is answered before anything is imported.
    assert printing <= {"src/pocketvex/__main__.py"}
