"""What `pocketvex init` writes: the smallest project that shows how it is done.

A folder that has something already gets no sample: nothing is declared that its code, its history or its
server may have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from pocketvex.run import starter
from pocketvex.run.declared import declares_something
from pocketvex.server.state import State
from pocketvex.store.config import FILE, Config, load_config
from pocketvex.store.files import LOCAL, write_atomically

WORKFLOW_FILE = Path(__file__).with_name("database.yml")
_WORKFLOW = ".github/workflows/database.yml"
_IGNORED = (".pocketvex/",)


class Found(Enum):
    """What a folder has, so that no sample is written into it."""

    NOTHING = "nothing"
    CODE = "code"
    SERVER = "a server that is named, or that ran here before"
    HISTORY = "a history"


class Begin(Enum):
    """What a new project begins with."""

    BLOG = "blog"
    EMPTY = "empty"
    SERVER = "server"


class File(NamedTuple):
    """`text` is None where there is such a file already: it is left alone."""

    name: str
    text: str | None


def look(folder: Path, environ: Mapping[str, str]) -> tuple[Config, Found]:
    """The configuration of the folder, and what is there of a project."""
    config = load_config(folder)
    if declares_something(config):
        return config, Found.CODE
    if environ.get("PB_URL", "").strip() or config.default_host:
        return config, Found.SERVER
    if has_history(config):
        return config, Found.HISTORY
    return config, Found.SERVER if has_embedded(config) else Found.NOTHING


def has_history(config: Config) -> bool:
    return any(path.suffix in (".js", ".ts") for path in _listed(config.migrations))


def has_embedded(config: Config) -> bool:
    """Whether the embedded server of this project has run before."""
    return (State(config.root / LOCAL / "embedded").data / "data.db").exists()


def _listed(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def files(folder: Path, begin: Begin | None) -> list[File]:
    """The files of a project in their order, those that are there already among them; nothing is written.

    `begin` is None for a folder that has something: it gets no schema.
    """
    folder = folder.absolute()
    samples = {Begin.BLOG: starter.BLOG, Begin.EMPTY: starter.EMPTY}
    texts = {FILE: starter.CONFIGURATION, **(samples.get(begin, {}) if begin else {})}
    texts["requirements.txt"] = f"{_requirement()}\n"
    texts["jsconfig.json"] = starter.JSCONFIG
    texts["README.md"] = starter.README.format(name=folder.name)
    # GitHub reads it at the top of a repository only.
    if not any((above / ".git").exists() for above in folder.parents):
        texts[_WORKFLOW] = WORKFLOW_FILE.read_text(encoding="utf-8")
    found = [File(name, None if (folder / name).exists() else text) for name, text in texts.items()]
    ignore = folder / ".gitignore"
    current = ignore.read_text(encoding="utf-8") if ignore.is_file() else ""
    missing = [line for line in _IGNORED if line not in current.splitlines()]
    separator = "" if not current or current.endswith("\n") else "\n"
    ignored = current + separator + "".join(f"{line}\n" for line in missing)
    return [*found, *([File(".gitignore", ignored)] if missing else [])]


def write(folder: Path, found: list[File]) -> None:
    """Write those that have a text."""
    for name, text in found:
        if text is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text)


def _requirement() -> str:
    from importlib.metadata import PackageNotFoundError, distribution

    from pocketvex import __version__

    try:
        noted = json.loads(distribution("pocketvex").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        noted = {}
    return starter.requirement(__version__, noted)
