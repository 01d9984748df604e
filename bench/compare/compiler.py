"""What TypeScript says of a folder of files."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from bench.npm import installed, node

VERSION = "6.0.3"
FLAGS = (
    "--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom", "--module", "esnext",
    "--moduleResolution", "bundler", "--pretty", "false",
)  # fmt: skip
"""Strict, and nothing that goes beyond it."""


def errors(folder: Path, files: Iterable[Path], *flags: str) -> dict[str, list[str]]:
    """What is wrong, by the path of the file within the folder."""
    program = installed(f"typescript@{VERSION}") / "typescript" / "bin" / "tsc"
    names = [str(path.relative_to(folder)) for path in files]
    ran = subprocess.run(
        [node(), program, *FLAGS, *flags, *names], cwd=folder, capture_output=True, text=True, check=False
    )
    found: dict[str, list[str]] = {}
    last: list[str] = []
    for line in ran.stdout.splitlines():
        if match := re.match(r"(.+?)\(\d+,\d+\): error (TS\d+: .*)", line):
            last = found.setdefault(match[1], [])
            last.append(match[2])
        elif last and line.startswith(" "):
            last[-1] += f" {line.strip()}"
        else:
            raise SystemExit(f"tsc said {line!r}")
    return found
