"""The command line: parses, calls one use case, and turns errors into exit codes."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from pocketvex.cli.fast_path import plain
from pocketvex.cli.interrupts import Stopped
from pocketvex.cli.terminal import output
from pocketvex.errors import PocketVexError, UsageError


def run(arguments: Sequence[str]) -> int:
    """Run one command; the exit code (docs/commands.md lists them: the same for all commands)."""
    # Outside: who stops us while we are still loaded is answered without a word (`__main__`).
    command = _command(arguments)
    try:
        return _answered(command)
    except (output.Unheard, BrokenPipeError):
        return _unheard()


def _answered(command: Callable[[], int]) -> int:
    try:
        return command()
    except PocketVexError as error:
        output.error(error)
        return error.exit_code
    except Stopped as stop:
        output.stopped()
        return 128 + stop.number
    except (KeyboardInterrupt, EOFError):  # Ctrl+C, and Ctrl+D at a prompt
        output.stopped()
        return 130
    except (output.Unheard, BrokenPipeError):
        raise
    except OSError as error:
        # A folder that cannot be written, a full disk: not what was meant, and nobody's bug.
        place = f"{error.filename}: " if error.filename else ""
        full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
        todo = "The disk is full: make room on it." if full else "Check the path, its owner, and the disk."
        output.error(UsageError(f"{place}{error.strerror or error}", todo=todo))
        return UsageError.exit_code
    except Exception as error:
        return _bug(error)


def _unheard() -> int:
    """Whoever read our output has gone, as `head` does: end as others do, whom SIGPIPE ends.

    Not with 0: what else there was to do was not done. What the streams still hold goes nowhere.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    return 141


def _command(arguments: Sequence[str]) -> Callable[[], int]:
    if (command := plain(arguments)) is not None:
        return command
    from pocketvex.cli.app import parsed

    return parsed(arguments)


def _bug(error: Exception) -> int:
    """Something that we did not foresee: say so plainly, and keep the details in a file."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="pocketvex-bug-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exception(error, file=file)
    output.error(
        PocketVexError(
            f"this is a bug in PocketVex: {type(error).__name__}: {error}",
            why="What was done so far is done; nothing else was started.",
            todo=f"Please report it, with {file.name}",
        )
    )
    return 1
