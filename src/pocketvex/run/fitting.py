"""Whether a server of this version can hold a schema: asked before anything is sent."""

from __future__ import annotations

import os

from pocketvex.errors import SchemaError
from pocketvex.load.pointing import pointed
from pocketvex.run.session import Session
from pocketvex.schema.model import Schema
from pocketvex.schema.validate import for_server


def check_fits(session: Session, desired: Schema, live: Schema) -> None:
    """Raise SchemaError with all that this server would refuse; `live` says what its views have."""
    version = session.version
    problems = for_server(desired, version)
    if desired.may_have_rules:
        from pocketvex.schema.rule_check import rule_problems

        problems += rule_problems(desired, tuple(version), live)
    if problems:
        raise SchemaError(
            f"PocketBase {version} cannot hold this schema",
            problems=pointed(problems, os.path.realpath(session.root)),
        )
