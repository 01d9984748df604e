"""The files of a history as what HTTP can do: the steps that they hold, or those of what they make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from pocketvex.diff.compare import compare
from pocketvex.diff.settle import settle
from pocketvex.errors import HistoryError
from pocketvex.remote.carried import Kept, Outcome
from pocketvex.remote.carry_out import carry_out
from pocketvex.remote.copied import CannotRun, StepFails
from pocketvex.remote.passage import Passage, passage
from pocketvex.remote.record import Entry
from pocketvex.render.migration.migration import collection_ids, runtime_version
from pocketvex.schema.model import Schema
from pocketvex.steps.first_format import is_first
from pocketvex.steps.make import steps
from pocketvex.steps.migration import Migration, code_of_its_own, read_migration, runtime_of
from pocketvex.versions import NEWEST

Json = dict[str, Any]
States = Mapping[str, tuple[Sequence[Json], Sequence[Json]]]
"""What the collections of a scratch server are before and after each file."""

_TEXTS = re.compile(
    r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|//[^\n]*|/\*.*?\*/", re.DOTALL
)
_MORE = re.compile(
    r"[Rr]ecord|\.\s*db\s*\(|newQuery|[Ss]ettings|\$(?:http|os|mails?|app|security|filesystem)\b|truncate"
    r"|newMailClient|newFilesystem|runInTransaction|require\s*\(|\beval\b|\bFunction\b"
)
"""Words of a file that does more than change collections."""


class Refused(Exception):
    """A file that no road over HTTP can run, and why; nothing was sent."""

    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"{file}: {why}")
        self.file = file
        self.why = why


class NeedsPause(Refused):
    """A file that is only run where somebody agreed that nobody else writes meanwhile."""


class Throws(Exception):
    """A file whose steps do not fit to what the server has."""

    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"{file}: {why}")
        self.file = file
        self.why = why


def migration_of(name: str, text: str, states: States) -> Migration:
    """The steps of a file. Those of one that PocketVex did not write are what it makes of collections.

    Raises Refused where it may do more than its steps say.
    """
    try:
        found = read_migration(text)
    except HistoryError as error:
        raise Refused(name, str(error)) from error
    if found is not None:
        if code_of_its_own(text):
            raise Refused(name, "it has code of its own beside its steps")
        if not runtime_version(runtime_of(text)):
            raise Refused(name, "it was edited below its steps")
        return found
    if is_first(text):
        raise Refused(
            name,
            f"it is of the first format: `pocketvex migrate reseal {name}` writes it with today's runtime",
        )
    if more := _MORE.search(_TEXTS.sub('""', text)):
        raise Refused(
            name, f"PocketVex did not write it, and it may do more than change collections ({more[0]})"
        )
    if name not in states:
        raise Refused(name, "PocketVex did not write it, and what it makes of collections is not known")
    before, after = states[name]
    known = Schema.from_json(before)
    diff = compare(Schema.from_json(after), known, version=NEWEST, ask=False)
    transition = settle(diff.operations, before, known)
    up = steps(transition.operations)
    ids = collection_ids(transition.before, transition.after, up)
    return Migration(sha256(f"{name} {text}".encode()).hexdigest()[:12], ids, up, [])


def passages(
    files: Sequence[tuple[str, Migration]],
    way: str,
    raw: Sequence[Json],
    *,
    secrets: Iterable[str],
    environ: Mapping[str, str],
    kept: Kept,
    by_records: bool,
) -> Iterator[Passage]:
    """What is sent for these files, in this order: those of structure alone together, others one by one.

    Raises Refused, and Throws, for the file that it is about.
    """
    state: Sequence[Json] = raw
    begun: list[tuple[Entry, Outcome]] = []
    secrets = iter(secrets)

    def done() -> Passage:
        listed, outcomes = [entry for entry, _ in begun], [outcome for _, outcome in begun]
        with _about(listed[-1].name):
            made = passage(listed, way, outcomes[0].before, outcomes, by_records=by_records)
        begun.clear()
        return made

    for name, migration in files:
        if way == "down" and not migration.down and migration.up:
            raise Refused(name, "it has no steps that take it back over HTTP")
        with _about(name):
            outcome = carry_out(migration, way, state, secrets=secrets, environ=environ, kept=kept)
        alone = bool(outcome.work or outcome.checks)
        if begun and alone:
            yield done()
        begun.append((Entry(name, migration.id), outcome))
        state = outcome.after
        if alone:
            made = done()
            state = made.after
            yield made
    if begun:
        yield done()


@contextmanager
def _about(name: str) -> Iterator[None]:
    try:
        yield
    except StepFails as error:
        raise Throws(name, str(error)) from error
    except CannotRun as error:
        raise Refused(name, str(error)) from error
