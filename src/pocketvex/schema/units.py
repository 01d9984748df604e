"""Sizes and durations as people write them: "5MB", "30d", or plain numbers."""

from __future__ import annotations

import re

_SIZES = {"b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}
_DURATIONS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def size(value: object) -> object:
    """Bytes of "500kB", "5MB", "1GB" (steps of 1024, as PocketBase's 5 MB are 5242880 bytes)."""
    return _convert(value, _SIZES, "a size like '500kB' or '5MB', or a number of bytes")


def duration(value: object) -> object:
    """Seconds of "90s", "30m", "12h", "30d", "2w"."""
    return _convert(value, _DURATIONS, "a duration like '30m' or '7d', or a number of seconds")


def _convert(value: object, units: dict[str, int], wanted: str) -> object:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", value)
    factor = units.get(match[2].lower() or next(iter(units))) if match else None
    if match is None or factor is None:
        raise ValueError(f"{value!r} is not {wanted}")
    return int(float(match[1]) * factor)
