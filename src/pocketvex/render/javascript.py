"""Values as JavaScript literals, laid out as a person would."""

from __future__ import annotations

import json
from typing import Any

WIDTH = 108


def call(name: str, arguments: tuple[Any, ...]) -> str:
    """`change.name(…);` on one line where it fits."""
    texts = [literal(argument) for argument in arguments]
    line = f"change.{name}({', '.join(texts)});"
    if (len(line) <= WIDTH and "\n" not in line) or ("\n" in line and len(texts) == 1):
        return line
    hanging = texts[-1].startswith(("{\n", "[\n")) and not any("\n" in text for text in texts[:-1])
    if hanging and len(line.split("\n", 1)[0]) <= WIDTH:
        return line
    inner = ",\n".join(shifted(text) for text in texts)
    return f"change.{name}(\n{inner},\n);"


def literal(value: Any) -> str:
    """Short things on one line; `{"env": NAME}` is a call that reads it."""
    line = _flat(value)
    if len(line) <= WIDTH - 16:
        return line
    if isinstance(value, dict) and set(value) != {"env"}:
        lines = ",\n".join(shifted(f"{json.dumps(key)}: {literal(item)}") for key, item in value.items())
        return f"{{\n{lines},\n}}"
    if isinstance(value, list | tuple):
        return "[\n" + "".join(f"{shifted(literal(item))},\n" for item in value) + "]"
    return line


def _flat(value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"env"}:
        return f"secret({json.dumps(value['env'])})"
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)}: {_flat(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_flat(item) for item in value)}]"
    # U+2028 and U+2029 end a line in JavaScript, but not in JSON; ASCII escapes keep both right.
    return json.dumps(value)


def shifted(text: str) -> str:
    """The text two columns further in."""
    return "\n".join(f"  {line}" if line else line for line in text.split("\n"))
