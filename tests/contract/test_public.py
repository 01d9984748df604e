"""The names of the library: each exported once, sorted, and loaded when it is used."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

from source import SOURCES, tree

import pocketvex
from pocketvex import errors

EXPORTS = tree(SOURCES / "__init__.py")


def test_names_are_sorted_and_there() -> None:
    assert pocketvex.__all__ == sorted(set(pocketvex.__all__))
    for name in pocketvex.__all__:
        assert getattr(pocketvex, name) is not None
        assert name in dir(pocketvex)


def test_the_type_checker_is_told_the_same_as_the_loader() -> None:
    told = {
        (alias.name, node.module)
        for node in ast.walk(EXPORTS)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pocketvex")
        for alias in node.names
    }
    assert told == {(name, f"pocketvex.{home}") for name, home in pocketvex._HOMES.items()}
    assert sorted(pocketvex._HOMES) == pocketvex.__all__


def test_no_name_is_that_of_a_package() -> None:
    """A module that was imported becomes an attribute of the package, and would hide it."""
    packages = {path.stem for path in SOURCES.iterdir()}
    assert not packages & {*pocketvex.__all__}


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(pocketvex, "nothing_like_it")


def test_importing_it_loads_nothing() -> None:
    program = "import sys; before = {*sys.modules}; import pocketvex; print(*{*sys.modules} - before)"
    ran = subprocess.run([sys.executable, "-S", "-c", program], cwd=SOURCES.parent, capture_output=True,
                         text=True, check=True)  # fmt: skip
    assert {*ran.stdout.split()} <= {"pocketvex", "__future__"}


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    drawn = re.findall(r"^(?:[│├└─ ]*)(\w+Error|[A-Z]\w+)(?: +(\d+))?", errors.__doc__ or "", re.MULTILINE)
    classes = {
        name: cls
        for name, cls in vars(errors).items()
        if isinstance(cls, type) and issubclass(cls, errors.PocketVexError)
    }
    shown = {name: code for name, code in drawn if name in classes}
    assert set(shown) == set(classes)
    for name, code in shown.items():
        if code:
            assert classes[name].exit_code == int(code), name
