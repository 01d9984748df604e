"""What waits for a person in `dev`, and which key answers it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pocketvex.plan.judge import Verdict
from pocketvex.plan.make import Plan
from pocketvex.run.sync import Choices


@dataclass(frozen=True)
class Ask:
    """One question; each key leads to the choices that it stands for."""

    text: str
    answers: Mapping[str, Choices]


def asks(plan: Plan, choices: Choices) -> Iterator[Ask]:
    """The questions of a plan, one after the other: renames first, since other things follow from them."""
    for question in plan.questions:
        prefix = f"{question.collection}." if question.collection else ""
        answers = {}
        for number, name in enumerate(question.candidates[:8], 1):
            answers[str(number)] = _renamed(choices, f"{prefix}{name}", question.old)
        answers["n"] = replace(
            choices,
            renames={**choices.renames, **{f"{prefix}{name}": "" for name in question.candidates}},
        )
        ways = [f"{number} renamed to {name}" for number, name in enumerate(question.candidates[:8], 1)]
        yield Ask(f"{question.path}: press {', '.join(ways)}, n neither", answers)
    for change in plan.changes:
        if change.leftover and change.judgement.verdict is Verdict.UNSAFE:
            agreed = replace(choices, confirmed=choices.confirmed | {change.path})
            yield Ask(f"{change.path}: press y to agree (its values are kept aside)", {"y": agreed})


def _renamed(choices: Choices, new: str, old: str) -> Choices:
    return replace(choices, renames={**choices.renames, new: old})
