"""What a plan is made of: changes with their verdicts, what is kept, what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default

from pocketvex.diff.operations import Operation
from pocketvex.evidence.facts import Fact
from pocketvex.plan.questions import Question
from pocketvex.plan.verdicts import Access, Judgement, Verdict


@dataclass(frozen=True)
class Change:
    """One operation with the verdict on it."""

    operation: Operation
    judgement: Judgement
    leftover: bool = False
    """It undoes what this project wrote and no file has yet."""

    @property
    def path(self) -> str:
        return self.operation.path

    @property
    def safe(self) -> bool:
        return self.judgement.verdict is Verdict.SAFE

    @property
    def opens(self) -> bool:
        return self.judgement.access is Access.OPENS


@dataclass(frozen=True)
class Kept:
    """A difference that nobody may touch.

    `why` is "drift", "first contact", "unmanaged", "held" or "ignored". Only what the configuration
    says to ignore has a `reason`.
    """

    operation: Operation
    why: str
    reason: str = ""

    @property
    def path(self) -> str:
        return self.operation.path


@dataclass(frozen=True)
class PendingFile:
    """A migration that the server has not run yet."""

    name: str
    changes: tuple[Change, ...]
    """What it changes of collections, judged by kind: no rows are counted."""
    by_hand: bool
    """Whether it may do more than that."""


@dataclass(frozen=True)
class NeedsFacts:
    """The plan depends on these counts."""

    facts: frozenset[Fact]


@dataclass(frozen=True)
class Plan:
    """What to do, what waits for an answer, and what is kept."""

    changes: tuple[Change, ...] = ()
    questions: tuple[Question, ...] = ()
    kept: tuple[Kept, ...] = ()
    renamed: Mapping[str, str] = default(default_factory=dict)

    @property
    def safe(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.safe)

    @property
    def unsafe(self) -> tuple[Change, ...]:
        """What may lose data, break rows, or fail; what is harmless on this data included."""
        return tuple(change for change in self.changes if not change.safe)

    @property
    def drift(self) -> tuple[Kept, ...]:
        return tuple(kept for kept in self.kept if kept.why == "drift")

    def __bool__(self) -> bool:
        return bool(self.changes or self.questions)
