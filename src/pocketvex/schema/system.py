"""The collections that every server has, and the fields that it adds to a collection by itself.

Fields as they are when nobody says otherwise. The same on 0.23.12, 0.28.4, 0.36.9, 0.39.11 and 0.40.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

SYSTEM_COLLECTIONS = ("_mfas", "_otps", "_externalAuths", "_authOrigins", "_superusers")

_ID: Json = {
    "name": "id", "type": "text", "id": "text3208210256", "system": True, "required": True, "min": 15,
    "max": 15, "pattern": "^[a-z0-9]+$", "autogeneratePattern": "[a-z0-9]{15}", "primaryKey": True,
}  # fmt: skip
_ACCOUNT: tuple[Json, ...] = (
    {
        "name": "password", "type": "password", "id": "password901924565", "system": True, "hidden": True,
        "required": True, "min": 8,
    },
    {
        "name": "tokenKey", "type": "text", "id": "text2504183744", "system": True, "hidden": True,
        "required": True, "min": 30, "max": 60, "autogeneratePattern": "[a-zA-Z0-9]{50}",
    },
    {"name": "email", "type": "email", "id": "email3885137012", "system": True, "required": True},
    {"name": "emailVisibility", "type": "bool", "id": "bool1547992806", "system": True},
    {"name": "verified", "type": "bool", "id": "bool256245529", "system": True},
)  # fmt: skip

STANDARD: dict[str, tuple[Json, ...]] = {"base": (_ID,), "auth": (_ID, *_ACCOUNT), "view": ()}
"""By the type of the collection, in the server's order; what is off or empty is left out."""

_KEPT = {"system": True, "required": True}
_FORCED_ID = {**_KEPT, "hidden": False, "primary_key": True}
FORCED: dict[str, Mapping[str, Mapping[str, bool]]] = {
    "base": {"id": _FORCED_ID},
    "auth": {
        "id": _FORCED_ID,
        "password": {**_KEPT, "hidden": True},
        "tokenKey": {**_KEPT, "hidden": True},
        "email": {"system": True, "hidden": False},
        "emailVisibility": {"system": True},
        "verified": {"system": True},
    },
    "view": {},
}
"""The options that the server's own fields have whatever it is sent: it takes the rest of them.

By sending each option of each field, over PATCH and import, on the same five versions.
"""
