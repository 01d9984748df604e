"""Changes to the project's configuration that leave the rest of the file, comments included, as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pocketvex.errors import ConfigError
from pocketvex.store.config import FILE, PYPROJECT, Config, load_config
from pocketvex.store.files import write_atomically

_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)
_ABOUT_IT = re.compile(r"(?:^[ \t]*#.*\n)+\Z", re.MULTILINE)
_OWN_HEADER = re.compile(r"^[ \t]*\[tool\.pocketvex\].*\n?", re.MULTILINE)


def set_host(config: Config, name: str, values: Mapping[str, str | bool]) -> Path:
    """Write `[hosts.NAME]`, or change it: keys that are not named stay. Returns the file.

    Raises ConfigError where the file would not be valid with it; it stays as it was then.
    """

    def change(text: str, prefix: str) -> str:
        if name in config.hosts:
            return _edited(text, prefix, lambda table: table["hosts"][name].update(values))
        import tomlkit

        lines = tomlkit.dumps(values)
        gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        return f"{text}{gap}[{prefix}hosts.{tomlkit.key(name).as_string()}]\n{lines}"

    return _write(config, change)


def remove_host(config: Config, name: str) -> Path:
    """Take `[hosts.NAME]` out, and `default_host` where it names it. Returns the file."""

    def drop(table: Any) -> None:
        del table["hosts"][name]
        if not table["hosts"]:
            del table["hosts"]
        if table.get("default_host") == name:
            del table["default_host"]

    return _write(config, lambda text, prefix: _edited(text, prefix, drop))


def set_default_host(config: Config, name: str) -> Path:
    """Write `default_host`. Returns the file."""

    def change(text: str, prefix: str) -> str:
        if config.default_host is not None:
            return _edited(text, prefix, lambda table: table.update(default_host=name))
        import tomlkit

        line = tomlkit.dumps({"default_host": name})
        if prefix:
            header = _OWN_HEADER.search(text)
            at = header.end() if header else 0
            return f"{text[:at]}{line}{text[at:]}" if header else f"{text}\n[{prefix[:-1]}]\n{line}"
        # Before the first `[…]` line, and the comment that belongs to it: behind it is the table's.
        first = _HEADER.search(text)
        before, after = (text[: first.start()], text[first.start() :]) if first else (text, "")
        about = _ABOUT_IT.search(before) if after else None
        if about and about.start():
            before, after = before[: about.start()], about[0] + after
        gap = "" if not before or before.endswith("\n") else "\n"
        return f"{before}{gap}{line}" + (f"\n{after}" if after else "")

    return _write(config, change)


def _edited(text: str, prefix: str, change: Callable[[Any], None]) -> str:
    import tomlkit

    document: Any = tomlkit.parse(text)
    table = document["tool"]["pocketvex"] if prefix else document
    change(table)
    return tomlkit.dumps(document)


def _write(config: Config, change: Callable[[str, str], str]) -> Path:
    file = config.file or config.root / FILE
    old = file.read_bytes().decode("utf-8-sig") if file.exists() else ""
    windows = "\r\n" in old
    new = change(old.replace("\r\n", "\n"), "tool.pocketvex." if file.name == PYPROJECT else "")
    write_atomically(file, new.replace("\n", "\r\n") if windows else new)
    try:
        load_config(config.root)
    except ConfigError:
        write_atomically(file, old)
        raise
    return file
