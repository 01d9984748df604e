"""`pocketvex migrate up --check`: what would become of the pending files on the real rows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pocketvex.cli.terminal import output
from pocketvex.errors import Exit

if TYPE_CHECKING:
    from pocketvex.run.situation import Choices
    from pocketvex.schema.model import Schema
    from pocketvex.target.session import Session


def foresee(
    session: Session,
    desired: Schema,
    to: str | None,
    said: Choices,
    *,
    recorded_only: bool,
    with_data: bool,
) -> int:
    """Say it of each file; 7 where a pending file would not run, or where nobody can tell."""
    from pocketvex.run.check import check

    found = check(
        session, desired, to, said, now=int(time.time()), recorded_only=recorded_only, with_data=with_data
    )
    if not found.exact:
        output.note(
            "note: only HTTP reaches the database: what is sent was rehearsed on a scratch server, and rows "
            "were counted; --with-data runs the files on a copy of the data"
        )
    for file in found.files:
        output.data(f"{file.state:11} {file.name}" + (f":{file.line}" if file.line else ""))
        for line in file.why.splitlines():
            output.data(f"    {line}")
        if file.todo:
            output.data(f"  → {file.todo}")
    if not found.files:
        output.data("nothing to run: the server has run the whole history")
    return 0 if found.clear else Exit.FINDINGS
