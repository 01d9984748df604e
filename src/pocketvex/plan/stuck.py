"""Collections that PocketBase refuses to save, whatever is changed in them: said before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from pocketvex.diff.operations import CreateCollection, DropCollection, Operation
from pocketvex.rules.check import mistakes_in, names_of
from pocketvex.rules.names import Names
from pocketvex.schema.model import Collection, Schema
from pocketvex.versions import MENDS_INDEXES, Version

_NO_TABLE = re.compile(r"\bON\s+(?:``|\"\"|\[\]|'')\s*\(", re.IGNORECASE)


class Stuck:
    """Why an operation of a plan to `desired` cannot be saved on `live`, a server of this version."""

    def __init__(self, live: Schema, desired: Schema, version: Version) -> None:
        self.states = (desired, live)
        self.live = {collection.name.lower(): collection for collection in live.collections}
        self.ids = {collection.id: collection for collection in live.collections if collection.id}
        self.version = version

    @cached_property
    def names(self) -> Names:
        desired, live = self.states
        return names_of(desired, self.version, live)

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
        if there is not None and self.version < MENDS_INDEXES and any(map(_NO_TABLE.search, _texts(there))):
            yield "it has an index without a table, which this PocketBase does not save: update it to 0.38.1"
        # The server holds such a mistake already, and looks at all rules of what it saves.
        after = self.states[0].collection(name)
        for wrong in mistakes_in(after, self.names) if after is not None else ():
            rule = wrong.path.removeprefix(f"{name}.")
            yield f"{rule} has a mistake, which has to be corrected first: {wrong.message}"


def _texts(collection: Collection) -> list[str]:
    return [str(text) for text in collection.raw.get("indexes") or ()]
