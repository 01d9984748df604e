"""`pocketvex schema pull`: Python for what a server has."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pocketvex.cli.commands.options import BinaryOption, DataDirOption, HostOption
from pocketvex.cli.context import opened, project_or_here, taking_turn
from pocketvex.cli.terminal import output
from pocketvex.cli.terminal.ask import at_terminal
from pocketvex.errors import ConsentNeeded, PocketVexError, UsageError
from pocketvex.paths import ThingPath
from pocketvex.store.config import EMBEDDED
from pocketvex.versions import Version

if TYPE_CHECKING:
    from pocketvex.render.python.modules import Pulled
    from pocketvex.run.pull import Left, Result
    from pocketvex.run.selection import Asked
    from pocketvex.schema.model import Schema
    from pocketvex.store.config import Config
    from pocketvex.store.hosts import Host
    from pocketvex.target.session import Session

FromOption = Annotated[
    Path | None,
    typer.Option("--from", help="Exported JSON in the place of a server.", metavar="FILE"),
]


def pull(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="posts, or posts.title; all by default.")
    ] = None,
    host: HostOption = None,
    from_: FromOption = None,
    print_: Annotated[bool, typer.Option("--print", help="To stdout; no file is written.")] = False,
    one_file: Annotated[
        bool, typer.Option("--one-file", help="One file for all, in the place of one for each.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write the classes of the named collections anew.")
    ] = False,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Write Python for what a server has. Files that exist are left alone."""
    if force and not names:
        raise UsageError(
            "--force wants names: the collections whose classes may be written anew",
            todo="Say `pocketvex schema pull posts --force`.",
        )
    if from_ is not None and host is not None:
        raise UsageError("--from and --host exclude each other", todo="Say where the schema is to be read.")
    config = project_or_here()

    from pocketvex.run.selection import Asked

    asked = Asked(tuple(names or ()), one_file, force)
    if from_ is not None:
        return _from_file(config, from_, asked, print_)
    host = _existing(config, host)
    alone = nullcontext() if print_ else taking_turn(config, "pocketvex schema pull")
    with alone, opened(config, host, data_dir, pocketbase) as session:
        code = _from_server(session, asked, print_)
    if not print_:
        _offer_to_remember(config, session.target.host)
    return code


def _existing(config: Config, flag: str | None) -> str | None:
    """Which server to pull from: a new embedded one has nothing that anybody wants to pull."""
    from pocketvex.run.scaffold import has_embedded, has_history
    from pocketvex.store.known_hosts import is_decided, known_hosts

    if is_decided(config, flag, os.environ) or len(known_hosts(config, os.environ)) > 1:
        return flag
    if has_embedded(config) or has_history(config):
        return flag
    if at_terminal():
        from pocketvex.cli.terminal.host_menu import asked_address

        return asked_address(config).url or EMBEDDED
    raise UsageError(
        "which server to pull from is not said, and none runs here yet",
        todo="Say `pocketvex schema pull --host URL`, or set PB_URL.",
    )


def _offer_to_remember(config: Config, host: Host) -> None:
    """A server that was named by its address is written into the configuration, if somebody says so."""
    if host.embedded or host.name in config.hosts:
        return
    from pocketvex.cli.terminal.new_host import suggested_name

    if not at_terminal():
        name = suggested_name(host.url)
        output.note(f"→ `pocketvex host add {name} {host.url} --default` remembers this server")
        return
    import sys

    import questionary
    from prompt_toolkit.output import create_output

    from pocketvex.cli.terminal.new_host import add_host, asked_name

    err = create_output(sys.stderr)
    text = f"Remember {host.url} as the server of this project?"
    if questionary.confirm(text, default=True, output=err).unsafe_ask():
        add_host(config, asked_name(config, host.url), host.url, default=True)


def pull_from(config: Config, url: str) -> int:
    """Write Python for what this server has, into a project that has no code yet."""
    from pocketvex.run.selection import Asked

    with taking_turn(config, "pocketvex init"), opened(config, url) as session:
        return _from_server(session, Asked(), print_=False)


def pull_history(config: Config) -> int:
    """Run the history on the embedded server, and write what it builds."""
    from pocketvex.run.selection import Asked

    with taking_turn(config, "pocketvex init"), opened(config, EMBEDDED) as session:
        return _from_server(session, Asked(), print_=False)


def _from_server(session: Session, asked: Asked, print_: bool) -> int:
    from pocketvex.history.shadow import replay
    from pocketvex.run import adoption as adopt
    from pocketvex.run import pull
    from pocketvex.target.start import start

    if not asked.names:
        _run_history(session, may_run=not print_)
    session, raw = start(session, write=False)
    live, version = session.target.schema_of(raw), session.target.version
    empty = replay(session.binary, [], session.shadow_cache).collections
    usual = adopt.usual_options(empty)
    if print_:
        pulled = pull.render(session.config, live, asked, usual)
        return _print(pulled, pull.parts(pulled, live, asked))
    result = pull.find(session.config, live, asked, usual, version)
    code = _write(session.config, result)
    _force(session.config, result, live, version)
    if taken := (*result.adopted, *result.same):
        desired = pull.check(session.config, result, live, version)
        adopt.take_over(session, desired, raw, taken)
        if not any(session.config.migrations.glob("*.js")):
            where = "" if session.target.data_dir else " --data-dir PATH"
            output.note(f"→ `pocketvex migrate baseline{where}` begins a history with what the server has")
    for path in [] if asked.names else adopt.changed_system(raw, empty):
        output.note(f"note: {path} was changed on the server: PocketBase's own collections stay as they are")
    return code


def _run_history(session: Session, *, may_run: bool) -> None:
    """Where a folder has only a history, the embedded server first becomes what that builds.

    Elsewhere the files that a server lacks are named: what they build is not what is pulled.
    """
    from pocketvex.run.declared import declares_something
    from pocketvex.run.situation import locate
    from pocketvex.target.start import start

    alone = may_run and session.target.host.embedded and not declares_something(session.config)
    try:
        session, raw = start(session, write=False)
        pending = locate(session, raw).pending
    except PocketVexError:
        if alone:
            raise
        return  # it is said when the collections are taken over
    if not pending:
        return
    number = f"{len(pending)} file{'s' if len(pending) != 1 else ''} of {session.config.migrations.name}/"
    if not alone:
        output.note(
            f"note: {number} did not run there, so what they build is not pulled: {', '.join(pending)}"
        )
        output.note("→ `pocketvex migrate up` runs them")
        return
    import time

    from pocketvex.run import migrate
    from pocketvex.run.situation import Choices
    from pocketvex.schema.model import Schema

    migrate.up(session, Schema(), to=None, now=int(time.time()), choices=Choices(), recorded_only=True)
    output.note(f"ran {number}")


def _from_file(config: Config, file: Path, asked: Asked, print_: bool) -> int:
    from pocketvex.history.shadow import replay
    from pocketvex.run import adoption as adopt
    from pocketvex.run import pull
    from pocketvex.server import binaries
    from pocketvex.store.files import LOCAL

    live = pull.exported(file)
    binary = binaries.find(Version.parse(config.pocketbase) if config.pocketbase else None)
    usual = adopt.usual_options(replay(binary, [], config.root / LOCAL / "shadow").collections)
    if print_:
        pulled = pull.render(config, live, asked, usual)
        return _print(pulled, pull.parts(pulled, live, asked))
    with taking_turn(config, "pocketvex schema pull"):
        result = pull.find(config, live, asked, usual, binary.version)
        code = _write(config, result)
        _force(config, result, live, binary.version)
        if result.adopted:
            pull.check(config, result, live, binary.version)
    return code


def _print(pulled: Pulled, parts: list[str]) -> int:
    """Everything on stdout, a comment before each module where there are several; or the parts alone."""
    if parts:
        output.verbatim("\n".join(parts))
        return 0
    for number, module in enumerate(pulled.modules):
        if len(pulled.modules) > 1:
            output.data(("\n\n" if number else "") + f"# {module.name}.py\n")
        output.verbatim(module.text.rstrip("\n"))
    _tell(pulled)
    return 0


def _write(config: Config, result: Result) -> int:
    """Write the files, and show what was left to a person; 5 where that was asked for by name."""
    from pocketvex.run import pull

    for path, anew in pull.write(config, result):
        output.data(f"{'~' if anew else '+'} {path}")
    for name in result.same:
        output.data(f"= {name}: the code says the same")
    for left in result.left:
        _show(left)
    _tell(result.written)
    if not (result.adopted or result.same or result.left):
        output.note("nothing to write: the code declares every collection, and as the server has it")
    return ConsentNeeded.exit_code if any(left.named for left in result.left) else 0


def _force(config: Config, result: Result, live: Schema, version: Version) -> None:
    """Bring classes in a person's files to what the server has, and say where the old file lies."""
    from pocketvex.run.forcing import bring

    copies: set[str] = set()
    for brought in bring(config, result.forced, result.adopted, live, version):
        if brought.copy not in copies:
            output.data(f"~ {brought.file}")
            output.note(f"the file as it was: {brought.copy}")
        copies.add(brought.copy)
        if brought.lost:
            output.note(f"note: {brought.name} is written anew as a whole, without {', '.join(brought.lost)}")


def _show(left: Left) -> None:
    """What the server has in the place of what a person wrote."""
    if not left.named:
        output.note(
            f"{left.where}: {left.path} is left alone, and the server has it otherwise: "
            f"`pocketvex schema pull {left.path}` shows it"
        )
        return
    if not left.text:
        output.note(f"{left.where}: {left.path} is not on the server")
        output.note(f"→ take it out of the code, or --confirm {left.path} makes it again")
        return
    output.note(f"{left.where}: {left.path} is yours to edit; the server has:")
    output.verbatim(left.text)
    for line in left.diff:
        output.note(f"    {line}")
    what = "the class anew" if ThingPath.parse(left.path).collection == left.path else "it into the class"
    output.note(f"→ paste it, or `pocketvex schema pull {left.path} --force` writes {what}")


def _tell(pulled: Pulled) -> None:
    """What a person has to know about what was written."""
    for name, variables in pulled.secrets.items():
        output.note(f"note: {name}: the secrets are read from {', '.join(variables)}: PocketBase shows none")
    for path in pulled.left_out:
        output.note(f"note: {path} is of a type that this PocketVex does not know: it is left out")
