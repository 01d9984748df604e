"""What every command about a server does first: find the project, load the code, open the session."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pocketvex.cli.terminal import output
from pocketvex.errors import NoProject, UsageError

if TYPE_CHECKING:
    from pocketvex.load.loader import Loaded
    from pocketvex.run.situation import Choices
    from pocketvex.schema.model import Schema
    from pocketvex.server.binaries import Binary
    from pocketvex.store.config import Config
    from pocketvex.store.hosts import Host, Login
    from pocketvex.target.reporter import Reporter
    from pocketvex.target.session import Session

_SLACK = 90.0
"""Seconds for which a kept token must still be good to be worth a try."""


def project() -> Config:
    """The configuration of the project around the current folder."""
    from pocketvex.store.config import find_root, load_config

    return load_config(find_root(Path.cwd()))


def project_or_here() -> Config:
    """The same; where there is none, this folder is one."""
    from pocketvex.store.config import load_config

    try:
        return project()
    except NoProject:
        return load_config(Path.cwd())


def project_or_history() -> Config:
    """The configuration of the project; a folder that has migrations and nothing else is one too."""
    from pocketvex.store.config import load_config

    try:
        return project()
    except NoProject:
        config = load_config(Path.cwd())
        if not config.migrations.is_dir():
            raise
        return config


def binary_of(config: Config, path: Path | None = None) -> Binary:
    """The PocketBase to replay on.

    What was pointed at, else the version of the server that is meant, as far as it is known.
    """
    from pocketvex.server import binaries
    from pocketvex.store.hosts import choose_host
    from pocketvex.store.state import load_state
    from pocketvex.versions import Version

    host = choose_host(config, flag=None, environ=os.environ)
    known = "" if host.embedded else load_state(config.root, host.key).server_version
    version = config.pocketbase or known
    return binaries.find(Version.parse(version) if version else None, explicit=path or host.binary)


def taking_turn(config: Config, what: str) -> AbstractContextManager[None]:
    """This command's turn to work on the project; who is waited for is said."""
    from pocketvex.store.project_turn import project_turn

    return project_turn(config.root, what, output.note)


@contextmanager
def opened(
    config: Config,
    host: str | None,
    data_dir: Path | None = None,
    binary: Path | None = None,
    evidence: str | None = None,
    needed: Sequence[str] = (),
) -> Iterator[Session]:
    """A session with the chosen host; its first line and its notes go to stderr.

    `evidence` is another host, whose rows are counted. `needed` names modules of ours that are imported while
    the server lists its collections: for who fetches them first.
    """
    from pocketvex.cli.terminal.ask import consent_to_replay
    from pocketvex.store.hosts import choose_host
    from pocketvex.target.ahead import Ahead
    from pocketvex.target.reporter import Reporter
    from pocketvex.target.session import connect

    consent_to_replay(config)
    chosen = choose_host(config, flag=host, environ=os.environ)
    _check_data_dir(chosen, data_dir)
    if data_dir is not None or binary is not None:
        chosen = replace(chosen, data_dir=data_dir or chosen.data_dir, binary=binary or chosen.binary)
    if not chosen.embedded and not chosen.login.token and not chosen.login.password:
        login = _kept_login(config, chosen) or _ask_login(chosen.login, chosen.url)
        chosen = replace(chosen, login=login)
    reporter = Reporter(output.note, output.progress())
    with connect(config, chosen, reporter=reporter) as session:
        if needed:
            session = replace(session, ahead=Ahead(session.target.client))
            _import(needed)
        output.note(output.styled(session.target.title, "bold", err=True))
        try:
            with opened(config, evidence) if evidence else nullcontext() as witness:
                yield replace(session, evidence_from=witness)
        finally:
            tell_notes(reporter)


@contextmanager
def writing(
    command: str,
    config: Config,
    host: str | None,
    data_dir: Path | None,
    binary: Path | None,
    evidence: str | None = None,
) -> Iterator[Session]:
    """A session for a command that writes: it waits for its turn on the project first."""
    with taking_turn(config, command), opened(config, host, data_dir, binary, evidence) as session:
        yield session


def _check_data_dir(host: Host, data_dir: Path | None) -> None:
    if data_dir is None:
        return
    if host.embedded:
        raise UsageError(
            "--data-dir is for a server of your own: the embedded one has its own",
            todo="Say which server it belongs to: --host NAME|URL, or PB_URL.",
        )
    if not (data_dir / "data.db").is_file():
        raise UsageError(
            f"{data_dir} is no data directory of PocketBase: it has no data.db",
            todo="It is what PocketBase is started with as --dir, usually pb_data.",
        )


def tell_notes(reporter: Reporter) -> None:
    for text in reporter.taken():
        output.note(f"note: {text}")


def _kept_login(config: Config, host: Host) -> Login | None:
    """The login without a password, where the token of an earlier one is still good; else None."""
    import time

    from pocketvex.api.credentials import expires_at
    from pocketvex.store.tokens import TokenStore

    tokens = TokenStore(config.root)
    email = host.login.email or tokens.identity(host.url)
    token = tokens.get(host.url, email) if email else None
    if not token or expires_at(token) < time.time() + _SLACK:
        return None
    return host.login._replace(email=email)


def _ask_login(login: Login, url: str) -> Login:
    """Ask on a terminal; elsewhere the error names the variables."""
    import sys

    if login.missing:
        raise UsageError(
            f"no credentials for {url}: {', '.join(login.missing)} is not set",
            todo="Set it, or PB_TOKEN, or PB_ADMIN_EMAIL and PB_ADMIN_PASS.",
        )
    if not sys.stdin.isatty():
        return login
    import questionary

    from pocketvex.api.greeting import greet
    from pocketvex.api.transport import Transport

    # Nobody should type a password for a server that is not there, is too old, or is something else.
    transport = Transport(url, on_slow=output.note)
    try:
        greet(transport)
    finally:
        transport.close()
    email = login.email or questionary.text(f"Superuser e-mail for {url}:").unsafe_ask()
    password = questionary.password("Password:").unsafe_ask() if email else None
    if not email or not password:
        raise UsageError("no credentials were given", todo="Set PB_ADMIN_EMAIL and PB_ADMIN_PASS.")
    return login._replace(email=email, password=password)


def load(config: Config, *needed: str) -> Loaded:
    """The schema that the code declares; what its modules print goes to stderr.

    `needed` names modules of ours that are imported meanwhile.
    """
    from pocketvex.load.loader import start_load

    with start_load(config.root, config.schema, timeout=config.load_timeout) as pending:
        _import(needed)
        loaded = pending.result()
    output.printed(loaded.printed)
    return loaded


def load_if_any(config: Config, *needed: str) -> Schema | None:
    """The schema that the code declares; None, and a word, where the project has no code."""
    names = [path.suffix for path in config.schema.iterdir()] if config.schema.is_dir() else []
    if not {".py", ".json"} & {*names}:
        output.note(f"note: no {config.schema.name}/*.py here: only the migrations are looked at")
        return None
    return load(config, *needed).schema


def _import(modules: Sequence[str]) -> None:
    from importlib import import_module

    for name in modules:
        import_module(f"pocketvex.{name}")


def choices(
    *,
    confirm: list[str] | None = None,
    answers: Mapping[str, str] | None = None,
    write: bool = True,
    strict: bool = False,
    backup: bool = True,
) -> Choices:
    """What was said on the command line."""
    from pocketvex.run.situation import Choices

    confirmed = frozenset(confirm or ())
    return Choices(write=write, strict=strict, confirmed=confirmed, answers=answers or {}, backup=backup)


def checked_answers(rename: list[str] | None, answer: list[str] | None, file: Path | None) -> dict[str, str]:
    """All that was answered beforehand, by the ids of the questions; flags go before the file."""
    said = _answers_file(file) if file is not None else {}
    for item in rename or ():
        old, equals, new = item.partition("=")
        if not equals or not old:
            raise UsageError(
                f"--rename {item!r} is not OLD=NEW",
                todo="Say --rename posts.title=posts.headline, or --rename posts.title= where it is gone.",
            )
        said[old] = new
    for item in answer or ():
        id, equals, value = item.partition("=")
        if not equals or not id:
            raise UsageError(
                f"--answer {item!r} is not ID=VALUE",
                todo="`pocketvex schema diff --questions` lists the questions with their ids.",
            )
        said[id] = value
    return said


def _answers_file(file: Path) -> dict[str, str]:
    import json
    import tomllib

    try:
        text = file.read_text(encoding="utf-8")
        found = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{file} cannot be understood: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise UsageError(
            f"{file} is no file of answers",
            why='It maps ids to texts: {"posts.title": "posts.headline"}.',
            todo="`pocketvex schema diff --questions --format json` lists the ids, and what each takes.",
        )
    return found
