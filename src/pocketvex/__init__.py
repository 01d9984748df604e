"""PocketVex: the schema of a PocketBase, declared in Python.

The names below are loaded when they are first used, so that `import pocketvex` costs nothing.
"""

from __future__ import annotations

# Not from `typing`: loading that module would be a third of what `pocketvex --version` costs.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pocketvex.api.client import Client
    from pocketvex.api.credentials import Credentials
    from pocketvex.diff.compare import compare
    from pocketvex.load.loader import load_schema
    from pocketvex.plan.make import make_plan
    from pocketvex.schema import field
    from pocketvex.schema.declare import Auth, Base, View, env, index
    from pocketvex.schema.model import Collection, Schema
    from pocketvex.schema.rules import Rules
    from pocketvex.versions import Version

__version__ = "0.1.0"

__all__ = [
    "Auth",
    "Base",
    "Client",
    "Collection",
    "Credentials",
    "Rules",
    "Schema",
    "Version",
    "View",
    "compare",
    "env",
    "field",
    "index",
    "load_schema",
    "make_plan",
]

_HOMES = {
    "Auth": "schema.declare",
    "Base": "schema.declare",
    "Client": "api.client",
    "Collection": "schema.model",
    "Credentials": "api.credentials",
    "Rules": "schema.rules",
    "Schema": "schema.model",
    "Version": "versions",
    "View": "schema.declare",
    "compare": "diff.compare",
    "env": "schema.declare",
    "field": "schema",
    "index": "schema.declare",
    "load_schema": "load.loader",
    "make_plan": "plan.make",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'pocketvex' has no attribute '{name}'")
    from importlib import import_module

    if name == "field":
        return import_module("pocketvex.schema.field")
    return getattr(import_module(f"pocketvex.{home}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
