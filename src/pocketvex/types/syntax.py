"""The smallest pieces of TypeScript: string literals, property keys, doc comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache

_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
# Legal in a string, but they break lines, reorder what a reader sees, show nothing, or (a surrogate
# without its partner) cannot be written as UTF-8 at all.
_INVISIBLE = re.compile("[\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_BREAKS = re.compile(r"\r\n?|\n|\u2028|\u2029|\x0b|\x0c|\x85")


def literal(text: str) -> str:
    """A string literal, in double quotes."""
    return _escaped(json.dumps(text, ensure_ascii=False))


def key(name: str) -> str:
    """A property name, quoted only where it must be."""
    return name if _IDENTIFIER.fullmatch(name) else literal(name)


def doc(sentences: Iterable[str], indent: str = "") -> str:
    """A doc comment with its line break, or nothing; what the texts contain cannot end it early."""
    return _block("\n".join(part for part in sentences if part), indent)


@lru_cache(maxsize=4096)  # most fields say one of a few things, several times
def _block(text: str, indent: str) -> str:
    lines = [_in_comment(line).strip() for line in _BREAKS.split(text)]
    lines = [line for line in lines if line]
    if not lines:
        return ""
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    body = "".join(f"{indent} * {line}\n" for line in lines)
    return f"{indent}/**\n{body}{indent} */\n"


def union(members: Iterable[str]) -> str:
    """The members joined by `|`, each once, in their order; nothing at all is `never`."""
    return " | ".join(dict.fromkeys(members)) or "never"


def nested(type_: str) -> str:
    """The type as an operand of `[]` or `&`: in parentheses where it would fall apart otherwise."""
    return f"({type_})" if " | " in type_ or " & " in type_ or type_.startswith("readonly ") else type_


def _escaped(text: str) -> str:
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _in_comment(line: str) -> str:
    return _escaped(_CONTROL.sub(" ", line)).replace("*/", "*\\/")
