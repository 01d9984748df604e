"""Who answers at an address, asked before a password is sent there, or asked for."""

from __future__ import annotations

from urllib.parse import urlsplit

from pocketvex.api.transport import Transport
from pocketvex.errors import Unreachable

COLLECTIONS = "/api/collections"
# What every refusal of a PocketBase has since 0.23; one from before raises in the transport.
_REFUSAL = frozenset({"status", "message", "data"})


def greet(transport: Transport) -> None:
    """Return where a PocketBase that we can talk to refuses a guest; raises what says who it is instead.

    Guests have been refused the list of collections by every version so far (0.22.x to 0.40.6).
    """
    answer = transport.send("GET", COLLECTIONS, params={"perPage": 1})
    if answer.status == 404:
        raise no_api(transport.url)
    if answer.ok or not isinstance(answer.body, dict) or _REFUSAL - answer.body.keys():
        raise Unreachable(
            f"{transport.url} answers, but is not PocketBase: it does not refuse a guest as PocketBase does",
            why="No credentials were sent.",
            todo="Check host, port and path of the URL.",
        )


def no_api(url: str) -> Unreachable:
    """The words of a PocketBase, and nothing where its API should be."""
    path = urlsplit(url).path
    if not path:
        return Unreachable(
            f"{url} answers 404 for the API of PocketBase",
            why="Something in front of it may hand requests to another path than it should.",
            todo="Check the URL, and how the proxy hands requests on.",
        )
    return Unreachable(
        f"{url} has the path {path}, and below it there is no API of PocketBase (404)",
        why=f"{path}{COLLECTIONS} was asked for. An address has a path only where a proxy gives it one.",
        todo=f"Say {url.removesuffix(path)}, if PocketBase answers there.",
    )
