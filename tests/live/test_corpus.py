"""Real schemas of public projects: read, compared, written by a migration, without loss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from binaries import LATEST, SUPPORTED, binary_of
from grounds import SECOND, Ground, comparable, migration
from pocketvex.diff.compare import compare
from pocketvex.proof.prove import prove
from pocketvex.schema.build import build_schema
from pocketvex.schema.dictionary import from_dictionary
from pocketvex.schema.model import Schema
from pocketvex.schema.validate import for_server

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
SETS = sorted(path.stem for path in CORPUS.glob("*.json"))
SHARE = [
    *((name, LATEST) for name in SETS),
    *((name, old) for n, name in enumerate(SETS) for k, old in enumerate(SUPPORTED[:-1]) if n % 3 == k % 3),
]  # fmt: skip

pytestmark = pytest.mark.skipif(not SETS, reason=f"there is no {CORPUS}")


@pytest.fixture(params=SHARE, ids=lambda share: "-".join(share))
def share(request: pytest.FixtureRequest) -> tuple[list[dict[str, Any]], str]:
    name, version = request.param
    return json.loads((CORPUS / f"{name}.json").read_text(encoding="utf-8")), version


def test_a_real_schema(
    share: tuple[list[dict[str, Any]], str], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    exported, version = share
    ground = Ground(binary_of(version), tmp_path, tmp_path_factory.getbasetemp())
    desired = build_schema(from_dictionary(exported, lambda *_: None))
    missing = for_server(desired, ground.version)
    if missing:
        pytest.skip(f"{version}: {missing[0]}")

    own = [item for item in exported if not item["system"]]
    place = ground.imported(sorted(own, key=lambda item: (item["type"] == "view", item["created"])))
    live = place.raw
    assert not compare(desired, Schema.from_json(live), version=ground.version, ask=False).operations
    read = Schema.from_json(live)
    assert comparable(read.to_json()).keys() == comparable(live).keys()
    for item, again in zip(live, read.to_json(), strict=True):
        nothing_lost(item, again)

    before = ground.empty.schema
    operations = compare(desired, before, version=ground.version, ask=False).operations
    empty = ground.copy(ground.empty.data_dir)
    found = empty.settled(operations)
    prove(ground.binary, empty.data_dir, [(f"{SECOND}.js", migration(found))], before, found.after)


def nothing_lost(item: dict[str, Any], again: dict[str, Any]) -> None:
    """The models know every option, or carry it along."""
    for key, value in item.items():
        if key in ("created", "updated", "indexes", "fields"):
            continue
        assert again[key] == (value or again[key]), f"{item['name']}.{key}"
    assert len(again["indexes"]) == len(item["indexes"])
    for field, same in zip(item["fields"], again["fields"], strict=True):
        for key, value in field.items():
            if not (item["type"] == "view" and key == "id"):
                assert same[key] == value or (value is None and same[key] == []), f"{item['name']}.{key}"
