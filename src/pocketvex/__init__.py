"""PocketVex: the schema of a PocketBase, declared in Python.

The names below are loaded when they are first used, so that `import pocketvex` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from pocketvex.schema import field
    from pocketvex.schema.declare import Auth, Base, View, env, index
    from pocketvex.schema.model import Collection, Schema
    from pocketvex.schema.rules import Rules

_HOMES = {
    "Auth": "pocketvex.schema.declare",
    "Base": "pocketvex.schema.declare",
    "Collection": "pocketvex.schema.model",
    "Rules": "pocketvex.schema.rules",
    "Schema": "pocketvex.schema.model",
    "View": "pocketvex.schema.declare",
    "env": "pocketvex.schema.declare",
    "field": "pocketvex.schema",
    "index": "pocketvex.schema.declare",
}

__all__ = ["Auth", "Base", "Collection", "Rules", "Schema", "View", "env", "field", "index"]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'pocketvex' has no attribute '{name}'")
    from importlib import import_module

    if name == "field":
        return import_module("pocketvex.schema.field")
    return getattr(import_module(home), name)
