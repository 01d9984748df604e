"""From a save to the server and to the types, as somebody sees it who has `pocketvex dev` running."""

from __future__ import annotations

import queue
import signal
import subprocess
import threading
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import IO

from bench.measure import SCRIPT, Line, environment, milliseconds
from bench.projects import Server, posts, write_project
from pocketvex.load.loader import load_schema

_PATIENCE = 20.0


class Dev:
    """`pocketvex dev` on a project, with the time at which each of its lines came."""

    def __init__(self, project: Path) -> None:
        self.process = subprocess.Popen(
            [SCRIPT, "dev"], cwd=project, env=environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
        )  # fmt: skip
        self.lines: queue.Queue[tuple[float, str]] = queue.Queue()
        assert self.process.stdout is not None
        threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True).start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self.lines.put((time.perf_counter(), line))

    def until(self, text: str) -> float:
        """When a line with this text came."""
        said: list[str] = []
        while True:
            try:
                at, line = self.lines.get(timeout=_PATIENCE)
            except queue.Empty:
                raise SystemExit(f"dev did not say {text!r}, but:\n{''.join(said)}") from None
            said.append(line)
            if text in line:
                return at

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=30)


def saves(folder: Path, count: int = 20) -> list[Line]:
    """One field more with each save; beside it, the same write sent to a server directly."""
    project = write_project(folder / "saves", {"posts": posts()})
    twin = write_project(folder / "twin", {"posts": posts()})
    file, types = project / "schema" / "posts.py", project / "generated" / "types.ts"
    applied: list[float] = []
    written: list[float] = []
    direct: list[float] = []
    with Server(project), Server(twin) as server:
        dev = Dev(project)
        try:
            dev.until("in sync")
            for number in range(count + 2):
                text = posts(f"extra{i}" for i in range(number + 1))
                (twin / "schema" / "posts.py").write_text(text, encoding="utf-8")
                payload = load_schema(twin, twin / "schema", timeout=30).schema.to_json()
                own = milliseconds(partial(server.put, payload))
                time.sleep(0.15)
                start = time.perf_counter()
                file.write_text(text, encoding="utf-8")
                seen = when_in(types, f"extra{number}?") - start
                there = dev.until("applied 1 change") - start
                dev.until("in sync")
                if number > 1:  # the first ones warm up
                    applied.append(there * 1000)
                    written.append(seen * 1000)
                    direct.append(own)
        finally:
            dev.end()
    took, floor, on_disk = median(applied), median(direct), median(written)
    return [
        Line(f"save to applied, one field, local (p50 of {count}, the slowest {max(applied):.0f} ms)", took,
             "the same import, sent directly", floor, "floor + 60 ms", took <= floor + 60),
        Line(f"save to types on disk (p50 of {count})", on_disk, "", 0, "60 ms", on_disk <= 60),
    ]  # fmt: skip


def when_in(file: Path, text: str) -> float:
    """When the file said so, looked at each millisecond."""
    deadline = time.perf_counter() + _PATIENCE
    seen = 0
    while time.perf_counter() < deadline:
        changed = file.stat().st_mtime_ns if file.exists() else 0
        if changed != seen:
            seen = changed
            if text in file.read_text(encoding="utf-8"):
                return time.perf_counter()
        time.sleep(0.001)
    raise SystemExit(f"{file.name} never said {text!r}")
