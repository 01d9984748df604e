"""The collections of a server, asked for while this interpreter does other things."""

from __future__ import annotations

from threading import Thread
from typing import Any

from pocketvex.api.client import Client

Json = dict[str, Any]


class Ahead:
    """For who takes them at once: later others may have changed what was found."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._found: list[Json] | None = None
        self._failed: BaseException | None = None
        self._thread: Thread | None = Thread(target=self._look, name="pocketvex-look", daemon=True)
        self._thread.start()

    def _look(self) -> None:
        try:
            self._found = self._client.collections()
        except BaseException as error:  # handed to whoever asks for what was looked for
            self._failed = error

    def take(self) -> list[Json] | None:
        """What was found, once; raises what went wrong."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed
        found, self._found = self._found, None
        return found
