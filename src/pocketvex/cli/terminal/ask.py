"""Questions of a plan, asked on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from pocketvex.cli.interrupts import Stopped
from pocketvex.cli.terminal import output
from pocketvex.render.report.printable import visible

if TYPE_CHECKING:
    from pocketvex.plan.questions import Question
    from pocketvex.run.planning import Choices

_LEAVE = object()


Result = TypeVar("Result")


def asking(choices: Choices, work: Callable[[Choices], Result]) -> Result:
    """What the work gives; where it stops at questions, they are asked and it is done again.

    Raises AnswersNeeded where nobody answers.
    """
    from pocketvex.run.generate import AnswersNeeded

    while True:
        try:
            return work(choices)
        except AnswersNeeded as needed:
            said = answered(needed.questions)
            if not said:
                raise
            choices = replace(choices, answers={**choices.answers, **said})


def answered(questions: Sequence[Question]) -> dict[str, str]:
    """The answers to all of them; nothing where nobody is there to answer, or where somebody declines."""
    if not questions or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return {}
    import questionary
    from prompt_toolkit.output import create_output

    # The answers are not what the command was asked for: stdout stays free of them.
    terminal = create_output(sys.stderr)
    said: dict[str, str] = {}
    for question in questions:
        choices = [questionary.Choice(_line(option.says), option.value) for option in question.options]
        choices.append(questionary.Choice("leave it as it is", _LEAVE))
        text = _line(f"{question.id}: {question.text}")
        asked = questionary.select(text, choices, output=terminal, qmark="?")
        try:
            value = asked.unsafe_ask()
        except Stopped:
            raise
        except KeyboardInterrupt:
            value = None
        if value is None or value is _LEAVE:
            output.note("left as it is: nothing was answered")
            return {}
        said[question.id] = value
    return said


def _line(text: str) -> str:
    """What `output` does for all else: this library writes to the terminal itself."""
    return " ".join(visible(text).split())
