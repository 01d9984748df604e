"""The modules that `schema pull` writes: which of them are still as it wrote them."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterable
from hashlib import sha256
from keyword import iskeyword
from pathlib import Path
from typing import Any

from pocketvex.load.paths import shown_path
from pocketvex.store.config import Config
from pocketvex.store.files import local_dir, write_atomically

_FILE = "pulled.json"
_WIDTH = 88


def is_as_pulled(config: Config, file: str) -> bool:
    """Whether a file of the schema was written by `schema pull` and nobody edited it since."""
    known = _read(config).get(file)
    path = config.root / file
    return known is not None and path.is_file() and known == _hash(path.read_text(encoding="utf-8"))


def write_module(config: Config, name: str, text: str) -> str:
    """Write a module into the schema's folder, and remember what was written; its path from the root."""
    path = config.schema / f"{name}.py"
    write_atomically(path, text)
    shown = shown_path(str(path), str(config.root))
    known = {**_read(config), shown: _hash(text)}
    content = json.dumps(known, indent=1, sort_keys=True, ensure_ascii=False)
    write_atomically(local_dir(config.root) / _FILE, content + "\n")
    return shown


def modules(config: Config) -> frozenset[str]:
    """The modules that the schema's folder has, in lower case: file systems may not tell case apart."""
    if not config.schema.is_dir():
        return frozenset()
    return frozenset(path.stem.lower() for path in config.schema.glob("*.py"))


def package(config: Config) -> str:
    """The name that the modules of the schema import each other by; "" where Python has none for it."""
    try:
        parts = config.schema.relative_to(config.root).parts
    except ValueError:
        return ""
    named = all(part.isidentifier() and not iskeyword(part) for part in parts)
    # A module of Python's own would be found first.
    return ".".join(parts) if named and parts and parts[0] not in sys.stdlib_module_names else ""


def line_length(root: Path) -> int:
    """How long the lines of this project may be: what ruff or black are told, else what they do."""
    for file, keys in (
        ("ruff.toml", ()), (".ruff.toml", ()),
        ("pyproject.toml", ("tool", "ruff")), ("pyproject.toml", ("tool", "black")),
    ):  # fmt: skip
        found = _table(root / file, keys).get("line-length")
        if isinstance(found, int) and 40 <= found <= 320:
            return found
    return _WIDTH


def _table(file: Path, keys: Iterable[str]) -> dict[str, Any]:
    try:
        table: Any = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def _hash(text: str) -> str:
    # A checkout may have other ends of lines.
    return sha256(re.sub(r"\r\n?", "\n", text).encode()).hexdigest()


def _read(config: Config) -> dict[str, str]:
    try:
        found = json.loads((local_dir(config.root) / _FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
