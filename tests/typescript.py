"""The TypeScript compiler, in pinned versions, fetched once per machine with npm."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock
from platformdirs import user_cache_path

VERSIONS = ("6.0.3", "7.0.2")
"""The last of the two current majors: the one in JavaScript and the native one."""

OLDER = "5.9.3"
"""What many projects still have."""

_TARGET = (
    "--target", "es2022", "--lib", "es2022,dom", "--module", "esnext", "--moduleResolution", "bundler",
    "--skipDefaultLibCheck",
)  # fmt: skip
"""TypeScript's own library needs no check of ours, which takes 3 seconds: all else is checked."""

STRICT = (
    "--noEmit", "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess",
    "--isolatedModules", "--verbatimModuleSyntax", "--erasableSyntaxOnly",
)  # fmt: skip
"""What the types promise to compile under."""

STRICTER = (
    *STRICT, "--noUnusedLocals", "--noUnusedParameters", "--isolatedDeclarations", "--declaration",
    "--noPropertyAccessFromIndexSignature",
)  # fmt: skip
"""The same and what some projects add."""

EMITTING = tuple(f for f in STRICTER if f not in ("--noEmit", "--declaration", "--isolatedDeclarations"))
"""The same for code that is to be run."""


def tsc(paths: Sequence[Path], flags: Sequence[str], version: str) -> str:
    """What the compiler has to say about the files; "" where it finds nothing wrong."""
    program = _installed(version)
    shown = ("--pretty", "false")
    ran = subprocess.run(
        [program, *_TARGET, *flags, *shown, *map(str, paths)],
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    said = ran.stdout + ran.stderr
    assert bool(said.strip()) == bool(ran.returncode), f"exit {ran.returncode}: {said}"
    return said.strip()


def emit(paths: Sequence[Path], to: Path, version: str = VERSIONS[0]) -> None:
    """Compile the files into JavaScript, under the same strictness."""
    said = tsc(paths, (*EMITTING, "--outDir", str(to)), version)
    assert not said, said


def compile_with(script: Path, folder: Path, version: str = VERSIONS[0]) -> None:
    """Have a script compile the modules of a folder, with the compiler as a module (7 is none yet)."""
    library = Path(_installed(version)).parents[1] / "typescript"
    ran = subprocess.run(
        ["node", str(script), str(folder), str(library), *_TARGET, *EMITTING],
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


@cache
def _installed(version: str) -> str:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("no npm and node on this machine: TypeScript cannot be run")
    folder = user_cache_path("pocketvex-tests", ensure_exists=True) / f"typescript-{version}"
    program = folder / "node_modules" / ".bin" / ("tsc.cmd" if os.name == "nt" else "tsc")
    with FileLock(f"{folder}.lock"):
        if not program.exists():
            ran = subprocess.run(
                [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-save",
                 "--prefix", str(folder), f"typescript@{version}"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if ran.returncode:
                pytest.skip(f"npm could not fetch TypeScript {version}: {ran.stderr.strip()[-300:]}")
    return str(program)
