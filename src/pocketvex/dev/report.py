"""What the loop tells whoever shows it."""

from __future__ import annotations

from typing import Protocol

from pocketvex.errors import (
    PocketVexError,
    ServerError,
)
from pocketvex.run.draft import DraftState, Outstanding
from pocketvex.run.sync import Outcome


class Report(Protocol):
    """What the loop tells; the terminal is not its business."""

    def printed(self, text: str) -> None: ...

    def failed(self, error: PocketVexError) -> None: ...

    def mended(self) -> None: ...

    def types(self, file: str) -> None: ...

    def passed(
        self, outcome: Outcome, draft: DraftState, found: Outstanding, seconds: float, *, asked: bool
    ) -> None: ...

    def proven(self, draft: DraftState) -> None: ...

    def watching(self, folder: str) -> None: ...

    def unreachable(self, error: ServerError) -> None: ...

    def back(self, title: str) -> None: ...

    def waiting(self, text: str) -> None: ...

    def note(self, text: str) -> None: ...

    def stopped(self) -> None: ...
