"""Whether a server of this version can hold a schema, and what it would hold without a word: asked before
anything is sent."""

from __future__ import annotations

import os

from pocketvex.errors import Problem, SchemaError
from pocketvex.load.pointing import Texts, pointed
from pocketvex.run.session import Session
from pocketvex.schema.lost_names import index_problems, lost_columns, views_saying
from pocketvex.schema.model import Schema
from pocketvex.schema.validate import for_server


def check_fits(session: Session, desired: Schema, live: Schema, recorded: Schema | None = None) -> None:
    """Raise SchemaError with all that this server would refuse, and with what it takes in silence though it
    means nothing any more; `live` says what its views have."""
    version = session.version
    problems = for_server(desired, version)
    lost: list[Problem] = []
    states = [recorded] if recorded else []
    gone = lost_columns(desired, states)
    problems += index_problems(desired, gone)
    if views := views_saying(desired, gone):
        from pocketvex.run.view_names import view_problems

        problems += view_problems(desired, live, states, views)
    if desired.may_have_rules:
        from pocketvex.schema.rule_check import rule_problems

        problems += rule_problems(desired, tuple(version), live)
        lost = _lost(session, desired, live, [live, *states])
    root = os.path.realpath(session.root)
    if problems:
        raise SchemaError(f"PocketBase {version} cannot hold this schema", problems=pointed(problems, root))
    if lost and (left := _not_silenced(pointed(lost, root), root)):
        raise SchemaError(
            "the server would take names that mean nothing",
            why="It looks such names up only when somebody asks. What is not there is empty then, and a rule "
            "like `@request.auth.role != 'banned'` lets everybody through (PV711).",
            problems=left,
            todo="Correct them. Where one is meant, say so behind it: # pocketvex: ignore PV711: why",
        )


def _lost(session: Session, desired: Schema, live: Schema, before: list[Schema]) -> list[Problem]:
    from pocketvex.plan.ownership import is_untouched_users
    from pocketvex.schema.silent_check import lost_names

    users = live.collection("users")
    # The `users` that every server is born with say nothing of accounts that the code leaves out.
    unsaid = not any(c.type == "auth" for c in desired.collections) and (
        users is None or is_untouched_users(users)
    )
    return lost_names(desired, live, before, tuple(session.version), accounts=not unsaid)


def _not_silenced(problems: list[Problem], root: str) -> list[Problem]:
    from pocketvex.lint.silence import silenced

    texts = Texts(root)
    files = {problem.where.file for problem in problems if problem.where}
    read = {file: texts.read(file) for file in files if file.endswith(".py")}
    return [problem for problem in silenced(problems, read, ("PV711",)) if problem.code == "PV711"]
