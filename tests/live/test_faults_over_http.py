"""What befalls a run over HTTP: clients and servers that die on the way, others at work, odd answers."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from conftest import ServerFactory
from faults import Killed, Prepared, carrier_of, client_of, dies_after, left_over, prepared, state_of
from grounds import Ground
from pocketvex.api.client import Client
from pocketvex.remote.record import entries
from pocketvex.server.binaries import Binary
from pocketvex.target import hold
from pocketvex.target.begun import noted, settle
from sampling import ALL


@pytest.fixture
def rich(
    binary: Binary, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory,
    template: Callable[[Binary], Path],
) -> tuple[Ground, Prepared]:  # fmt: skip
    ground = Ground(binary, tmp_path, tmp_path_factory.getbasetemp())
    return ground, prepared(ground, template(binary), 12)


@pytest.fixture
def no_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is gone keeps nobody out."""
    monkeypatch.setattr(hold, "LEASE", timedelta(milliseconds=-1))


def finish(client: Client, made: Prepared, binary: Binary, way: str) -> None:
    """The same again, by somebody who knows nothing; a run that is through already is none."""
    names = [entry.name for entry in entries(client.collections())]
    if (made.files[0][0] in names) == (way == "up"):
        for one in noted(client, client.collections()):
            settle(client, one)
        return
    carrier_of(client, binary).run(made.files, way)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["up", "down"])
def test_a_client_that_is_killed_after_any_request(
    rich: tuple[Ground, Prepared], server: ServerFactory, binary: Binary, no_lease: None, way: str
) -> None:
    """Behind each request in turn; the next one finishes, and nothing of it is left."""
    ground, made = rich
    running = server(binary, data_dir=made.copy(ground))
    with client_of(running) as client:
        before = state_of(client, running.data_dir)
        carrier_of(client, binary).run(made.files, "up")
        after = state_of(client, running.data_dir)
        carrier_of(client, binary).run(made.files, "down")
        assert state_of(client, running.data_dir) == before
    running.halt()
    step = 1 if os.environ.get(ALL) == "all" else 6
    requests = 0
    done = False
    while not done:
        requests += step
        running = server(binary, data_dir=made.copy(ground))
        with client_of(running) as client:
            if way == "down":
                carrier_of(client, binary).run(made.files, "up")
            with client_of(running) as dying:
                try:
                    carrier_of(dies_after(dying, requests), binary).run(made.files, way)
                    done = True
                except Killed:
                    pass
            finish(client, made, binary, way)
            wanted = after if way == "up" else before
            assert (requests, state_of(client, running.data_dir)) == (requests, wanted)
            assert (requests, left_over(client, running.data_dir)) == (requests, [])
            carrier_of(client, binary).run(made.files, "down" if way == "up" else "up")
            other = before if way == "up" else after
            assert (requests, state_of(client, running.data_dir)) == (requests, other)
        running.halt()
