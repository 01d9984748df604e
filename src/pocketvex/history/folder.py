"""The folder of migrations: PocketBase's own files, the sum file beside them, and the one draft."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from pocketvex.errors import HistoryError
from pocketvex.steps.header import is_unwritten
from pocketvex.store.files import write_atomically

SUM_FILE = "pocketvex.sum"
DRAFT = Path("drafts") / "next.js"
_CALL = re.compile(r"\bmigrate\s*\(")
_COMMENT = re.compile(r"/\*.*?\*/|^\s*//.*?$", re.DOTALL | re.MULTILINE)
_SIGNED = re.compile(r"^// written by PocketVex, sha256 ([0-9a-f]{64})$\n", re.MULTILINE)


class MigrationFile(NamedTuple):
    name: str
    text: str

    @property
    def hash(self) -> str:
        """SHA-256 with the newlines made one kind: a checkout on Windows changes nothing."""
        return sha256(self.text.replace("\r\n", "\n").encode()).hexdigest()

    @property
    def digits(self) -> str:
        """The time stamp at the beginning of the name; "" for a name that has none."""
        match = re.match(r"[0-9]+(?=_)", self.name)
        return match[0] if match else ""

    @property
    def blank(self) -> bool:
        """Whether it holds nothing but comments."""
        return not _COMMENT.sub("", self.text).strip()

    @property
    def unwritten(self) -> bool:
        """Whether it waits for somebody to write its step by hand."""
        return is_unwritten(self.text)


class History(NamedTuple):
    folder: Path
    files: tuple[MigrationFile, ...]
    """In the order in which PocketBase runs them: the bytes of their names."""
    edited: tuple[str, ...]
    """Names whose text is not what the sum file says."""
    missing: tuple[str, ...]
    """Names that the sum file lists and the folder does not hold."""
    strays: tuple[str, ...] = ()
    """Files with code that PocketBase loads and that are no migrations."""
    sealed: frozenset[str] = frozenset()
    """Names that the sum file lists."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(file.name for file in self.files)

    def file(self, name: str) -> MigrationFile | None:
        return next((file for file in self.files if file.name == name), None)

    def pairs(self, names: Iterable[str] | None = None) -> list[tuple[str, str]]:
        """Name and text of all files, or of the named ones, in order."""
        wanted = None if names is None else set(names)
        return [(f.name, f.text) for f in self.files if wanted is None or f.name in wanted]


def read_history(folder: Path) -> History:
    """What the folder holds; a folder that is not there is an empty history."""
    files, strays = [], []
    sums = _read_sums(folder / SUM_FILE)
    if folder.is_dir():
        # PocketBase runs the direct children that end in .js or .ts, in the order of their bytes.
        names = sorted((p.name for p in folder.iterdir() if p.is_file()), key=lambda name: name.encode())
        for name in names:
            if name.endswith((".js", ".ts")):
                file = MigrationFile(name, _read(folder / name))
                # Whether a call is reached shows when it runs; code without any is something else.
                if name in sums or _CALL.search(file.text) or file.blank:
                    files.append(file)
                else:
                    strays.append(name)
    by_name = {file.name: file.hash for file in files}
    edited = tuple(n for n, known in sums.items() if n in by_name and by_name[n] != known)
    missing = tuple(name for name in sums if name not in by_name)
    return History(folder, tuple(files), edited, missing, tuple(strays), frozenset(sums))


def seal(history: History, sealed: Sequence[MigrationFile], *, listed: bool = True) -> None:
    """Write new files, listed in the sum file; raises HistoryError rather than write over one."""
    for file in sealed:
        if (history.folder / file.name).exists():
            raise HistoryError(f"{history.folder.name}/{file.name} exists already")
    for file in sealed:
        write_atomically(history.folder / file.name, file.text)
    if listed:
        enlist(history.folder, sealed)


def reseal_files(history: History, files: Sequence[MigrationFile]) -> None:
    """Write sealed files anew, and their lines in the sum file."""
    for file in files:
        write_atomically(history.folder / file.name, file.text)
    if files:
        sums = _read_sums(history.folder / SUM_FILE)
        _write_sums(history.folder, {**sums, **{file.name: file.hash for file in files}})


def unseal(history: History, sealed: Iterable[MigrationFile]) -> None:
    """Take back files that were sealed a moment ago and that no server has run."""
    sums = _read_sums(history.folder / SUM_FILE)
    for file in sealed:
        (history.folder / file.name).unlink(missing_ok=True)
        sums.pop(file.name, None)
    _write_sums(history.folder, sums)


def enlist(folder: Path, files: Iterable[MigrationFile]) -> None:
    """List files that are not in the sum file yet: from now on an edit of them shows."""
    sums = _read_sums(folder / SUM_FILE)
    new = {file.name: file.hash for file in files if file.name not in sums}
    if new:
        _write_sums(folder, {**sums, **new})


def restart(folder: Path) -> None:
    """Begin the sum file anew: for a history that begins anew."""
    (folder / SUM_FILE).unlink(missing_ok=True)


def _write_sums(folder: Path, sums: Mapping[str, str]) -> None:
    head = (
        "# Hashes of the migrations: an edit of a sealed file shows, and parallel branches conflict here.\n"
    )
    lines = [f"{sums[name]} {name}\n" for name in sorted(sums, key=lambda name: name.encode())]
    write_atomically(folder / SUM_FILE, head + "".join(lines))


def next_stamp(history: History, now: int, ran: Collection[str] = ()) -> int:
    """Digits for the name of the next file: `now`, or what comes behind every file that is there.

    Behind means behind in PocketBase's order, which is that of the bytes: `2026-03-06_x.js` is followed by
    a number that begins with 2026, `1_init.js` by one that begins with 2, and stamps with more digits than
    unix seconds have (20260101120000_x.js) by stamps of that kind. It is none of those that the server `ran`:
    a file of another project, made in the same second, has the same name, and ours would never be run.
    """
    taken = {name.partition("_")[0] for name in ran}
    stamp = _after(history, now)
    while taken & {str(stamp), str(stamp + 1)}:  # one save may be sealed as two files
        stamp = _after(history, stamp + 1)
    return stamp


def _after(history: History, now: int) -> int:
    last = history.files[-1].name.encode() if history.files else b""
    if f"{now}_".encode() > last:
        return now
    following = _behind(last, len(str(now)))
    if following is None:
        raise HistoryError(
            f"{history.folder.name}/{last.decode()} sorts behind every time stamp: "
            "a new migration would be run before it",
            why="PocketBase runs the files of this folder in the order of their names.",
            todo="Give it a name that begins with its time in seconds, and rename its row in `_migrations`.",
        )
    return following


def _behind(last: bytes, width: int) -> int | None:
    """The least number of that many digits, or of as many as the name has, whose file comes behind it."""
    head = bytes(takewhile(lambda byte: byte in b"0123456789", last))
    width = max(width, len(head))
    if len(head) == width or last[len(head) : len(head) + 1] > b"9":
        # The same beginning would not do: what stands behind it there comes behind every digit.
        following = str(int(head or b"9") + 1).encode()
        if len(following) != len(head):
            return None
        head = following
    return int(head.ljust(width, b"0"))


def bare_name(file: str) -> str:
    """The name of a migration without its time stamp and its ending."""
    return file.partition("_")[2].rpartition(".")[0]


def signed(text: str) -> str:
    """The text with a line that holds its hash, so that a person's edit of it shows."""
    head, newline, rest = text.partition("\n")
    digest = sha256((head + newline + rest).encode()).hexdigest()
    return f"{head}\n// written by PocketVex, sha256 {digest}\n{rest}"


def unsigned(text: str) -> str:
    return _SIGNED.sub("", text.replace("\r\n", "\n"), count=1)


def is_untouched(text: str) -> bool:
    """Whether a signed text is as PocketVex wrote it."""
    match = _SIGNED.search(text.replace("\r\n", "\n"))
    return match is not None and sha256(unsigned(text).encode()).hexdigest() == match[1]


def read_draft(folder: Path) -> str | None:
    draft = folder / DRAFT
    return _read(draft) if draft.is_file() else None


def write_draft(folder: Path, text: str | None) -> bool:
    """Write or remove the draft; False if nothing had to be done."""
    draft = folder / DRAFT
    if text is not None:
        return write_atomically(draft, text)
    if not draft.exists():
        return False
    draft.unlink()
    if not any(draft.parent.iterdir()):
        draft.parent.rmdir()
    return True


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HistoryError(f"{path} cannot be read", why=str(error)) from error


def _read_sums(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    lines = [line.split(maxsplit=1) for line in _read(path).splitlines() if not line.startswith("#")]
    return {parts[1]: parts[0] for parts in lines if len(parts) == 2}
