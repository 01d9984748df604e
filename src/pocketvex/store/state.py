"""What this machine remembers of one server: `.pocketvex/hosts/<key>.json`."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from pocketvex.errors import ConfigError, UsageError
from pocketvex.store.config import EMBEDDED
from pocketvex.store.files import LOCAL, SECRET, local_dir, write_atomically

_VERSION = 1


@dataclass(frozen=True)
class HostState:
    """`applied` and `held_back` are names of migration files; `written` is what dev and apply put there.

    `managed` lists the collections that this project wrote to this server; `fingerprint` tells its data from
    other data at the same address; `notes` are for the user and are not saved.
    """

    server_version: str = ""
    url: str = ""
    """Where it was last; the embedded server's changes."""
    applied: list[str] = field(default_factory=list)
    held_back: list[str] = field(default_factory=list)
    written: dict[str, Any] = field(default_factory=dict)
    managed: list[str] = field(default_factory=list)
    fingerprint: str = ""
    absorbed: list[str] = field(default_factory=list)
    """Files of the history that others wrote, and that the code agreed with since."""
    answers: dict[str, str] = field(default_factory=dict)
    """What a person said to questions whose answer no migration holds yet."""
    met: list[str] = field(default_factory=list)
    """Collections that were there before a file of this project made them: perhaps somebody else's."""
    away: dict[str, Any] = field(default_factory=dict)
    """Collections as they were before a removal over HTTP began, by their ids, until it is through."""
    intended: dict[str, Any] = field(default_factory=dict)
    """What is about to be written, as `written`: all that there is to tell of it after a kill."""
    notes: list[str] = field(default_factory=list, compare=False)


def load_state(root: Path, key: str) -> HostState:
    """An empty state if there is none; a file that cannot be understood is set aside and named in `notes`."""
    file = state_file(root, key)
    try:
        return _decode(json.loads(file.read_bytes()), file)
    except FileNotFoundError:
        return HostState()
    except (ValueError, OSError) as error:
        return HostState(notes=[_set_aside(file, error)])


def save_state(root: Path, key: str, state: HostState) -> bool:
    """False if the file says the same already."""
    local_dir(root)
    content = {"version": _VERSION, **vars(state)}
    del content["notes"]
    file = state_file(root, key)
    # Mostly it says this already: to read it takes less than to write it out.
    text = _text(file, content) or json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    return write_atomically(file, text, mode=SECRET)


def _text(file: Path, content: dict[str, Any]) -> str:
    """The text of the file if it is this content; else ""."""
    try:
        text = file.read_text(encoding="utf-8")
        return text if json.loads(text) == content else ""
    except (ValueError, OSError):
        return ""


def state_file(root: Path, key: str) -> Path:
    """Where the state of this host lies."""
    return root / LOCAL / "hosts" / f"{key}.json"


def remembered(root: Path) -> dict[Path, dict[str, Any]]:
    """What stands in the file of each server that this project worked with."""
    folder = root / LOCAL / "hosts"
    found = {}
    for file in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        with suppress(ValueError, OSError):
            content = json.loads(file.read_bytes())
            if isinstance(content, dict):
                found[file] = content
    return found


def used_before(root: Path) -> list[str]:
    """The addresses of those servers; the embedded one is none of them."""
    urls = (content.get("url") for file, content in remembered(root).items() if file.stem != EMBEDDED)
    return [url for url in urls if isinstance(url, str) and url]


def _decode(content: Any, file: Path) -> HostState:
    if not isinstance(content, dict) or not isinstance(content.get("version"), int):
        raise ValueError("it is no state")
    if content["version"] > _VERSION:
        # Setting it aside would lose what the newer PocketVex needs.
        raise ConfigError(
            f"{file} was written by a newer PocketVex", todo="Update PocketVex on this machine."
        )
    empty = HostState()
    known = {item.name: content[item.name] for item in fields(empty) if item.name in content}
    known.pop("notes", None)
    for name, value in known.items():
        if not isinstance(value, type(getattr(empty, name))):
            raise ValueError(f"{name} is of the wrong kind")
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise ValueError(f"{name} is not a list of names")
    return HostState(**known)


def _set_aside(file: Path, error: Exception) -> str:
    aside = file.with_name(f"{file.name}.corrupt")
    try:
        os.replace(file, aside)
    except OSError as second:
        raise UsageError(f"{file} can be neither read nor set aside: {second}") from error
    return f"{file.name} could not be read ({error}): it is kept as {aside.name}, and nothing is remembered"
