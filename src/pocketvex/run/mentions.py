"""The hooks of a project, searched for names that a plan takes away."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pocketvex.plan.changes import Plan
from pocketvex.plan.mentions import Mention, find_mentions, gone_names
from pocketvex.store.config import Config

_ENDINGS = (".js", ".ts", ".mjs", ".cjs")
_LARGE = 1 << 20
"""Bytes: whatever is larger was made by a bundler, and nobody edits it."""


def mentions_of(config: Config, plan: Plan) -> list[Mention]:
    """Where the hooks may mean what the plan removes or renames; nothing is read where nothing goes."""
    gone = gone_names(plan)
    if not gone:
        return []
    return find_mentions(gone, dict(_texts(config.hooks, config.root)))


def _texts(folder: Path, root: Path) -> Iterator[tuple[str, str]]:
    """The hooks by their names from the project's folder, without what other people wrote."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "node_modules" and name[0] != ".")
        for name in sorted(files):
            path = Path(place, name)
            if not name.endswith(_ENDINGS) or name.endswith(".d.ts"):
                continue
            try:
                if path.stat().st_size <= _LARGE:
                    yield path.relative_to(root).as_posix(), path.read_text("utf-8", errors="replace")
            except OSError:
                continue
