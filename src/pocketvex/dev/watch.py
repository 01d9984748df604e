"""Watching files: who changed, told by content, so that no save is lost and none is worked on twice."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

_LOOK = 1.0
"""Seconds after which the files are looked at even where no event came: some file systems send none."""
_STEP = 10
"""Milliseconds for which watchfiles gathers events; its latency is one to two of these."""


class Watch:
    """Two groups of folders: *sources* (the schema and what it imports) and *others* (the migrations)."""

    def __init__(self, sources: Sequence[Path], others: Sequence[Path]) -> None:
        self._sources = [Path(os.path.realpath(path)) for path in sources]
        self._files: set[Path] = set()
        self._others = [Path(os.path.realpath(path)) for path in others]
        self._seen: dict[str, str] = {"sources": "", "others": self._digest(self._others, set())}
        self._event = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._watched: tuple[Path, ...] = ()

    def start(self) -> None:
        """Begin to listen; what changes from here on is noticed."""
        self._watched = self._folders()
        stop = self._stop
        self._thread = threading.Thread(
            target=self._listen, args=(self._watched, stop), name="pocketvex-watch", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def also(self, files: Iterable[str]) -> None:
        """Watch these files as well: modules that the schema imports from elsewhere."""
        inside = tuple(self._sources)
        more = {Path(f) for f in files if not any(Path(f).is_relative_to(folder) for folder in inside)}
        if more == self._files:
            return
        self._files = more
        self._seen["sources"] = self._digest(self._sources, self._files)
        if self._thread is not None and self._folders() != self._watched:
            self._stop.set()
            self._stop = threading.Event()
            self.start()

    def wait(self, timeout: float | None) -> None:
        """Come back when something differs from what was taken last, or after `timeout` seconds."""
        waited = 0.0
        while not self._differs():
            pause = _LOOK if timeout is None else min(_LOOK, timeout - waited)
            if pause <= 0:
                return
            if not self._event.wait(pause):
                waited += pause
            self._event.clear()

    def changed_within(self, seconds: float) -> bool:
        """Whether an event comes within this time."""
        happened = self._event.wait(seconds)
        self._event.clear()
        return happened

    def take_sources(self) -> bool:
        """Whether the sources differ from the last time that this was asked; they count as seen now."""
        return self._take("sources", self._digest(self._sources, self._files))

    def take_others(self) -> bool:
        """The same for the other folders, which this process writes to as well."""
        return self._take("others", self._digest(self._others, set()))

    def _take(self, group: str, digest: str) -> bool:
        changed = digest != self._seen[group]
        self._seen[group] = digest
        return changed

    def _differs(self) -> bool:
        return (
            self._digest(self._sources, self._files) != self._seen["sources"]
            or self._digest(self._others, set()) != self._seen["others"]
        )

    def _folders(self) -> tuple[Path, ...]:
        wanted = {*self._sources, *self._others, *(file.parent for file in self._files)}
        # A folder that is not there yet is noticed through its parent.
        return tuple(sorted({path if path.is_dir() else path.parent for path in wanted}))

    def _listen(self, folders: tuple[Path, ...], stop: threading.Event) -> None:
        from watchfiles import watch

        try:
            for _ in watch(*folders, step=_STEP, debounce=_STEP * 5, stop_event=stop, watch_filter=None,
                           raise_interrupt=False, rust_timeout=500, yield_on_timeout=False):  # fmt: skip
                self._event.set()
        except (OSError, RuntimeError):
            # No more watches to be had (inotify's limit), or the folder is gone: the look each second does.
            return

    @staticmethod
    def _digest(folders: Iterable[Path], files: Iterable[Path]) -> str:
        """The content of every file that counts; a file that is being replaced counts as absent."""
        found = sha256()
        paths = [path for folder in folders for path in _files_in(folder)]
        for path in sorted({*paths, *files}):
            try:
                content = path.read_bytes()
            except OSError:
                continue
            found.update(f"{path}\0{len(content)}\0".encode())
            found.update(content)
        return found.hexdigest()


def _files_in(folder: Path) -> list[Path]:
    try:
        return [
            path
            for path in folder.rglob("*")
            if path.suffix in (".py", ".json", ".js", ".ts", ".sum") and "__pycache__" not in path.parts
        ]
    except OSError:
        return []
