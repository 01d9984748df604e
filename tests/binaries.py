"""The PocketBase binaries that tests run on, fetched once into the user's cache."""

from __future__ import annotations

from functools import cache

from pocketvex.server.binaries import Binary, find
from pocketvex.versions import Version

SUPPORTED = ("0.23.12", "0.28.4", "0.36.9", "0.39.11", "0.40.6")
LATEST = SUPPORTED[-1]
UNSUPPORTED = "0.22.27"


@cache
def binary_of(version: str) -> Binary:
    return find(Version.parse(version))


def main() -> None:
    """Fetch them all ahead of a test run: `python tests/binaries.py`."""
    for version in (UNSUPPORTED, *SUPPORTED):
        print(binary_of(version).path)


if __name__ == "__main__":
    main()
