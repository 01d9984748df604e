"""Files of the history that PocketVex did not write: what they make is somebody else's until the code agrees.

The dashboard writes such a file for each save (automigrate), and a colleague may write one by hand. That
the code does not name what they made does not mean that it is to go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from pocketvex.diff.compare import compare
from pocketvex.history.folder import History
from pocketvex.history.position import Position
from pocketvex.plan.ownership import Items, is_untouched_users, items_of
from pocketvex.schema.model import Schema
from pocketvex.steps.header import is_written_by_us
from pocketvex.target.recorded import Recorded
from pocketvex.versions import Version


def foreign_items(recorded: Recorded, history: History, absorbed: Iterable[str]) -> Items:
    """What others changed by files that the code has not agreed with, as it was before: None was not there.

    What a file of ours touched since is ours.
    """
    strange = _strange(recorded, history, absorbed)
    found: Items = {}
    for name, before, changed in _changes(recorded, strange):
        for path in changed:
            if name in strange:
                found.setdefault(path, before.get(path))
            else:
                found.pop(path, None)
    return found


def absorbed_files(
    position: Position, desired: Schema, live: Schema, absorbed: Iterable[str], version: Version
) -> list[str]:
    """The files of others that the code agrees with: it says of what they touch what the server has."""
    here = position.here
    found = [name for name in absorbed if name in here.names]
    strange = _strange(here, position.history, found)
    if not strange:
        return found
    known = desired.names()
    open_ = [
        o for o in compare(desired, live, version=version, ask=False).operations if o.collection in known
    ]
    different = {path for operation in open_ for path in operation.touches}
    return found + [
        name for name, _, changed in _changes(here, strange) if name in strange and not changed & different
    ]


def agreed(
    recorded: Schema, desired: Schema, live: Schema, version: Version, apart: AbstractSet[str]
) -> set[str]:
    """The collections that the history builds, and of which the code says all that the server has.

    They are this project's on every machine, whoever wrote the files: what the code drops from then on is
    meant to go. `apart` are paths that differ for want of a secret.
    """
    diff = compare(desired, live, version=version)
    open_ = {o.collection for o in diff.operations if o.path not in apart}
    open_ |= {name for q in diff.ambiguous for name in ([q.collection] if q.collection else q.candidates)}
    built = {c.name for c in recorded.collections if not is_untouched_users(c)}
    return (desired.names() & built & live.names()) - open_


def _strange(recorded: Recorded, history: History, absorbed: Iterable[str]) -> list[str]:
    """The files of others that are not absorbed."""
    texts = dict(history.pairs())
    others = {*recorded.names} - {*absorbed}
    return [n for n in recorded.names if n in others and n in texts and not is_written_by_us(texts[n])]


def _changes(recorded: Recorded, strange: list[str]) -> Iterator[tuple[str, Items, set[str]]]:
    """From the first of these files on: each file, what was there before it, the paths that it changes."""
    if not strange:
        return
    first = recorded.names.index(strange[0])
    before = items_of(Schema.from_json(recorded.snapshots[first]))
    for name, snapshot in zip(recorded.names[first:], recorded.snapshots[first + 1 :], strict=True):
        after = items_of(Schema.from_json(snapshot))
        paths = before.keys() | after.keys()
        yield name, before, {path for path in paths if _differs(before, after, path)}
        before = after


def _differs(before: Items, after: Items, path: str) -> bool:
    # None is a rule that is locked.
    return (path in before, before.get(path)) != (path in after, after.get(path))
