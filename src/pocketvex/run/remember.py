"""What this machine notes of a server: what is about to be written, and what was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pocketvex.diff.compare import compare
from pocketvex.diff.operations import CreateCollection, Operation, RenameCollection, RenameField
from pocketvex.diff.simulate import apply_operations
from pocketvex.history.foreign import absorbed_files, agreed
from pocketvex.paths import is_setting
from pocketvex.plan.make import Change
from pocketvex.plan.ownership import items_of, renamed_items
from pocketvex.plan.questions import still_open
from pocketvex.run.planning import named_as_live
from pocketvex.run.situation import Situation
from pocketvex.schema.model import Schema
from pocketvex.store.state import HostState
from pocketvex.target.secrets import without_secret
from pocketvex.target.target import Json
from pocketvex.versions import Version


def intend(situation: Situation, changes: Sequence[Change]) -> None:
    """Note what is about to be written: whoever is killed before `remember` finds it again (`locate`)."""
    operations = [change.operation for change in changes]
    situation.session.memory.save(intended=_new_items(situation.raw, operations))


def _new_items(raw: Sequence[Json], operations: Sequence[Operation]) -> dict[str, Any]:
    """The items that are others, or gone (None), once the operations are done.

    This stands before every write of a save: only what the operations concern is read.
    """
    after = apply_operations(raw, operations)
    known, new = ({item["id"]: item for item in items} for items in (raw, after))
    ids = {id for id in known.keys() | new.keys() if known.get(id) != new.get(id)}
    if any(isinstance(operation, RenameCollection) for operation in operations):
        ids |= known.keys()  # relations of others say its new name
    # What they point at is named by its collection.
    concerned = [items[id] for items in (known, new) for id in ids & items.keys()]
    pointed = {field.get("collectionId") for item in concerned for field in item["fields"]}
    there, wanted = (
        items_of(Schema.from_json(item for id, item in items.items() if id in ids | pointed))
        for items in (known, new)
    )
    return {
        path: wanted.get(path)
        for path in there.keys() | wanted.keys()
        if (path in there, there.get(path)) != (path in wanted, wanted.get(path))
    }


def remember(situation: Situation, applied: Iterable[Change] = ()) -> None:
    """Note in the host's state what this project wrote, so that it is told from what others did.

    What was answered about choices is noted until a migration says it.
    """
    memory = situation.session.memory
    memory.state = _known_after(situation, [change.operation for change in applied])
    memory.save()


def _known_after(situation: Situation, operations: Sequence[Operation]) -> HostState:
    state, live, desired = situation.state, situation.live, situation.desired
    position, target, confirmed = situation.position, situation.target, situation.choices.confirmed
    created = {o.collection for o in operations if isinstance(o, CreateCollection)}
    renamed = {o.old: o.collection for o in operations if isinstance(o, RenameCollection)}
    created |= {new for old, new in renamed.items() if old in {*state.managed, *position.managed}}
    previous = _renamed_fields(renamed_items(state.written, renamed), operations)
    recorded = named_as_live(position.here.schema, live, previous)
    ours = agreed(recorded, desired, live, target.version, without_secret(desired, target.environ))
    managed = {*state.managed, *created, *(confirmed & desired.names()), *ours}
    # That a collection has another name here than in the history is known until a file says it.
    moved = {c.name: c.type for c in recorded.collections if position.here.schema.collection(c.name) is None}
    answers = {**state.answers, **situation.choices.answers}
    return replace(
        state,
        answers=still_open(answers, desired, (live, situation.recorded)),
        managed=sorted(name for name in managed if live.collection(name) is not None),
        met=[name for name in state.met if name not in confirmed and live.collection(name) is not None],
        written={**moved, **written_items(desired, live, recorded, previous, target.version)},
        intended={},
        absorbed=absorbed_files(position, desired, live, state.absorbed, target.version),
    )


def _renamed_fields(items: Mapping[str, Any], operations: Iterable[Operation]) -> dict[str, Any]:
    """The items with fields under their new names: what `dev` wrote stays its own whatever it is called."""
    names = {f"{o.collection}.{o.old}": o.path for o in operations if isinstance(o, RenameField)}
    return {names.get(path, path): value for path, value in items.items()}


def written_items(
    desired: Schema, live: Schema, recorded: Schema, previous: Mapping[str, Any], version: Version
) -> dict[str, Any]:
    """The items in which server and code agree and the history differs; None marks one that is gone."""
    wanted, there, known = items_of(desired), items_of(live), items_of(recorded)
    different = {path for o in compare(desired, live, version=version).operations for path in o.touches}
    absent = object()
    result: dict[str, Any] = {}
    for path, value in there.items():
        agreed = path in wanted and path not in different
        if agreed and known.get(path, absent) != value:
            result[path] = value
        elif not agreed and path in previous and (previous[path] is not None or is_setting(path)):
            # None is a locked rule; of all else it says that it is gone.
            result[path] = previous[path]
    for path in known:
        if path not in wanted and path not in there and not is_setting(path):
            result[path] = None
    return result
