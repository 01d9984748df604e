"""Node with the packages that a front end has: the official SDK, and EventSource for Node's sake.

`node_packages` pins them with their hashes, `node_packages/front_end` what a whole front end is built
with; npm fetches them once per machine.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from subprocess import PIPE
from typing import IO

import pytest
from filelock import FileLock
from platformdirs import user_cache_path

from typescript import VERSIONS, emit

_PINNED = Path(__file__).parent / "node_packages"
FRONT_END = _PINNED / "front_end"
"""The same and what front ends are built with: React, Svelte, Vue, Vite."""

FORMATTER = _PINNED / "formatter"
"""What people format JavaScript with: Prettier."""

_FILES = ("package.json", "package-lock.json")


def project(folder: Path, *sources: Path, version: str = VERSIONS[0], pinned: Path = _PINNED) -> Path:
    """A folder of ES modules that sees the packages, with these TypeScript files compiled into it.

    Returns the folder. The sources are copied; each `name.ts` becomes `name.js` beside it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"type": "module"}), encoding="utf-8")
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(packages(pinned), target_is_directory=True)
    copies = [Path(shutil.copy(source, folder)) for source in sources]
    if copies:
        emit(copies, folder, version)
    return folder


def run(script: Path, *arguments: str, env: Mapping[str, str] | None = None, timeout: float = 120) -> str:
    """What the script writes to stdout; a failure shows everything it wrote."""
    ran = subprocess.run(
        [_node(), str(script), *arguments], cwd=script.parent, env={**os.environ, **(env or {})},
        capture_output=True, text=True, encoding="utf-8", check=False, timeout=timeout,
    )  # fmt: skip
    assert ran.returncode == 0, f"exit {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def start(script: Path, *arguments: str, stderr: IO[bytes]) -> subprocess.Popen[str]:
    """The script as a process that one talks to, line by line, through its stdin and stdout."""
    command: Sequence[str] = [_node(), str(script), *arguments]
    return subprocess.Popen(
        command, cwd=script.parent, stdin=PIPE, stdout=PIPE, stderr=stderr, text=True, encoding="utf-8"
    )


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    return node


@cache
def packages(pinned: Path = _PINNED) -> Path:
    """The `node_modules` folder with the packages that a folder pins."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm on this machine: the SDK cannot be fetched")
    digest = hashlib.sha256(b"".join((pinned / name).read_bytes() for name in _FILES)).hexdigest()[:12]
    folder = user_cache_path("pocketvex-tests", ensure_exists=True) / f"node-{digest}"
    with FileLock(f"{folder}.lock"):
        if not (folder / "ready").exists():
            folder.mkdir(exist_ok=True)
            for name in _FILES:
                shutil.copy(pinned / name, folder)
            ran = subprocess.run(
                [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                cwd=folder, capture_output=True, text=True, check=False,
            )  # fmt: skip
            if ran.returncode:
                pytest.skip(f"npm could not fetch the packages: {ran.stderr.strip()[-300:]}")
            (folder / "ready").touch()
    return folder / "node_modules"
