"""Packages from npm in pinned versions, installed once per machine into the user's cache."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path


class NotInstalled(Exception):
    """Why a package cannot be had here."""


def node() -> str:
    """The path of Node.js."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        raise NotInstalled("there is no npm and node on this machine")
    return found


@cache
def installed(*packages: str) -> Path:
    """The `node_modules` that holds these packages, each as `name@version`.

    No script of a package is run. Raises NotInstalled where npm is absent or cannot fetch.
    """
    node()
    name = "+".join(packages).replace("/", "-")
    folder = user_cache_path("pocketvex-bench", ensure_exists=True) / name
    with FileLock(f"{folder}.lock"):
        if not (folder / "complete").exists():
            _install(folder, packages)
            (folder / "complete").touch()
    return folder / "node_modules"


def _install(folder: Path, packages: Sequence[str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    # Without a manifest of its own npm installs into whatever project stands above.
    (folder / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    npm = shutil.which("npm") or "npm"
    quiet = ("--no-audit", "--no-fund", "--ignore-scripts")
    ran = subprocess.run([npm, "install", *quiet, *packages], cwd=folder, capture_output=True, text=True)
    if ran.returncode:
        raise NotInstalled(f"npm could not fetch {', '.join(packages)}: {ran.stderr.strip()[-300:]}")
