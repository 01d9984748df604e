"""A copy of the data of a server that only HTTP reaches: a backup, downloaded, and deleted on both sides."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pocketvex.errors import PocketVexError, ServerError
from pocketvex.store.temporary import temporary
from pocketvex.target.backup import back_up
from pocketvex.target.session import Session

_NEEDED = ("data.db", "auxiliary.db")


@contextmanager
def downloaded(session: Session) -> Iterator[Path]:
    """The databases of the server in a folder of this machine that only its user can read."""
    client, reporter = session.target.client, session.reporter
    with temporary("copy") as folder:
        name = back_up(session.target, reporter, "check")
        try:
            reporter.progress("downloading the backup")
            client.download_backup(name, folder / "backup.zip")
        finally:
            reporter.progress("")
            # It holds what superusers sign in with; whoever wants to keep one makes one.
            with suppress(PocketVexError):
                client.delete_backup(name)
        data = folder / "pb_data"
        data.mkdir(mode=0o700)
        try:
            with zipfile.ZipFile(folder / "backup.zip") as packed:
                for member in (m for m in packed.namelist() if m in _NEEDED):
                    packed.extract(member, data)
        except (OSError, zipfile.BadZipFile) as error:
            raise ServerError(
                f"the backup of {session.target.url} cannot be read", why=f"{error}.", todo="Try again."
            ) from error
        (folder / "backup.zip").unlink()
        yield data
