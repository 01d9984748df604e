"""The shadows of a run of tests: what one test had PocketBase build, others get a copy of.

A project has its cache to itself all the same, with what is proven and agreed to in it.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pocketvex.history import shadow
from pocketvex.history.trust import reaches_out
from pocketvex.server.binaries import Binary
from pocketvex.server.surroundings import Surroundings
from pocketvex.target.reporter import nobody

_READS = re.compile(r"\brequire\(|__hooks|\$filesystem|\$template")
"""How a file reads what lies beside it in the project: its shadow is that project's own."""


def share(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Keep in `folder` what is built from now on in this process, and look there first."""
    folder.mkdir(exist_ok=True)
    really, in_the_project = shadow._build, shadow._base

    def build(
        binary: Binary,
        files: Sequence[tuple[str, str]],
        home: Path,
        around: Surroundings,
        progress: Callable[[str], None] | None,
    ) -> None:
        kept = folder / home.name
        # Whoever follows the progress wants to see it built.
        followed = progress not in (None, nobody)
        if followed or any(reaches_out(text) or _READS.search(text) for _, text in files):
            really(binary, files, home, around, progress)
        elif kept.exists():
            shutil.copytree(kept, home)
        else:
            really(binary, files, home, around, progress)
            _keep(home, kept)

    def base(
        binary: Binary, files: Sequence[tuple[str, str]], cache: Path, around: Surroundings
    ) -> Path | None:
        found = in_the_project(binary, files, cache, around) or in_the_project(binary, files, folder, around)
        return found or (shadow.replay(binary, (), folder).data_dir.parent if files else None)

    patch.setattr(shadow, "_build", build)
    patch.setattr(shadow, "_base", base)


def _keep(home: Path, kept: Path) -> None:
    half = Path(tempfile.mkdtemp(dir=kept.parent))
    shutil.copytree(home, half, dirs_exist_ok=True)
    try:
        os.replace(half, kept)
    except OSError:  # another worker was first
        shutil.rmtree(half)
