"""`pocketvex` in a process of its own that need not load it: a fork of one that has.

A command of a test spends most of its time on loading Python's modules. What loading does is for the tests
that start `pocketvex` as a shell does: those of terminals, of help, of what is loaded, and of the wheel.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import pkgutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from subprocess import TimeoutExpired

import pocketvex

POSSIBLE = "forkserver" in multiprocessing.get_all_start_methods()
_LATE = ["httpcore", "httpx", "pydantic", "questionary", "rich.console", "rich.markdown", "typer.main"]
"""What our modules load where they need it."""


def run(
    arguments: Sequence[str], folder: Path, environ: Mapping[str, str], typed: str, patience: float
) -> tuple[int, str, str]:
    """Run one command to its end: its exit code, and what it wrote to each stream."""
    with tempfile.TemporaryDirectory(prefix="command-") as name:
        stdin, stdout, stderr = (Path(name) / stream for stream in ("stdin", "stdout", "stderr"))
        stdin.write_text(typed, encoding="utf-8")
        stdout.touch()
        stderr.touch()
        streams = (str(stdin), str(stdout), str(stderr))
        process = _forks().Process(target=_command, args=([*arguments], str(folder), {**environ}, streams))
        process.start()
        process.join(patience)
        if (code := process.exitcode) is None:
            process.kill()
            raise TimeoutExpired([*arguments], patience, stdout.read_bytes(), stderr.read_bytes())
        return code, stdout.read_text(encoding="utf-8"), stderr.read_text(encoding="utf-8")


@cache
def _forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    ours = [module.name for module in pkgutil.walk_packages(pocketvex.__path__, "pocketvex.")]
    context.set_forkserver_preload([*_LATE, *ours])
    return context


def _command(arguments: list[str], folder: str, environ: dict[str, str], streams: Sequence[str]) -> None:
    from pocketvex.__main__ import main

    for number, stream in enumerate(streams):
        opened = os.open(stream, os.O_WRONLY | os.O_APPEND if number else os.O_RDONLY)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, errors="backslashreplace")
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["pocketvex", *arguments]
    code: object = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))
