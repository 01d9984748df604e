"""Commands as they are called most of the time, without an option: for them no parser is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def plain(arguments: Sequence[str]) -> Callable[[], int] | None:
    """What does just this; None for all that has to be parsed."""
    match [*arguments]:
        case ["types", "generate"]:
            from pocketvex.cli.typescript import generate

            return generate
        case ["schema", "diff"]:
            from pocketvex.cli.comparing import diff

            return diff
    return None
