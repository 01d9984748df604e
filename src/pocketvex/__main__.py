"""The way in: `pocketvex` and `python -m pocketvex`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; `--version` is answered before anything is imported."""
    if sys.argv[1:] == ["--version"]:
        from pocketvex import __version__

        print(f"pocketvex {__version__}")
        return
    import gc
    import signal

    from pocketvex.cli.interrupts import Stopped, end_when_told

    try:
        end_when_told()
        # Nearly all that a command makes lives until its end: looking for what does not is wasted time.
        gc.set_threshold(100_000, 50, 100)
        from pocketvex.cli.main import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt as error:
        # Before `run` could say so itself: somebody changed their mind within the first milliseconds.
        code = 128 + (error.number if isinstance(error, Stopped) else signal.SIGINT)
    # What is left to do is to leave: a second Ctrl+C would only put a traceback in its place.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
