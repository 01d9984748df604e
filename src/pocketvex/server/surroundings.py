"""What a run of migrations finds around it: the folders of the project beside it, its environment, its time.

A file may read what lies beside it (`${__hooks}/../pb_migrations/logo.png`, `pb_migrations/seed.json`). A run
from a folder of ours has these things where a server that is started in the project has them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

_LEFT_OUT = {".pocketvex", ".git", "pb_data"}


@dataclass(frozen=True)
class Surroundings:
    """Of a run without a project, by default."""

    root: Path | None = None
    migrations: Path = Path("pb_migrations")
    hooks: Path = Path("pb_hooks")
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment of this process."""
    limit: float = 300.0
    """Seconds for which one file may run."""


class Places(NamedTuple):
    """The folders of one run."""

    start: Path
    """Where PocketBase is started."""
    migrations: Path
    hooks: Path


def lay_out(around: Surroundings, folder: Path) -> Places:
    """Folders in `folder` that stand to each other as those of the project.

    All that is there is linked, but no migrations, which the run brings itself, and no hooks, which are not
    to run.
    """
    migrations, hooks = around.migrations, around.hooks
    top = _common(around.root, migrations, hooks)
    if top is None or around.root is None:
        places = Places(folder, folder / "migrations", folder / "hooks")
        places.migrations.mkdir(mode=0o700)
        return places
    home = folder / "project"
    for real in (around.root, migrations, hooks):
        (home / real.relative_to(top)).mkdir(parents=True, exist_ok=True)
    _fill(top, home, {around.root, migrations, hooks}, around)
    return Places(*(home / real.relative_to(top) for real in (around.root, migrations, hooks)))


def _common(root: Path | None, migrations: Path, hooks: Path) -> Path | None:
    """The lowest folder that holds all of them; None where that would be the whole disk."""
    if root is None:
        return None
    try:
        top = Path(os.path.commonpath([root, migrations, hooks]))
    except ValueError:  # on different drives
        return None
    return top if top != top.parent else None


def _fill(real: Path, made: Path, within: set[Path], around: Surroundings) -> None:
    """Link what the folder holds; those on the way to the ones that are made are made themselves."""
    try:
        entries = sorted(real.iterdir())
    except OSError:
        return
    for entry in entries:
        if any(entry == known or entry in known.parents for known in within):
            _fill(entry, made / entry.name, within, around)
        elif entry.name not in _LEFT_OUT and not _runs(entry, around):
            _link(entry, made / entry.name)


def _runs(entry: Path, around: Surroundings) -> bool:
    """Whether PocketBase would run it by itself."""
    if entry.parent == around.migrations:
        return entry.name.endswith((".js", ".ts"))
    return entry.parent == around.hooks and entry.name.endswith((".pb.js", ".pb.ts"))


def _link(real: Path, made: Path) -> None:
    try:
        made.symlink_to(real, target_is_directory=real.is_dir())
    except OSError:
        # Windows lets few make links.
        with suppress(OSError, shutil.Error):
            if real.is_file():
                shutil.copyfile(real, made)
            elif real.name != "node_modules":
                shutil.copytree(real, made)
