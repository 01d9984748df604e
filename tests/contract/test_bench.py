"""What the bench plans can be planned; the rest of it starts commands and servers."""

from __future__ import annotations

import sys

from source import ROOT

from binaries import LATEST

sys.path.insert(0, str(ROOT))

from bench.cases import differing
from pocketvex.diff.compare import compare
from pocketvex.versions import Version


def test_every_tenth_collection_differs() -> None:
    diff = compare(*differing(20), version=Version.parse(LATEST))
    assert [operation.kind for operation in diff.operations] == ["change_field"] * 2
