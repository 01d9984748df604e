"""The lines of a file around a place, as an error shows them."""

from __future__ import annotations

_TAB = "    "


def source_lines(path: str) -> list[str]:
    """The lines of a text file; none where it cannot be read. Bytes that are no UTF-8 are replaced."""
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            return file.read().splitlines()
    except (OSError, ValueError):
        return []


def excerpt(lines: list[str], line: int, column: int = 0, around: int = 2) -> str:
    """The line (from 1), marked with `>`, those around it, and a caret under the column if it is known."""
    if not 0 < line <= len(lines):
        return ""
    first, last = max(1, line - around), min(len(lines), line + around)
    width = len(str(last))
    shown = []
    for number in range(first, last + 1):
        text = lines[number - 1].rstrip().replace("\t", _TAB)
        mark = ">" if number == line else " "
        shown.append(f"{mark} {number:>{width}} | {text}".rstrip())
        if number == line and column:
            before = lines[number - 1][: column - 1].replace("\t", _TAB)
            shown.append(f"  {' ' * width} | {' ' * len(before)}^")
    return "\n".join(shown)


def line_at(lines: list[str], line: int) -> str:
    """The one line, without its indentation."""
    return lines[line - 1].strip() if 0 < line <= len(lines) else ""
