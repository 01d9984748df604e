"""Collections that PocketBase refuses to save, whatever is changed in them: said before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pocketvex.diff.operations import CreateCollection, DropCollection, Operation
from pocketvex.schema.model import Collection, Schema

_NO_TABLE = re.compile(r"\bON\s+(?:``|\"\"|\[\]|'')\s*\(", re.IGNORECASE)
_MENDS = (0, 38, 1)


class Stuck:
    """Why an operation cannot be saved on `live`, a server of this version."""

    def __init__(self, live: Schema, version: tuple[int, ...]) -> None:
        self.live = {collection.name.lower(): collection for collection in live.collections}
        self.ids = {collection.id: collection for collection in live.collections if collection.id}
        self.version = version

    def why(self, operation: Operation, was: str) -> str:
        """`was` is what the collection is called on the server; "" where nothing is in the way."""
        if isinstance(operation, DropCollection):
            return ""
        there = None if isinstance(operation, CreateCollection) else self.live.get(was.lower())
        return next(self._reasons(operation.collection, there), "")

    def _reasons(self, name: str, there: Collection | None) -> Iterator[str]:
        if (holder := self.ids.get(name)) is not None:
            whose = "its own id" if holder is there else f"the id of {holder.name}"
            yield f"the name is {whose}, and PocketBase refuses to save that: give it another name"
        if there is not None and self.version < _MENDS and any(map(_NO_TABLE.search, _texts(there))):
            yield "it has an index without a table, which this PocketBase does not save: update it to 0.38.1"


def _texts(collection: Collection) -> list[str]:
    return [str(text) for text in collection.raw.get("indexes") or ()]
