"""Whose file a path is, and how it is shown."""

from __future__ import annotations

import os

import pocketvex

_OWN = os.path.dirname(os.path.abspath(pocketvex.__file__)) + os.sep
_STDLIB = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_SITE = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def is_users(path: str) -> bool:
    """Whether a file is the user's to edit: neither a library's, nor Python's, nor ours."""
    return not path.startswith((_OWN, _STDLIB, "<")) and not any(part in path for part in _SITE)


def shown_path(path: str, root: str) -> str:
    """The path from the project's root with forward slashes; a file outside of it keeps its whole path."""
    if os.path.isabs(path) and path.startswith(root.rstrip(os.sep) + os.sep):
        path = path[len(root.rstrip(os.sep)) + 1 :]
    return path.replace(os.sep, "/")
