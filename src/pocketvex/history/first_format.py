"""What files of the first format keep on a server: today's runtime does not look there.

Values lie in `_pv_kept` and collections under `_pv_<stamp>_…`, by the stamp in the name of the file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from pocketvex.errors import HistoryError, UsageError
from pocketvex.history.folder import MigrationFile
from pocketvex.server.ledger import reading
from pocketvex.steps.first_format import is_first
from pocketvex.store.config import Config
from pocketvex.store.files import LOCAL
from pocketvex.store.hosts import choose_host
from pocketvex.target import kept
from pocketvex.target.target import Target


def refuse_resealed(target: Target, texts: Mapping[str, str]) -> None:
    """Raise HistoryError where one of these files, about to run, would not give back what is kept."""
    found = held_in(target.data_dir) if target.data_dir else {}
    for name, text in texts.items():
        held = found.get(MigrationFile(name, text).digits)
        if held and not is_first(text):
            raise HistoryError(
                f"{name} is not run: it was resealed, and this server keeps values of the old file",
                why="Today's runtime would not give these back:\n" + "\n".join(held),
                todo="Put the old file back from version control, run this command with it, and take the new "
                "one then. `pocketvex migrate prune` lists what is kept, and deletes what is named.",
            )


def held_by(target: Target) -> dict[str, list[str]]:
    """What files of the first format keep on a server, in words, by their stamps."""
    groups = kept.groups(target)
    if groups is None:
        raise UsageError(
            f"{target.url} is reached over HTTP only: nobody can look for what files keep there",
            todo="Say where its data is: --data-dir.",
        )
    values = [(g.migration, g.collection, g.field, g.rows) for g in groups if g.table == kept.FIRST]
    return _held(values, [item["name"] for item in target.fetch()])


def held_in(data_dir: Path) -> dict[str, list[str]]:
    """The same of a data directory, with or without a server."""
    if not (data_dir / "data.db").is_file():
        return {}
    with reading(data_dir) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
        query = f"SELECT migration, collection, field, COUNT(*) FROM {kept.FIRST} GROUP BY 1, 2, 3"
        values = database.execute(query).fetchall() if kept.FIRST in tables else []
        return _held(values, sorted(tables))


def held_at_hand(config: Config) -> dict[str, list[str]]:
    """The same of the embedded server and of one whose data is configured, without asking either."""
    host = choose_host(config, flag=None, environ=os.environ)
    folders = [config.root / LOCAL / "embedded" / "data", *([host.data_dir] if host.data_dir else [])]
    found: dict[str, list[str]] = {}
    for folder in folders:
        for stamp, held in held_in(folder).items():
            found.setdefault(stamp, []).extend(held)
    return found


def _held(values: Iterable[tuple[str, str, str, int]], collections: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for migration, collection, field, count in values:
        what = f"{collection}.{field}: {count} value{'s' * (count != 1)}"
        found.setdefault(migration, []).append(what)
    for name in collections:
        if match := re.fullmatch(r"_pv_([0-9]+|draft)_\w+", name):
            found.setdefault(match[1], []).append(f"{name}: a collection that was put away")
    return found
