"""Files of the history that PocketVex did not write: what they make is somebody else's until the code agrees.

The dashboard writes such a file for each save (automigrate), and a colleague may write one by hand. That
the code does not name what they made does not mean that it is to go.
"""

from __future__ import annotations

from collections.abc import Iterable

from pocketvex.diff.compare import compare
from pocketvex.plan.ownership import touched_paths
from pocketvex.render.header import is_written_by_us
from pocketvex.run.recorded import Position, changed_paths
from pocketvex.run.shadow import Recorded
from pocketvex.schema.model import Schema
from pocketvex.store.history import History


def settled(recorded: Recorded, history: History, absorbed: Iterable[str]) -> Schema:
    """What the history builds up to the last file that is ours, or that the code agreed with since."""
    number = _settled_files(recorded, history, absorbed)
    return recorded.schema if number == len(recorded.names) else Schema.from_json(recorded.snapshots[number])


def absorbed_files(position: Position, desired: Schema, live: Schema, absorbed: Iterable[str]) -> list[str]:
    """The files of others that the code agrees with by now: it says of what they touch what the server has."""
    here = position.here
    found = [name for name in absorbed if name in here.names]
    number = _settled_files(here, position.history, found)
    if number == len(here.names):
        return found
    known = desired.names()
    open_ = [o for o in compare(desired, live, ask=False).operations if o.collection in known]
    different = {path for operation in open_ for path in touched_paths(operation)}
    different |= {operation.collection for operation in open_}
    for name, before, after in zip(here.names, here.snapshots, here.snapshots[1:], strict=False):
        if here.names.index(name) < number:
            continue
        if changed_paths(Schema.from_json(after), Schema.from_json(before)) & different:
            break
        found.append(name)
    return found


def _settled_files(recorded: Recorded, history: History, absorbed: Iterable[str]) -> int:
    """How many files from the first one on are settled: all up to the last one of ours."""
    known = {*absorbed}
    for number in range(len(recorded.names), 0, -1):
        file = history.file(recorded.names[number - 1])
        if recorded.names[number - 1] in known or (file is not None and is_written_by_us(file.text)):
            return number
    return 0
