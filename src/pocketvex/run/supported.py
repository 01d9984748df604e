"""Whether a server of this version can hold a schema, and what it would hold without a word: asked before
anything is sent."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator

from pocketvex.errors import SchemaError
from pocketvex.findings import Finding
from pocketvex.load.carets import Texts, pointed
from pocketvex.load.paths import shown_path
from pocketvex.load.sources import declares_nothing
from pocketvex.run.situation import Situation
from pocketvex.schema.limits import refused
from pocketvex.schema.lost_names import index_problems, lost_columns, views_saying
from pocketvex.schema.model import Schema
from pocketvex.schema.rules import spelled
from pocketvex.schema.validate import for_server
from pocketvex.versions import Version


def check_supported(situation: Situation, agreed: Collection[str] = ()) -> None:
    """Raise SchemaError where the server cannot become what the code declares, or nobody can mean that.

    `agreed` are the names of what is to go.
    """
    _check_declares(situation, agreed)
    _check_fits(situation)


def _check_fits(situation: Situation) -> None:
    """Raise SchemaError with all that this server would refuse, and with what it takes in silence though it
    means nothing any more.

    What it holds just so already is no reason: it may have come by a migration that checks nothing.
    """
    desired, live, version = situation.desired, situation.live, situation.target.version
    problems = [*for_server(desired, version), *refused(desired), *_of_marked(desired, live)]
    problems += _in_rules(desired, version, live)
    states = [situation.recorded]
    gone = lost_columns(desired, states)
    problems += index_problems(desired, gone)
    if views := views_saying(desired, gone):
        from pocketvex.run.view_names import view_problems

        problems += view_problems(desired, live, states, views)
    lost = _lost(desired, live, [live, *states], version) if desired.may_have_rules else []
    root = os.path.realpath(situation.session.root)
    if problems:
        held = {(p.path, p.message) for p in (*refused(live), *_in_rules(live, version, live))}
        if problems := [p for p in problems if (p.path, p.message) not in held]:
            raise SchemaError(
                f"PocketBase {version} cannot hold this schema", problems=pointed(problems, root)
            )
    if lost and (left := _not_silenced(pointed(lost, root), root)):
        raise SchemaError(
            "the server would take names that mean nothing",
            why="It looks such names up only when somebody asks. What is not there is empty then, and a rule "
            "like `@request.auth.role != 'banned'` lets everybody through (PV711).",
            problems=left,
            todo="Correct them. Where one is meant, say so behind it: # pocketvex: ignore PV711: why",
        )


def _lost(desired: Schema, live: Schema, before: list[Schema], version: Version) -> list[Finding]:
    from pocketvex.plan.ownership import is_untouched_users
    from pocketvex.rules.misspelt import lost_names

    users = live.collection("users")
    # The `users` that every server is born with say nothing of accounts that the code leaves out.
    unsaid = not any(c.type == "auth" for c in desired.collections) and (
        users is None or is_untouched_users(users)
    )
    return lost_names(desired, live, before, version, accounts=not unsaid)


def _not_silenced(problems: list[Finding], root: str) -> list[Finding]:
    from pocketvex.lint.suppressions import silenced

    texts = Texts(root)
    files = {problem.where.file for problem in problems if problem.where}
    read = {file: texts.read(file) for file in files if file.endswith(".py")}
    return [problem for problem in silenced(problems, read, ("PV711",)) if problem.code == "PV711"]


def _of_marked(desired: Schema, live: Schema) -> Iterator[Finding]:
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
                yield Finding(f"{mine.name}.{name}", message, mine.source)


def _check_declares(situation: Situation, agreed: Collection[str]) -> None:
    """Raise SchemaError where the code declares nothing, and that would remove what nobody named.

    Files that are moved away for a moment are no wish.
    """
    if situation.desired.collections:
        return
    session = situation.session
    shown = shown_path(str(session.config.schema), os.path.realpath(session.root))
    owned = {*situation.position.managed, *situation.state.managed} & situation.live.names()
    if unnamed := sorted(owned - {*agreed}):
        raise SchemaError(
            f"{shown}/ declares nothing, and the project has made {', '.join(unnamed)}",
            why="An empty folder would mean that nothing of it is wanted.",
            todo="Bring the files back; or name each that is to go, as in "
            f"`pocketvex schema apply --confirm {unnamed[0]}`.",
        )
    session.reporter.note(declares_nothing(shown))


def _in_rules(schema: Schema, version: Version, live: Schema) -> list[Finding]:
    if not schema.may_have_rules:
        return []
    from pocketvex.rules.check import rule_problems

    return rule_problems(schema, version, live)
