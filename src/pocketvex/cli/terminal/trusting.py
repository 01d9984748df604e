"""A yes to the replay of hand-written files that reach out of the database, asked for on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pocketvex.cli.terminal import output

if TYPE_CHECKING:
    from pocketvex.store.config import Config


def settle(config: Config, confirmed: Sequence[str] = ()) -> None:
    """Remember a yes to each file that was confirmed by its name, or that somebody agrees to here.

    Where nobody does, the replay itself stops, and says how to agree.
    """
    if not confirmed and not _there():
        return
    from pocketvex.history.folder import read_history
    from pocketvex.history.trust import trust, untrusted

    pairs = dict(read_history(config.migrations).pairs())
    for name, uses in untrusted(config.root, pairs.items()):
        if name in confirmed or _agrees(name, uses):
            trust(config.root, [(name, pairs[name])])
            output.note(f"{name} is replayed from now on, until it changes")


def _there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _agrees(name: str, uses: Sequence[str]) -> bool:
    if not _there():
        return False
    output.note(f"{name} uses {', '.join(uses)}: a replay on a scratch server runs it here, for real.")
    return output.typed(f"Read it, then type {name} to agree, nothing to leave it:") == name
