"""Who we are to a server, and where tokens may be kept; loads nothing heavy."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import NamedTuple, Protocol

# What can stand in a header; PocketBase's own tokens are three parts of base64 with dots between them.
_TOKEN = re.compile(r"[\x21-\x7e]+")


class Credentials(NamedTuple):
    """A superuser token, or an e-mail and a password; with both, the token goes first."""

    token: str = ""
    email: str = ""
    password: str = ""

    @property
    def can_log_in(self) -> bool:
        return bool(self.email and self.password)

    @property
    def empty(self) -> bool:
        return not self.token and not self.can_log_in

    def __repr__(self) -> str:
        # A traceback or a log line shows values by repr, and secrets must not be in either.
        kinds = [name for name in ("token", "password") if getattr(self, name)]
        return f"Credentials(email={self.email!r}, holds={kinds})"


class TokenCache(Protocol):
    """Keeps the token of one identity (an e-mail) on one server (its URL)."""

    def get(self, url: str, identity: str) -> str | None: ...

    def put(self, url: str, identity: str, token: str) -> None: ...

    def drop(self, url: str, identity: str) -> None: ...


def is_token(value: object) -> bool:
    """Whether it could be a token at all: text without spaces, line ends and letters beyond ASCII."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def expires_at(token: str) -> float:
    """The `exp` claim in unix seconds, unverified; 0 for what is no JWT, so that it counts as expired."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError, OverflowError, RecursionError, binascii.Error):
        return 0.0
