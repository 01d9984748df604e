"""The key of the vault: in the keyring of the system where there is one, else in a private file."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path

from pocketvex.store.files import SECRET, make_private

_SERVICE, _ENTRY = "pocketvex", "vault"
_PATIENCE = 3.0
"""Seconds for a keyring: one that is locked may wait for a window that nobody sees."""

KEYRING, FILE = "keyring", "file"


class VaultKey:
    """Where the key lies is written in the vault (`kind`), so that most machines never load `keyring`."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "token.key"

    def read(self, kind: str) -> bytes | None:
        """The key, or None where there is none, or none that can be read."""
        if kind == KEYRING:
            return _asked("get")
        try:
            return self.file.read_bytes()
        except OSError:
            return None

    def make(self) -> tuple[str, bytes]:
        """A new key, and where it lies; raises OSError where it can be kept nowhere."""
        from cryptography.fernet import Fernet

        key = Fernet.generate_key()
        if _has_keyring() and _asked("set", key.decode()) == key:
            return KEYRING, key
        make_private(self.file.parent)
        self.file.unlink(missing_ok=True)
        handle = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET)
        with os.fdopen(handle, "wb") as out:
            out.write(key)
        return FILE, key


def _has_keyring() -> bool:
    """Whether there may be one: without a session bus a Linux has none, and to find that out takes 0.3 s."""
    return sys.platform in ("darwin", "win32") or "DBUS_SESSION_BUS_ADDRESS" in os.environ


def _asked(what: str, value: str = "") -> bytes | None:
    """What the keyring holds, after it was `set` or as it is; None where it does not say in time."""
    found: list[str | None] = []

    def ask() -> None:
        # Its backends raise whatever their systems raise; a file does then.
        with contextlib.suppress(Exception):
            import keyring

            if what == "set":
                keyring.set_password(_SERVICE, _ENTRY, value)
            found.append(keyring.get_password(_SERVICE, _ENTRY))

    thread = threading.Thread(target=ask, name="pocketvex-keyring", daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    return found[0].encode() if found and found[0] else None
