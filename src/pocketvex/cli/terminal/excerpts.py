"""Excerpts of files, cut to the room that there is: around the carets, since they say what is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_CARETS = re.compile(r"[ |]*\^+ *")
_NUMBER = re.compile(r"[> ] *\d* \| ")
"""What stands before the lines of a file that are shown with their numbers."""
_BEFORE = 20
"""Characters before the carets that stay, so that it is seen where they are."""


def is_marker(line: str) -> bool:
    """Whether a line of an excerpt is the carets under the one above."""
    return bool(line.strip()) and not line.strip(" ^")


def shortened(lines: Sequence[str], room: int) -> Iterator[str]:
    """The same lines, none longer than `room`; the carets stay under what they were under."""
    at = 0
    while at < len(lines):
        line, below = lines[at], lines[at + 1] if at + 1 < len(lines) else ""
        if _CARETS.fullmatch(below):
            yield from _around(line, below, room)
            at += 2
            continue
        yield line if len(line) <= room else f"{line[: room - 1]}…"
        at += 1


def _around(line: str, carets: str, room: int) -> tuple[str, str]:
    number = _NUMBER.match(line)
    keep = number.end() if number and len(line) > room else 0
    head, text, marks = line[:keep], line[keep:], carets[keep:]
    room -= keep
    start, end = marks.find("^"), len(marks.rstrip())
    if max(len(text), end) <= room:
        return line, carets.rstrip()
    cut = max(0, start - _BEFORE) if end > room - 1 else 0
    shown = text[cut : cut + room]
    if cut:
        shown = f"…{shown[1:]}"
    if cut + room < len(text):
        shown = f"{shown[:-1]}…"
    return f"{head}{shown}", f"{carets[:keep]}{marks[cut : cut + room]}".rstrip()
