"""Commands as they are called most of the time, without an option: for them no parser is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial


def plain(arguments: Sequence[str]) -> Callable[[], int] | None:
    """What does just this; None for all that has to be parsed."""
    match [*arguments]:
        case ["types", "generate"]:
            from pocketvex.cli.typescript import generate

            return partial(_call, generate)
        case ["schema", "diff"]:
            from pocketvex.cli.comparing import diff

            return partial(_call, diff)
    return None


def _call(command: Callable[[], int]) -> int:
    try:
        return command()
    except KeyboardInterrupt:
        return 130  # without a word, as the parser does it
