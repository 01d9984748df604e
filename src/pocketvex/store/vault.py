"""Superuser tokens between commands: one encrypted file of this user, for all projects. Never a password.

A login takes 60 to 90 ms and is rate-limited, so it is paid once a day. What cannot be read counts as not
there, and that is said; what cannot be written costs a login later.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from pocketvex.errors import UsageError
from pocketvex.store.config import Config
from pocketvex.store.files import LOCAL, SECRET, make_private, write_atomically
from pocketvex.store.lockfile import FileLock
from pocketvex.store.superuser_token import expires_at
from pocketvex.store.vault_key import FILE, VaultKey

_VERSION = 1
_TURN = 5.0
"""Seconds for which another command may hold the file: it writes a few hundred bytes."""
DAY = 24 * 3600.0


class Kept(NamedTuple):
    """A token of one identity on one server; `since` and `until` in unix seconds."""

    url: str
    identity: str
    token: str
    since: float
    until: float

    def __repr__(self) -> str:
        # Shown in tracebacks and logs, where secrets must not be.
        return f"Kept({self.identity!r} on {self.url!r})"


class Vault:
    """`ttl` is how long a token is kept, in seconds; with 0 none is, and none is taken from it."""

    def __init__(
        self,
        *,
        ttl: float = DAY,
        folder: Path | None = None,
        key_folder: Path | None = None,
        now: Callable[[], float] = time.time,
        say: Callable[[str], None] | None = None,
    ) -> None:
        if folder is None or key_folder is None:
            import platformdirs

            folder = folder or Path(platformdirs.user_data_dir("pocketvex"))
            key_folder = key_folder or Path(platformdirs.user_config_dir("pocketvex"))
        self.file = folder / "credentials.json"
        self.notes: list[str] = []
        """What a person should know about it, each thing once."""
        self._ttl = ttl
        self._key = VaultKey(key_folder)
        self._now = now
        self._tell = say

    @property
    def hours(self) -> float:
        return self._ttl / 3600

    def get(self, url: str, identity: str) -> str | None:
        found = self._read().get((_same(url), identity))
        return found.token if found and self._is_good(found) else None

    def identity(self, url: str) -> str:
        """Whose token is kept for this server, where it is one identity's only; else an empty string."""
        found = [kept.identity for kept in self.kept() if kept.url == _same(url)]
        return found[0] if len(found) == 1 else ""

    def kept(self) -> list[Kept]:
        """All tokens that are still good, by server and identity."""
        return sorted(found for found in self._read().values() if self._is_good(found))

    def _is_good(self, kept: Kept) -> bool:
        # The configuration may ask for less than when it was kept.
        return self._now() < min(kept.until, kept.since + self._ttl)

    def put(self, url: str, identity: str, token: str) -> None:
        now = self._now()
        kept = Kept(_same(url), identity, token, now, min(now + self._ttl, expires_at(token) or now))
        with self._turn() as ours:
            if ours and kept.until > now:
                others = {key: other for key, other in self._read().items() if other.until > now}
                self._write({**others, (kept.url, identity): kept})

    def drop(self, url: str, identity: str) -> None:
        self.forget(url, identity)

    def forget(self, url: str, identity: str = "") -> int:
        """Forget the token of this identity, or of every one on this server; how many there were."""
        with self._turn() as ours:
            found = self._read()
            gone = [key for key in found if key[0] == _same(url) and identity in ("", key[1])]
            if not ours or not gone:
                return 0
            self._write({key: kept for key, kept in found.items() if key not in gone})
            return len(gone)

    def clear(self) -> bool:
        """Forget all; False if there was nothing. Raises UsageError where that cannot be done."""
        try:
            self.file.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise UsageError(f"{self.file} cannot be removed: {error.strerror}") from error
        return True

    def adopt(self, root: Path) -> None:
        """Take over the tokens that an earlier PocketVex kept in the project, and remove them there."""
        old = root / LOCAL / "tokens.json"
        if not old.exists():
            return
        for entry, stored in _mapping(old).items():
            identity, _, url = entry.partition(" ")
            token = stored if str(stored).startswith("ey") else self._unsealed(FILE, str(stored))
            if identity and url and isinstance(token, str) and expires_at(token) > self._now():
                self.put(url, identity, token)
        with suppress(OSError):
            old.unlink()

    # --- the file ---

    @contextmanager
    def _turn(self) -> Iterator[bool]:
        """Whether we may change the file, inside of the block: what another wrote meanwhile is kept."""
        try:
            make_private(self.file.parent)
            lock = FileLock(self.file.with_suffix(".lock"))
            ours = lock.acquire(_TURN)
        except OSError:
            yield False
            return
        try:
            yield ours
        finally:
            lock.release()

    def _read(self) -> dict[tuple[str, str], Kept]:
        if not self._is_ours():
            return {}
        content = _mapping(self.file)
        if content.get("version", 0) == _VERSION:
            text = self._unsealed(content.get("key"), content.get("tokens"))
            with suppress(ValueError, TypeError):
                items = [Kept(*item) for item in json.loads(text or "")]
                return {(kept.url, kept.identity): kept for kept in items}
        self._say(f"{self.file} cannot be read here, or was changed: it counts as empty, so sign in again")
        return {}

    def _is_ours(self) -> bool:
        """Whether it is there and this user's. What others may read is closed to them, and that is said."""
        try:
            found = self.file.stat()
        except OSError:
            return False
        if os.name != "nt" and found.st_uid != os.geteuid():
            self._say(f"{self.file} belongs to another user: it counts as empty")
            return False
        for file in (self.file, self._key.file) if os.name != "nt" else ():
            with suppress(OSError):
                if file.stat().st_mode & 0o077:
                    file.chmod(SECRET)
                    self._say(f"others could read {file}: it is closed now")
        return True

    def _write(self, kept: dict[tuple[str, str], Kept]) -> None:
        from cryptography.fernet import Fernet

        kind = _mapping(self.file).get("key", FILE)
        key = self._key.read(kind)
        with suppress(OSError, UsageError):
            try:
                cipher = Fernet(key or b"")
            except ValueError:
                kind, key = self._key.make()
                cipher = Fernet(key)
            sealed = cipher.encrypt(json.dumps(sorted(kept.values())).encode()).decode()
            content = {"version": _VERSION, "key": kind, "tokens": sealed}
            write_atomically(self.file, json.dumps(content) + "\n", mode=SECRET)

    def _unsealed(self, kind: object, sealed: object) -> str | None:
        # 35 ms of import, and only where there is something to read.
        from cryptography.fernet import Fernet, InvalidToken

        key = self._key.read(str(kind))
        if not key or not isinstance(sealed, str):
            return None
        try:
            return Fernet(key).decrypt(sealed.encode()).decode()
        except (InvalidToken, ValueError):
            return None

    def _say(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)
            if self._tell is not None:
                self._tell(text)


def open_vault(config: Config, say: Callable[[str], None] | None = None) -> Vault:
    """The vault, as this project wants it kept, with what lay in the project.

    `say` hears what a person should know about it.
    """
    vault = Vault(ttl=config.credentials_ttl * 3600, say=say)
    vault.adopt(config.root)
    return vault


class EmbeddedToken:
    """The token of the embedded server, beside its password, in the folder that git does not see."""

    def __init__(self, root: Path) -> None:
        self._file = root / LOCAL / "embedded" / "token.json"

    def get(self, url: str, identity: str) -> str | None:
        found = _mapping(self._file).get(f"{identity} {url}")
        return found if isinstance(found, str) else None

    def put(self, url: str, identity: str, token: str) -> None:
        with suppress(OSError, UsageError):
            write_atomically(self._file, json.dumps({f"{identity} {url}": token}), mode=SECRET)

    def drop(self, url: str, identity: str) -> None:
        with suppress(OSError):
            self._file.unlink(missing_ok=True)


def _mapping(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _same(url: str) -> str:
    return url.rstrip("/")
