"""`pocketvex util test-connection`: whether a server is there, lets us in, and what stands in our way."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pocketvex.cli.commands.options import BinaryOption, DataDirOption, HostOption
from pocketvex.cli.context import opened, project
from pocketvex.cli.terminal import output

if TYPE_CHECKING:
    from pocketvex.doctor.examine import Check
    from pocketvex.target.session import Session


def test_connection(
    host: HostOption = None, data_dir: DataDirOption = None, pocketbase: BinaryOption = None
) -> int:
    """Log in, list the collections, say which version it is.

    A password that is given is used, whatever login is kept. Settings that are in the way are named.
    """
    from pocketvex.api import probe
    from pocketvex.doctor.examine import examine

    config = project()
    with opened(config, host, data_dir, pocketbase) as session:
        found = probe.test_connection(session.target.client)
        session.memory.save(server_version=str(found.version))
        examined = examine(_checks(session))
    who = f"superuser {found.superuser}" if found.superuser else "superuser"
    output.data(
        f"{found.url}: PocketBase {found.version}, signed in as {who}, {found.collections} collections"
    )
    for one in examined:
        for finding in one.findings:
            output.note(f"note: {finding.path}: {finding.message} ({finding.code})")
            if finding.todo:
                output.note(f"→ {finding.todo}")
    return 0


def _checks(session: Session) -> list[Check]:
    from pocketvex.doctor import server as look
    from pocketvex.doctor.examine import Check

    return [
        Check("clock", partial(look.clock, session)),
        Check("settings", partial(look.settings, session)),
        Check("automigrate", partial(look.automigrate, session)),
        Check("database", partial(look.locks, session)),
        Check("version", partial(look.version, session)),
    ]
