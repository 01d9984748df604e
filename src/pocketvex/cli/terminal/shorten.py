"""Long texts made short for a terminal: what differs stays, what does not is cut.

The whole text is in `schema diff --format json`.
"""

from __future__ import annotations

from collections.abc import Iterable

LIMIT = 72
"""A rule longer than this is cut."""
_AROUND = 16
"""How much of what is the same stays on each side of what differs."""


def pair(before: str, after: str, limit: int = LIMIT) -> tuple[str, str]:
    """Two texts without most of what they have in common."""
    if len(before) <= limit and len(after) <= limit:
        return before, after
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    # From the last word that begins before both differ to the first that ends after it, and a few more.
    start = before.rfind(" ", 0, max(0, head - _AROUND)) + 1
    more = after[::-1].rfind(" ", 0, max(0, tail - _AROUND)) + 1

    def cut(text: str) -> str:
        inner = text[start : len(text) - more]
        return f"{'… ' if start else ''}{middle(inner, limit)}{' …' if more else ''}"

    return cut(before), cut(after)


def _common(one: str, other: str) -> int:
    """How many characters the two begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def middle(text: str, limit: int = LIMIT) -> str:
    """The text with its middle left out where it is too long."""
    if len(text) <= limit:
        return text
    half = (limit - 3) // 2
    begin, end = text[:half].rpartition(" "), text[-half:].partition(" ")
    # Whole words, unless one word is all that there is.
    return f"{(begin[0] or begin[2]).rstrip()} … {(end[2] or end[0]).lstrip()}"


def fitted(lines: Iterable[str], width: int) -> list[str]:
    """Lines that are too long for the terminal, broken between words and indented further."""
    from textwrap import wrap

    found: list[str] = []
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()) + 4)
        parts = wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        found += [line] if len(line) <= width else parts
    return found
