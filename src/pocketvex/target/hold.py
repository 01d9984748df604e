"""Who works on a server that only HTTP reaches: one at a time, told by a row in the collection `_pocketvex`.

Each who works there makes the row of the next generation: of two that ask for the same one, the unique index
lets one in. What is written is refused by the server itself once there is a later one.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

from pocketvex.api.client import Client
from pocketvex.errors import Locked, PocketVexError, Rejected, ServerError
from pocketvex.remote.record import GENERATION, definition, record_of
from pocketvex.schema.model import RECORD_NAME

Json = dict[str, Any]
LEASE = timedelta(seconds=60)
"""So long after its last sign of life, by the server's clock, somebody may be gone."""
_FREE = "-"
"""The owner of a row whose holder is done."""


class Hold:
    """A share in a server that nobody else has at the time."""

    def __init__(self, client: Client, row: Json) -> None:
        self._client = client
        self._row = row

    @property
    def fence(self) -> str:
        """What no later generation's row may be behind."""
        return str(self._row["slot"])

    def renew(self) -> None:
        """Say that the work goes on. Raises Locked where it took so long that somebody else is at it."""
        if not self._client.update_record(RECORD_NAME, self._row["id"], {"owner": self._row["owner"]}):
            raise Locked(
                f"{self._client.url} is being migrated by somebody else by now: nothing more was written",
                why="This run gave no sign of life for a minute, so its place was free.",
                todo="`pocketvex migrate status` says where the server stands.",
            )


@contextmanager
def holding(client: Client, *, who: str = "") -> Iterator[Hold]:
    """Hold the server; raises Locked, with who holds it and since when, where somebody else does."""
    try:
        if record_of(client.collections()) is None:
            client.refresh_schema_cache()
            client.create_collection(definition())
        row = _taken(client, who or _who())
    except Rejected as error:
        raise _no_place(client, error) from error
    try:
        yield Hold(client, row)
    finally:
        # Whatever ends it: a row without a holder keeps nobody out for longer than the lease.
        with suppress(PocketVexError):
            client.update_record(RECORD_NAME, row["id"], {"owner": _FREE})


def _taken(client: Client, who: str) -> Json:
    rows = client.records(RECORD_NAME, filter=f"slot ~ '{GENERATION}%'", sort="-slot", per_page=50)
    last = rows[0] if rows else None
    number = int(last["slot"].removeprefix(GENERATION)) + 1 if last else 1
    if last is not None and last["owner"] != _FREE and not _is_stale(client, last):
        raise _held(client, last)
    try:
        row = client.create_record(RECORD_NAME, {"slot": f"{GENERATION}{number:06}", "owner": who})
    except Rejected as error:
        newer = client.records(RECORD_NAME, filter=f"slot = '{GENERATION}{number:06}'", per_page=1)
        if not newer:
            raise
        raise _held(client, newer[0]) from error
    with suppress(PocketVexError):
        # Who comes later looks at the last one only: the others are in nobody's way.
        for old in rows:
            client.delete_record(RECORD_NAME, old["id"])
    return row


def _is_stale(client: Client, row: Json) -> bool:
    """Whether its holder has given no sign of life for long, by the clock of the server."""
    mark = client.create_record(RECORD_NAME, {"slot": f"clock-{os.urandom(8).hex()}", "owner": _FREE})
    client.delete_record(RECORD_NAME, mark["id"])
    return _moment(mark["created"]) - _moment(row["updated"]) > LEASE


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _held(client: Client, row: Json) -> Locked:
    return Locked(
        f"{client.url} is being migrated by {row['owner']}, since {row['created'][:19]} UTC: "
        "nothing was written",
        why="Two that migrate a server at once would undo each other's work.",
        todo="Wait until it is done. If it was killed, or lost the server, its place is free a minute after "
        "it last wrote there.",
    )


def _no_place(client: Client, error: Rejected) -> ServerError:
    """The first writes of a run: a server that does not take them will take no other."""
    return ServerError(
        f"{client.url} does not let anybody write down who migrates it: no collection was changed",
        why="\n".join([error.what, *map(str, error.problems)]),
        todo="The log of the server says why. A full disk is the usual reason: make room there, then run the "
        "command again.",
    )


def _who() -> str:
    user = os.environ.get("USER") or os.environ.get("USERNAME") or "somebody"
    return f"{user} on {socket.gethostname()} (process {os.getpid()})"
