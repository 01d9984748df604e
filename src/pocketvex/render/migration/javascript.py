"""JSON values, laid out as a person would: short things on one line."""

from __future__ import annotations

import json
from typing import Any

WIDTH = 108


def literal(value: Any) -> str:
    line = _flat(value)
    if len(line) <= WIDTH - 12:
        return line
    if isinstance(value, dict):
        lines = ",\n".join(_shifted(f"{json.dumps(key)}: {literal(item)}") for key, item in value.items())
        return f"{{\n{lines}\n}}"
    if isinstance(value, list | tuple):
        return _hanging(value) or "[\n" + ",\n".join(_shifted(literal(item)) for item in value) + "\n]"
    return line


def _hanging(value: list[Any] | tuple[Any, ...]) -> str:
    """`["create", {` on one line, where only the last item is long; "" where that is not so."""
    *short, last = value
    head = ", ".join(_flat(item) for item in short)
    if not isinstance(last, dict | list) or not last or len(head) > WIDTH // 2:
        return ""
    return f"[{head}{', ' if short else ''}{literal(last)}]" if "\n" in literal(last) else ""


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)}: {_flat(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_flat(item) for item in value)}]"
    # U+2028 and U+2029 end a line in JavaScript, but not in JSON; ASCII escapes keep both right.
    return json.dumps(value)


def _shifted(text: str) -> str:
    """The text two columns further in."""
    return "\n".join(f"  {line}" if line else line for line in text.split("\n"))
