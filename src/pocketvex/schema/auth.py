"""The options of auth collections, kept as the plain values that were stated.

A group or a key that the code never states is not compared: the server's defaults moved between
versions (0.33, 0.37 and 0.39), and they are not ours to choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SECRETS = ("clientSecret", "secret")
"""Keys that the server never returns: they cannot be compared."""

OPTION_NAMES = frozenset(
    (
        "authRule", "manageRule", "authAlert", "oauth2", "passwordAuth", "mfa", "otp", "authToken",
        "passwordResetToken", "emailChangeToken", "verificationToken", "fileToken", "verificationTemplate",
        "resetPasswordTemplate", "confirmEmailChangeTemplate",
    )
)  # fmt: skip
"""The names of all options in the server's spelling."""


def stated_options(values: dict[str, Any]) -> dict[str, Any]:
    """The options that are present in `values`, validated, in the server's spelling, nothing added.

    Raises pydantic's ValidationError for values of a wrong type.
    """
    if not values:
        return {}
    from pocketvex.schema.auth_options import AuthOptions

    return AuthOptions.model_validate(values).model_dump(by_alias=True, exclude_unset=True)


def without_secrets(value: Any, *, keep_env: bool = False) -> Any:
    """The same value without the keys that the server never returns.

    With `keep_env`, `{"env": "NAME"}` stays: it says where a secret is to be read, and is none itself.
    """
    if isinstance(value, dict):
        return {
            key: without_secrets(item, keep_env=keep_env)
            for key, item in value.items()
            if key not in SECRETS or (keep_env and isinstance(item, dict))
        }
    if isinstance(value, list):
        return [without_secrets(item, keep_env=keep_env) for item in value]
    return value


def flat_options(options: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"otp": {"enabled": True}}` as `{"otp.enabled": True}`; lists are values."""
    flat: dict[str, Any] = {}
    for key, value in options.items():
        if isinstance(value, dict) and key not in ("extra",):
            flat.update(flat_options(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat
