"""Which changes of an option narrow it: a stored value that was allowed may not be any more."""

from __future__ import annotations

from typing import Any

from pocketvex.schema.fields import FieldBase


def narrows(field: FieldBase, option: str, before: Any, after: Any) -> bool:
    """Whether a stored value that was allowed may not be any more.

    Files that are there and ids are not measured again, and of a password only the hash is there (0.23 to
    0.40).
    """
    if (field.type == "password" and option != "required") or getattr(field, "primary_key", False):
        return False
    match option:
        case "required":
            return bool(after)
        case "min" | "min_select":
            return bool(_floor(after) > _floor(before))
        case "max" | "max_size" | "max_select":
            if field.type == "file" and option == "max_size":
                return False
            return bool(
                limit_in_force(field.type, option, after) < limit_in_force(field.type, option, before)
            )
        case "pattern":
            return bool(after)
        case "only_int":
            return bool(after)
        case "only_domains":
            return bool(after) and not (before and set(before) <= set(after))
        case "except_domains":
            return not set(after) <= set(before)
        case "values":
            return not set(before) <= set(after)
        case _:
            return False


DEFAULT_LIMITS = {("text", "max"): 5000, ("editor", "max_size"): 5 << 20, ("file", "max_size"): 5 << 20,
               ("json", "max_size"): 1 << 20}  # fmt: skip


def _floor(value: Any) -> Any:
    return float("-inf") if value is None else value


def limit_in_force(type_: str, option: str, value: Any) -> Any:
    """What an upper limit means: 0 stands for PocketBase's default, nothing for no limit at all."""
    if isinstance(value, str):
        return value or "9999"
    if value is None:
        return float("inf")
    if option == "max_select":
        return max(value, 1)
    return DEFAULT_LIMITS.get((type_, option), value) if value == 0 else value
