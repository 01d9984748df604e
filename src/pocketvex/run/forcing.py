"""`schema pull --force`: a class in a person's file becomes what the server has, and the old file is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pocketvex.diff.compare import compare
from pocketvex.load.paths import shown_path
from pocketvex.render.python.splice import lost, replaced, spliced
from pocketvex.run.declared import read_code
from pocketvex.run.pull import Forced, is_about
from pocketvex.schema.model import Schema
from pocketvex.store.config import Config
from pocketvex.store.files import local_dir, write_atomically
from pocketvex.versions import Version


class Brought(NamedTuple):
    """A class that was brought to what the server has."""

    name: str
    file: str
    copy: str
    """Where the file lies as it was."""
    lost: tuple[str, ...]
    """What the class had and has no more, where it had to be written anew as a whole."""


def bring(
    config: Config, forced: Iterable[Forced], paths: Iterable[str], live: Schema, version: Version
) -> Iterator[Brought]:
    """Write each class; `paths` are the things that are to be what the server has."""
    kept: dict[str, str] = {}
    for each in forced:
        file = config.root / each.place.where.file
        text = file.read_bytes().decode("utf-8")
        if each.place.where.file not in kept:
            kept[each.place.where.file] = _keep(config, file, text)
        things = [path for path in paths if is_about(path, each.name)]
        gone = _write(config, file, text, each, things, live, version)
        yield Brought(each.name, each.place.where.file, kept[each.place.where.file], tuple(gone))


def _write(
    config: Config,
    file: Path,
    text: str,
    each: Forced,
    things: list[str],
    live: Schema,
    version: Version,
) -> list[str]:
    """Write what keeps the most, and see whether it says what the server has; what is lost otherwise."""
    plain = text.replace("\r\n", "\n")
    ends = "\r\n" if plain != text else "\n"
    class_name = each.place.class_name
    try:
        part = spliced(plain, class_name, each.mine, each.theirs)
    except ValueError:
        part = ""
    if part:
        write_atomically(file, part.replace("\n", ends))
        if _says(config, things, live, version):
            return []
    whole = replaced(plain, class_name, each.theirs)
    write_atomically(file, whole.replace("\n", ends))
    if part and not _says(config, things, live, version):
        # Something else is wrong with the code: then at least nothing is lost.
        write_atomically(file, part.replace("\n", ends))
        return []
    return lost(plain, class_name)


def _says(config: Config, things: list[str], live: Schema, version: Version) -> bool:
    code = read_code(config)
    if code.schema is None:
        return False
    operations = compare(code.schema, live, version=version, ask=False).operations
    return not any(is_about(o.path, path) or o.collection == path for o in operations for path in things)


def _keep(config: Config, file: Path, text: str) -> str:
    """A copy of the file as it is, under a name of its own."""
    folder = local_dir(config.root) / "before-pull"
    folder.mkdir(exist_ok=True)
    number = 1
    while (copy := folder / f"{file.stem}.{number}{file.suffix}").exists():
        number += 1
    write_atomically(copy, text)
    return shown_path(str(copy), str(config.root))
