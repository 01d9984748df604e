"""The way in: `pocketvex` and `python -m pocketvex`."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Run the command line; `--version` is answered before anything is imported."""
    if sys.argv[1:] == ["--version"]:
        from pocketvex import __version__

        try:
            print(f"pocketvex {__version__}", flush=True)
        except BrokenPipeError:
            os._exit(141)  # nobody reads it: nothing is left to be flushed
        return
    import gc

    leave = None
    try:
        from pocketvex.cli.interrupts import end_when_told

        leave = end_when_told()
        # Nearly all that a command makes lives until its end: looking for what does not is wasted time.
        gc.set_threshold(100_000, 50, 100)
        from pocketvex.cli.main import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt as error:
        # Before `run` could say so itself: somebody changed their mind within the first milliseconds.
        code = 128 + getattr(error, "number", 2)  # of SIGINT
    finally:
        if leave is not None:
            _leave(leave)
    gc.freeze()
    sys.exit(code)


def _leave(leave: Callable[[], None]) -> None:
    try:
        leave()
    except KeyboardInterrupt:
        leave()  # it came with the last step of what it was to stop


if __name__ == "__main__":
    main()
