"""What a schema module declared, as text between two interpreters.

Declarations travel, not models: the interpreter that runs the modules then needs no pydantic, and the
parent, which has it anyway, builds the models once. What JSON has no form for is written as an object
of one key that begins with `$`; an object of the user's that would look like one is escaped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Set
from datetime import date, datetime
from enum import Enum
from typing import Any

from pocketvex.findings import Location
from pocketvex.schema.declare import Base, Env, FieldDeclaration, IndexDeclaration

_MAX_REPR = 200
_PLAIN = frozenset((str, int, float, bool, type(None)))


class Opaque:
    """Stands for a value that cannot travel; it looks like the original in a message."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def to_wire(value: Any) -> bytes:
    """The bytes that `from_wire` reads. Tuples arrive as lists, members of an Enum as their values.

    Raises RecursionError for a value that contains itself.
    """
    return json.dumps(encode(value), separators=(",", ":")).encode()


def encode(value: Any) -> Any:
    """The value made of nothing but what JSON has."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict and _is_plain_dict(value):
        return {key: encode(item) for key, item in value.items()}
    if kind in (list, tuple):
        return [encode(item) for item in value]
    if kind is Location:  # each field has one
        return {"$at": [value.file, value.line, value.column]}
    return _encode_special(value)


def _is_plain_dict(value: dict[Any, Any]) -> bool:
    # Not all(…) with a generator: this runs for each of perhaps 20,000 fields.
    for key in value:  # noqa: SIM110
        if type(key) is not str or key[:1] == "$":
            return False
    return True


def _encode_special(value: Any) -> Any:
    match value:
        case FieldDeclaration():
            return {"$field": [value.type, encode(value.options), encode(value.source)]}
        case IndexDeclaration():
            return {"$index": [encode(item) for item in value]}
        case Env():
            return {"$env": encode(value.name)}
        case Enum():
            return encode(value.value)
        case datetime():
            return {"$datetime": value.isoformat()}
        case date():
            return value.isoformat()
        case type() if issubclass(value, Base):
            return value.collection_name
        case bool() | int() | float() | str():
            return next(base for base in (int, float, str) if isinstance(value, base))(value)
        case Mapping():
            return {"$dict": [[encode(key), encode(item)] for key, item in value.items()]}
        case Set():
            return [encode(item) for item in sorted(value, key=repr)]
        case list() | tuple():
            return [encode(item) for item in value]
        case _:
            return {"$opaque": described(value)}


def described(value: object) -> str:
    """`repr`, bounded, of a value whose `__repr__` may itself be broken."""
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _MAX_REPR else f"{text[:_MAX_REPR]}…"


def from_wire(data: bytes, shown: Callable[[str], str] = str) -> Any:
    """What `to_wire` was given; `shown` turns the path of each location into the one that is shown."""
    names: dict[str, str] = {}

    def place(file: str, line: int, column: int) -> Location:
        if file not in names:
            names[file] = shown(file)
        return Location(names[file], line, column)

    def revive(found: dict[str, Any]) -> Any:
        if len(found) != 1:
            return found
        key, value = next(iter(found.items()))
        match key:
            case "$at":
                return place(*value)
            case "$field":
                return FieldDeclaration(*value)
            case "$index":
                columns, unique, where, name, source = value
                return IndexDeclaration(columns, unique, where, name, source)
            case "$env":
                return Env(value)
            case "$datetime":
                return datetime.fromisoformat(value)
            case "$dict":
                return {_hashable(name): item for name, item in value}
            case "$opaque":
                return Opaque(value)
        return found

    return json.loads(data, object_hook=revive)


def _hashable(key: Any) -> Any:
    return tuple(key) if isinstance(key, list) else key
