"""Watching files: who changed, told by content, so that no save is lost and none is worked on twice."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path

_LOOK = 1.0
"""Seconds after which the files are looked at even where no event came: some file systems send none."""
_STEP = 10
"""Milliseconds for which watchfiles gathers events; its latency is one to two of these."""
SAVING = 0.05
"""Seconds in which the rest of a save comes whose first half was read."""
_CLOCK = 0.05
"""Seconds by which the time stamp of a file may lag behind the clock."""

Places = frozenset[tuple[Path, bool, int]]
"""Folders to listen at: each with whether what is below counts too, and its inode, since a folder that was
deleted and made anew is another one to the system."""


class Watch:
    """Two groups of folders and files: *sources* (the schema and what it imports) and *others* (what other
    commands write: the migrations, and what this machine remembers; and the configuration)."""

    def __init__(
        self,
        sources: Sequence[Path],
        others: Sequence[Path],
        *,
        beside: Sequence[Path] = (),
        calls: Callable[[], bool] = lambda: False,
    ) -> None:
        """`beside` are folders in which an event only has `wait` ask `calls` whether it shall come back."""
        self._beside = [Path(os.path.realpath(path)) for path in beside]
        self._calls = calls
        self._sources = [Path(os.path.realpath(path)) for path in sources]
        self._files: set[Path] = set()
        self._others = [Path(os.path.realpath(path)) for path in others]
        self._seen = {"sources": "", "files": self._digest(())}
        self._seen_others: dict[Path, bytes] = {}
        self._event = threading.Event()
        self._woken = False
        self._listeners: list[_Listener] = []
        self._places: Places = frozenset()

    def start(self) -> None:
        """Begin to listen; what changes from here on is noticed."""
        self._listen_at(self._now())

    def close(self) -> None:
        for listener in self._listeners:
            listener.stop.set()
        for listener in self._listeners:
            listener.join(timeout=2)
        self._listeners = []

    def also(self, files: Iterable[str], *, since: float, only: bool = True) -> None:
        """Watch these files as well: modules that the schema imports from elsewhere.

        `since` is when the load that named them began, in unix seconds. `only` drops those named before.
        """
        inside = tuple(self._sources)
        more = {Path(f) for f in files if not any(Path(f).is_relative_to(folder) for folder in inside)}
        more |= set() if only else self._files
        if more == self._files:
            return
        new = more - self._files
        self._files = more
        # A file that was saved while it was loaded may have been read before that: once more, then.
        late = any(_changed_at(file) >= since - _CLOCK for file in new)
        self._seen["files"] = "" if late else self._digest((), self._files)
        if self._listeners:
            self._follow()

    def wait(self, timeout: float) -> bool:
        """Come back when something differs from what was taken last (True), or after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            # Cleared before the look: a save after the look is an event that is still to be seen.
            self._event.clear()
            if self._differs():
                return True
            left = deadline - time.monotonic()
            if left <= 0 or self._woken or self._calls():
                self._woken = False
                return False
            self._event.wait(min(_LOOK, left))
            self._follow()

    def wake(self) -> None:
        """Have `wait` come back now."""
        self._woken = True
        self._event.set()

    def changed_within(self, seconds: float) -> bool:
        """Whether an event comes within this time."""
        happened = self._event.wait(seconds)
        self._event.clear()
        return happened

    def take_sources(self) -> bool:
        """Whether the sources differ from the last time that this was asked; they count as seen now."""
        changed = [self._take("sources", self._digest(self._sources))]
        changed.append(self._take("files", self._digest((), self._files)))
        return any(changed)

    def take_others(self) -> bool:
        """The same for the other folders."""
        before, self._seen_others = self._seen_others, self._contents(self._others)
        return before != self._seen_others

    def wrote(self, *paths: Path) -> None:
        """These files of the other folders were written by this process itself: they count as seen."""
        for path in map(Path, map(os.path.realpath, paths)):
            now = _content(path)
            if now is None:
                self._seen_others.pop(path, None)
            else:
                self._seen_others[path] = now

    def _take(self, group: str, digest: str) -> bool:
        changed = digest != self._seen[group]
        self._seen[group] = digest
        return changed

    def _differs(self) -> bool:
        return (
            self._digest(self._sources) != self._seen["sources"]
            or self._digest((), self._files) != self._seen["files"]
            or self._contents(self._others) != self._seen_others
        )

    def _now(self) -> Places:
        found: set[tuple[Path, bool, int]] = set()
        for path in (*self._sources, *self._others, *self._files):
            # A folder that is not there yet is noticed through its parent, and a file through its own;
            # what else lies below (node_modules, the server's data) is nobody's business here.
            folder, deep = path, path.is_dir()
            while not folder.is_dir():
                folder = folder.parent
            found.add((folder, deep, folder.stat().st_ino))
        found |= {(path, False, path.stat().st_ino) for path in self._beside if path.is_dir()}
        return frozenset(found)

    def _follow(self) -> None:
        """Listen elsewhere when folders came, went, or are other ones under the same name."""
        try:
            now = self._now()
        except OSError:  # gone between two looks
            return
        if now != self._places:
            self._listen_at(now)

    def _listen_at(self, places: Places) -> None:
        for listener in self._listeners:
            listener.stop.set()
        self._places = places
        self._listeners = []
        for deep in (True, False):
            folders = sorted(folder for folder, is_deep, _ in places if is_deep is deep)
            if folders:
                self._listeners.append(_Listener(folders, deep, self._event))
        # What happened before they listened has sent no event.
        self._event.set()

    @staticmethod
    def _contents(folders: Iterable[Path], files: Iterable[Path] = ()) -> dict[Path, bytes]:
        """The hash of every file that counts; a file that is being replaced counts as absent."""
        paths = {*files, *(path for folder in folders for path in _files_in(folder))}
        found = ((path, _content(path)) for path in paths)
        return {path: content for path, content in found if content is not None}

    def _digest(self, folders: Iterable[Path], files: Iterable[Path] = ()) -> str:
        found = sha256()
        for path, content in sorted(self._contents(folders, files).items()):
            found.update(os.fsencode(path) + b"\0" + content)
        return found.hexdigest()


class _Listener(threading.Thread):
    """Sets `event` on whatever happens in the folders, until it is told to stop."""

    def __init__(self, folders: Sequence[Path], deep: bool, event: threading.Event) -> None:
        super().__init__(name="pocketvex-watch", daemon=True)
        self.stop = threading.Event()
        self._folders = folders
        self._deep = deep
        self._event = event
        self.start()

    def run(self) -> None:
        from watchfiles import watch

        try:
            for _ in watch(
                *self._folders, step=_STEP, debounce=_STEP * 5, stop_event=self.stop, watch_filter=None,
                raise_interrupt=False, rust_timeout=500, recursive=self._deep, ignore_permission_denied=True,
            ):  # fmt: skip
                self._event.set()
        except (OSError, RuntimeError):
            # No more watches to be had (inotify's limit), or the folder is gone: the look each second does.
            return


def _files_in(folder: Path) -> list[Path]:
    try:
        if folder.is_file():
            return [folder]
        return [
            path
            for path in folder.rglob("*")
            if path.suffix in (".py", ".json", ".js", ".ts", ".sum") and "__pycache__" not in path.parts
        ]
    except OSError:
        return []


def _content(path: Path) -> bytes | None:
    try:
        return sha256(path.read_bytes()).digest()
    except OSError:
        return None


def _changed_at(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
