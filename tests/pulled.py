"""Generated modules, run in this interpreter: the schema that they declare."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import ModuleType

from pocketvex.render.python.modules import Module
from pocketvex.schema import declare
from pocketvex.schema.build import build_schema
from pocketvex.schema.model import Schema


def declared_by(modules: Iterable[Module], package: str = "schema") -> Schema:
    """Like the loader, without an interpreter of its own."""
    outer, declare.declared[:] = list(declare.declared), []
    names = [package]
    sys.modules[package] = ModuleType(package)
    try:
        for module in modules:
            name = f"{package}.{module.name}"
            names.append(name)
            sys.modules[name] = ModuleType(name)
            exec(compile(module.text, f"{module.name}.py", "exec"), vars(sys.modules[name]))
        return build_schema(declare.declared)
    finally:
        declare.declared[:] = outer
        for name in names:
            del sys.modules[name]
