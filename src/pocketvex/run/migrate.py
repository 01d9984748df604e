"""The commands about migrations: seal the draft, run files up, take them back, list them, start a history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pocketvex.diff.compare import compare
from pocketvex.errors import ChangesPending, ConsentNeeded, HistoryError, NotAsIntended, UsageError
from pocketvex.plan.judge import Verdict
from pocketvex.plan.make import Change, Plan
from pocketvex.render.migration import managed_by, render_empty, render_migration
from pocketvex.render.one_off import down_step
from pocketvex.run.draft import (
    Outstanding,
    already_there,
    comment,
    managed_entries,
    outstanding,
    with_dropped_options,
)
from pocketvex.run.prove import Proof, prove
from pocketvex.run.recorded import Position, check_history, locate, run_files
from pocketvex.run.session import Session, native_dir
from pocketvex.run.shadow import replay
from pocketvex.run.sync import Choices, plan_for, remember
from pocketvex.schema.model import Schema
from pocketvex.store.history import (
    MigrationFile,
    is_untouched,
    next_stamp,
    read_draft,
    read_history,
    seal,
    slug,
    unsigned,
    write_draft,
)


@dataclass(frozen=True)
class Sealed:
    """Files that were written, each proven on the shadow."""

    files: tuple[MigrationFile, ...]
    proof: Proof | None
    """None for a hand-written step, which nobody can prove before it is written."""


@dataclass(frozen=True)
class Ran:
    """What `up` or `down` did, in the order in which it was done."""

    sealed: tuple[str, ...]
    files: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A line of `migrate status`: state is applied, pending, held or edited."""

    name: str
    state: str


@dataclass(frozen=True)
class Status:
    rows: tuple[Row, ...]
    missing: tuple[str, ...]
    """Sealed files that are gone from the folder."""
    plan: Plan
    """What the code asks beyond the history."""
    draft: bool


def find_outstanding(session: Session, desired: Schema, position: Position, choices: Choices) -> Outstanding:
    """What the code asks beyond the history, with evidence from the session's server."""
    wanted = with_dropped_options(desired, position)
    return outstanding(wanted, position, live=session.fetch(), session=session, renames=choices.renames)


def generate(session: Session, desired: Schema, *, name: str | None, now: int, choices: Choices) -> Sealed:
    """Seal the draft: write what is outstanding as files, proven before they are kept.

    Raises ConsentNeeded where something waits for an answer, UsageError for what no migration can do.
    """
    position = locate(session, Schema.from_json(session.fetch()))
    check_history(position.history)
    found = find_outstanding(session, desired, position, choices)
    _refuse(found)
    draft = read_draft(session.config.migrations)
    if draft is not None and not is_untouched(draft):
        files = [_from_draft(position, draft, name or _name_for(found.plan.changes), now)]
    elif found.plan.changes:
        files = _split(session, desired, position, found, name, now, choices)
    else:
        return Sealed((), None)
    pairs = [(file.name, file.text) for file in files]
    proof = prove(session.binary, position.recorded.data_dir, pairs, found.before, found.after)
    seal(position.history, files)
    write_draft(session.config.migrations, None)
    return Sealed(tuple(files), proof)


def _refuse(found: Outstanding) -> None:
    if found.plan.questions:
        raise ConsentNeeded(
            "something waits for an answer: " + ", ".join(q.path for q in found.plan.questions),
            why="A thing is gone and another of its kind is new: a rename, or two changes?",
            todo='Say renamed_from="old" (or "" for a new thing) in the code, or --rename NEW=OLD.',
        )
    impossible = [c for c in found.plan.changes if c.judgement.verdict is Verdict.IMPOSSIBLE]
    if impossible:
        change = impossible[0]
        raise UsageError(
            f"{change.path}: {change.judgement.reason}",
            why="No migration can do it.",
            todo=f"`pocketvex explain {change.judgement.code}` says what to do instead.",
        )


def _from_draft(position: Position, draft: str, name: str, now: int) -> MigrationFile:
    """A draft that a person edited is sealed as it stands."""
    stamp = next_stamp(position.history, now)
    text = unsigned(draft).replace('begin(app, "draft")', f'begin(app, "{stamp}")')
    return MigrationFile(f"{stamp}_{slug(name)}.js", text)


def _split(
    session: Session,
    desired: Schema,
    position: Position,
    found: Outstanding,
    name: str | None,
    now: int,
    choices: Choices,
) -> list[MigrationFile]:
    """One file, or two where the server has the safe part already: `down 1` takes back only the other."""
    left = plan_for(session, desired, session.fetch(), position, choices)
    there, rest = already_there(found, left)
    stamp = next_stamp(position.history, now)
    parts: list[tuple[Schema, Schema, Sequence[Change]]] = [(found.before, found.after, found.plan.changes)]
    if there and rest and session.local:
        middle = found.after_only(there)
        parts = [(found.before, middle, there), (middle, found.after, rest)]
    files = []
    for number, (before, after, changes) in enumerate(parts):
        title = name if name and number == len(parts) - 1 else _name_for(changes)
        text = found.between(before, after, str(stamp + number), changes, title.replace("_", " "))
        files.append(MigrationFile(f"{stamp + number}_{slug(title)}.js", text))
    return files


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
    """A file with nothing in it, for a step that is written by hand."""
    history = read_history(folder)
    stamp = next_stamp(history, now)
    text = render_empty(comment=[name.replace("_", " "), "", "Written by hand."])
    file = MigrationFile(f"{stamp}_{slug(name)}.js", text)
    seal(history, [file])
    return Sealed((file,), None)


def require_consent(session: Session, confirmed: Sequence[str]) -> None:
    """A protected host is changed only when it is named: `--confirm HOST`."""
    host = session.host
    if host.protected and host.name not in confirmed and host.url not in confirmed:
        raise ConsentNeeded(
            f"{host.url} is protected: nothing was run",
            todo=f"Say --confirm {host.name} if it is meant.",
        )


def up(
    session: Session,
    desired: Schema,
    *,
    to: str | None,
    now: int,
    choices: Choices,
    recorded_only: bool = False,
    dry_run: bool = False,
) -> Ran:
    """Run every file that the server lacks, reverted ones included: all of them, or none.

    On a local server what is outstanding is sealed first. On another, code ahead of the history stops
    the command before anything is written (ChangesPending), unless `recorded_only`.
    """
    position = locate(session, Schema.from_json(session.fetch()))
    check_history(position.history)
    sealed: tuple[str, ...] = ()
    found = find_outstanding(session, desired, position, choices) if not recorded_only else None
    if found is not None and (found.plan.changes or found.plan.questions):
        if not session.local:
            raise ChangesPending(
                f"the code is ahead of the history by {_count(found)}: nothing was run",
                todo="`pocketvex migrate generate` writes the migration; --recorded-only runs what there is.",
            )
        if not dry_run and to is None:
            sealed = tuple(
                f.name for f in generate(session, desired, name=None, now=now, choices=choices).files
            )
            position = locate(session, Schema.from_json(session.fetch()))
    pending = _up_to(position, to)
    if dry_run:
        return Ran(sealed, pending)
    run_files(session, position, pending)
    _remember_all(session, desired, choices)
    return Ran(sealed, pending)


def _count(found: Outstanding) -> str:
    number = len(found.plan.changes) + len(found.plan.questions)
    return f"{number} change{'s' if number != 1 else ''}"


def _up_to(position: Position, to: str | None) -> tuple[str, ...]:
    lacking = tuple(name for name in position.history.names if name not in position.applied)
    if to is None:
        return lacking
    return lacking[: lacking.index(_named(lacking, to)) + 1]


def _named(names: Sequence[str], wanted: str) -> str:
    """The file that a person means: its name, its time stamp, or the number of files to run."""
    if wanted.isdigit() and len(wanted) < 6:
        number = int(wanted)
        if 1 <= number <= len(names):
            return names[number - 1]
    found = [name for name in names if name == wanted or name.startswith(f"{wanted}_") or wanted in name]
    if len(found) == 1:
        return found[0]
    raise UsageError(
        f"{'no' if not found else 'more than one'} pending migration is meant by {wanted!r}",
        todo="`pocketvex migrate status` lists them.",
    )


def _remember_all(session: Session, desired: Schema, choices: Choices) -> None:
    raw = session.fetch()
    position = locate(session, Schema.from_json(raw))
    remember(session, desired, raw, position, (), choices.confirmed)


def down(session: Session, desired: Schema, *, count: int, choices: Choices, dry_run: bool = False) -> Ran:
    """Take back the last `count` files of this project that the server has run, in one transaction.

    PocketBase's own migrations are never counted. The files are pending again, and held back on this
    server until `migrate up`.
    """
    from pocketvex.server import scratch

    position = locate(session, Schema.from_json(session.fetch()))
    if count < 1:
        raise UsageError("down takes back at least one file")
    if count > len(position.applied):
        raise UsageError(
            f"{count} files were to be taken back, and the server has run {len(position.applied)}",
            todo="`pocketvex migrate status` lists them.",
        )
    ordered = [name for name in position.history.names if name in position.applied]
    names = tuple(reversed(ordered[-count:]))
    if dry_run or not names:
        return Ran((), names)
    texts = dict(position.history.pairs(names))
    _refuse_without_down(texts)
    steps = {f"{number:04}_{name}.down.js": down_step(name, texts[name]) for number, name in enumerate(names)}
    data_dir = native_dir(session)
    # Held back before it is undone: a kill in between must not let `dev` run the file again.
    session.state.held_back = sorted({*session.state.held_back, *names})
    session.save()
    try:
        scratch.migrate_up(session.binary, data_dir, steps, env=session.environ)
    except scratch.MigrationFailed as error:
        session.state.held_back = [name for name in session.state.held_back if name not in names]
        session.save()
        raise NotAsIntended(
            f"down of {error.file.split('_', 1)[-1].removesuffix('.down.js')} fails: nothing was taken back",
            why=error.reason,
        ) from error
    scratch.forget(data_dir, list(steps))
    session.refresh()
    _check_down(session, position, names)
    session.state.applied = list(session.applied() or [])
    session.save()
    _remember_all(session, desired, choices)
    return Ran((), names)


def _refuse_without_down(texts: dict[str, str]) -> None:
    for name, text in texts.items():
        if not managed_by(text) and "migrate(" not in text:
            raise HistoryError(f"{name} has no migrate() call, so there is nothing to take back")


def _check_down(session: Session, position: Position, names: Sequence[str]) -> None:
    """After down the server must be where the history without these files is."""
    kept = [name for name in position.applied if name not in names]
    before = replay(session.binary, position.history.pairs(kept), session.shadow_cache)
    live = Schema.from_json(session.fetch())
    touched = {o.path for o in compare(before.schema, position.here.schema, ask=False).operations}
    diff = compare(before.schema, live, version=session.version, ask=False)
    left = [o.path for o in diff.operations if o.path in touched]
    still = [name for name in names if name in (session.applied() or ())]
    if left or still:
        raise NotAsIntended(
            f"{session.client.url} is not as it was before {names[-1]}",
            why="Still different: " + ", ".join([*still, *left][:8]),
        )


def status(session: Session, desired: Schema, choices: Choices) -> Status:
    """What the server has run of the history, and what the code asks beyond it."""
    position = locate(session, Schema.from_json(session.fetch()))
    found = find_outstanding(session, desired, position, choices).plan

    def state(name: str) -> str:
        if name in position.history.edited:
            return "edited"
        return "applied" if name in position.applied else "held" if name in position.held else "pending"

    return Status(
        tuple(Row(name, state(name)) for name in position.history.names),
        position.history.missing,
        found,
        read_draft(session.config.migrations) is not None,
    )


def baseline(session: Session, desired: Schema, *, now: int) -> Sealed:
    """A first file that builds what the server has, with its ids, marked as applied there."""
    from pocketvex.server.ledger import mark

    history = read_history(session.config.migrations)
    if history.files:
        raise HistoryError(
            f"{history.folder.name}/ holds {len(history.files)} migrations already",
            why="A baseline is the first file of a history.",
            todo="Move the files that cannot be replayed out of the folder first.",
        )
    data_dir = native_dir(session)
    empty = replay(session.binary, [], session.shadow_cache)
    live = Schema.from_json(session.fetch())
    stamp = next_stamp(history, now)
    text = render_migration(
        empty.schema, live, stamp=str(stamp),
        comment=comment(f"What {session.host.name} has: the beginning of this history", ()),
        manages=managed_entries(desired, desired.names() & live.names()),
    )  # fmt: skip
    file = MigrationFile(f"{stamp}_baseline.js", text)
    proof = prove(session.binary, empty.data_dir, [(file.name, text)], empty.schema, live)
    seal(history, [file])
    mark(data_dir, [file.name], datetime.fromtimestamp(now, UTC))
    return Sealed((file,), proof)
