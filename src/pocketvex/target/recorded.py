"""What a history builds, as it was found out on an empty server."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pocketvex.schema.model import Schema

Json = dict[str, Any]


@dataclass(frozen=True)
class Recorded:
    """What a history builds: the collections in LIST's shape after each of its files, from none to all."""

    names: tuple[str, ...]
    snapshots: list[list[Json]]
    data_dir: Path
    """The scratch directory after the last file. Copy it; never change it."""
    silent: tuple[str, ...] = ()
    """Files that register nothing here: commented out, behind a condition, empty."""

    @property
    def collections(self) -> list[Json]:
        return self.snapshots[-1]

    @cached_property
    def schema(self) -> Schema:
        """What the whole history builds. Copy it; never change it."""
        return Schema.from_json(self.collections)
