"""`pocketvex explain`: the text of a code."""

from __future__ import annotations

from typing import Annotated

import typer

from pocketvex.cli import complete
from pocketvex.cli.terminal import output


def explain(
    code: Annotated[
        str, typer.Argument(metavar="CODE", help="For example PV201.", autocompletion=complete.codes)
    ],
) -> int:
    """Say what a code means, why it matters, and the safe way."""
    from pocketvex.errors import UsageError
    from pocketvex.plan.codes import CODES

    found = CODES.get(code.upper())
    if found is None:
        raise UsageError(f"no code {code}", todo=f"There are: {', '.join(CODES)}.")
    output.data(f"{code.upper()}: {found.title}\n\n{found.why}\n\n{found.todo}")
    return 0
