"""A scratch server that has the collections of another one, on which is tried what that one is to be sent."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.schema.system import SYSTEM_COLLECTIONS
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running, create_superuser
from pocketvex.store.files import SECRET, write_atomically
from pocketvex.store.lockfile import FileLock
from pocketvex.store.temporary import temporary

Json = dict[str, Any]
_EMAIL = "rehearsal@pocketvex.invalid"
_LOGIN = "login.json"


@contextmanager
def rehearsed_on(binary: Binary, raw: Sequence[Json], cache: Path) -> Iterator[Client]:
    """A client of such a server, for as long as the block lasts.

    It has no rows, no secrets and no mail. `cache` is a folder in `.pocketvex` that keeps an empty directory
    of this version with a superuser.
    """
    empty, password = _empty(binary, cache)
    with temporary("rehearsal") as folder:
        scratch.copy(empty, folder / "data")
        with (
            Running(binary, folder / "data") as server,
            Client(server.url, Credentials(email=_EMAIL, password=password)) as client,
        ):
            _fill(client, raw)
            yield client


def _empty(binary: Binary, cache: Path) -> tuple[Path, str]:
    home = cache / str(binary.version)
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / ".lock") as lock:
        lock.acquire(timeout=60)
        try:
            password = str(json.loads((home / _LOGIN).read_text(encoding="utf-8"))["password"])
        except (OSError, ValueError, KeyError):
            password = secrets.token_urlsafe(24)
            create_superuser(binary, home / "data", _EMAIL, password)
            write_atomically(home / _LOGIN, json.dumps({"password": password}), mode=SECRET)
    return home / "data", password


def _fill(client: Client, raw: Sequence[Json]) -> None:
    wanted = [item for item in raw if item["name"] not in SYSTEM_COLLECTIONS]
    ids = {item["id"] for item in wanted}
    for item in client.collections():
        if not item.get("system") and item["id"] not in ids:
            client.delete_collection(item["id"])
    if wanted:
        client.import_collections([_without_secrets(item) for item in wanted])


def _without_secrets(item: Json) -> Json:
    """Providers want their secrets, which no server tells."""
    if not item.get("oauth2"):
        return item
    return {**item, "oauth2": {**item["oauth2"], "providers": [], "enabled": False}}
