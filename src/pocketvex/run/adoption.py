"""What surrounds a pull: what a new server has by itself, and whose the collections are afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pocketvex.diff.compare import compare
from pocketvex.errors import PocketVexError
from pocketvex.history.foreign import absorbed_files
from pocketvex.paths import ThingPath, is_setting
from pocketvex.run.planning import named_as_live
from pocketvex.run.remember import written_items
from pocketvex.run.situation import locate
from pocketvex.schema.model import Schema
from pocketvex.schema.system import SYSTEM_COLLECTIONS
from pocketvex.target.session import Session
from pocketvex.target.target import Json
from pocketvex.versions import NEWEST

Usual = Mapping[str, Mapping[str, Any]]


def usual_options(empty: Sequence[Json]) -> Usual:
    """The auth options of a new server, from its collections: of `users`, and of any other (under "")."""
    users = Schema.from_json(empty).collection("users")
    assert users is not None  # every server is born with it
    plain = dict(users.auth)
    if oauth2 := plain.get("oauth2"):
        plain["oauth2"] = {**oauth2, "mappedFields": dict.fromkeys(oauth2.get("mappedFields") or {}, "")}
    return {"users": users.auth, "": plain}


def changed_system(live: Sequence[Json], empty: Sequence[Json]) -> list[str]:
    """What somebody changed in PocketBase's own collections: fields, rules, and ways to sign in.

    The durations and templates of a server that was updated are those of its first version.
    """
    there, new = (
        Schema.from_json([{**item, "system": False} for item in raw if item["name"] in SYSTEM_COLLECTIONS])
        for raw in (live, empty)
    )
    changed = compare(there, new, version=NEWEST, ask=False).operations
    return [o.path for o in changed if not is_setting(o.path) or o.path.endswith((".enabled", "Rule"))]


def take_over(session: Session, desired: Schema, raw: Sequence[Json], adopted: Iterable[str]) -> None:
    """Note that these collections are this project's on this server, and what code and server agree in."""
    memory, target = session.memory, session.target
    state = memory.state
    names = {ThingPath.parse(path).collection for path in adopted}
    memory.note(
        managed=sorted({*state.managed, *names}), met=[name for name in state.met if name not in names]
    )
    live = target.schema_of(raw)
    try:
        position = locate(session, raw)
    except PocketVexError as error:
        # The next command stops at it; the files of the schema are written, and right.
        session.reporter.note(" ".join(filter(None, (f"{error.what}.", error.why, error.todo))))
    else:
        state = memory.state
        recorded = named_as_live(position.here.schema, live, state.written)
        memory.note(
            written=written_items(desired, live, recorded, state.written, target.version),
            absorbed=absorbed_files(position, desired, live, state.absorbed, target.version),
        )
    memory.save()
