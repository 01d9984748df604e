"""The address of a server as people write it, and as we compare it."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from pocketvex.errors import UsageError

_PORTS = {"http": 80, "https": 443}


def normalise_url(text: str, *, source: str = "the URL") -> str:
    """One spelling per server: scheme and port made plain, no trailing slash; a sub-path stays.

    Without a scheme, this machine is http and all else https. The address of the dashboard is understood.
    """
    text = text.strip()
    parts = _split(text, source)
    if parts.scheme not in _PORTS:
        raise UsageError(f"{source} has the scheme {parts.scheme!r}", todo="Use http:// or https://.")
    if "@" in parts.netloc:
        # The text is not repeated: it holds a password.
        raise UsageError(
            f"{source} holds a user name or a password",
            why="URLs end up in logs, shell histories and state files.",
            todo="Take it out, and set PB_ADMIN_EMAIL and PB_ADMIN_PASS, or PB_TOKEN.",
        )
    host = (parts.hostname or "").rstrip(".")
    if not host or re.search(r"\s", parts.netloc):
        raise UsageError(f"{source} names no host: {text!r}", todo="Write it like http://127.0.0.1:8090.")
    try:
        port = parts.port
    except ValueError:
        raise UsageError(f"{source} has no valid port: {text!r}", todo="Ports go from 1 to 65535.") from None
    shown = f"[{host}]" if ":" in host else host
    if port and port != _PORTS[parts.scheme]:
        shown += f":{port}"
    path, dashboard, _ = f"{parts.path.rstrip('/')}/".partition("/_/")
    if (parts.query or parts.fragment) and not dashboard:
        raise UsageError(
            f"{source} has more than an address: {text!r}", todo="End it after host, port and path."
        )
    return f"{parts.scheme}://{shown}{path.rstrip('/')}"


def is_loopback(url: str) -> bool:
    """Whether the address is this very machine."""
    return _is_loopback_host(urlsplit(url).hostname or "")


def looks_like_url(text: str) -> bool:
    """Tell an address from the name of a host."""
    return bool(re.search(r"[:./\[]", text)) or text.lower() == "localhost"


def _split(text: str, source: str) -> SplitResult:
    if "://" not in text:
        if text.startswith(":") and text[1:].isdigit():
            text = f"127.0.0.1{text}"
        elif text.count(":") > 1 and "[" not in text and "@" not in text:
            text = f"[{text}]"
        try:
            host = urlsplit(f"//{text}").hostname or ""
        except ValueError:
            host = ""
        text = f"{'http' if _is_loopback_host(host) else 'https'}://{text}"
    try:
        return urlsplit(text)
    except ValueError as error:
        raise UsageError(
            f"{source} is no URL: {error}", todo="Write it like http://127.0.0.1:8090."
        ) from None


def _is_loopback_host(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    # A server that was told to listen everywhere prints 0.0.0.0 as its address.
    return address.is_loopback or address.is_unspecified
