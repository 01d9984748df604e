"""Long texts made short for a terminal: what differs stays, what does not is cut.

The whole text is in `schema diff --format json`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from pocketvex.plan.make import Change

LIMIT = 72
"""A rule longer than this is cut."""
_AROUND = 16
"""How much of what is the same stays on each side of what differs."""
_PAIR = re.compile(r"`([^`]*)` → `([^`]*)`")
_SINGLE = re.compile(r"`([^`]*)`")


def compact(change: Change) -> Change:
    """The same change with the rules in its reason cut to what a line or two can hold."""
    reason = change.judgement.reason
    short = _PAIR.sub(lambda m: "`{}` → `{}`".format(*pair(m[1], m[2])), reason)
    if short == reason:
        short = _SINGLE.sub(lambda m: f"`{middle(m[1])}`", reason)
    return change if short == reason else replace(change, judgement=change.judgement._replace(reason=short))


def pair(before: str, after: str, limit: int = LIMIT) -> tuple[str, str]:
    """Two texts without most of what they have in common."""
    if len(before) <= limit and len(after) <= limit:
        return before, after
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    start = head - _AROUND if head > _AROUND + 2 else 0
    more = tail - _AROUND if tail > _AROUND + 2 else 0

    def cut(text: str) -> str:
        inner = text[start : len(text) - more]
        return f"{'…' if start else ''}{middle(inner, limit)}{'…' if more else ''}"

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
    return f"{text[:half].rstrip()} … {text[-half:].lstrip()}"
