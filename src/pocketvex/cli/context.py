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
    from pocketvex.store.vault import Vault
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
    from pocketvex.target.ahead import Ahead
    from pocketvex.target.reporter import Reporter
    from pocketvex.target.session import connect

    consent_to_replay(config)
    chosen = chosen_host(config, host)
    _check_data_dir(chosen, data_dir)
    if data_dir is not None or binary is not None:
        chosen = replace(chosen, data_dir=data_dir or chosen.data_dir, binary=binary or chosen.binary)
    chosen = signed_in(config, chosen)
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


def chosen_host(config: Config, flag: str | None) -> Host:
    """The server that is meant. Where nothing says which, and there is a choice, a terminal is asked.

    Raises UsageError where hosts are configured, none is meant, and nobody can be asked.
    """
    from pocketvex.store.hosts import choose_host
    from pocketvex.store.known_hosts import is_decided, known_hosts

    if is_decided(config, flag, os.environ):
        return choose_host(config, flag=flag, environ=os.environ)
    known = known_hosts(config, os.environ)
    if len(known) == 1:
        return known[0].host
    from pocketvex.cli.terminal.ask import at_terminal

    if at_terminal():
        from pocketvex.cli.terminal.host_menu import pick

        return pick(config, known)
    if config.hosts:
        names = [one.host.name for one in known if one.configured or one.host.embedded]
        raise UsageError(
            "which server is meant is not said, and this project has several",
            todo=f"Say --host {'|'.join(names)}, or `pocketvex host use NAME` once for all.",
        )
    others = ", ".join(one.host.url for one in known[1:])
    output.note(f"note: this is about the embedded server; this project worked with {others} too: --host")
    return known[0].host


def the_host(config: Config, name: str | None) -> Host:
    """The server of this name or address; without one, that of PB_URL, or the default host."""
    from pocketvex.store.hosts import choose_host

    return choose_host(config, flag=name, environ=os.environ)


def known_name(config: Config, name: str) -> str:
    """The name, where it is one of the configuration, or `embedded`; raises UsageError for others."""
    from pocketvex.store.config import EMBEDDED

    if name in config.hosts or name == EMBEDDED:
        return name
    from difflib import get_close_matches

    names = [*config.hosts, EMBEDDED]
    close = get_close_matches(name, names, n=1)
    raise UsageError(
        f"no host is called {name!r}" + (f"; did you mean {close[0]!r}?" if close else ""),
        todo=f"There are: {', '.join(names)}. `pocketvex host add {name} URL` adds it.",
    )


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


def signed_in(config: Config, host: Host) -> Host:
    """The host with what is known of its superuser: given, kept from a login, or asked for on a terminal.

    Elsewhere the error of who needs it names the variables.
    """
    if host.embedded or host.login.token or host.login.password:
        return host
    vault = vault_of(config)
    login = _kept_login(vault, host)
    return replace(host, login=login or _ask_login(host.login, host.url, vault))


def vault_of(config: Config) -> Vault:
    """The logins that are kept; what a person should know about their file is said as it is found."""
    from pocketvex.store.vault import open_vault

    return open_vault(config, lambda text: output.note(f"note: {text}"))


def _kept_login(vault: Vault, host: Host) -> Login | None:
    """The login without a password, where the token of an earlier one is still good; else None."""
    import time

    from pocketvex.store.superuser_token import expires_at

    email = host.login.email or vault.identity(host.url)
    token = vault.get(host.url, email) if email else None
    if not token or expires_at(token) < time.time() + _SLACK:
        return None
    return host.login._replace(email=email)


def _ask_login(login: Login, url: str, vault: Vault) -> Login:
    """Ask on a terminal; elsewhere the error names the variables."""
    from pocketvex.cli.terminal.ask import at_terminal

    if login.missing:
        raise UsageError(
            f"no credentials for {url}: {', '.join(login.missing)} is not set",
            todo="Set it, or PB_TOKEN, or PB_ADMIN_EMAIL and PB_ADMIN_PASS.",
        )
    if not at_terminal():
        return login
    from pocketvex.cli.terminal.sign_in import sign_in

    return sign_in(login, url, vault)


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
