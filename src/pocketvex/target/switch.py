"""The one import that brings a migration to a server over HTTP, sent only while the server is what it was
computed on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pocketvex.api.client import Client
from pocketvex.errors import ServerError
from pocketvex.remote.begun import Begun
from pocketvex.remote.moved import moved
from pocketvex.remote.passage import Passage
from pocketvex.remote.record import entries
from pocketvex.target.by_sql import MOVED

Json = dict[str, Any]
SMALL = 1 << 16
"""Bytes that every proxy lets through."""


class Moved(Exception):
    """Somebody else changed collections since a passage was computed on them."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"somebody else changed {', '.join(names) or 'a collection'} meanwhile, and it would have been "
            "written over"
        )


def heal(client: Client, going: Passage) -> None:
    """Have the server read its collections anew, without a touch of those in which changes are looked for."""
    client.refresh_schema_cache(besides=going.switch)


def require_room(client: Client, items: list[Json]) -> None:
    """Raise Rejected where something in front of the server does not let the switch through: that is to be
    known before values are written, so what is as long as it is sent first, and means nothing."""
    size = len(json.dumps(items))
    if size > SMALL:
        client.patch_collection("_superusers", {"": " " * size})


def require_same(client: Client, going: Passage, begun: Begun | None = None) -> list[Json]:
    """What the server has; raises Moved where that is not what the passage was computed on, apart from what
    it has begun itself."""
    now = client.collections()
    if names := moved(going, now, begun):
        raise Moved(names)
    return now


def send(client: Client, going: Passage, items: list[Json], begun: Begun, *, watched: bool) -> None:
    """Send the switch. Raises Moved, Rejected, and ServerError where nobody knows.

    With `watched`, the server itself looks for changes of others; without, they are looked for as late as
    can be: up to 0.38, no import looks at other collections.
    """
    heal(client, going)
    if not watched:
        require_same(client, going, begun)
    try:
        client.import_collections(items)
    except ServerError as error:
        if MOVED in "; ".join([error.what, *map(str, error.problems)]):
            raise Moved(moved(going, client.collections(), begun)) from error
        # A server goes on without its client, and without a proxy that waits no longer. A write waits for
        # it, and then LIST is true.
        client.refresh_schema_cache()
        if not is_recorded(going, client.collections()):
            raise


def is_recorded(going: Passage, raw: Sequence[Json]) -> bool:
    """Whether the switch is through, as the record says."""
    there = {entry.name for entry in entries(raw)}
    return (going.entries[-1].name in there) == (going.way == "up")
