"""What every file of the repository keeps to."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from source import ROOT

FORBIDDEN = {
    "a path of one machine": r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+|opt)/[\w.]",
    "where packages come from": r"--(?:extra-)?index-url|--find-links|\b(?:pypi|npm|registry)\.\w+\.\w",
    "something left to do": r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b",
    "how it was written": r"\b(?:Cl" + r"aude|Chat" + r"GPT|Co" + r"pilot|L" + r"LM)\b",
}
TEXT = {".py", ".md", ".toml", ".j2", ".js", ".ts", ".sh", ".yaml", ".yml", ".json", ".sum", ""}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = [name for name in listed.stdout.split("\0") if name]
    return [ROOT / name for name in names if (ROOT / name).is_file() and Path(name).suffix in TEXT]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_says(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in tracked()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line) and path != Path(__file__)
    ]
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "check", [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]], ids=" ".join
)
def test_the_tools_are_content(check: list[str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", *check], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
