"""The files of `migrate plan --out`: each whole or not there, and never written over unasked."""

from __future__ import annotations

import json
from pathlib import Path

from pocketvex.errors import UsageError
from pocketvex.plan.saved import NewerPlan, SavedPlan, decode

_ANEW = "`pocketvex migrate plan --out FILE` makes one."


def read_plan(path: Path) -> SavedPlan:
    """The plan in a file. Raises UsageError for one that is none, cut off, or of a newer version."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}", todo=_ANEW) from error
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        why = f"It is cut off, or was never JSON: {error}."
        raise UsageError(f"{path} is no plan", why=why, todo=_ANEW) from error
    try:
        return decode(content)
    except NewerPlan as error:
        todo = "Update PocketVex on this machine, or make the plan anew with this one."
        raise UsageError(f"{path} was written by a newer PocketVex", todo=todo) from error
    except ValueError as error:
        raise UsageError(f"{path} is no plan: {error}", todo=_ANEW) from error


def require_room(path: Path) -> None:
    """Raise UsageError where a plan would be written over something."""
    if path.exists() or path.is_symlink():
        raise UsageError(
            f"{path} exists already: nothing was written",
            why="It may be a plan that somebody reviews.",
            todo="Give another name, or say --force to write over it.",
        )
