"""The options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pocketvex.cli import complete

HostOption = Annotated[
    str | None,
    typer.Option(
        "--host",
        help="Name of a host of the config, or a URL.",
        metavar="NAME|URL",
        autocompletion=complete.hosts,
    ),
]
HostArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME|URL]",
        help="The server; the default host by default.",
        autocompletion=complete.hosts,
    ),
]
DataDirOption = Annotated[
    Path | None, typer.Option("--data-dir", help="The server's data directory, where it is at hand.")
]
BinaryOption = Annotated[
    Path | None, typer.Option("--pocketbase", help="The PocketBase binary that belongs to it.")
]
ConfirmOption = Annotated[
    list[str] | None,
    typer.Option(
        "--confirm",
        help="Agree to a change, or to a protected host, by its name. Repeatable.",
        metavar="NAME",
    ),
]
RenameOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rename",
        help="posts.old=posts.new: a rename; posts.old=: it is gone.",
        metavar="OLD=NEW",
    ),
]
AnswerOption = Annotated[
    list[str] | None,
    typer.Option("--answer", help="Answer a question of the plan by its id. Repeatable.", metavar="ID=VALUE"),
]
AnswersOption = Annotated[
    Path | None,
    typer.Option("--answers", help="A .json or .toml file of answers: id to value.", metavar="FILE"),
]
ShowOption = Annotated[
    str | None,
    typer.Option("--show", help="Print the values that are kept under this name.", metavar="NAME"),
]
EvidenceOption = Annotated[
    str | None,
    typer.Option(
        "--evidence",
        help="Count the rows of this host instead.",
        metavar="NAME|URL",
        autocompletion=complete.hosts,
    ),
]
FormatOption = Annotated[
    str,
    typer.Option("--format", help="text, json, markdown or github.", autocompletion=complete.formats),
]
NoBackupOption = Annotated[
    bool, typer.Option("--no-backup", help="Make no backup before something is taken away.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be run, and run nothing.")]
