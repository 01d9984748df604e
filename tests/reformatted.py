"""Migration files as formatters and people leave them: the same steps in other JavaScript."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from pocketvex.steps.migration import split


def _quoted(text: str, mark: str) -> str:
    inner = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"')
    inner = inner.replace(mark, "\\" + mark).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return mark + inner + mark


def _key(text: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_$][\w$]*|0|[1-9][0-9]*", text, re.ASCII)
    return text if plain else _quoted(text, "'")


def single(value: Any, indent: str = "") -> str:
    """Single quotes, names without quotes, a comma behind the last item, an item on each line."""
    deeper = indent + "  "
    if isinstance(value, dict) and value:
        lines = [f"{deeper}{_key(key)}: {single(item, deeper)},\n" for key, item in value.items()]
        return "{\n" + "".join(lines) + indent + "}"
    if isinstance(value, list) and value:
        return "[\n" + "".join(f"{deeper}{single(item, deeper)},\n" for item in value) + indent + "]"
    return _quoted(value, "'") if isinstance(value, str) else json.dumps(value)


def commented(value: Any) -> str:
    """On few lines, with remarks between the steps, and texts in backquotes where they hold none."""
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)}: {commented(item)}" for key, item in value.items())
        return "{" + inner + " /* } */ }"
    if isinstance(value, list):
        return "[ // ]\n" + ",".join(map(commented, value)) + "]"
    if isinstance(value, str):
        return _quoted(value, '"' if "`" in value or "${" in value or "\n" in value else "`")
    return json.dumps(value)


def as_it_is(value: Any) -> str:
    return json.dumps(value, indent=3, ensure_ascii=False).replace("\u2028", "\\u2028")


LAYOUTS: dict[str, Callable[[Any], str]] = {"single": single, "commented": commented, "as it is": as_it_is}


def reformatted(text: str, layout: Callable[[Any], str] = single, newline: str = "\n") -> str:
    """The file with its steps in another layout, and the runtime with other quotes and lines."""
    above, below = split(text)
    head, _, steps = above.partition("const migration = ")
    value = json.loads(steps.strip().removesuffix(";"))
    made = f"{head}const migration = {layout(value)}\n\n{_loosely(below)}"
    return made.replace("\n", newline)


@cache
def _loosely(runtime: str) -> str:
    line, _, code = runtime.partition("\n")
    code = code.replace("  ", "    ").replace('" +\n', '" +\n  ').replace(";\n", "\n")
    return f"{line}\n" + re.sub(r'"([\w :]*)"', r"'\1'", code)
