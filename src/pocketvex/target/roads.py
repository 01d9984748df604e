"""The roads by their names, and what each of them promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

RoadName = Literal["native", "hooks", "sql", "rest"]

PAUSE = "pause"
"""What `--confirm` is told by who lets applications be kept from writing meanwhile, on the road `rest`."""
PROMISES: Mapping[RoadName, str] = {
    "native": "PocketBase's own `migrate up` beside the server: all files, or none",
    "hooks": "the route in the server's hooks: all files, or none",
    "sql": "over HTTP: each file with all that it does to values, or nothing of it; "
    "files of structure alone together",
    "rest": "over HTTP: each file's structure, or nothing of it; files of structure alone together. Values "
    "are written record by record before it, with `--confirm pause`: only superusers write meanwhile",
}
