"""Whether a server can be worked with: what `pocketvex util test-connection` shows."""

from __future__ import annotations

from typing import NamedTuple

from pocketvex.api.client import Client
from pocketvex.versions import Version


class Connection(NamedTuple):
    """`collections` counts all of them, system collections included; `superuser` is who is signed in."""

    url: str
    version: Version
    superuser: str
    collections: int


def test_connection(client: Client) -> Connection:
    """Log in, list the collections, find the version; raises the error that says what is in the way.

    A password that is given is used, whatever token is kept.
    """
    collections = client.collections()
    client.try_password()
    return Connection(client.url, client.version(), client.superuser(), len(collections))


# pytest collects whatever is called test_* where it is imported.
test_connection.__test__ = False  # type: ignore[attr-defined]
