"""Which commands there are, where each of them lives, and how one is called."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
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
_ALONE = ("init", "dev", "doctor", "login", "logout", "explain", "help")
_GROUPS = {
    "schema": (
        "Compare the code with a server, and bring a server to it.",
        ("diff", "apply", "pull", "lint"),
    ),
    "migrate": (
        "Write, run and revert migrations.",
        (
            "generate",
            "plan",
            "up",
            "down",
            "status",
            "discard",
            "baseline",
            "verify",
            "reseal",
            "prune",
            "route",
        ),
    ),
    "types": ("TypeScript of the schema.", ("generate",)),
    "host": ("The servers that a project works with.", ("add", "list", "use", "show", "remove")),
    "util": ("Look at a server and at this project.", ("test-connection", "setup", "credentials")),
}
"""What each is for, and its commands in the order in which its help lists them."""


def parsed(arguments: Sequence[str]) -> Callable[[], int]:
    """What parses the arguments and runs their command; it gives the exit code."""
    if COMPLETE in os.environ:
        # typer would load rich at every Tab, to strip markup that our help does not have.
        sys.modules["rich"] = None  # type: ignore[assignment]
        return lambda: get_command(build()).main([*arguments], _NAME)
    command = get_command(build(arguments))
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


def build(arguments: Sequence[str] | None = None) -> typer.Typer:
    """The command line, or as much of it as these arguments need: to load the rest takes time."""
    app = typer.Typer(
        name=_NAME,
        help="The schema of a PocketBase, declared in Python: saving the file changes the database.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_main)
    first, second, *_ = (*(word for word in arguments or () if word != "--"), "", "")
    if first not in _GROUPS:
        _add(app, "", _ALONE, first)
    for name, (about, commands) in _GROUPS.items():
        if first in (*_GROUPS, *_ALONE) and first != name:
            continue
        group = typer.Typer(help=about, no_args_is_help=True)
        if arguments is None or first == name:
            _add(group, name, commands, second)
        app.add_typer(group, name=name)
    return app


def _add(app: typer.Typer, group: str, commands: Sequence[str], wanted: str) -> None:
    """The one that is wanted; all where it is none of them."""
    for name in (wanted,) if wanted in commands else commands:
        app.command(name)(_load(group, name.replace("-", "_")))


def _load(group: str, name: str) -> Callable[..., int]:
    """The function of a command has the name of its file: `up` of commands/migrate/up.py."""
    parts = ("pocketvex.cli.commands", group, name)
    command: Callable[..., int] = getattr(import_module(".".join(filter(None, parts))), name)
    return command


def _main(
    version: bool = typer.Option(False, "--version", help="Show the version and exit."),
) -> None:
    if version:
        from pocketvex import __version__

        output.data(f"pocketvex {__version__}")
        raise typer.Exit


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
    group: object = get_command(build(arguments))
    for word in arguments:
        group = getattr(group, "commands", {}).get(word)
        if group is None:
            return
        yield word
