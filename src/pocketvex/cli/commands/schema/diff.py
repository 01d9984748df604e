"""`pocketvex schema diff`, as it is called with options."""

from __future__ import annotations

from typing import Annotated

import typer

from pocketvex.cli.commands.options import (
    AnswerOption,
    AnswersOption,
    BinaryOption,
    DataDirOption,
    EvidenceOption,
    FormatOption,
    HostOption,
    RenameOption,
)
from pocketvex.cli.commands.schema.compare import compare


def diff(
    host: HostOption = None,
    format: FormatOption = "text",
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 4 where something would change, else 6 for drift.")
    ] = False,
    questions: Annotated[
        bool, typer.Option("--questions", help="List only what waits for an answer; --exit-code: 5.")
    ] = False,
    rename: RenameOption = None,
    answer: AnswerOption = None,
    answers: AnswersOption = None,
    evidence: EvidenceOption = None,
    data_dir: DataDirOption = None,
    pocketbase: BinaryOption = None,
) -> int:
    """Show what the code would change on a server. Writes nothing to it."""
    return compare(
        host=host, format=format, exit_code=exit_code, questions=questions, rename=rename, answer=answer,
        answers=answers, evidence=evidence, data_dir=data_dir, pocketbase=pocketbase,
    )  # fmt: skip
