"""`pocketvex dev`: a pass on every save."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from pocketvex.cli.commands.options import (
    AnswerOption,
    AnswersOption,
    BinaryOption,
    ConfirmOption,
    DataDirOption,
    HostOption,
    NoBackupOption,
    RenameOption,
)
from pocketvex.cli.context import checked_answers, choices, opened, project
from pocketvex.cli.terminal import output
from pocketvex.errors import UsageError

if TYPE_CHECKING:
    from pocketvex.store.config import Config
    from pocketvex.target.session import Session


def dev(
    once: Annotated[
        bool, typer.Option("--once", help="One pass, then exit: 0 in sync, 5 something waits.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Let harmless changes wait as well.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write to a host that is not local.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin with an empty embedded server; the old data is set aside.")
    ] = False,
    start: Annotated[
        str,
        typer.Option("--start", help="A command to run beside it, as a front end.", metavar="COMMAND"),
    ] = "",
    host: HostOption = None,
    confirm: ConfirmOption = None,
    rename: RenameOption = None,
    answer: AnswerOption = None,
    answers: AnswersOption = None,
    no_backup: NoBackupOption = False,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Bring the server to the code and write the types, on every save.

    It also notices what others change on a local server: it looks every 2 seconds where the data is on this
    machine, else every 5. On a terminal, `?` lists the keys.
    """
    try:
        said = _DevChoices(once, strict, write, fresh, confirm, not no_backup, start)
        return _dev(said, checked_answers(rename, answer, answers), host, data_dir, pocketbase)
    except KeyboardInterrupt:
        if once:
            raise
        # That is how it is meant to end, also before the first pass.
        output.stopped()
        return 0
    finally:
        output.last_line("")


class _DevChoices(NamedTuple):
    once: bool
    strict: bool
    write: bool
    fresh: bool
    confirm: list[str] | None
    backup: bool
    start: str


def _dev(
    asked: _DevChoices,
    answers: dict[str, str],
    host: str | None,
    data_dir: Path | None,
    pocketbase: Path | None,
) -> int:
    from pocketvex.cli.show.dev import DevView
    from pocketvex.dev.loop import Loop
    from pocketvex.store.locks import watching

    config = project()
    if asked.start and asked.once:
        raise UsageError(
            "--start runs beside `dev`, and --once makes one pass", todo="Leave out one of them."
        )
    if asked.fresh:
        _require_embedded(config, host, data_dir)
        from pocketvex.run.reset_embedded import set_data_aside

        if aside := set_data_aside(config.root):
            output.note(f"the embedded server's data was moved to {aside}")
    with opened(config, host, data_dir, pocketbase) as session:
        said = choices(
            confirm=asked.confirm, answers=answers, strict=asked.strict,
            write=session.target.local or asked.write, backup=asked.backup,
        )  # fmt: skip
        if not said.write:
            output.note("protected: nothing is written to it without --write")
        with Loop(session, said, view=DevView(config, session.target.url)) as loop:
            if asked.once:
                return loop.once()
            with watching(config.root, "pocketvex dev") as other:
                if other is not None:
                    output.note(f"note: {other} runs in this project too: each save is worked on by both")
                with _beside(asked.start, session):
                    return loop.run()


def _beside(command: str, session: Session) -> AbstractContextManager[object]:
    """The command of --start, while `dev` runs; it finds the server's address in POCKETBASE_URL."""
    if not command:
        return nullcontext()
    from pocketvex.dev.front_end import FrontEnd

    def say(line: str) -> None:
        output.note(output.styled("start: ", "cyan", err=True) + line)

    return FrontEnd(command, session.root, {"POCKETBASE_URL": session.target.url}, say)


def _require_embedded(config: Config, flag: str | None, data_dir: Path | None) -> None:
    """Before anything is moved: what is set aside must be the data of the server that is worked with."""
    from pocketvex.store.hosts import choose_host

    host = choose_host(config, flag=flag, environ=os.environ)
    if not host.embedded or data_dir is not None:
        other = host.url or data_dir
        raise UsageError(
            f"--fresh empties the embedded server, and this is about {other}: nothing was done",
            todo="Leave --fresh out, or say --host embedded.",
        )
