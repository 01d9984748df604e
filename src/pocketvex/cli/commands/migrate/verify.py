"""`pocketvex migrate verify`: every migration proven from nothing."""

from __future__ import annotations

import os

from pocketvex.cli.commands.options import BinaryOption, ConfirmOption, FormatOption
from pocketvex.cli.context import binary_of, project_or_history
from pocketvex.cli.show.formats import checked_format, show
from pocketvex.cli.terminal import output
from pocketvex.cli.terminal.ask import consent_to_replay
from pocketvex.errors import Exit, UsageError


def verify(
    format: FormatOption = "text", confirm: ConfirmOption = None, pocketbase: BinaryOption = None
) -> int:
    """Prove every migration from nothing, up and down, with rows.

    Needs no server. What was found is remembered until a file changes.
    """
    wanted = checked_format(format)
    config = project_or_history()

    from pocketvex.cli.show.verified import VerifiedShown
    from pocketvex.history.folder import read_history
    from pocketvex.proof import verify as use
    from pocketvex.target.variables import surroundings_of

    consent_to_replay(config, confirm or ())
    history = read_history(config.migrations)
    _check_names(confirm or (), history.names)
    binary, around = binary_of(config, pocketbase), surroundings_of(config, os.environ)
    progress = output.progress() or (lambda _: None)
    found = use.verify(config.root, history, binary, around=around, progress=progress)
    show(VerifiedShown(found, config), wanted)
    return Exit.FINDINGS if found.findings else 0


def _check_names(confirmed: list[str] | tuple[str, ...], names: tuple[str, ...]) -> None:
    if strangers := [name for name in confirmed if name not in names]:
        raise UsageError(
            f"--confirm {strangers[0]}: there is no such migration",
            todo="Here it takes names of files in the folder of migrations.",
        )
