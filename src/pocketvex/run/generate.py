"""Sealing: what the code asks beyond the history becomes files, proven before they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as default
from pathlib import Path

from pocketvex.diff.settle import settle
from pocketvex.diff.simulate import apply_operations
from pocketvex.diff.transition import Transition
from pocketvex.errors import ConsentNeeded, NotAsIntended, UsageError
from pocketvex.history.folder import (
    DRAFT,
    MigrationFile,
    is_untouched,
    next_stamp,
    read_draft,
    read_history,
    seal,
    unsigned,
    write_draft,
)
from pocketvex.history.position import check_history
from pocketvex.plan.make import Change, Plan
from pocketvex.plan.questions import Question
from pocketvex.plan.verdicts import Verdict
from pocketvex.proof.prove import Candidate, Proof, prove_parts
from pocketvex.render.migration.migration import runtime, with_runtime
from pocketvex.render.report.text import example_lines
from pocketvex.run.draft import DRAFT_TITLE, Outstanding, already_there, find_outstanding
from pocketvex.run.planning import plan_for
from pocketvex.run.situation import Choices, Situation, find_situation
from pocketvex.schema.model import Schema
from pocketvex.steps.header import render_empty, with_proof
from pocketvex.steps.migration import (
    STEPS,
    code_of_its_own,
    read_migration,
    runtime_of,
    same_code,
    split,
)
from pocketvex.store.files import slug
from pocketvex.target.session import Session
from pocketvex.target.target import Json


class AnswersNeeded(ConsentNeeded):
    """Nothing was written: these questions are open."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.questions = tuple(questions)
        first = self.questions[0]
        ways = [f"{first.flag(option)}  ({option.says})" for option in first.options]
        super().__init__(
            "something waits for an answer: " + ", ".join(q.id for q in self.questions),
            why="\n".join(f"{q.id}: {q.text}" for q in self.questions),
            todo="Say " + "\n    or ".join([*ways, f"in the code: {first.in_code}"]),
        )


@dataclass(frozen=True)
class Sealed:
    """Files that were written, each proven on the shadow."""

    files: tuple[MigrationFile, ...]
    proof: Proof | None
    """None for a hand-written step, which nobody can prove before it is written."""
    draft: str = ""
    """The draft as it stood before."""
    plan: Plan = default(default_factory=Plan)
    """What the files do."""


def generate(session: Session, desired: Schema, *, name: str | None, now: int, choices: Choices) -> Sealed:
    """Seal the draft: write what is outstanding as files, proven before they are kept.

    Raises ConsentNeeded where something waits for an answer, UsageError for what no migration can do.
    """
    situation = find_situation(session, desired, choices, write=False)
    return seal_outstanding(situation, find_outstanding(situation), name=name, now=now)


def seal_outstanding(situation: Situation, found: Outstanding, *, name: str | None, now: int) -> Sealed:
    """`generate`, for a caller that knows already what is outstanding."""
    session, position = situation.session, situation.position
    folder = position.history.folder
    check_history(position.history)
    draft = read_draft(folder)
    refuse(folder, found)
    if (edited := edited_draft(situation, found, name, now)) is not None:
        parts = [Candidate(edited.name, edited.text, found.before, found.after)]
    elif found.plan.changes:
        parts = _split(situation, found, name, now)
    else:
        write_draft(folder, None)
        return Sealed((), None, plan=found.plan)
    try:
        proofs = prove_parts(session.binary, position.recorded.data_dir, parts)
    except NotAsIntended as error:
        raise not_kept(error, [part.name for part in parts], draft) from error
    files = [
        MigrationFile(part.name, with_proof(part.text, str(proof)))
        for part, proof in zip(parts, proofs, strict=True)
    ]
    seal(position.history, files)
    write_draft(folder, None)
    return Sealed(tuple(files), proofs[-1], draft or "", found.plan)


def refuse(folder: Path, found: Outstanding) -> None:
    """Raise AnswersNeeded for what is asked, and UsageError for what no migration can do.

    A draft that a person edited may remove the rows that are equal before it makes the index.
    """
    draft = read_draft(folder)
    by_hand = draft is not None and not is_untouched(draft)
    if found.plan.questions:
        raise AnswersNeeded(found.plan.questions)
    impossible = [
        change
        for change in found.plan.changes
        if change.judgement.verdict is Verdict.IMPOSSIBLE
        and not (by_hand and change.judgement.code == "PV103")
    ]
    if impossible:
        change = impossible[0]
        evidence = change.judgement.evidence
        raise UsageError(
            f"{change.path}: {change.judgement.reason}",
            why="\n".join([str(evidence), *map(str.strip, example_lines(evidence, 80))])
            if evidence
            else "No migration can do it.",
            todo=f"`pocketvex explain {change.judgement.code}` says what to do instead.",
        )


def edited_draft(
    situation: Situation, found: Outstanding, name: str | None, now: int
) -> MigrationFile | None:
    """A draft that a person edited is sealed as it stands, whatever a formatter made of it; None without.

    Raises UsageError where it cannot be sealed.
    """
    history = situation.position.history
    draft = read_draft(history.folder)
    if draft is None or is_untouched(draft):
        return None
    name = name or _name_for(found.plan.changes)
    stamp = next_stamp(history, now, situation.target.applied(situation.raw))
    text = unsigned(draft)
    migration = read_migration(text)
    if migration is None or not same_code(runtime_of(text), runtime()):
        raise _not_sealed("it was changed below the line that says what the steps mean", _WRITTEN_ANEW)
    if code := code_of_its_own(text):
        raise _not_sealed("it holds more than its steps", f"It would be lost: {code[:80]}")
    if strange := [step[0] for step in migration.up + migration.down if step[0] not in STEPS]:
        raise _not_sealed(f"there is no step {strange[0]}", f"There are: {', '.join(sorted(STEPS))}.")
    above = split(text)[0].replace(DRAFT_TITLE, name.replace("_", " "), 1)
    sealed = with_runtime(above, migration, migration.named(str(stamp)).id)
    return MigrationFile(f"{stamp}_{slug(name)}.js", sealed)


_WRITTEN_ANEW = "That part is the same in every file, and is written anew."


def _not_sealed(what: str, why: str) -> UsageError:
    return UsageError(
        f"{DRAFT} cannot be sealed: {what}",
        why=why,
        todo="Delete the draft: it is made anew. Statements of your own are steps: "
        '`["sql", "DELETE FROM …"]` runs before all others; what takes more is a file of its own '
        "(`pocketvex migrate generate --empty NAME`).",
    )


def not_kept(error: NotAsIntended, names: Sequence[str], draft: str | None) -> NotAsIntended:
    """The same of what stands for these files, which are not in the folder."""
    instead = f"the draft ({DRAFT.as_posix()})" if draft else "what the code asks"

    def said(text: str) -> str:
        for name in names:
            text = text.replace(name, instead)
        return text

    return NotAsIntended(
        said(error.what), why=said(error.why), todo=said(error.todo), problems=error.problems
    )


def _split(situation: Situation, found: Outstanding, name: str | None, now: int) -> list[Candidate]:
    """One file, or two where the server has the safe part already: `down 1` takes back only the other."""
    parts: list[tuple[Transition, Sequence[Change]]] = [(found.transition, found.plan.changes)]
    if situation.target.local:
        there, rest = already_there(found, plan_for(situation))
        if there and rest:
            parts = _in_two(situation.position.recorded.collections, there, rest)
    stamp = next_stamp(situation.position.history, now, situation.target.applied(situation.raw))
    files = []
    for number, (transition, changes) in enumerate(parts):
        title = name if name and number == len(parts) - 1 else _name_for(changes)
        text = found.part(transition, changes, str(stamp + number), title.replace("_", " "))
        made = Candidate(f"{stamp + number}_{slug(title)}.js", text, transition.before, transition.after)
        files.append(made)
    return files


def _in_two(
    collections: Sequence[Json], there: Sequence[Change], rest: Sequence[Change]
) -> list[tuple[Transition, Sequence[Change]]]:
    """The changes one after the other, each settled on what it finds."""
    first, second = ([change.operation for change in changes] for changes in (there, rest))
    middle = apply_operations(collections, first)
    return [(settle(first, collections), there), (settle(second, middle), rest)]


def _name_for(changes: Sequence[Change]) -> str:
    """A name that says what a file does, as far as a name can."""
    if not changes:
        return "changes"
    words = {
        "create_collection": "create", "drop_collection": "drop", "rename_collection": "rename",
        "add_field": "add", "drop_field": "drop", "rename_field": "rename", "replace_field": "convert",
    }  # fmt: skip
    first = changes[0]
    verb = words.get(first.operation.kind, "change")
    what = first.path.replace(".", "_").replace("@", "_").replace(":", "_")
    return f"{verb}_{what}" + (f"_and_{len(changes) - 1}_more" if len(changes) > 1 else "")


def generate_empty(folder: Path, *, name: str, now: int) -> Sealed:
    """A file with nothing in it, for a step that is written by hand.

    It is not in the sum file before it was run: until then it is there to be edited.
    """
    history = read_history(folder)
    stamp = next_stamp(history, now)
    text = render_empty(comment=[name.replace("_", " "), "", "Written by hand."])
    file = MigrationFile(f"{stamp}_{slug(name)}.js", text)
    seal(history, [file], listed=False)
    return Sealed((file,), None)
