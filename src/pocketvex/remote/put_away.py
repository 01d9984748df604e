"""What goes over HTTP is put away: under another name, where nobody reaches it and it is in nobody's way.

It keeps its id and its values, so that taking a migration back is giving a name back. A hidden field is in
no answer but a superuser's, and what others write to it is passed over (0.23 to 0.40).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pocketvex.schema.model import PRIVATE_PREFIX
from pocketvex.schema.rules import RULE_NAMES

Json = dict[str, Any]

TOKENS = ("authToken", "passwordResetToken", "emailChangeToken", "verificationToken", "fileToken")
HUSK = "SELECT id FROM _superusers"
"""What a view reads that is put away."""
_NAME = re.compile(rf"{PRIVATE_PREFIX}[0-9a-f]{{12}}_(\w+)")
LIMIT = 2**53 - 1
"""0 is the default limit, and not none (0.23 to 0.40)."""
_LOOSE: Mapping[str, Json] = {
    "text": {"min": 0, "max": LIMIT, "pattern": "", "autogeneratePattern": ""},
    "editor": {"maxSize": LIMIT},
    "json": {"maxSize": LIMIT},
    "number": {"min": None, "max": None, "onlyInt": False},
    "email": {"onlyDomains": [], "exceptDomains": []},
    "url": {"onlyDomains": [], "exceptDomains": []},
    "date": {"min": "", "max": ""},
    "autodate": {"onUpdate": False},
    "relation": {"minSelect": 0, "cascadeDelete": False},
    "file": {"protected": True},
    "password": {"min": 0, "max": 0, "pattern": ""},
}


def away_name(id: str, name: str, taken: Iterable[str]) -> str:
    """The name under which migration `id` puts something away: at most 100 characters, and free."""
    wanted = f"{PRIVATE_PREFIX}{id}_{name}"[:96]
    names = {one.lower() for one in taken}
    found, number = wanted, 1
    while found.lower() in names:
        number += 1
        found = f"{wanted}{number}"
    return found


def name_before(name: str) -> str:
    """What something was called before it was put away; "" for what is in use."""
    match = _NAME.fullmatch(name)
    return match[1] if match else ""


def loosened(field: Json, name: str) -> Json:
    """The field under this name, such that no row and no writer of another field is refused for it."""
    required = {} if field["type"] == "autodate" else {"required": False}
    return {
        **field, **required, **_LOOSE.get(field["type"], {}),
        "name": name, "hidden": True, "presentable": False,
    }  # fmt: skip


def locked(collection: Json, name: str, secrets: Iterable[str]) -> Json:
    """What to change of a collection so that nobody reads it, signs in by it or is kept by it.

    `secrets` are new ones for its five kinds of tokens: those of before go on being taken otherwise.
    """
    rules = dict.fromkeys(RULE_NAMES)
    if collection["type"] == "view":
        return {"name": name, **rules, "viewQuery": HUSK}
    fields = [
        {**field, **_LOOSE[field["type"]], **({} if field.get("system") else {"required": False})}
        if field["type"] in ("relation", "file")
        else field
        for field in collection["fields"]
    ]
    if collection["type"] != "auth":
        return {"name": name, **rules, "fields": fields, "indexes": []}
    off = {group: {"enabled": False} for group in ("oauth2", "mfa", "otp", "authAlert")}
    return {
        "name": name, **rules, "manageRule": None, "authRule": None, "fields": fields,
        "indexes": [index for index in collection["indexes"] or [] if _is_needed(index)], **off,
        "passwordAuth": {"enabled": False, "identityFields": ["email"]},
        **{token: {"secret": secret} for token, secret in zip(TOKENS, secrets, strict=False)},
    }  # fmt: skip


def unlocked() -> Json:
    """The options of accounts that `locked` took, as a new collection has them (0.23 to 0.40)."""
    return {
        "authRule": "",
        "passwordAuth": {"enabled": True, "identityFields": ["email"]},
        "authAlert": {"enabled": True},
    }


def _is_needed(index: str) -> bool:
    """An account has its e-mail and its key alone."""
    return bool(re.search(r"(?i)^\s*CREATE\s+UNIQUE.*\([`\"\[]?(tokenKey|email)[`\"\]]?\)", index))
