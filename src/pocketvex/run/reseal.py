"""`migrate reseal`: sealed files with today's runtime, where what they do stays the same.

Of a file whose steps are data only the text below them changes. A file of the first format is read call by
call, written anew as steps, and proven like any file before it is kept. A server that ran the file knows its
name, and runs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pocketvex.errors import HistoryError, UsageError
from pocketvex.history.folder import History, MigrationFile, reseal_files
from pocketvex.history.shadow import replay
from pocketvex.proof.prove import Candidate, Proof, prove_parts
from pocketvex.render.migration.migration import (
    RUNTIME_VERSION,
    collection_ids,
    migration_text,
    runtime,
    runtime_version,
)
from pocketvex.schema.model import Schema
from pocketvex.server.binaries import Binary
from pocketvex.steps.first_format import First, is_first, keeps, read_first
from pocketvex.steps.header import comment_of, is_written_by_us, with_proof
from pocketvex.steps.migration import Migration, code_of_its_own, read_migration, split
from pocketvex.store.files import LOCAL

_PROOF = re.compile(r"Proven up, down and up again on PocketBase .*\.")


@dataclass(frozen=True)
class Resealed:
    """One file: what became of it, in words, and what to know about servers that ran it before."""

    name: str
    said: str
    changed: bool
    proof: Proof | None = None
    warning: str = ""


def reseal(
    root: Path, history: History, binary: Binary, names: Sequence[str], held: Mapping[str, Sequence[str]]
) -> list[Resealed]:
    """Rewrite these files, all or none; `held` is what a server still holds by the stamps of old files.

    Raises HistoryError for a file that is not as PocketVex wrote it, or that a server needs as it is.
    """
    made: list[tuple[MigrationFile, Resealed]] = []
    for file in chosen(history, names):
        text, said, first = _anew(root, history, binary, file, held)
        if text == file.text.replace("\r\n", "\n"):
            made.append((file, Resealed(file.name, f"has runtime {RUNTIME_VERSION} already", changed=False)))
            continue
        proof = _proven(root, history, binary, MigrationFile(file.name, text))
        if first is not None:
            text = with_proof(text, str(proof))
        warning = _warning(file.name, first) if first and keeps(first.up + first.down) else ""
        made.append((MigrationFile(file.name, text), Resealed(file.name, said, True, proof, warning)))
    reseal_files(history, [file for file, found in made if found.changed])
    return [found for _, found in made]


def chosen(history: History, names: Sequence[str]) -> list[MigrationFile]:
    """The named files, in the order of the history; a path to one names it as well."""
    wanted = {Path(name).name: name for name in names}
    if strangers := [said for name, said in wanted.items() if history.file(name) is None]:
        raise UsageError(
            f"{strangers[0]}: there is no such migration", todo=f"{history.folder.name}/ holds what there is."
        )
    return [file for file in history.files if file.name in wanted]


def _anew(
    root: Path, history: History, binary: Binary, file: MigrationFile, held: Mapping[str, Sequence[str]]
) -> tuple[str, str, First | None]:
    """The file as today's PocketVex would write it, what is said of that, and what it was."""
    _refuse_edits(history, file)
    if not is_first(file.text):
        above, below = split(file.text)
        text = above + runtime()
        return text, f"runtime {runtime_version(below)} → {RUNTIME_VERSION}; its steps are the same", None
    try:
        first = read_first(file.text)
    except HistoryError as error:
        raise _refused(file.name, error.what, error.why) from error
    if held.get(first.stamp):
        raise _still_held(file.name, held[first.stamp])
    before, after = _around(root, history, binary, file)
    migration = Migration("", collection_ids(before, after, first.up + first.down), first.up, first.down)
    head = [line[2:].removeprefix(" ") for line in comment_of(file.text)]
    head = [line for line in head if not _PROOF.fullmatch(line)]
    at = next(n for n, line in enumerate(head) if line.startswith("manages:"))
    head[at:at] = first.comments
    text = migration_text(migration.named(first.stamp), head)
    return text, f"first format → steps as data, runtime {RUNTIME_VERSION}", first


def _refuse_edits(history: History, file: MigrationFile) -> None:
    """Only what is exactly as it was sealed is written anew."""
    if not is_written_by_us(file.text):
        raise _refused(file.name, "it was written by hand", "Only what PocketVex wrote can be written anew.")
    if file.name in history.edited or file.name not in history.sealed:
        raise _refused(file.name, "it is not as it was sealed", "pocketvex.sum knows another text, or none.")
    if is_first(file.text):
        return
    if read_migration(file.text) is None:
        raise _refused(file.name, "it is in no format of PocketVex", "Its steps cannot be found.")
    if code := code_of_its_own(file.text):
        raise _refused(file.name, "it holds more than its steps", f"It would be lost: {code[:80]}")
    if not runtime_version(split(file.text)[1]):
        raise _refused(
            file.name,
            "what stands below its steps was edited, or is of a newer PocketVex",
            "What somebody wrote there would be lost.",
        )


def _refused(name: str, what: str, why: str) -> HistoryError:
    return HistoryError(
        f"{name} is not resealed: {what}", why=why, todo="Leave it: a file that runs today goes on to run."
    )


def _still_held(name: str, held: Sequence[str]) -> HistoryError:
    return HistoryError(
        f"{name} is not resealed: this server keeps values for its `down`",
        why="Today's runtime keeps them elsewhere, and would not give these back:\n" + "\n".join(held),
        todo="Take the file back here first (`pocketvex migrate down`), reseal it, and run it again; or "
        "leave it as it is. `pocketvex migrate prune` lists what is kept, and deletes what is named.",
    )


def _warning(name: str, first: First) -> str:
    return (
        f"where another server has run {name}, its `down` gives back nothing of what the old file keeps "
        f"there (in _pv_kept, and in collections _pv_{first.stamp}_…). `pocketvex migrate prune --host NAME` "
        "lists it: where something is listed, take the file back there first, or keep the old file"
    )


def _around(root: Path, history: History, binary: Binary, file: MigrationFile) -> tuple[Schema, Schema]:
    """What is there before and after a file, as the history that is sealed builds it."""
    recorded = replay(binary, history.pairs(), root / LOCAL / "shadow")
    number = history.names.index(file.name)
    before, after = recorded.snapshots[number : number + 2]
    return Schema.from_json(before), Schema.from_json(after)


def _proven(root: Path, history: History, binary: Binary, file: MigrationFile) -> Proof:
    before, after = _around(root, history, binary, file)
    number = history.names.index(file.name)
    start = replay(binary, history.pairs(history.names[:number]), root / LOCAL / "shadow")
    (proof,) = prove_parts(binary, start.data_dir, [Candidate(file.name, file.text, before, after)])
    return proof
