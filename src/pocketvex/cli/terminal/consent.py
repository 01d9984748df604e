"""Consent, typed on a terminal: the name of a protected host, or of a change."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pocketvex.cli.terminal import output

if TYPE_CHECKING:
    from pocketvex.plan.changes import Change
    from pocketvex.run.planning import Choices
    from pocketvex.run.sync import Outcome
    from pocketvex.target.session import Session


def at_terminal() -> bool:
    """Whether somebody is there to be asked, and stdout stays free of it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def consent_to_host(
    session: Session, confirm: Sequence[str], what: Callable[[], Sequence[str]], *, verb: str = "run"
) -> None:
    """Return where a protected host was named, with --confirm or at a prompt that shows `what` is to be done.

    Raises ConsentNeeded where nobody can be asked, Declined where another name is typed, or none.
    """
    from pocketvex.run.consent import consent_needed, is_agreed

    host = session.host
    if is_agreed(host, confirm):
        return
    if not at_terminal():
        raise consent_needed(host, confirm)
    for name in what():
        output.note(f"to {verb}: {name}")
    if output.typed(f"{host.url} is protected. Type {host.name} to go on:") not in (host.name, host.url):
        from pocketvex.errors import Declined

        raise Declined(f"{host.url} was not named: nothing was done")


def said_at_terminal(outcome: Outcome, choices: Choices, asked: set[str]) -> Choices | None:
    """The choices with what somebody says to what is left: answers first, then consent, each asked once.

    They hold for what the server has now. None where nothing more is said.
    """
    if not at_terminal():
        return None
    from pocketvex.cli.terminal.ask import answered

    questions = [question for question in outcome.plan.questions if question.id not in asked]
    asked |= {question.id for question in questions}
    if said := answered(questions):
        return replace(choices, answers={**choices.answers, **said}, seen=outcome.live)
    changes = [change for change in outcome.wants_consent if change.path not in asked]
    asked |= {change.path for change in changes}
    agreed = {change.path for change in changes if _agrees(change)}
    return replace(choices, confirmed=choices.confirmed | agreed, seen=outcome.live) if agreed else None


def _agrees(change: Change) -> bool:
    from pocketvex.cli.show.outcome import change_shown

    output.plan(change_shown(change), err=True)
    said = output.typed(f"Type {change.path} to agree, nothing to leave it:")
    if said and said != change.path:
        output.note(f"that is not its name: {change.path} is left as it is")
    return said == change.path
