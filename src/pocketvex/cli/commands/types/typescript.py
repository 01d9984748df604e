"""The TypeScript of the code, of a server, or of an export."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pocketvex.cli.context import load, opened, project, project_or_here
from pocketvex.cli.terminal import output
from pocketvex.errors import Exit, ServerProcessError, UsageError
from pocketvex.versions import Version

if TYPE_CHECKING:
    from pocketvex.run.types import Files
    from pocketvex.schema.model import Schema
    from pocketvex.server.binaries import Binary
    from pocketvex.store.config import Config

CODE, _LIVE = "schema", "live"


def generate(
    *, check: bool = False, source: str = CODE, out: Path | None = None, host: str | None = None
) -> int:
    """Write the files, or with `check` only say which are stale; the exit code."""
    if host is not None and source != _LIVE:
        raise UsageError("--host goes with --from live", todo="Add --from live, or leave --host out.")
    if out is not None and (out.is_file() or out.suffix == ".ts"):
        raise UsageError(
            f"--out {out} is no folder",
            why="Two files are written: types.ts, and api-client.ts that imports it.",
            todo=f"Name their folder, for example --out {out.parent}.",
        )
    folder, files = _read(source, host, out, check=check)

    from pocketvex.run.types import difference, shown, stale, write_files

    changed = stale(folder, files) if check else write_files(folder, files)
    for name in files:
        there = (folder / name).exists()
        differs = "written" if not check else "is stale" if there else "is missing"
        said = differs if name in changed else "is up to date"
        output.data(f"{shown(folder / name, Path.cwd())} {said}")
        if check and name in changed:
            for line in difference(folder / name, files[name]):
                output.note(f"  {line}")
    if check and changed:
        output.note("→ pocketvex types generate")
        return Exit.FINDINGS
    return 0


def _read(source: str, host: str | None, out: Path | None, *, check: bool) -> tuple[Path, Files]:
    """Where the files go, and what they say."""
    if source == CODE:
        config = project()
        return out or config.generated, _of_code(config, check=check)
    if source == _LIVE:
        # A server that is named needs no project: whoever has only one can begin with this.
        named = out is not None and (host or os.environ.get("PB_URL"))
        config = project_or_here() if named else project()
        with opened(config, host, needed=["run.types"]) as session:
            from pocketvex.run.types import files_of_server
            from pocketvex.target.start import start

            return out or config.generated, files_of_server(start(session, write=False).raw)
    if "://" in source:
        raise UsageError(f"--from {source} is an address", todo=f"Say --from {_LIVE} --host {source}.")
    path = Path(source)
    if not path.is_file():
        raise UsageError(
            f"--from {source}: there is no such file",
            todo=f"Use {CODE} for the code, {_LIVE} for a server, or name a file of exported collections.",
        )
    # Nor does an export.
    folder = out or project().generated

    from pocketvex.run.types import files_of_export

    return folder, files_of_export(path, source)


def _of_code(config: Config, *, check: bool) -> Files:
    loaded = load(config, "run.types")

    from pocketvex.run.types import files_of_code, files_without_columns

    if not loaded.files:
        from pocketvex.load.sources import declares_nothing

        output.note(f"note: {declares_nothing(config.schema.name)}")
    _tell_unknown(loaded.schema)
    try:
        return files_of_code(config, loaded.schema, lambda: _binary(config))
    except ServerProcessError as error:
        # What is written now would be other bytes than where a PocketBase runs.
        if check:
            raise
        output.note(f"the columns of views stay unknown: {error.what}")
        return files_without_columns(loaded.schema)


def _tell_unknown(schema: Schema) -> None:
    """Name the views that read a table which no collection stands for: PocketBase cannot be asked."""
    if not any(c.type == "view" for c in schema.collections):
        return
    from pocketvex.schema.limits import unknown_views

    for name, table in unknown_views(schema).items():
        output.note(f"note: the columns of {name} stay unknown: it reads {table}, which is no collection")


def _binary(config: Config) -> Binary:
    from pocketvex.server.binaries import find

    return find(Version.parse(config.pocketbase) if config.pocketbase else None)
