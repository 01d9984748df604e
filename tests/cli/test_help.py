"""Every command and every option says what it is for, and completion gives them all."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from pocketvex.cli.app import build
from terminal import POCKETVEX


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    found = group or typer.main.get_command(build())
    yield path, found
    for name, command in getattr(found, "commands", {}).items():
        yield from commands(command, (*path, name))


ALL = dict(commands())


@pytest.mark.parametrize("path", ALL, ids=lambda path: " ".join(path) or "all")
def test_everything_is_described(path: tuple[str, ...]) -> None:
    command = ALL[path]
    assert command.help, path
    for option in command.params:
        assert getattr(option, "help", None), (path, option.name)
    for name, sub in getattr(command, "commands", {}).items():
        first = " ".join((sub.help or "").split("\n\n")[0].split()).split(". ")[0]
        assert len(first) <= 66, f"{name}: it would be cut in the list of commands"


@pytest.mark.parametrize("path", ALL, ids=lambda path: " ".join(path) or "all")
def test_help_is_the_same_either_way(path: tuple[str, ...]) -> None:
    one = subprocess.run([POCKETVEX, *path, "--help"], capture_output=True, text=True, check=True)
    other = subprocess.run([POCKETVEX, "help", *path], capture_output=True, text=True, check=True)
    assert one.stdout == other.stdout
    assert one.stdout.startswith(f"Usage: {' '.join(['pocketvex', *path])}")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [("pocketvex mig", "migrate"), ("pocketvex migrate st", "status"), ("pocketvex dev --on", "--once")],
)
def test_completion(line: str, wanted: str) -> None:
    env = {
        **os.environ,
        "_POCKETVEX_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split()) - 1),
    }
    done = subprocess.run([POCKETVEX], env=env, capture_output=True, text=True)
    assert wanted in done.stdout.split(), done
    assert done.stderr == ""
