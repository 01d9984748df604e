"""Which changes of an option narrow it: a value that was allowed may not be any more."""

from __future__ import annotations

from typing import Any

from pocketvex.schema.fields import FieldBase


def narrows(field: FieldBase, option: str, before: Any, after: Any) -> bool:
    """Whether a value that was allowed may not be any more."""
    match option:
        case "required":
            return bool(after)
        case "min" | "min_select":
            return field.type != "password" and bool(_floor(after) > _floor(before))
        case "max" | "max_size" | "max_select":
            if field.type == "password":
                return False
            return bool(_limit(field.type, option, after) < _limit(field.type, option, before))
        case "pattern":
            return bool(after) and field.type != "password"
        case "only_int":
            return bool(after)
        case "only_domains" | "mime_types":
            return bool(after) and not (before and set(before) <= set(after))
        case "except_domains":
            return not set(after) <= set(before)
        case "values":
            return not set(before) <= set(after)
        case _:
            return False


_ZERO_MEANS = {("text", "max"): 5000, ("editor", "max_size"): 5 << 20, ("file", "max_size"): 5 << 20,
               ("json", "max_size"): 1 << 20}  # fmt: skip


def _floor(value: Any) -> Any:
    return float("-inf") if value is None else value


def _limit(type_: str, option: str, value: Any) -> Any:
    """The limit in force: 0 stands for PocketBase's default, nothing for no limit at all."""
    if isinstance(value, str):
        return value or "9999"
    if value is None:
        return float("inf")
    return _ZERO_MEANS.get((type_, option), value) if value == 0 else value
