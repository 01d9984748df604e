"""What is asked on a terminal: answers to the questions of a plan, and consent, by typing a name."""

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
    from pocketvex.run.situation import Choices
    from pocketvex.store.config import Config
    from pocketvex.target.session import Session

_LEAVE = object()


Result = TypeVar("Result")


def at_terminal() -> bool:
    """Whether somebody is there to be asked, and stdout stays free of it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


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
    if not questions or not at_terminal():
        return {}
    said: dict[str, str] = {}
    for question in questions:
        value = _selected(question)
        if value is None or value is _LEAVE:
            output.note("left as it is: nothing was answered")
            return {}
        said[question.id] = str(value)
    return said


def _selected(question: Question) -> object:
    """The value of an option, or what stands for no answer."""
    import questionary
    from prompt_toolkit.output import create_output

    choices = [questionary.Choice(_line(option.says), option.value) for option in question.options]
    choices.append(questionary.Choice("leave it as it is", _LEAVE))
    text = _line(f"{question.id}: {question.text}")
    # The answers are not what the command was asked for: stdout stays free of them.
    asked = questionary.select(text, choices, output=create_output(sys.stderr), qmark="?")
    try:
        return asked.unsafe_ask()
    except Stopped:
        raise
    except KeyboardInterrupt:
        return None


def _line(text: str) -> str:
    """What `output` does for all else: this library writes to the terminal itself."""
    return " ".join(visible(text).split())


def consent_to_host(
    session: Session, confirm: Sequence[str], what: Callable[[], Sequence[str]], *, verb: str = "run"
) -> None:
    """Return where a protected host was named, with --confirm or at a prompt that shows `what` is to be done.

    Raises ConsentNeeded where nobody can be asked, Declined where another name is typed, or none.
    """
    from pocketvex.run.consent import consent_needed, is_agreed

    host = session.target.host
    if is_agreed(host, confirm):
        return
    if not at_terminal():
        raise consent_needed(host, confirm)
    for name in what():
        output.note(f"to {verb}: {name}")
    if output.typed(f"{host.url} is protected. Type {host.name} to go on:") not in (host.name, host.url):
        from pocketvex.errors import Declined

        raise Declined(f"{host.url} was not named: nothing was done")


def consent_to_replay(config: Config, confirmed: Sequence[str] = ()) -> None:
    """Remember a yes to the replay of each hand-written file that reaches out of the database.

    It was confirmed by its name, or somebody agrees to it here. Where nobody does, the replay itself stops,
    and says how to agree.
    """
    if not confirmed and not at_terminal():
        return
    from pocketvex.history.folder import read_history
    from pocketvex.history.trust import trust, untrusted

    pairs = dict(read_history(config.migrations).pairs())
    for name, uses in untrusted(config.root, pairs.items()):
        if name in confirmed or _agrees_to_replay(name, uses):
            trust(config.root, [(name, pairs[name])])
            output.note(f"{name} is replayed from now on, until it changes")


def _agrees_to_replay(name: str, uses: Sequence[str]) -> bool:
    if not at_terminal():
        return False
    output.note(f"{name} uses {', '.join(uses)}: a replay on a scratch server runs it here, for real.")
    return output.typed(f"Read it, then type {name} to agree, nothing to leave it:") == name
