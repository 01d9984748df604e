"""What `migrate up` would run on a server, kept for a review and held against what is so when it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pocketvex.evidence.facts import Evidence
from pocketvex.plan.changes import Change, PendingFile
from pocketvex.plan.verdicts import Verdict

KIND = "migrate_plan"
VERSION = 1
"""Rises when a plan of before cannot be held against a server any more."""
_ORDER = [str(verdict) for verdict in Verdict]
"""From what can lose nothing to what cannot be done."""


class NewerPlan(Exception):
    """A plan of a later version than this one knows."""


class Counted(NamedTuple):
    """A change with its verdict, and the rows that were counted for it; None is unknown."""

    path: str
    kind: str
    verdict: str
    rows: int | None
    of: int | None

    def __str__(self) -> str:
        return str(Evidence(self.rows, self.of))


class SavedFile(NamedTuple):
    name: str
    hash: str
    counted: tuple[Counted, ...]


@dataclass(frozen=True)
class SavedPlan:
    """`born` tells the data of the server from other data at the same address."""

    url: str
    born: str
    pocketbase: str
    road: str
    """"" where nothing is to run."""
    base: Mapping[str, str]
    """A fingerprint of each collection of the server, by its name."""
    files: tuple[SavedFile, ...]
    """In the order in which they run."""
    later: tuple[str, ...] = ()
    """Files that the server lacks, and that are left for another time."""


class Stop(NamedTuple):
    """Why `migrate up` would not begin, or would not end well."""

    what: str
    why: str
    todo: str
    exit_code: int


@dataclass(frozen=True)
class UpPlan:
    """What is kept, with what a person reads of it."""

    saved: SavedPlan
    promise: str
    """Of the road."""
    pending: tuple[PendingFile, ...]
    stops: tuple[Stop, ...] = ()


def counted_of(changes: Iterable[Change]) -> tuple[Counted, ...]:
    """What of these changes is held against the rows of later."""
    found = []
    for change in changes:
        judged = change.judgement
        rows, of = (judged.evidence.rows, judged.evidence.of) if judged.evidence else (0, None)
        found.append(Counted(change.path, change.operation.kind, str(judged.verdict), rows, of))
    return tuple(found)


def decode(content: Any) -> SavedPlan:
    """The plan that a document holds. Raises ValueError for what is none, and NewerPlan."""
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise ValueError("it is no plan of `pocketvex migrate plan`")
    version = content.get("version")
    if isinstance(version, int) and version > VERSION:
        raise NewerPlan
    try:
        server, road = content["server"], content["road"]
        return SavedPlan(
            _text(server["url"]), _text(server["born"]), _text(server["pocketbase"]),
            _text(road["name"]) if road is not None else "",
            {_text(name): _text(value) for name, value in content["base"].items()},
            tuple(map(_file, content["files"])),
            tuple(map(_text, content["later"])),
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("it lacks a part of a plan, or holds something else there") from error


def _file(item: Any) -> SavedFile:
    return SavedFile(_text(item["name"]), _text(item["hash"]), tuple(map(_counted, item["changes"])))


def _counted(item: Any) -> Counted:
    evidence = item["evidence"]
    rows, of = (evidence["rows"], evidence["of"]) if evidence is not None else (0, None)
    verdict = _text(item["verdict"])
    if verdict not in _ORDER:
        raise TypeError
    return Counted(_text(item["path"]), _text(item["kind"]), verdict, _number(rows), _number(of))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: Any) -> int | None:
    if value is not None and not isinstance(value, int):
        raise TypeError
    return value


def server_moved(then: SavedPlan, now: SavedPlan) -> Iterator[str]:
    """Whether it is another server, or has another PocketBase by now."""
    if then.url != now.url:
        yield f"it was made for {then.url}"
    elif then.born != now.born:
        yield f"{now.url} has other data than the server that it was made for"
    elif then.pocketbase != now.pocketbase:
        yield f"the server was PocketBase {then.pocketbase}, and is {now.pocketbase}"


def collections_moved(then: SavedPlan, now: SavedPlan) -> Iterator[str]:
    """The collections that somebody changed, made or removed meanwhile."""
    if changed := [name for name in then.base if now.base.get(name, then.base[name]) != then.base[name]]:
        yield f"changed on the server: {_some(changed)}"
    if new := [name for name in now.base if name not in then.base]:
        yield f"new on the server: {_some(new)}"
    if gone := [name for name in then.base if name not in now.base]:
        yield f"gone from the server: {_some(gone)}"


def files_moved(
    then: SavedPlan, hashes: Mapping[str, str], lacking: Sequence[str], applied: Sequence[str]
) -> Iterator[str]:
    """What became of the files: `hashes` are those of the folder, `lacking` what the server lacks of them."""
    for file in then.files:
        if file.name not in hashes:
            yield f"{file.name} is gone"
        elif hashes[file.name] != file.hash:
            yield f"{file.name} was edited"
        elif file.name in applied:
            yield f"{file.name} has run already"
        elif file.name not in lacking:
            yield f"{file.name} would not run"
    planned = {*(file.name for file in then.files), *then.later}
    for name in lacking:
        if name not in planned:
            yield f"{name} is not in it, and would run as well"


def evidence_moved(then: SavedPlan, now: SavedPlan) -> Iterator[str]:
    """What the rows say now that they did not say then; fewer rows are no reason to stop."""
    known = {(file.name, c.path, c.kind): c for file in then.files for c in file.counted}
    for file in now.files:
        for change in file.counted:
            before = known.get((file.name, change.path, change.kind))
            if why := _grown(before, change):
                yield f"{file.name}: {change.path}: {why}"


def _grown(before: Counted | None, now: Counted) -> str:
    if now.verdict == Verdict.SAFE:
        return ""
    if before is None:
        return f"{now.verdict} now, with {now}"
    more = (now.rows or 0) > before.rows if before.rows is not None else False
    unknown = now.rows is None and before.rows is not None
    if more or unknown:
        return f"{before} then, {now} now"
    worse = _ORDER.index(now.verdict) > _ORDER.index(before.verdict)
    return f"{before.verdict} then, {now.verdict} now" if worse else ""


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return ", ".join(names[:6]) + more
