"""Whether a server of this version can hold a schema: asked before anything is sent."""

from __future__ import annotations

import os

from pocketvex.errors import Problem, SchemaError
from pocketvex.load.pointing import pointed
from pocketvex.run.session import Session
from pocketvex.schema.limits import refused
from pocketvex.schema.model import Schema
from pocketvex.schema.validate import for_server
from pocketvex.server.binaries import Version


def check_fits(session: Session, desired: Schema, live: Schema) -> None:
    """Raise SchemaError with all that this server would refuse; `live` says what its views have.

    What it holds just so already is no reason: it may have come by a migration that checks nothing.
    """
    version = session.version
    problems = [*for_server(desired, version), *refused(desired)]
    problems += _in_rules(desired, version, live)
    if not problems:
        return
    held = {(p.path, p.message) for p in (*refused(live), *_in_rules(live, version, live))}
    if problems := [p for p in problems if (p.path, p.message) not in held]:
        raise SchemaError(
            f"PocketBase {version} cannot hold this schema",
            problems=pointed(problems, os.path.realpath(session.root)),
        )


def _in_rules(schema: Schema, version: Version, live: Schema) -> list[Problem]:
    if not schema.may_have_rules:
        return []
    from pocketvex.schema.rule_check import rule_problems

    return rule_problems(schema, tuple(version), live)
