"""How schema modules are imported: always from their source, and each of them once.

A `.pyc` is valid for a source of the same size and the same second, so two saves in one second would
show the first of them. What belongs to the user is therefore compiled on each load; libraries are not.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

from pocketvex.load.paths import is_users

files: dict[str, None] = {}
"""The user's files that were read to be run, in that order."""


class FreshLoader(SourceFileLoader):
    """Compiles the source on each load; neither reads nor writes a `.pyc`."""

    def path_stats(self, path: Any) -> Any:
        raise OSError("no time stamp, no bytecode")  # what SourceLoader.get_code takes for "no cache"

    def get_code(self, fullname: str) -> Any:
        files[self.path] = None
        return super().get_code(fullname)

    def source_to_code(self, data: Any, path: Any, **options: Any) -> Any:  # type: ignore[override]
        if b"\0" in data:  # Python 3.11 names no file then
            line = data.count(b"\n", 0, data.index(b"\0")) + 1
            raise SyntaxError("the file contains a NUL byte", (path, line, 1, None))
        return super().source_to_code(data, path, **options)


class UsersFiles:
    """Finds what `sys.path` holds, and gives the user's files the loader without bytecode."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader and is_users(spec.loader.path):
            spec.loader = FreshLoader(fullname, spec.loader.path)
            spec.cached = None
        return spec


class _Alias:
    """Gives a module that has another name already."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self.name)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec  # the import system has put the alias there


def _alias(fullname: str, name: str) -> ModuleSpec:
    # It only looks like a Loader: importlib.abc, where that is, takes 6 ms to import.
    return ModuleSpec(fullname, _Alias(name))  # type: ignore[arg-type]


class OneNameEach:
    """`from users import Users` beside `users.py` gives the module `schema.users`.

    It stands last, so that a bare name means a schema module only where nothing else has that name.
    """

    def __init__(self, package: str, folder: str) -> None:
        self.package, self.folder = package, folder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if "." in fullname:
            return None
        stem = os.path.join(self.folder, fullname)
        if os.path.isfile(f"{stem}.py") or os.path.isfile(os.path.join(stem, "__init__.py")):
            return _alias(fullname, f"{self.package}.{fullname}")
        return None


class DottedFolder:
    """`db.schema.users` is `schema.users` where the schema's folder is `db/schema`."""

    def __init__(self, package: str, dotted: str) -> None:
        self.package, self.dotted = package, dotted

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == self.dotted or fullname.startswith(f"{self.dotted}."):
            return _alias(fullname, self.package + fullname[len(self.dotted) :])
        return None


def package_name(folder: str) -> str:
    """The name under which the modules of the schema's folder are imported: the folder's own if it can."""
    name = os.path.basename(folder)
    taken = name in sys.stdlib_module_names or name in sys.modules
    return name if name.isidentifier() and not taken else "schema"


def prepare(root: str, folder: str) -> str:
    """Put the project on the import path and the schema's folder into `sys.modules`; gives its name.

    Raises whatever the folder's `__init__.py` raises.
    """
    sys.path.insert(0, root)
    importlib.invalidate_caches()
    package = package_name(folder)
    dotted = os.path.relpath(folder, root).replace(os.sep, ".")
    sys.meta_path.insert(0, UsersFiles())
    if dotted != package:
        sys.meta_path.insert(0, DottedFolder(package, dotted))
    sys.meta_path.append(OneNameEach(package, folder))
    _synthetic_package(package, folder)
    return package


def _synthetic_package(name: str, folder: str) -> None:
    init = os.path.join(folder, "__init__.py")
    if os.path.isfile(init):
        loader = FreshLoader(name, init)
        spec = spec_from_file_location(name, init, loader=loader, submodule_search_locations=[folder])
        assert spec is not None
        sys.modules[name] = module = module_from_spec(spec)
        loader.exec_module(module)
    else:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [folder]
        sys.modules[name] = module_from_spec(spec)
