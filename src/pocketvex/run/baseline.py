"""The beginning of a history: a first file that builds what a server has."""

from __future__ import annotations

from datetime import UTC, datetime

from pocketvex.errors import HistoryError
from pocketvex.render.header import with_proof
from pocketvex.render.migration import render_migration
from pocketvex.run.draft import comment, managed_entries
from pocketvex.run.generate import Sealed
from pocketvex.run.prove import prove
from pocketvex.run.session import Session, native_dir
from pocketvex.run.shadow import replay
from pocketvex.schema.model import Schema
from pocketvex.store.history import MigrationFile, next_stamp, read_history, restart, seal


def baseline(session: Session, desired: Schema, *, now: int) -> Sealed:
    """A first file that builds what the server has, with its ids, marked as applied there."""
    from pocketvex.server.ledger import mark

    history = read_history(session.config.migrations)
    if history.files:
        raise HistoryError(
            f"{history.folder.name}/ holds {len(history.files)} migrations already",
            why="A baseline is the first file of a history.",
            todo="Move the files that cannot be replayed out of the folder first.",
        )
    data_dir = native_dir(session)
    empty = replay(session.binary, [], session.shadow_cache)
    live = Schema.from_json(session.fetch())
    stamp = next_stamp(history, now)
    text = render_migration(
        empty.schema, live, stamp=str(stamp),
        comment=comment(f"What {session.host.name} has: the beginning of this history", ()),
        manages=managed_entries(desired, desired.names() & live.names()),
    )  # fmt: skip
    name = f"{stamp}_baseline.js"
    proof = prove(session.binary, empty.data_dir, [(name, text)], empty.schema, live)
    file = MigrationFile(name, with_proof(text, str(proof)))
    restart(history.folder)
    seal(history, [file])
    mark(data_dir, [file.name], datetime.fromtimestamp(now, UTC))
    return Sealed((file,), proof)
