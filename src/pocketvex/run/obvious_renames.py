"""Questions that need nobody: a rename, or two changes? Sometimes the server or the history tells."""

from __future__ import annotations

from collections.abc import Container, Mapping

from pocketvex.diff.compare import compare
from pocketvex.paths import ThingPath
from pocketvex.plan.ownership import Ownership, items_of
from pocketvex.schema.model import Schema
from pocketvex.versions import Version


def with_strangers(
    desired: Schema,
    live: Schema,
    ownership: Ownership,
    renames: Mapping[str, str],
    version: Version,
    removed: Container[str] = (),
) -> dict[str, str]:
    """The answers, and that a thing which is not this project's was not renamed, nor one that a file removes.

    What somebody else made is kept whatever the code adds: nobody has to say so. Of what is `removed` by a
    file that has not run yet, the file has said it.
    """
    answers = dict(renames)
    diff = compare(desired, live, renames=answers, version=version)
    if not diff.ambiguous:
        return answers
    base = ownership.base(items_of(ownership.recorded)) if ownership.recorded is not None else None
    strangers: set[str] = set()
    for question in diff.ambiguous:
        before = diff.renamed.get(question.collection, question.collection)
        old = str(ThingPath(before, field=question.old)) if before else question.old
        managed = ownership.manages(before or question.old)
        if old in removed or (
            base is not None and not (old in base and (managed or old in ownership.written))
        ):
            strangers.add(question.path)
    return {**answers, **dict.fromkeys(strangers, "")}


def known_to_be_new(desired: Schema, before: Schema, live: Schema) -> dict[str, str]:
    """Answers that the server gives: what it has beside the old thing, or with an id of its own, is new."""
    found = {}
    there = {collection.name: collection for collection in live.collections}
    fresh = _new_names({c.name: c.id for c in before.collections}, {c.name: c.id for c in live.collections})
    for collection in desired.collections:
        now, then = there.get(collection.name), before.collection(collection.name)
        if now is None:
            continue
        if then is None:
            if collection.name in fresh:
                found[collection.name] = ""
            continue
        new = _new_names({f.name: f.id for f in then.fields}, {f.name: f.id for f in now.fields})
        found.update({f"{collection.name}.{f.name}": "" for f in collection.fields if f.name in new})
    return found


def _new_names(before: Mapping[str, str], live: Mapping[str, str]) -> set[str]:
    """The names that only a server has and that nothing was renamed to: a rename would have kept an id."""
    names = live.keys() - before.keys()
    if all(live[name] == id for name, id in before.items() if name in live):
        return {name for name in names if live[name] not in before.values()}
    # Its ids are not those of the history: all that can be said is whether the old names are still there.
    return set(names) if before.keys() <= live.keys() else set()
