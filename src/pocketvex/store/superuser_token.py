"""What a superuser token says of itself, before a server is asked."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

# What can stand in a header; PocketBase's own tokens are three parts of base64 with dots between them.
_TOKEN = re.compile(r"[\x21-\x7e]+")


def is_token(value: object) -> bool:
    """Whether it could be a token at all: text without spaces, line ends and letters beyond ASCII."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def expires_at(token: str) -> float:
    """The `exp` claim in unix seconds, unverified; 0 for what is no JWT, so that it counts as expired."""
    try:
        return float(_claims(token)["exp"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return 0.0


def record_of(token: str) -> str:
    """The id of the record that it was made for, unverified; "" for what is no JWT."""
    found = _claims(token).get("id")
    return found if isinstance(found, str) else ""


def _claims(token: str) -> dict[str, Any]:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, RecursionError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}
