"""Which commands there are, and where each of them lives."""

from __future__ import annotations

import typer

from pocketvex.cli import output

_GROUPS = ("schema", "migrate", "types", "util")


def build(word: str = "") -> typer.Typer:
    """The command line; where its first word is a group, nothing else is loaded than that."""
    app = typer.Typer(
        name="pocketvex",
        help="The schema of a PocketBase, declared in Python: saving the file changes the database.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_main)
    if word not in _GROUPS:
        from pocketvex.cli import commands

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
        from pocketvex.cli import schema

        return schema.app
    if name == "migrate":
        from pocketvex.cli import migrate

        return migrate.app
    if name == "types":
        from pocketvex.cli import types

        return types.app
    from pocketvex.cli import commands

    return commands.util_app
