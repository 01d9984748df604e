"""The hook file by which a server runs migrations that come over HTTP: our own text, the same everywhere."""

from __future__ import annotations

from functools import cache

NAME = "pocketvex.pb.js"
HOOK_KEY = "POCKETVEX_HOOK_KEY"
"""The variable that holds the key, on the server and where requests come from."""
SHORTEST = 32
"""Characters of a key."""
PATIENCE = 300
"""Seconds for which a signature is good."""
PROTOCOL = 1
PATH = "/api/pocketvex/migrate"


@cache
def route_text() -> str:
    # The package's own text, read the way its modules are.
    folder = __file__.replace("\\", "/").rpartition("/")[0]
    data: bytes = __spec__.loader.get_data(f"{folder}/route/{NAME}")  # type: ignore[union-attr]
    return data.decode().replace("\r\n", "\n")
