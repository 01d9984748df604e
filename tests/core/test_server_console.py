"""What is read of the console output of a server, as it is written."""

from __future__ import annotations

from pathlib import Path

from pocketvex.server.console import Console


def test_whole_lines_once_and_half_a_line_is_nothing_to_hurry_for(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("before\n", encoding="utf-8")
    console = Console(tmp_path, from_start=False)
    assert not console.has_more
    with log.open("a", encoding="utf-8") as file:
        file.write("2026/12/01 02:13:57 \x1b[33mone\x1b[0m\n├─ REST API:  http://x/\n\nha")
    assert console.has_more
    assert console.take() == ["one"]
    assert not console.has_more
    with log.open("a", encoding="utf-8") as file:
        file.write("lf\n")
    assert console.take() == ["half"]
    assert console.take() == []
    assert console.last(2) == ["one", "half"]


def test_the_output_of_the_next_server_is_read_from_its_start(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    console = Console(tmp_path, from_start=True)
    assert console.take() == console.last(3) == []
    log.write_text("first, and quite long\n", encoding="utf-8")
    assert console.take() == ["first, and quite long"]
    log.unlink()
    assert console.take() == []
    log.write_text("second\n", encoding="utf-8")
    assert console.take() == ["second"]
