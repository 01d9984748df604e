"""Which commands there are, where each of them lives, and how one is called."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
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
_GROUPS = ("schema", "migrate", "types", "util")


def parsed(arguments: Sequence[str]) -> Callable[[], int]:
    """What parses the arguments and runs their command; it gives the exit code."""
    if COMPLETE in os.environ:
        # typer would load rich at every Tab, to strip markup that our help does not have.
        sys.modules["rich"] = None  # type: ignore[assignment]
        return lambda: get_command(build()).main([*arguments], _NAME)
    command = get_command(build(arguments[0] if arguments else ""))
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


def build(word: str = "") -> typer.Typer:
    """The command line; where its first word is a group, nothing else is loaded than that."""
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
        from pocketvex.cli.commands import dev as commands

        commands.register(app)
    for name in _GROUPS:
        if word == name or word not in _GROUPS:
            app.add_typer(_group(name), name=name)
    return app


def _main(
    version: bool = typer.Option(False, "--version", help="Show the version and exit."),
) -> None:
    if version:
        from pocketvex import __version__

        output.data(f"pocketvex {__version__}")
        raise typer.Exit


def _group(name: str) -> typer.Typer:
    if name == "schema":
        from pocketvex.cli.commands.schema import apply as schema

        return schema.app
    if name == "migrate":
        from pocketvex.cli.commands.migrate import up as migrate

        return migrate.app
    if name == "types":
        from pocketvex.cli.commands.types import generate as types

        return types.app
    from pocketvex.cli.commands import dev as commands

    return commands.util_app


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
    group: object = get_command(build())
    for word in arguments:
        group = getattr(group, "commands", {}).get(word)
        if group is None:
            return
        yield word
