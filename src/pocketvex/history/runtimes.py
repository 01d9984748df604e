"""What is known of the text below the steps of migration files, and of files that have none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pocketvex.errors import HistoryError
from pocketvex.findings import Finding
from pocketvex.history.folder import History, MigrationFile
from pocketvex.history.inspect import in_file
from pocketvex.render.migration.migration import ADVISORIES, RUNTIME_VERSION, runtime_version
from pocketvex.steps.first_format import First, is_first, keeps, read_first
from pocketvex.steps.migration import RUNTIME, Step, split


def strange_runtimes(history: History) -> list[Finding]:
    """Files whose text below the steps no PocketVex wrote."""
    return [found for file in history.files for found in _strange(file)]


def advisories(history: History) -> list[Finding]:
    """What files can lose that are as they were written: no fault of theirs, and no failure."""
    return [found for file in history.files for found in (*_known_faults(file), *_of_first(file))]


def _strange(file: MigrationFile) -> Iterator[Finding]:
    above, below = split(file.text)
    if not below or runtime_version(below):
        return
    match = RUNTIME.match(below)
    line = above.count("\n") + 1
    if match and int(match[1]) > RUNTIME_VERSION:
        what = f"has runtime {match[1]}, which a newer PocketVex wrote"
        yield in_file(file.name, what, "This one knows nothing of it.", "Update PocketVex.", line)
        return
    yield in_file(
        file.name,
        "was edited below the line that says what its steps mean",
        "That part is the same in every file, and decides what becomes of the values.",
        "Restore the file from version control.",
        line,
    )


def _known_faults(file: MigrationFile) -> Iterator[Finding]:
    version = runtime_version(split(file.text)[1])
    if version in ADVISORIES:
        what = f"has runtime {version}: {ADVISORIES[version]}"
        yield in_file(file.name, what, todo=_way_out(file), level="notice")


def _of_first(file: MigrationFile) -> Iterator[Finding]:
    if not is_first(file.text):
        return
    try:
        faults = list(_faults(read_first(file.text)))
    except HistoryError:
        # Somebody edited it: then nobody knows what it does, nor can it be resealed.
        return
    if faults:
        what = f"is of the first format: {'; '.join(faults)}"
        yield in_file(file.name, what, todo=_way_out(file), level="notice")


def _way_out(file: MigrationFile) -> str:
    return f"`pocketvex migrate reseal {file.name}` writes it with today's runtime."


def _faults(first: First) -> Iterator[str]:
    """In a few words each, what such a file can lose."""
    steps = [*first.up, *first.down]
    if keeps(steps):
        yield "it keeps values under names, and a second run writes over those of the first"
    turned = {_into(step) for step in steps if step[0] == "replaceField"}
    if "asJson" in turned:
        yield "a text that looks like a number is another one in json"
    if turned & {"asNumber", "asDate"}:
        yield "numbers lose digits, and dates that do not exist become others"
    if any(step[0] == "remove" for step in steps) and _accounts(steps):
        yield "accounts that it puts away stay signed in"


def _into(step: Step) -> str:
    return str(step[4].get("to", "")) if len(step) > 4 else ""


def _accounts(steps: Sequence[Step]) -> bool:
    return any(step[0] == "create" and step[1]["type"] == "auth" for step in steps)
