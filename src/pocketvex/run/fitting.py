"""Whether a server of this version can hold a schema: asked before anything is sent."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator

from pocketvex.errors import Problem, SchemaError
from pocketvex.load.paths import shown_path
from pocketvex.load.pointing import pointed
from pocketvex.load.sources import declares_nothing
from pocketvex.run.session import Session
from pocketvex.schema.limits import refused
from pocketvex.schema.model import Schema
from pocketvex.schema.rules import spelled
from pocketvex.schema.validate import for_server
from pocketvex.server.binaries import Version


def check_fits(session: Session, desired: Schema, live: Schema) -> None:
    """Raise SchemaError with all that this server would refuse; `live` says what its views have.

    What it holds just so already is no reason: it may have come by a migration that checks nothing.
    """
    version = session.version
    problems = [*for_server(desired, version), *refused(desired), *_of_marked(desired, live)]
    problems += _in_rules(desired, version, live)
    if not problems:
        return
    held = {(p.path, p.message) for p in (*refused(live), *_in_rules(live, version, live))}
    if problems := [p for p in problems if (p.path, p.message) not in held]:
        raise SchemaError(
            f"PocketBase {version} cannot hold this schema",
            problems=pointed(problems, os.path.realpath(session.root)),
        )


def _of_marked(desired: Schema, live: Schema) -> Iterator[Problem]:
    """Changes of rules that PocketBase refuses, since somebody marked the collection as a system one."""
    for there in live.collections:
        mine = desired.collection(there.name)
        if mine is None or there.system or not there.raw.get("system"):
            continue
        for (name, rule), current in zip(mine.rules().items(), there.rules().values(), strict=True):
            if spelled(rule) != spelled(current):
                message = (
                    "is marked as a system collection on this server: PocketBase changes none of its rules"
                )
                yield Problem(f"{mine.name}.{name}", message, mine.source)


def check_declares(
    session: Session, desired: Schema, live: Schema, managed: Collection[str], agreed: Collection[str] = ()
) -> None:
    """Raise SchemaError where the code declares nothing, and that would remove what nobody named.

    `managed` are the collections of the project, `agreed` those that were named. Files that are moved away
    for a moment are no wish.
    """
    if desired.collections:
        return
    shown = shown_path(str(session.config.schema), os.path.realpath(session.root))
    if (note := declares_nothing(shown)) not in session.notes:
        session.notes.append(note)
    owned = {*managed, *session.state.managed} & live.names()
    if unnamed := sorted(owned - {*agreed}):
        raise SchemaError(
            f"{shown}/ declares nothing, and the project has made {', '.join(unnamed)}",
            why="An empty folder would mean that nothing of it is wanted.",
            todo="Bring the files back; or name each that is to go, as in "
            f"`pocketvex schema apply --confirm {unnamed[0]}`.",
        )


def _in_rules(schema: Schema, version: Version, live: Schema) -> list[Problem]:
    if not schema.may_have_rules:
        return []
    from pocketvex.schema.rule_check import rule_problems

    return rule_problems(schema, tuple(version), live)
