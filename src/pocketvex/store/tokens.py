"""Superuser tokens between commands, so that a login (60 to 90 ms, and rate-limited) is paid once a day.

For this machine's servers they lie in the project's local folder as they are. Others are encrypted with a
key outside of the project: a copy of the folder gives nobody a token of production.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from pocketvex.errors import UsageError
from pocketvex.store.files import LOCAL, SECRET, local_dir, write_atomically
from pocketvex.store.urls import is_loopback


class TokenStore:
    """A cache: what it cannot read it does not have, and what it cannot write costs a login later."""

    def __init__(self, root: Path, *, config_dir: Path | None = None) -> None:
        self._root = root
        self._file = root / LOCAL / "tokens.json"
        self._config_dir = config_dir

    def get(self, url: str, identity: str) -> str | None:
        stored = self._read().get(_entry(url, identity))
        if not isinstance(stored, str):
            return None
        return stored if is_loopback(url) else self._unsealed(stored)

    def identity(self, url: str) -> str:
        """Whose token is kept for this server, where it is one identity's only; else an empty string."""
        end = f" {url.rstrip('/')}"
        found = [entry.removesuffix(end) for entry in self._read() if entry.endswith(end)]
        return found[0] if len(found) == 1 else ""

    def put(self, url: str, identity: str, token: str) -> None:
        with contextlib.suppress(OSError, UsageError):
            stored = token if is_loopback(url) else self._sealed(token)
            self._write({**self._read(), _entry(url, identity): stored})

    def drop(self, url: str, identity: str) -> None:
        kept = self._read()
        if kept.pop(_entry(url, identity), None) is not None:
            with contextlib.suppress(OSError, UsageError):
                self._write(kept)

    def clear(self) -> bool:
        """Forget all; False if there was nothing."""
        try:
            self._file.unlink()
        except FileNotFoundError:
            return False
        return True

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _write(self, content: dict[str, Any]) -> None:
        local_dir(self._root)
        write_atomically(self._file, json.dumps(content, indent=1, sort_keys=True) + "\n", mode=SECRET)

    def _sealed(self, token: str) -> str:
        # 32 ms of import, and only for servers elsewhere.
        from cryptography.fernet import Fernet

        key = self._key() or self._new_key()
        try:
            cipher = Fernet(key)
        except ValueError:
            self._key_file().unlink()
            cipher = Fernet(self._new_key())
        return cipher.encrypt(token.encode()).decode()

    def _unsealed(self, stored: str) -> str | None:
        from cryptography.fernet import Fernet, InvalidToken

        key = self._key()
        if not key:
            return None
        try:
            return Fernet(key).decrypt(stored.encode()).decode()
        except (InvalidToken, ValueError):
            return None

    def _key(self) -> bytes | None:
        try:
            return self._key_file().read_bytes()
        except OSError:
            return None

    def _new_key(self) -> bytes:
        from cryptography.fernet import Fernet

        file, key = self._key_file(), Fernet.generate_key()
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET)
        except FileExistsError:
            # Another command was quicker: one key for all.
            return file.read_bytes()
        with os.fdopen(handle, "wb") as out:
            out.write(key)
        return key

    def _key_file(self) -> Path:
        if self._config_dir is None:
            import platformdirs

            self._config_dir = Path(platformdirs.user_config_dir("pocketvex"))
        return self._config_dir / "token.key"


def _entry(url: str, identity: str) -> str:
    return f"{identity} {url.rstrip('/')}"
