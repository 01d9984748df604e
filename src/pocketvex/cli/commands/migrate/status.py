"""`pocketvex migrate status`: where a server stands in the history."""

from __future__ import annotations

from pocketvex.cli.commands.options import BinaryOption, DataDirOption, FormatOption, HostOption
from pocketvex.cli.context import choices, load_if_any, opened, project_or_history
from pocketvex.cli.show.formats import checked_format, show


def status(
    host: HostOption = None,
    format: FormatOption = "text",
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """List the migrations, and what the code asks beyond them."""
    wanted = checked_format(format)
    config = project_or_history()
    desired = load_if_any(config, "run.status")

    from pocketvex.cli.show.status import StatusShown
    from pocketvex.run import status as use
    from pocketvex.schema.model import Schema

    with opened(config, host, data_dir, pocketbase) as session:
        found = use.status(session, desired, choices())
    show(StatusShown(found, desired or Schema(), config), wanted)
    return 0
