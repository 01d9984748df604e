"""Commands as they are called most of the time, without an option: for them no parser is loaded."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

COMPLETE = "_POCKETVEX_COMPLETE"
"""Set by a shell that asks for what may follow, instead of running it."""


def plain(arguments: Sequence[str]) -> Callable[[], int] | None:
    """What does just this; None for all that has to be parsed."""
    if COMPLETE in os.environ:
        return None
    match [*arguments]:
        case ["types", "generate"]:
            from pocketvex.cli.typescript import generate

            return generate
        case ["schema", "diff"]:
            from pocketvex.cli.comparing import diff

            return diff
    return None
