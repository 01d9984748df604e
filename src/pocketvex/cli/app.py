"""Which commands there are, where each of them lives, and how one is called."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import typer
from typer.exceptions import Exit, TyperException
from typer.main import get_command

from pocketvex.cli.fast_path import COMPLETE
from pocketvex.cli.terminal import output
from pocketvex.errors import UsageError

if TYPE_CHECKING:
    from typer._click.core import Command  # typer has no other name for what its `get_command` gives

_NAME = "pocketvex"
_Command = Callable[..., int]


def parsed(arguments: Sequence[str]) -> Callable[[], int]:
    """What parses the arguments and runs their command; it gives the exit code."""
    if COMPLETE in os.environ:
        # typer would load rich at every Tab, to strip markup that our help does not have.
        sys.modules["rich"] = None  # type: ignore[assignment]
        return lambda: get_command(build()).main([*arguments], _NAME)
    command = get_command(build(_first(arguments)))
    return lambda: _call(command, arguments)


def _call(command: Command, arguments: Sequence[str]) -> int:
    # Not by `command.main`: that answers signals and closed pipes itself, each with a code of its own.
    try:
        # `help` parses another command.
        with command.make_context(_NAME, [*arguments], obj=parsed) as context:
            result = command.invoke(context)
    except Exit as error:
        return error.exit_code
    except TyperException as error:
        return _usage(error, arguments)
    return result if isinstance(result, int) else 0


def _first(arguments: Sequence[str]) -> str:
    return next((word for word in arguments if word != "--"), "")


def build(word: str | None = None) -> typer.Typer:
    """The command line, or with its first word as much of it as that needs: all else costs time."""
    app = typer.Typer(
        name=_NAME,
        help="The schema of a PocketBase, declared in Python: saving the file changes the database.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_main)
    if word not in _GROUPS:
        _add(app, _alone())
    for name, (help_, commands) in _GROUPS.items():
        if word in _GROUPS and word != name:
            continue
        group = typer.Typer(help=help_, no_args_is_help=True)
        if word in (None, name):
            _add(group, commands())
        app.add_typer(group, name=name)
    return app


def _add(app: typer.Typer, commands: Mapping[str, _Command]) -> None:
    """In the order in which its help lists them."""
    for name, command in commands.items():
        app.command(name)(command)


def _main(
    version: bool = typer.Option(False, "--version", help="Show the version and exit."),
) -> None:
    if version:
        from pocketvex import __version__

        output.data(f"pocketvex {__version__}")
        raise typer.Exit


def _alone() -> Mapping[str, _Command]:
    """The commands that are in no group."""
    from pocketvex.cli.commands.dev import dev
    from pocketvex.cli.commands.explain import explain
    from pocketvex.cli.commands.help import help_
    from pocketvex.cli.commands.init import init

    return {"init": init, "dev": dev, "explain": explain, "help": help_}


def _schema() -> Mapping[str, _Command]:
    from pocketvex.cli.commands.schema.apply import apply
    from pocketvex.cli.commands.schema.diff import diff
    from pocketvex.cli.commands.schema.lint import lint
    from pocketvex.cli.commands.schema.pull import pull

    return {"diff": diff, "apply": apply, "pull": pull, "lint": lint}


def _migrate() -> Mapping[str, _Command]:
    from pocketvex.cli.commands.migrate.baseline import baseline
    from pocketvex.cli.commands.migrate.down import down
    from pocketvex.cli.commands.migrate.generate import generate
    from pocketvex.cli.commands.migrate.prune import prune
    from pocketvex.cli.commands.migrate.reseal import reseal
    from pocketvex.cli.commands.migrate.status import status
    from pocketvex.cli.commands.migrate.up import up
    from pocketvex.cli.commands.migrate.verify import verify

    return {
        "generate": generate,
        "up": up,
        "down": down,
        "status": status,
        "baseline": baseline,
        "verify": verify,
        "reseal": reseal,
        "prune": prune,
    }


def _types() -> Mapping[str, _Command]:
    from pocketvex.cli.commands.types.generate import generate

    return {"generate": generate}


def _util() -> Mapping[str, _Command]:
    from pocketvex.cli.commands.util.connection import connection

    return {"test-connection": connection}


_GROUPS = {
    "schema": ("Compare the code with a server, and bring a server to it.", _schema),
    "migrate": ("Write, run and revert migrations.", _migrate),
    "types": ("TypeScript of the schema.", _types),
    "util": ("Look at a server and at this project.", _util),
}


def _usage(error: TyperException, arguments: Sequence[str]) -> int:
    message = error.format_message()
    if message.lstrip().startswith("Usage:"):
        output.note(message)
        return UsageError.exit_code
    said = message[:1].lower() + message[1:].rstrip(".")
    help_ = " ".join([f"{_NAME} help", *_command(arguments)])
    output.error(UsageError(said, todo=f"`{help_}` shows what there is."))
    return UsageError.exit_code


def _command(arguments: Sequence[str]) -> Iterator[str]:
    """The part of the arguments that names a command."""
    group: object = get_command(build(_first(arguments)))
    for word in arguments:
        group = getattr(group, "commands", {}).get(word)
        if group is None:
            return
        yield word
