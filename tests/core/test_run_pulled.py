"""Where the modules of a pull go, and how wide their lines are."""

from __future__ import annotations

from pathlib import Path

import pytest

from pocketvex.run.manifest import is_as_pulled, line_length, modules, package, write_module
from pocketvex.store.config import load_config


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("schema", "schema"),
        ("db/schema", "db.schema"),
        ("my-schema", ""),
        ("class", ""),
        ("types", ""),
        ("../out", ""),
    ],
)
def test_modules_import_each_other_where_python_has_a_name_for_their_folder(
    tmp_path: Path, folder: str, name: str
) -> None:
    (tmp_path / "pocketvex.toml").write_text(f'schema = "{folder}"', encoding="utf-8")
    assert package(load_config(tmp_path)) == name


@pytest.mark.parametrize(
    ("file", "text", "width"),
    [
        ("pocketvex.toml", "", 88),
        ("ruff.toml", "line-length = 100", 100),
        (".ruff.toml", "line-length = 72", 72),
        ("pyproject.toml", "[tool.ruff]\nline-length = 120", 120),
        ("pyproject.toml", "[tool.black]\nline-length = 79", 79),
        ("pyproject.toml", "[tool.ruff]\nline-length = 'wide'", 88),
        ("pyproject.toml", "not toml", 88),
        ("pyproject.toml", "tool = 1", 88),
    ],
)
def test_lines_are_as_long_as_the_project_has_them(tmp_path: Path, file: str, text: str, width: int) -> None:
    (tmp_path / file).write_text(text, encoding="utf-8")
    assert line_length(tmp_path) == width


def test_a_file_is_as_pulled_until_somebody_edits_it(tmp_path: Path) -> None:
    config = load_config(tmp_path)
    assert modules(config) == frozenset()
    file = write_module(config, "posts", "one\ntwo\n")
    assert file == "schema/posts.py"
    assert is_as_pulled(config, file)
    (tmp_path / file).write_bytes(b"one\r\ntwo\r\n")
    assert is_as_pulled(config, file)
    (tmp_path / file).write_text("one\n", encoding="utf-8")
    assert not is_as_pulled(config, file)
    (tmp_path / "schema/Mine.py").touch()
    assert modules(config) == {"posts", "mine"}
    assert not is_as_pulled(config, "schema/Mine.py")
    (tmp_path / ".pocketvex/pulled.json").write_text("[", encoding="utf-8")
    assert not is_as_pulled(config, file)
