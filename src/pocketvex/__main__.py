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

    # Nearly all that a command makes lives until its end: looking for what does not is wasted time.
    gc.set_threshold(100_000, 50, 100)
    try:
        from pocketvex.cli.main import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        # Before `run` could say so itself: somebody changed their mind within the first milliseconds.
        code = 130
    # What is left to do is to leave: a second Ctrl+C would only put a traceback in its place.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
