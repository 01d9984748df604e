"""The beginning of a history: a first file that builds what a server has."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from pocketvex.diff.settle import between
from pocketvex.errors import HistoryError, SchemaError
from pocketvex.history.folder import (
    SUM_FILE,
    History,
    MigrationFile,
    next_stamp,
    read_history,
    restart,
    seal,
)
from pocketvex.history.shadow import replay
from pocketvex.proof.prove import prove
from pocketvex.render.migration.migration import render_migration
from pocketvex.rules.check import rule_problems
from pocketvex.run.draft import comment, managed_entries
from pocketvex.run.generate import Sealed
from pocketvex.schema.model import Schema
from pocketvex.schema.words import counted
from pocketvex.steps.header import with_proof
from pocketvex.target.road import native_dir
from pocketvex.target.secrets import naming_secrets
from pocketvex.target.session import Session
from pocketvex.target.start import start


def baseline(session: Session, desired: Schema, *, now: int, replace: bool = False) -> Sealed:
    """A first file that builds what the server has, with its ids, marked as applied there.

    `replace`: files that are there are moved to a folder beside it, which PocketBase does not look into.
    Their rows in `_migrations` stay, and mean nothing without the files.
    """
    from pocketvex.server.ledger import mark

    history = read_history(session.config.migrations)
    if history.files and not replace:
        number = len(history.files)
        raise HistoryError(
            f"{history.folder.name}/ holds {counted(number, 'migration')} already",
            why="A baseline is the first file of a history.",
            todo="`pocketvex migrate baseline --replace` moves them into a folder that nothing runs.",
        )
    data_dir = native_dir(session.target)
    empty = replay(session.binary, [], session.shadow_cache)
    session, raw = start(session, write=True)
    live = naming_secrets(Schema.from_json(raw), desired)
    if mistakes := rule_problems(live, session.target.version, live):
        raise SchemaError(
            "no other server would take the rules that this one holds: nothing was written",
            problems=mistakes,
            todo="Correct them in the code, then `pocketvex schema apply`.",
        )
    stamp = next_stamp(history._replace(files=()), now)
    text = render_migration(
        between(empty.schema, live), stamp=str(stamp),
        comment=comment(f"What {session.target.host.name} has: the beginning of this history", ()),
        manages=managed_entries(desired, desired.names() & live.names()),
    )  # fmt: skip
    name = f"{stamp}_baseline.js"
    proof = prove(session.binary, empty.data_dir, [(name, text)], empty.schema, live)
    file = MigrationFile(name, with_proof(text, str(proof)))
    _move_away(history, f"before_{stamp}")
    restart(history.folder)
    seal(history, [file])
    mark(data_dir, [file.name], datetime.fromtimestamp(now, UTC))
    return Sealed((file,), proof)


def _move_away(history: History, name: str) -> None:
    if not history.files:
        return
    aside = history.folder / name
    aside.mkdir()
    for file in [*history.names, *history.strays]:
        os.replace(history.folder / file, aside / file)
    if (history.folder / SUM_FILE).is_file():
        os.replace(history.folder / SUM_FILE, aside / SUM_FILE)
