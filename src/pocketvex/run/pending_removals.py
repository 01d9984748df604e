"""What files remove that a server has not run yet: nothing new can be that under another name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from pocketvex.errors import UsageError
from pocketvex.findings import Location
from pocketvex.history.position import Position
from pocketvex.paths import ThingPath
from pocketvex.plan.questions import Answers
from pocketvex.schema.model import Schema
from pocketvex.target.target import Json


def pending_removals(position: Position) -> dict[str, str]:
    """Fields and collections that the server has and that these files remove: by path, the file of each."""
    if position.here.names == position.recorded.names:
        return {}
    later = {collection.id: collection for collection in position.recorded.schema.collections}
    found = {}
    for collection in position.here.schema.collections:
        then = later.get(collection.id)
        if then is None:
            found[collection.name] = _file(position, collection.id)
            continue
        ids = {field.id for field in then.fields}
        for field in collection.fields:
            if field.id not in ids and then.field(field.name) is None:
                path = str(ThingPath(collection.name, field=field.name))
                found[path] = _file(position, collection.id, field.id)
    return found


def _file(position: Position, collection: str, field: str = "") -> str:
    """The file after which it is gone for good."""
    recorded = position.recorded
    has = [_has(snapshot, collection, field) for snapshot in recorded.snapshots]
    last = max(number for number, there in enumerate(has) if there)
    return recorded.names[last]


def _has(snapshot: list[Json], collection: str, field: str) -> bool:
    return any(
        item["id"] == collection and (not field or any(f["id"] == field for f in item["fields"]))
        for item in snapshot
    )


def refuse_renamed(
    removed: Mapping[str, str], desired: Schema, recorded: Schema, answers: Answers = MappingProxyType({})
) -> None:
    """Raise UsageError where code or answers say that something is what a file of the history removes.

    The file would put its values away, and the new thing would begin empty.
    """
    for old, new, where in (*_said(desired, recorded), *((old, new, None) for old, new in answers.items())):
        if new and old in removed:
            raise UsageError(
                f"{new} cannot be {old} under another name: {removed[old]} removes {old}",
                why="That file has not run here yet. When it does, what is new begins empty.",
                where=where,
                todo=f"To rename instead, delete {removed[old]} and its line in pocketvex.sum. "
                'To remove it, say renamed_from="" of what is new.',
            )


def _said(desired: Schema, recorded: Schema) -> Iterator[tuple[str, str, Location | None]]:
    """What the code calls renamed, and no file has renamed: old path, new path."""
    for collection in desired.collections:
        known = recorded.collection(collection.name)
        if collection.renamed_from and known is None:
            yield collection.renamed_from, collection.name, collection.source
        home = collection.renamed_from or collection.name
        for field in collection.fields:
            if field.renamed_from and (known is None or known.field(field.name) is None):
                old = str(ThingPath(home, field=field.renamed_from))
                yield old, str(ThingPath(collection.name, field=field.name)), field.source
