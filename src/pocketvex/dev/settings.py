"""The configuration while `dev` runs: a change of it is said, and counts at the next start."""

from __future__ import annotations

from pocketvex.dev.report import Report
from pocketvex.dev.watch import SAVING, Watch
from pocketvex.errors import ConfigError
from pocketvex.store.config import Config, load_config


class Settings:
    """What was found on disk last: a configuration, or what was wrong with it."""

    def __init__(self, config: Config, watch: Watch, view: Report) -> None:
        self._config = config
        self._watch = watch
        self._view = view
        self._last: Config | str = config

    def look(self) -> None:
        """Say it where the configuration on disk is no longer the one of this run."""
        found, wrong = self._read()
        # As for the schema, an editor may be in the middle of the save.
        if found != self._last and self._watch.changed_within(SAVING):
            found, wrong = self._read()
        if found == self._last:
            return
        self._last = found
        if wrong is not None:
            self._view.failed(wrong)
        elif found != self._config:
            self._view.note("the configuration was changed: it counts when `pocketvex dev` is started again")

    def _read(self) -> tuple[Config | str, ConfigError | None]:
        try:
            return load_config(self._config.root), None
        except ConfigError as error:
            return str(error), error
