"""Files that are either old or new, never half; and the folder that git does not see."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from pathlib import Path

from pocketvex.errors import UsageError

LOCAL = ".pocketvex"
SECRET = 0o600
_AGE = 60.0


def write_atomically(path: Path, text: str, *, mode: int | None = None) -> bool:
    """Write the text as it is (UTF-8, newlines kept); False if the file has it already and was not touched.

    A link is followed; folders are made. `mode` counts from the first byte on; without it the file keeps
    the mode it has, or gets what the umask leaves.
    """
    target = Path(os.path.realpath(path))
    data = text.encode()
    try:
        if _has(target, data):
            if mode is not None and target.stat().st_mode & 0o777 != mode:
                target.chmod(mode)
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, data, mode)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror or error}",
            todo="Check its owner and permissions, and the space on the disk.",
        ) from error
    return True


def local_dir(root: Path) -> Path:
    """`.pocketvex` of the project, made if need be, with a `.gitignore` that keeps all of it out of git."""
    folder = root / LOCAL
    if not (folder / ".gitignore").exists():
        write_atomically(folder / ".gitignore", "*\n")
    return folder


def make_private(folder: Path) -> None:
    """The folder, made if need be, for this user only; raises OSError where that cannot be."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.name != "nt" and folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def _has(target: Path, data: bytes) -> bool:
    try:
        return target.stat().st_size == len(data) and target.read_bytes() == data
    except FileNotFoundError:
        return False


def _replace(target: Path, data: bytes, mode: int | None) -> None:
    if mode is None and target.exists():
        mode = target.stat().st_mode & 0o777
    # In the same folder, since a rename across file systems is no rename.
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    _remove_left(target)
    try:
        # Inside: Ctrl+C may come before the next line is reached.
        handle = os.open(temporary, flags, mode or 0o666)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            # The umask may have taken bits away from a mode that was asked for.
            temporary.chmod(mode)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _remove_left(target: Path) -> None:
    """What writes of this file left behind that were killed; what is recent may be another's at work."""
    ours = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}\.tmp")
    before = time.time() - _AGE
    with contextlib.suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if ours.fullmatch(entry.name) and entry.stat().st_mtime < before:
                os.unlink(entry)


def slug(text: str) -> str:
    """A name for a file: lower case, words joined by underscores, at most 60 characters."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:60].rstrip("_") or "migration"
