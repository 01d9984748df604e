"""`pocketvex migrate generate`: what the code asks beyond the history, as files of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from pocketvex.cli.commands.options import (
    AnswerOption,
    AnswersOption,
    BinaryOption,
    DataDirOption,
    EvidenceOption,
    HostOption,
    RenameOption,
)
from pocketvex.cli.context import checked_answers, choices, load, project, taking_turn, writing
from pocketvex.cli.show.mentions import mentions_in, tell_mentions
from pocketvex.cli.terminal import output
from pocketvex.errors import UsageError

if TYPE_CHECKING:
    from pocketvex.plan.changes import Plan


def generate(
    name: Annotated[str | None, typer.Argument(help="What the migration does.")] = None,
    empty: Annotated[bool, typer.Option("--empty", help="A file for a hand-written step.")] = False,
    host: HostOption = None,
    rename: RenameOption = None,
    answer: AnswerOption = None,
    answers: AnswersOption = None,
    evidence: EvidenceOption = None,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Seal what the code asks beyond the history as migration files.

    Each file is proven on a scratch server, up, down and up again, before it is kept.
    """
    said = checked_answers(rename, answer, answers)
    config = project()

    loaded = None if empty else load(config, "run.generate")

    from pocketvex.cli.terminal.ask import asking
    from pocketvex.run import generate as use

    if loaded is None:
        if not name:
            raise UsageError(
                "a hand-written migration needs a name", todo="pocketvex migrate generate --empty NAME"
            )
        with taking_turn(config, "pocketvex migrate generate"):
            sealed = use.generate_empty(config.migrations, name=name, now=int(time.time()))
    else:
        with writing("pocketvex migrate generate", config, host, data_dir, pocketbase, evidence) as session:
            sealed = asking(
                choices(answers=said),
                lambda said: use.generate(
                    session, loaded.schema, name=name, now=int(time.time()), choices=said
                ),
            )
    for file in sealed.files:
        output.data(f"{config.migrations.name}/{file.name}")
    tell_mentions(mentions_in(config, sealed.plan))
    if not sealed.files:
        _tell_nothing(sealed.plan)
    elif sealed.proof:
        output.note(str(sealed.proof))
    return 0


def _tell_nothing(plan: Plan) -> None:
    """That there is nothing to write; what the history has and the code does not name is no agreement."""
    from pocketvex.render.report.text import kept_lines

    kept = [item for item in plan.kept if item.why != "unmanaged"]
    what = "has more than" if kept else "builds what"
    output.data(f"nothing to do: the history {what} the code declares")
    for line in kept_lines(kept):
        output.note(line)
