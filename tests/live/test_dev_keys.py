"""The keys of `dev`, and the line at the bottom of its terminal."""

from __future__ import annotations

import fcntl
import os
import struct
import sys
from pathlib import Path

import pytest

from terminal import Project, Terminal, posts, until

if sys.platform == "win32":
    pytest.skip("pseudo terminals are POSIX", allow_module_level=True)

LINE = "types · ? for keys\r"
"""The end of the last line; the cursor then rests at its beginning."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "app")
    found.write("pocketvex.toml", "")
    found.write("schema/posts.py", posts())
    return found


def left_on_screen(text: str) -> list[str]:
    """What a terminal keeps of this: what is written over is gone."""
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        lines.append(line.rpartition("\x1b[J")[2])
    return lines


def resize(terminal: Terminal, columns: int) -> None:
    import termios

    fcntl.ioctl(terminal._mine, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


def test_by_keys_alone(project: Project) -> None:
    with Terminal(project, "dev", env={"DISPLAY": "", "WAYLAND_DISPLAY": ""}) as terminal:
        terminal.shows("in sync · 1 not in a migration · 127.0.0.1:")
        terminal.shows("? for keys")
        assert not terminal.echoes
        terminal.types("?")
        terminal.shows("these keys")
        terminal.types("x")
        terminal.types("d")
        until(lambda: terminal.text.count("+ posts: new base collection") == 2, "the difference")
        assert "password" not in terminal.text
        terminal.types("o")
        terminal.shows("/_/\r\n")
        terminal.shows("password  ")
        assert "opened in the browser" not in terminal.text
        terminal.types("l")
        terminal.shows("the server has said nothing")
        terminal.types("m")
        terminal.shows("sealed pb_migrations/")
        terminal.shows("in sync · 127.0.0.1:")
        terminal.types("q")
        assert terminal.ends() == 0
        assert terminal.text.endswith("\x1b[Jstopped\r\n")
        assert terminal.echoes
        assert not [line for line in left_on_screen(terminal.text) if "? for keys" in line]
        assert len(project.migrations) == 1


def test_the_line_is_cut_to_the_width_as_it_is_now(project: Project) -> None:
    with Terminal(project, "dev") as terminal:
        terminal.shows(LINE)
        resize(terminal, 30)
        until(lambda: terminal.text.endswith("\r\x1b[Jin sync · 1 not in a migrati…\r"), "the line is cut")
        resize(terminal, 120)
        until(lambda: terminal.text.endswith(LINE), "all of it")
        terminal.types("\x03")
        assert terminal.ends() == 0
        assert terminal.text.endswith("\x1b[Jstopped\r\n")


def test_no_line_where_the_terminal_has_none(project: Project) -> None:
    with Terminal(project, "dev", env={"TERM": "dumb"}) as terminal:
        terminal.shows("in sync")
        terminal.types("?")
        terminal.shows("these keys")
        terminal.types("q")
        assert terminal.ends() == 0
        assert "? for keys" not in terminal.text
        assert os.linesep + "stopped" in terminal.text.replace("\r\n", os.linesep)
