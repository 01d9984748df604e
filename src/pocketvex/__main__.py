"""The way in: `pocketvex` and `python -m pocketvex`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; `--version` is answered before anything is imported."""
    if sys.argv[1:] == ["--version"]:
        from pocketvex import __version__

        print(f"pocketvex {__version__}")
        return
    from pocketvex.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
