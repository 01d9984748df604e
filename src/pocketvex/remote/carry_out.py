"""The steps of a migration, carried out on a copy of a server's collections: what the server is to become.

The same as the runtime of a file does inside of PocketBase (`render/migration/runtime/runtime.js`), except
that nothing is removed: what goes is put away. Every step does nothing where its change is there already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pocketvex.remote.carried import Kept, Outcome
from pocketvex.remote.collection_steps import CollectionSteps
from pocketvex.remote.copied import (
    CannotRun,
)
from pocketvex.remote.field_steps import FieldSteps
from pocketvex.steps.migration import Migration

Json = dict[str, Any]


def carry_out(
    migration: Migration,
    way: str,
    raw: Iterable[Json],
    *,
    secrets: Iterable[str],
    environ: Mapping[str, str],
    kept: Kept,
) -> Outcome:
    """What `up` or `down` (`way`) of a migration makes of these collections.

    `secrets` are random texts for the tokens of accounts that are put away, five for each collection.
    Raises StepFails where the file itself would throw, and CannotRun for what HTTP cannot do.
    """
    carried = _Steps(migration, way, raw, secrets, environ, kept)
    for name, *arguments in migration.up if way == "up" else migration.down:
        step = getattr(carried, f"on_{name}", None)
        if step is None:
            raise CannotRun(f"the step {name} is PocketBase's own to run")
        step(*arguments)
    return carried.finish()


class _Steps(CollectionSteps, FieldSteps):
    pass
