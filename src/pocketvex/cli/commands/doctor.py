"""`pocketvex doctor`: what is wrong with a machine, a project, a server; and what to do about it."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pocketvex.cli.commands.options import BinaryOption, DataDirOption, FormatOption, HostOption
from pocketvex.cli.context import opened, project
from pocketvex.cli.show.formats import Format, checked_format, show
from pocketvex.cli.terminal import output
from pocketvex.errors import ConfigError, Exit, NoProject, PocketVexError

if TYPE_CHECKING:
    from pocketvex.doctor.examine import Check, Examined
    from pocketvex.load.loader import Loaded
    from pocketvex.store.config import Config
    from pocketvex.target.session import Session

_FORMATS = (Format.TEXT, Format.JSON, Format.GITHUB)


def doctor(
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what is local and safe: .gitignore, modes of files, types.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Look at no server.")] = False,
    format: FormatOption = "text",
    host: HostOption = None,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Look for what is wrong here, in the project and on its server.

    Nothing is written to a server. Exits with 7 where something has to be mended.
    """
    from pocketvex.cli.show.doctor import DoctorShown
    from pocketvex.doctor.examine import Check, Examined, examine, of_error
    from pocketvex.doctor.mend import mend
    from pocketvex.doctor.project import packages

    wanted = checked_format(format, _FORMATS)
    first = [Check("packages", packages)]
    try:
        config = project()
    except NoProject:
        raise  # nothing to look at
    except ConfigError as error:
        broken = Examined("configuration", (of_error("configuration", error),))
        show(DoctorShown([*examine(first), broken], None), wanted)
        return Exit.FINDINGS
    loaded, problem = _loaded(config)
    if fix:
        for said in mend(config, loaded.schema if loaded else None):
            output.note(said)
    checks = [*first, *_offline(config, loaded)]
    found = [*examine(checks), Examined("schema", (of_error("schema", problem),) if problem else ())]
    if not offline:
        found += _server(config, loaded, host, data_dir, pocketbase)
    shown = DoctorShown(found, config)
    show(shown, wanted)
    return Exit.FINDINGS if any(finding.level == "error" for finding in shown.findings) else 0


def _loaded(config: Config) -> tuple[Loaded | None, PocketVexError | None]:
    from pocketvex.load.loader import load_schema

    try:
        return load_schema(config.root, config.schema, timeout=config.load_timeout), None
    except PocketVexError as error:
        return None, error


def _offline(config: Config, loaded: Loaded | None) -> list[Check]:
    from pocketvex.doctor import project as look
    from pocketvex.doctor.examine import Check
    from pocketvex.target.variables import environ_of
    from pocketvex.versions import NEWEST, Version

    version = Version.parse(config.pocketbase) if config.pocketbase else NEWEST
    environ = dict(environ_of(config, os.environ, embedded=True))
    checks = [
        Check("configuration", partial(look.hosts, config, dict(os.environ))),
        Check("PocketBase", partial(look.binary, config)),
        Check("migrations", partial(look.history, config)),
        Check("git", partial(look.repository, config)),
        Check("files", partial(look.private, config)),
        Check("cache", partial(look.cache, config)),
    ]
    if loaded is not None:
        checks += [
            Check("types", partial(look.types, config, loaded.schema), 20),
            Check("rules", partial(look.rules, loaded.schema, version)),
            Check("secrets", partial(look.secrets, loaded.schema, environ)),
        ]
    return checks


def _server(
    config: Config, loaded: Loaded | None, host: str | None, data_dir: Path | None, pocketbase: Path | None
) -> list[Examined]:
    """What is found on the server; where it cannot be looked at, that is the one finding."""
    from pocketvex.doctor.examine import Examined, examine, of_error

    try:
        with opened(config, host, data_dir, pocketbase) as session:
            raw = session.target.fetch()
            # A kept login says nothing about the password that is set here.
            session.target.client.try_password()
            return examine(_of_server(session, raw, loaded))
    except PocketVexError as error:
        finding = of_error("server", error, "PV813")
        why = finding.why or "What is on it was not looked at."
        return [Examined("server", (finding._replace(why=why),))]


def _of_server(session: Session, raw: list[dict[str, Any]], loaded: Loaded | None) -> list[Check]:
    from pocketvex.doctor import server as look
    from pocketvex.doctor.examine import Check

    checks = [
        Check("clock", partial(look.clock, session)),
        Check("settings", partial(look.settings, session)),
        Check("backups", partial(look.backups, session)),
        Check("automigrate", partial(look.automigrate, session)),
        Check("database", partial(look.locks, session)),
        Check("rules on the server", partial(look.rules, session, raw)),
        Check("version", partial(look.version, session)),
    ]
    if loaded is not None:
        checks.append(Check("drift", partial(look.standing, session, loaded.schema), 30))
    return checks
