"""`pocketvex util test-connection`: whether a server is there, and lets us in."""

from __future__ import annotations

from pocketvex.cli.commands.options import BinaryOption, DataDirOption, HostOption
from pocketvex.cli.context import opened, project
from pocketvex.cli.terminal import output


def test_connection(
    host: HostOption = None, data_dir: DataDirOption = None, pocketbase: BinaryOption = None
) -> int:
    """Log in, list the collections, say which version it is."""
    from pocketvex.api import probe

    config = project()
    with opened(config, host, data_dir, pocketbase) as session:
        found = probe.test_connection(session.target.client)
        session.memory.save(server_version=str(found.version))
    output.data(
        f"{found.url}: PocketBase {found.version}, signed in as superuser, {found.collections} collections"
    )
    return 0
