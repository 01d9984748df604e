"""Agreed changes to what no file has yet and whose values take SQL: a migration that is run once, here.

It is written like every other, so values are converted, filled and mapped, and those that go are kept; it
is no file, because the history never sees what a server tried out on the way.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from pocketvex.diff.apply import apply_operations
from pocketvex.diff.operations import AddField, ChangeField, Operation, ReplaceField
from pocketvex.errors import NotAsIntended
from pocketvex.plan.conversions import conversion
from pocketvex.plan.make import Change
from pocketvex.run.session import Json, Session, native_dir
from pocketvex.schema.model import Schema


def takes_sql(operation: Operation) -> bool:
    """Whether the values of rows are written anew, which the API cannot do in one piece."""
    match operation:
        case ReplaceField(before=before, after=after):
            return conversion(before, after) is not None
        case AddField(field=field):
            return field.backfill is not None
        case ChangeField(before=before, after=after):
            filled = after.required and not before.required and after.backfill is not None
            single = before.multiple and not after.multiple and getattr(after, "keep", "") == "first"
            return filled or single or bool(getattr(after, "remap", None))
        case _:
            return False


def run_here(session: Session, raw: Sequence[Json], changes: Sequence[Change]) -> None:
    """Carry these changes out on a server whose data directory is at hand.

    Raises NotAsIntended, with what the migration said, where it fails: then nothing of it is done.
    """
    from pocketvex.render.migration import render_migration
    from pocketvex.server import scratch

    data_dir = native_dir(session)
    stamp = f"here{time.time_ns() // 1_000_000}"
    after = Schema.from_json(apply_operations(raw, [change.operation for change in changes]))
    text = render_migration(session.schema_of(raw), after, stamp=stamp, comment=[], manages=())
    step = f"{scratch.ONE_OFF}{stamp}.js"
    try:
        scratch.migrate_up(session.binary, data_dir, {step: text}, env=session.environ)
    except scratch.MigrationFailed as error:
        paths = ", ".join(change.path for change in changes)
        raise NotAsIntended(f"{paths}: nothing of it was done", why=error.reason) from error
    finally:
        scratch.forget(data_dir, [step])
    session.refresh()
