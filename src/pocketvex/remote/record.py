"""The collection `_pocketvex` on a server that only HTTP reaches: which files ran there, and who is at work.

The files are the choices of a select field. An import changes them together with what the files do, so the
two are one transaction on every version, and LIST shows both. Whoever works there makes a row of the next
generation: of two that ask for the same, the unique index lets one in (0.23 to 0.40).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pocketvex.remote.put_away import LIMIT
from pocketvex.schema.model import RECORD_NAME
from pocketvex.schema.rules import RULE_NAMES

Json = dict[str, Any]

RECORD_ID = "pbc_pocketvex00"
GENERATION = "gen-"
_APPLIED = "applied"
_NONE = "-"
_NATIVELY = "="
"""A select field has at least one choice."""
_LOCKED = dict.fromkeys(RULE_NAMES)
_FIRST = "2000-01-01 00:00:00.000Z"
"""An import saves by `created`, then by `updated`, of what it is sent (0.23 to 0.40)."""


class Entry(NamedTuple):
    """A file that this server has run. `id` is that of its migration; "" of a file without one."""

    name: str
    id: str = ""
    natively: bool = False
    """Whether PocketBase itself ran it, as far as was seen."""

    @property
    def value(self) -> str:
        return f"{_NATIVELY if self.natively else ''}{self.id or _NONE} {self.name}"


def record_of(raw: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The collection among a server's, if it has one."""
    return next((item for item in raw if item["name"] == RECORD_NAME), None)


def entries(raw: Iterable[Mapping[str, Any]]) -> tuple[Entry, ...]:
    """The files that ran over HTTP, in order; () for a server on which none did."""
    record = record_of(raw)
    if record is None:
        return ()
    values = next((f.get("values") or [] for f in record["fields"] if f["name"] == _APPLIED), [])
    found = (value.partition(" ") for value in values if value != _NONE)
    return tuple(
        Entry(name, "" if id.endswith(_NONE) else id.removeprefix(_NATIVELY), id.startswith(_NATIVELY))
        for id, _, name in found
    )


def definition() -> Json:
    """The collection, as it is made: with no file in it."""
    return {
        "id": RECORD_ID, "name": RECORD_NAME, "type": "base", "system": True, **_LOCKED,
        "fields": [
            {"name": "slot", "type": "text", "id": "text1pvslot", "required": True},
            {"name": "owner", "type": "text", "id": "text2pvowner", "max": LIMIT},
            {"name": _APPLIED, "type": "select", "id": "select3pvapplied", "values": [_NONE], "maxSelect": 1},
            {"name": "created", "type": "autodate", "id": "autodate4pvcreated", "onCreate": True},
            {
                "name": "updated", "type": "autodate", "id": "autodate5pvupdated",
                "onCreate": True, "onUpdate": True,
            },
        ],
        "indexes": [_slots()],
    }  # fmt: skip


def with_entries(record: Mapping[str, Any], found: Sequence[Entry], fence: str) -> list[Json]:
    """The items of an import that write these entries, unless there is a generation behind `fence`.

    The collection stands there twice: the first time with an index that only a row of a later generation
    keeps from being made. They are to be the first and the last that are saved.
    """
    values = [entry.value for entry in found] or [_NONE]
    fields = [
        {**field, "values": values} if field["name"] == _APPLIED else field for field in record["fields"]
    ]
    known = {"id": record["id"], "name": record["name"], "type": "base"}
    check = (
        f"CREATE INDEX `idx_pocketvex_fence` ON `{RECORD_NAME}` "
        f"(json(CASE WHEN `slot` > '{fence}' THEN '{{' ELSE '1' END))"
    )
    first = {**known, "created": _FIRST, "updated": _FIRST, "fields": fields, "indexes": [_slots(), check]}
    last = {**known, "created": record["created"], "updated": "2099-01-01 00:00:00.000Z",
            "fields": fields, "indexes": [_slots()]}  # fmt: skip
    return [first, last]


def _slots() -> str:
    return f"CREATE UNIQUE INDEX `idx_pocketvex_slot` ON `{RECORD_NAME}` (`slot`)"
