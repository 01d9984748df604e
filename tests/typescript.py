"""The TypeScript compiler, in pinned versions, fetched once per machine with npm."""

from __future__ import annotations

import atexit
import json
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

NATIVE = VERSIONS[-1]
"""It starts in no time, and cannot be loaded as a module."""

OLDER = "5.9.3"
"""What many projects still have."""

_COMPILER = Path(__file__).with_suffix(".mjs")
_LITTLE_COLLECTED = "--max-semi-space-size=64"
"""What it makes stays until the end of a program: to look for garbage all the time costs it a tenth."""

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
    arguments = [*_TARGET, *flags, *map(str, paths)]
    if version != NATIVE:
        return _ask(_running(version), arguments)
    ran = subprocess.run(
        [_installed(version), *arguments, "--pretty", "false"],
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    said = ran.stdout + ran.stderr
    assert bool(said.strip()) == bool(ran.returncode), f"exit {ran.returncode}: {said}"
    return said.strip()


@cache
def _running(version: str) -> subprocess.Popen[str]:
    """A compiler for all that this process compiles: to start one takes longer than most of what it does."""
    process = subprocess.Popen(
        ["node", _LITTLE_COLLECTED, str(_COMPILER), str(_library(version))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    atexit.register(_end, process)
    return process


def _ask(process: subprocess.Popen[str], arguments: Sequence[str]) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(arguments) + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    assert answer, f"the compiler ended with {process.wait()}"
    said: str = json.loads(answer)
    return said.strip()


def _end(process: subprocess.Popen[str]) -> None:
    with process:  # which closes its stdin, and waits until it has ended
        pass


def emit(paths: Sequence[Path], to: Path, version: str = VERSIONS[0]) -> None:
    """Compile the files into JavaScript, under the same strictness."""
    said = tsc(paths, (*EMITTING, "--outDir", str(to)), version)
    assert not said, said


def compile_with(script: Path, folder: Path, version: str = VERSIONS[0]) -> None:
    """Have a script compile the modules of a folder, with the compiler as a module."""
    ran = subprocess.run(
        ["node", str(script), str(folder), str(_library(version)), *_TARGET, *EMITTING],
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


def _library(version: str) -> Path:
    return Path(_installed(version)).parents[1] / "typescript"


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
