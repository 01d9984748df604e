"""Interrupts its own main thread again and again in the midst of one kind of work; run by test_interrupts.

It prints how many of the interrupts arrived as such, and ends with the first that did something else.
"""

from __future__ import annotations

import importlib
import itertools
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pocketvex.cli.interrupts import end_when_told

PATIENCE = 20.0
MODULES = ("one", "two", "three", "four", "five", "six")


def waits() -> None:
    threading.Event().wait(0.02)


def threads() -> None:
    thread = threading.Thread(target=waits)
    thread.start()
    thread.join()


def runs() -> None:
    subprocess.run([sys.executable, "-S", "-c", ""], check=False)


def imports(*names: str) -> None:
    for name in names or MODULES[:3]:
        sys.modules.pop(name, None)
    importlib.import_module((names or MODULES)[0])
    time.sleep(0.0005)


def others() -> None:
    """In a second thread: a lock that the first one left behind stops this one, and then both."""
    while True:
        imports(*MODULES[3:])


def forgets() -> None:
    for _ in range(20):
        thing = Thing()
        _kept.append(weakref.ref(thing, lambda ref: _kept.remove(ref)))


def builds() -> None:
    """A model, as it is built when it is first needed."""
    from pydantic import create_model

    kinds: dict[str, Any] = {f"kind{number}": (Literal["one", "two"], "one") for number in range(20)}
    create_model("Model", **kinds)


class Thing:
    def __del__(self) -> None:
        sum(range(50))


_kept: list[object] = []
KINDS: dict[str, Callable[[], None]] = {
    kind.__name__: kind for kind in (waits, threads, runs, imports, forgets, builds)
}


def modules(folder: Path) -> None:
    sys.path.insert(0, str(folder))
    for name, imported in itertools.pairwise(MODULES):
        (folder / f"{name}.py").write_text(f"import {imported}" if name != MODULES[2] else "")
    (folder / f"{MODULES[-1]}.py").write_text("")


SENDER = """
import os, random, select, signal, sys, time
dice = random.Random(1)
said = b"0\\n"
for number in range(1, {times} + 1):
    time.sleep(0.01 + dice.random() * 0.005)  # so that it works again
    os.kill(os.getppid(), signal.SIGINT)
    while int(said.split()[-1]) < number:
        if not select.select([0], [], [], {patience})[0]:
            print("interrupt", number, "was lost", flush=True)
            os.kill(os.getppid(), signal.SIGKILL)
        said += os.read(0, 100)
"""


def main(kind: str, folder: Path, times: int) -> None:
    modules(folder)
    work = KINDS[kind]
    if kind == "imports":
        threading.Thread(target=others, daemon=True).start()
    leave = end_when_told()
    # Another process does it, as a terminal does: one's own threads would do it in step with this one.
    sender = subprocess.Popen(
        [sys.executable, "-S", "-c", SENDER.format(times=times, patience=PATIENCE)],
        stdin=subprocess.PIPE, bufsize=0,
    )  # fmt: skip
    assert sender.stdin is not None
    arrived = 0
    while arrived < times:
        try:
            # Here, where the next one may come as soon as it is written.
            sender.stdin.write(b"%d\n" % arrived)
            while True:
                work()
        except KeyboardInterrupt:
            arrived += 1
    sender.stdin.write(b"%d\n" % arrived)
    leave()  # as a command does when all is done: its timer may be on the way
    print(arrived)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
