"""Commands as they are called most of the time, with few options or none: for them no parser is loaded."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

COMPLETE = "_POCKETVEX_COMPLETE"
"""Set by a shell that asks for what may follow, instead of running it."""


def plain(arguments: Sequence[str]) -> Callable[[], int] | None:
    """What does just this; None for all that has to be parsed."""
    if COMPLETE in os.environ:
        return None
    match [*arguments]:
        case ["types", "generate", *options] if (said := _options(options)) is not None:
            from pocketvex.cli.commands.types.typescript import generate

            return partial(generate, **said)
        case ["schema", "diff"]:
            from pocketvex.cli.commands.schema.compare import compare

            return compare
    return None


_WITH_VALUE: dict[str, tuple[str, Callable[[str], object]]] = {
    "--from": ("source", str),
    "--host": ("host", str),
    "--out": ("out", Path),
}


def _options(words: Sequence[str]) -> dict[str, Any] | None:
    """The options of `types generate`; None where there is anything to explain, or a rarer spelling."""
    said: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        if word == "--check":
            said["check"] = True
            continue
        value = next(rest, "")
        if word not in _WITH_VALUE or not value or value.startswith("-"):
            return None
        name, read = _WITH_VALUE[word]
        said[name] = read(value)
    return said
