"""How fields and their values are named in the reason of a verdict."""

from __future__ import annotations

from pocketvex.plan.access import short
from pocketvex.schema.fields import FieldBase


def filled_by(after: FieldBase) -> str:
    """What becomes of rows that are empty where a value is required."""
    if after.backfill is None:
        return "`backfill=` says what empty ones hold then"
    return f"a migration fills empty values with {short(after.backfill)}"


def described(field: FieldBase) -> str:
    target = getattr(field, "target", "")
    return f"{field.type} to {target}" if target else field.type
