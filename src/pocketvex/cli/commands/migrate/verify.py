"""`pocketvex migrate verify`, `reseal`, `prune`, `up --check`: what a history is worth, what it keeps."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pocketvex.cli.commands.options import (
    BinaryOption,
    ConfirmOption,
    DataDirOption,
    FormatOption,
    HostOption,
    NoBackupOption,
    ShowOption,
)
from pocketvex.cli.context import checked_format, project, project_or_history, taking_turn, writing
from pocketvex.cli.terminal import output
from pocketvex.cli.terminal.consent import at_terminal, consent_to_host
from pocketvex.errors import Exit
from pocketvex.schema.words import counted
from pocketvex.versions import Version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pocketvex.history.inspect import Finding
    from pocketvex.proof.verify import Checked, Verified
    from pocketvex.run.planning import Choices
    from pocketvex.run.prune import Kept, Listed
    from pocketvex.schema.model import Schema
    from pocketvex.server.binaries import Binary
    from pocketvex.store.config import Config
    from pocketvex.target.kept import Cell
    from pocketvex.target.session import Session


def verify(
    format: FormatOption = "text", confirm: ConfirmOption = None, pocketbase: BinaryOption = None
) -> int:
    """Prove every migration from nothing, up and down, with rows.

    Needs no server. What was found is remembered until a file changes.
    """
    wanted = checked_format(format)
    config = project_or_history()

    from pocketvex.cli.terminal.trusting import settle
    from pocketvex.history.folder import read_history
    from pocketvex.proof import verify as use
    from pocketvex.target.variables import surroundings_of

    settle(config, confirm or ())
    history = read_history(config.migrations)
    _check_names(confirm or (), history.names)
    binary, around = _binary(config, pocketbase), surroundings_of(config, os.environ)
    show = output.progress() or (lambda _: None)
    found = use.verify(config.root, history, binary, around=around, progress=show)
    if wanted == "json":
        from pocketvex.render.report.printable import as_json

        output.verbatim(as_json(use.as_json(found)))
    elif wanted == "github":
        _annotate(config, found)
    elif wanted == "markdown":
        _list(config, found)
    else:
        _tell(config, found)
    return Exit.FINDINGS if found.findings else 0


def reseal(
    files: Annotated[list[str], typer.Argument(help="The files, by name.", metavar="FILE...")],
    host: HostOption = None,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Rewrite sealed files with today's runtime.

    What they do stays the same. Each is proven on a scratch server before it is kept. A server that has run
    a file runs nothing again.
    """
    config = project()

    from pocketvex.cli.terminal.trusting import settle
    from pocketvex.history import first_format as first
    from pocketvex.history.folder import read_history
    from pocketvex.run import reseal as use

    settle(config)
    if host or data_dir:
        with writing("pocketvex migrate reseal", config, host, data_dir, pocketbase) as session:
            held, history = first.held_by(session), read_history(config.migrations)
            made = use.reseal(config.root, history, session.binary, files, held)
    else:
        with taking_turn(config, "pocketvex migrate reseal"):
            history = read_history(config.migrations)
            held = first.held_at_hand(config)
            made = use.reseal(config.root, history, _binary(config, pocketbase), files, held)
    for file in made:
        output.data(f"{config.migrations.name}/{file.name}: {file.said}")
        if file.proof:
            output.note(str(file.proof))
        if file.warning:
            output.note(f"note: {file.warning}")
    return 0


def foresee(session: Session, desired: Schema, to: str | None, said: Choices, recorded_only: bool) -> int:
    """`migrate up --check`: 7 where a pending file would not run, or where nobody can tell."""
    from pocketvex.run.check import check

    found = check(session, desired, to, said, now=int(time.time()), recorded_only=recorded_only)
    if not found.exact:
        output.note("note: only HTTP reaches the database: rows are counted, and no file is run")
    for file in found.files:
        output.data(f"{file.state:11} {file.name}" + (f":{file.line}" if file.line else ""))
        for line in file.why.splitlines():
            output.data(f"    {line}")
        if file.todo:
            output.data(f"  → {file.todo}")
    if not found.files:
        output.data("nothing to run: the server has run the whole history")
    return 0 if found.clear else Exit.FINDINGS


def prune(
    show: ShowOption = None,
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

    from pocketvex.history.backup import back_up
    from pocketvex.run import prune as use

    with writing("pocketvex migrate prune", config, host, data_dir, pocketbase) as session:
        listed = use.list_kept(session)
        if show is not None:
            _tell_values(use.show(session, listed.kept, show))
            return 0
        _tell_kept(listed, wanted)
        hosts = {session.host.name, session.host.url}
        names = [name for name in confirm or () if name not in hosts] or _named(listed)
        remote = [name for name in names if not name.startswith(".pocketvex/")]

        def agreed() -> None:
            if remote:
                consent_to_host(session, confirm or (), lambda: names, verb="delete")
                if not no_backup:
                    back_up(session, "prune")

        gone = use.prune(session, listed.kept, names, agreed)
    for kept in gone:
        output.note(f"deleted {kept.name}" + (f": {_no_way(kept)}" if kept.migration else ""))
    return 0


def _tell_kept(listed: Listed, format: str) -> None:
    if format == "json":
        from pocketvex.render.report.printable import as_json

        rows = [{k: v for k, v in kept._asdict().items() if k != "groups"} for kept in listed.kept]
        output.verbatim(as_json({"version": 1, "complete": listed.known, "kept": rows}))
    else:
        from pocketvex.render.report.markdown import code

        for kept in listed.kept:
            where = f"; put aside by {kept.migration}" if kept.migration else ""
            way = f"; {kept.way_back}" if kept.way_back else ""
            name = f"- {code(kept.name)}" if format == "markdown" else kept.name
            output.data(f"{name}: {counted(kept.rows, 'row')}{where}{way}")
        if not listed.kept:
            output.data("nothing is kept aside")
    if not listed.known:
        output.note("note: only HTTP reaches the database, so values were not looked for: --data-dir does")


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


def _no_way(kept: Kept) -> str:
    what = "comes back empty" if kept.kind == "collection" else "comes back without these values"
    return f"when {kept.migration} is taken back, it {what}"


def _check_names(confirmed: list[str] | tuple[str, ...], names: tuple[str, ...]) -> None:
    from pocketvex.errors import UsageError

    if strangers := [name for name in confirmed if name not in names]:
        raise UsageError(
            f"--confirm {strangers[0]}: there is no such migration",
            todo="Here it takes names of files in the folder of migrations.",
        )


def _binary(config: Config, path: Path | None) -> Binary:
    """What was pointed at, else the version of the server that is meant, as far as it is known."""
    from pocketvex.server import binaries
    from pocketvex.store.hosts import choose_host
    from pocketvex.store.state import load_state

    host = choose_host(config, flag=None, environ=os.environ)
    known = "" if host.embedded else load_state(config.root, host.key).server_version
    version = config.pocketbase or known
    return binaries.find(Version.parse(version) if version else None, explicit=path or host.binary)


def _tell(config: Config, found: Verified) -> None:
    output.note(f"PocketBase {found.version}" + (", nothing changed since the last time" * found.cached))
    width = max((len(file.state) for file in found.files), default=0)
    for file in found.files:
        output.data(f"{file.state:{width}} {file.name}{_note(file)}")
    if not found.files:
        output.data("no migrations yet")
    for finding in found.findings:
        _tell_one(config, finding)
    for advisory in found.advisories:
        _tell_one(config, advisory, "advisory: ")
    kinds = [(found.findings, "finding", "findings"), (found.advisories, "advisory", "advisories")]
    if any(items for items, _, _ in kinds):
        output.note(", ".join(f"{len(i)} {one if len(i) == 1 else some}" for i, one, some in kinds if i))


def _tell_one(config: Config, finding: Finding, kind: str = "") -> None:
    place = f"{config.migrations.name}/{finding.place}"
    output.data(f"{output.styled(place, 'bold')}: {kind}{finding.what}")
    for line in finding.why.splitlines():
        output.data(f"    {line}")
    if finding.todo:
        output.data(f"  → {finding.todo}")


def _annotate(config: Config, found: Verified) -> None:
    from pocketvex.errors import Location
    from pocketvex.render.report.github import command

    levels = [("error", found.findings), ("notice", found.advisories)]
    for level, finding in ((level, finding) for level, findings in levels for finding in findings):
        text = "\n".join(filter(None, (finding.what, finding.why, finding.todo)))
        where = Location(f"{config.migrations.name}/{finding.file}", finding.line or 1)
        output.commands([command(level, text, "migration", where)])


def _list(config: Config, found: Verified) -> None:
    from pocketvex.render.report.markdown import code, prose

    proven = sum(file.state == "proven" for file in found.files)
    output.data(
        f"**{proven} of {counted(len(found.files), 'migration')} proven** on PocketBase {found.version}"
    )
    kinds = [("", found.findings), ("advisory: ", found.advisories)]
    for kind, finding in ((kind, finding) for kind, findings in kinds for finding in findings):
        place = code(f"{config.migrations.name}/{finding.place}")
        below = [f"  {prose(line)}" for line in [*finding.why.splitlines(), finding.todo] if line]
        output.data("\n".join(["", f"- {place} {kind}{prose(finding.what)}", *below]))


def _note(file: Checked) -> str:
    if file.state == "proven":
        said = counted(file.rows, "row")
        return f"  {said}, {file.kept} with all values after up" if file.kept != file.rows else f"  {said}"
    return f"  {file.note}" if file.note else ""
