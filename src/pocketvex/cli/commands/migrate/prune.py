"""`pocketvex migrate prune`: what migrations keep aside, listed and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pocketvex.cli.commands.options import (
    BinaryOption,
    ConfirmOption,
    DataDirOption,
    FormatOption,
    HostOption,
    NoBackupOption,
    ShowOption,
)
from pocketvex.cli.context import project, writing
from pocketvex.cli.show.formats import checked_format, show
from pocketvex.cli.terminal import output
from pocketvex.cli.terminal.ask import at_terminal, consent_to_host

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pocketvex.run.prune import KeptAside, Listed
    from pocketvex.target.kept import Cell


def prune(
    show_: ShowOption = None,
    format: FormatOption = "text",
    host: HostOption = None,
    confirm: ConfirmOption = None,
    no_backup: NoBackupOption = False,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """List what migrations keep aside, and delete what is named.

    Values of removed and rewritten fields, removed collections, and the files in .pocketvex/kept/. What is
    deleted is gone for good: taking the migration back restores the structure alone.
    """
    wanted = checked_format(format)
    config = project()

    from pocketvex.cli.show.kept import KeptShown
    from pocketvex.run import prune as use
    from pocketvex.target.backup import back_up

    with writing("pocketvex migrate prune", config, host, data_dir, pocketbase) as session:
        listed = use.list_kept(session)
        if show_ is not None:
            _tell_values(use.show(session.target, listed.kept, show_))
            return 0
        show(KeptShown(listed), wanted)
        if not listed.known:
            output.note(
                "note: only HTTP reaches the database, so values were not looked for: --data-dir does"
            )
        hosts = {session.target.host.name, session.target.host.url}
        names = [name for name in confirm or () if name not in hosts] or _named(listed)
        remote = [name for name in names if not name.startswith(".pocketvex/")]

        def agreed() -> None:
            if remote:
                consent_to_host(session, confirm or (), lambda: names, verb="delete")
                if not no_backup:
                    back_up(session.target, session.reporter, "prune")

        gone = use.prune(session, listed.kept, names, agreed)
    for kept in gone:
        output.note(f"deleted {kept.name}" + (f": {_no_way(kept)}" if kept.migration else ""))
    return 0


def _tell_values(cells: Sequence[Cell]) -> None:
    """One JSON object a line."""
    import json

    for cell in cells:
        output.verbatim(json.dumps(cell._asdict()))


def _named(listed: Listed) -> list[str]:
    """What somebody types on a terminal, name after name."""
    found: list[str] = []
    while listed.kept and len(found) < len(listed.kept) and at_terminal():
        name = output.typed("Type a name to delete it for good, nothing to end:")
        if not name:
            break
        found.append(name)
    return found


def _no_way(kept: KeptAside) -> str:
    what = "comes back empty" if kept.kind == "collection" else "comes back without these values"
    return f"when {kept.migration} is taken back, it {what}"
