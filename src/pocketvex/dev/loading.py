"""Loading what was saved last, while more may be saved."""

from __future__ import annotations

import time

from pocketvex.dev.watch import SAVING, Watch
from pocketvex.errors import SchemaError
from pocketvex.load.loader import Loaded, Pending, start_load
from pocketvex.load.spare import Spare
from pocketvex.store.config import Config


class LateSpare(Spare):
    """The next interpreter is started when the pass is over: beside it, it would slow the pass down."""

    def refill(self) -> None:
        pass

    def start(self) -> None:
        super().refill()


def load_newest(config: Config, watch: Watch, spare: Spare | None) -> tuple[Loaded | SchemaError, float]:
    """The newest schema, or what is wrong with it; and when its load began, in unix seconds."""
    while True:
        began = time.time()
        with start_load(config.root, config.schema, timeout=config.load_timeout, warm=spare) as pending:
            loaded = _newest(pending, watch)
        if loaded is not None:
            return loaded, began


def _newest(pending: Pending, watch: Watch) -> Loaded | SchemaError | None:
    """The result of a load, or None where a save has overtaken it."""
    while not pending.done():
        if watch.changed_within(0.005) and watch.take_sources():
            return None
    try:
        return pending.result()
    except SchemaError as error:
        # An editor may be in the middle of the save: a file that is still empty, or half of one.
        if watch.changed_within(SAVING) and watch.take_sources():
            return None
        return error
