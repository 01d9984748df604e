"""Running files of the history on a server: all of them, or none; then it is read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pocketvex.errors import NotAsIntended
from pocketvex.history.explain_failure import OTHERS, failure_of
from pocketvex.history.first_format import refuse_resealed
from pocketvex.history.folder import History
from pocketvex.history.position import changed_paths, differences
from pocketvex.run.situation import Situation
from pocketvex.schema.model import Schema
from pocketvex.steps.header import secrets_of
from pocketvex.target.secrets import PROVIDERS
from pocketvex.target.variables import missing, waits_for, way_out


def run_files(situation: Situation, names: Sequence[str]) -> Situation:
    """Run these files on the server.

    Returns where the server stands after it. Raises NotAsIntended with PocketBase's words where one throws,
    and where the server does not have afterwards what the files make. Over HTTP, those before it stay.
    """
    from pocketvex.server.scratch import MigrationFailed

    session, position = situation.session, situation.position
    road = situation.road()
    after = situation.built_with(names)
    met = _met(situation, after)
    files = dict(position.history.pairs(names))
    refuse_resealed(session.target, files)
    try:
        road.run(files)
    except MigrationFailed as error:
        failure = failure_of(error)
        waits = missing(files.get(error.file, ""), session.target.environ)
        if waits and not failure.code:
            failure = failure._replace(why=f"{failure.why}\n{waits_for(waits)}", todo=way_out(waits))
        code = f" ({failure.code})" if failure.code else ""
        if error.ran:
            session.memory.save(applied=list(session.target.applied()))
        did = f"{', '.join(error.ran)} ran before it" if error.ran else "no file was run"
        verb = "was stopped" if error.reason.startswith(OTHERS) else "fails"
        raise NotAsIntended(
            f"{error.file} {verb} on {session.target.url}, and {did}{code}",
            why=failure.why,
            where=error.where if position.history.file(error.file) else None,
            todo=f"The server is {'as those leave it' if error.ran else 'as it was'}. {failure.todo}",
        ) from error
    state = session.memory.state
    session.memory.save(
        applied=list(session.target.applied()),
        held_back=[name for name in state.held_back if name not in names],
        met=sorted({*state.met, *met}),
    )
    raw = session.target.fetch()
    _check_reached(situation, after, names, session.target.schema_of(raw))
    return situation.located(raw)


def _met(situation: Situation, after: Schema) -> set[str]:
    """The collections that the files make, and that the server has already, not from this project."""
    target = situation.target
    made = after.names() - situation.position.here.schema.names()
    there = target.schema_of(target.fetch()).names() if made else set()
    return (made & there) - {*situation.state.managed}


def _check_reached(situation: Situation, after: Schema, names: Sequence[str], live: Schema) -> None:
    """Whether the server has what the named files make: everything that they touch, as recorded."""
    position, target = situation.position, situation.target
    apart = _without_secret(position.history, after, target.environ)
    touched = changed_paths(after, position.here.schema) - apart
    left = differences(after, live, touched, target.version)
    absent = [name for name in names if name not in situation.state.applied]
    if left or absent:
        raise NotAsIntended(
            f"{target.url} did not end in the state that the migrations describe",
            why="Still different: " + ", ".join([*absent, *left][:8]),
            todo="`pocketvex schema diff` shows all of it.",
        )


def _without_secret(history: History, after: Schema, environ: Mapping[str, str]) -> set[str]:
    """Lists of sign-in providers: the files leave out those whose secret is not set here."""
    named = {name for file in history.files for name in secrets_of(file.text)}
    if all(environ.get(name) for name in named):
        return set()
    return {f"{collection.name}:{PROVIDERS}" for collection in after.collections}
