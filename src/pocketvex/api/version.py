"""Which version a server runs: PocketBase has no endpoint for it, its dashboard knows it."""

from __future__ import annotations

import re

from pocketvex.api.transport import TimedOut, Transport
from pocketvex.errors import Unreachable
from pocketvex.versions import Version

_SCRIPT = re.compile(r"assets/index-[\w-]+\.js")
_VERSION = re.compile(r"(v0\.\d{1,3}\.\d{1,4})(?!\d)")
_PAGE_MOST, _SCRIPT_MOST = 1 << 20, 8 << 20
"""Bytes in which the script, and the version, would have stood."""
_LONGEST = len("v0.999.9999")


def dashboard_version(transport: Transport) -> Version | None:
    """Read it out of the dashboard's script: verified on 0.23.12 to 0.40.6; None without a dashboard.

    The script has 0.6 to 1.1 MB, the version stands in its first 3 to 16 %, so reading stops there.
    """
    try:
        with transport.stream("/_/") as page:
            if page.status_code != 200:
                return None
            text = b"".join(transport.pieces(page, _PAGE_MOST)).decode("utf-8", "replace")
        script = _SCRIPT.search(text)
        found = _first_match(transport, f"/_/{script.group()}") if script else None
        return Version.parse(found) if found else None
    except TimedOut:
        raise
    except Unreachable:
        # Without a dashboard there are still the probes; if the server is gone, they say so.
        return None


def _first_match(transport: Transport, path: str) -> str | None:
    tail = ""
    with transport.stream(path) as response:
        if response.status_code != 200:
            return None
        for piece in transport.pieces(response, _SCRIPT_MOST):
            text = tail + piece.decode("latin-1")
            found = _VERSION.search(text)
            # A match that touches the end may go on in the next piece: v0.40.1 of v0.40.11.
            if found and found.end() < len(text):
                return found.group(1)
            tail = text[-_LONGEST:]
    found = _VERSION.search(tail)
    return found.group(1) if found else None
