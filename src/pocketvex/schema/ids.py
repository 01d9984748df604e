"""The ids that PocketBase itself would give: the same on every machine."""

from __future__ import annotations

from collections.abc import Container
from zlib import crc32

USERS_ID = "_pb_users_auth_"
"""The id of the `users` collection that every server is born with (0.23 to 0.40)."""


def field_id(type_: str, name: str, taken: Container[str] = ()) -> str:
    """Type and CRC-32 of the name, with the first free suffix from 2 where the id is taken."""
    return _free(f"{type_}{crc32(name.encode())}", taken)


def collection_id(type_: str, name: str, taken: Container[str] = ()) -> str:
    """`pbc_` and CRC-32 of type and name, with the first free suffix from 2 where it is taken."""
    return _free(f"pbc_{crc32((type_ + name).encode())}", taken)


def _free(wanted: str, taken: Container[str]) -> str:
    candidate, suffix = wanted, 2
    while candidate in taken:
        candidate, suffix = f"{wanted}{suffix}", suffix + 1
    return candidate
