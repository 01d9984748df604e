"""What waits for a person in `dev`, and which key answers it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pocketvex.plan.make import Plan
from pocketvex.plan.questions import Question
from pocketvex.plan.verdicts import Verdict
from pocketvex.run.situation import Choices
from pocketvex.run.sync import Outcome

_KEYS = "123456789"


@dataclass(frozen=True)
class Ask:
    """One question; each key leads to the choices that it stands for."""

    text: str
    answers: Mapping[str, Choices]


def asks(plan: Plan, choices: Choices) -> Iterator[Ask]:
    """The questions of a plan, one after the other: renames first, since other things follow from them."""
    for question in plan.questions:
        yield _asked(question, choices)
    for change in plan.changes:
        if change.leftover and change.judgement.verdict is Verdict.UNSAFE:
            agreed = replace(choices, confirmed=choices.confirmed | {change.path})
            yield Ask(f"{change.path}: press y to agree (its values are kept aside)", {"y": agreed})


def not_planned(confirmed: frozenset[str], outcome: Outcome) -> frozenset[str]:
    """What was agreed to beforehand and has not come up yet: it counts for the first pass that plans it."""
    operations = [change.operation for change in (*outcome.applied, *outcome.plan.changes)]
    planned = {name for o in operations for name in (o.path, o.collection)}
    return confirmed - planned - outcome.schema.names()


def _asked(question: Question, choices: Choices) -> Ask:
    """Numbers for the answers that name something, n for none of them."""
    named = [option for option in question.options if option.value]
    keys = dict(zip(_KEYS, named, strict=False))
    for nothing in (option for option in question.options if not option.value):
        keys["n"] = nothing
    word, none = ("renamed to ", "removed") if question.kind == "rename" else ("", "nothing instead")
    ways = [f"{key}: {word + option.value if option.value else none}" for key, option in keys.items()]
    answers = {
        key: replace(choices, answers={**choices.answers, question.id: option.value})
        for key, option in keys.items()
    }
    return Ask(f"{question.id}: press {', '.join(ways)}", answers)
