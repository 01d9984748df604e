"""What befalls a run over HTTP: clients and servers that die on the way, others at work, odd answers."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from random import Random

import httpx
import pytest

from conftest import EMAIL, PASSWORD, ServerFactory
from faults import (
    FAULTS,
    Killed,
    Prepared,
    before_request,
    carrier_of,
    client_of,
    cut_line,
    dies_after,
    fails_at,
    left_over,
    prepared,
    short_only,
    state_of,
)
from grounds import Ground
from pocketvex.api.client import Client, Credentials
from pocketvex.errors import Locked, NotAsIntended, PocketVexError, Unreachable
from pocketvex.remote.record import entries
from pocketvex.server.binaries import Binary
from pocketvex.target import hold, switch
from pocketvex.target.begun import noted, settle
from pocketvex.target.carrier import Carrier, Stopped
from pocketvex.target.hold import holding
from pocketvex.versions import SQL_OVER_HTTP
from sampling import ALL
from writers import Writer, lost

pytestmark = pytest.mark.wide


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
    step = 1 if os.environ.get(ALL) == "every" else 6
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


@pytest.mark.parametrize("seed", range(3))
def test_a_server_that_is_killed_at_any_moment(
    rich: tuple[Ground, Prepared], server: ServerFactory, binary: Binary, no_lease: None, seed: int
) -> None:
    ground, made = rich
    running = server(binary, data_dir=made.copy(ground))
    with client_of(running) as client:
        before = state_of(client, running.data_dir)
        start = time.monotonic()
        carrier_of(client, binary).run(made.files, "up")
        took = time.monotonic() - start
        after = state_of(client, running.data_dir)
    running.halt()
    other = server(binary, data_dir=made.copy(ground))
    with client_of(other) as client:
        client.collections()
        timer = threading.Timer(Random(seed).uniform(0, took), os.kill, [other.pid, signal.SIGKILL])
        timer.start()
        with suppress(PocketVexError, Stopped):
            carrier_of(client, binary).run(made.files, "up")
        timer.join()
    other.halt()
    other.start()
    with client_of(other) as client:
        for one in noted(client, client.collections()):
            settle(client, one)
        assert state_of(client, other.data_dir) in (before, after)
        finish(client, made, binary, "up")
        assert state_of(client, other.data_dir) == after
        assert left_over(client, other.data_dir) == []


@pytest.mark.slow
def test_a_run_that_is_interrupted_takes_back_what_it_began(
    rich: tuple[Ground, Prepared], server: ServerFactory, binary: Binary
) -> None:
    """Ctrl+C before any request: nobody waits for another run to have the rules of before."""
    ground, made = rich
    step = 1 if os.environ.get(ALL) == "every" else 9
    requests, met = 9, True  # by then, somebody holds the server

    def interrupt(method: str, path: str) -> None:
        nonlocal met
        met = True
        raise KeyboardInterrupt

    while met:
        running = server(binary, data_dir=made.copy(ground))
        with client_of(running) as client, client_of(running) as other:
            client.collections()
            before = state_of(client, running.data_dir)
            met = False
            with suppress(KeyboardInterrupt):
                carrier_of(before_request(client, requests, interrupt), binary).run(made.files, "up")
            ran = made.files[0][0] in [entry.name for entry in entries(other.collections())]
            assert (requests, state_of(other, running.data_dir) == before) == (requests, not ran)
            if not ran:
                assert (requests, left_over(other, running.data_dir)) == (requests, [])
            finish(other, made, binary, "up")
            assert (requests, left_over(other, running.data_dir)) == (requests, [])
        running.halt()
        requests += step


@pytest.mark.slow
def test_a_line_that_is_cut_between_any_two_requests(
    rich: tuple[Ground, Prepared], server: ServerFactory, binary: Binary, no_lease: None
) -> None:
    ground, made = rich
    step = 1 if os.environ.get(ALL) == "every" else 10
    requests, was_cut = 2, True
    while was_cut:
        running = server(binary, data_dir=made.copy(ground))
        behind = requests // step % 2 == 0
        with client_of(running) as client, cut_line(running.url, requests, behind=behind) as (url, cut):
            before = state_of(client, running.data_dir)
            with Client(url, Credentials(email=EMAIL, password=PASSWORD)) as far:
                with suppress(Unreachable, NotAsIntended):
                    carrier_of(far, binary).run(made.files, "up")
                was_cut = cut()
            where = (requests, behind)
            for one in noted(client, client.collections()):
                settle(client, one)
            ran = made.files[0][0] in [entry.name for entry in entries(client.collections())]
            assert (where, state_of(client, running.data_dir) == before) == (where, not ran)
            finish(client, made, binary, "up")
            assert (where, left_over(client, running.data_dir)) == (where, [])
        running.halt()
        requests += step


@pytest.mark.slow
def test_any_answer_that_is_none(
    rich: tuple[Ground, Prepared], server: ServerFactory, binary: Binary, no_lease: None
) -> None:
    """One request after the other goes wrong, in one way after the other: all or nothing, and it is said."""
    ground, made = rich
    step = 1 if os.environ.get(ALL) == "every" else 7
    requests, hit = 0, True
    while hit:
        requests += step
        running = server(binary, data_dir=made.copy(ground))
        with client_of(running) as client, client_of(running) as failing:
            before = state_of(client, running.data_dir)
            fault = FAULTS[requests % len(FAULTS)]
            hit = False

            def met() -> None:
                nonlocal hit
                hit = True

            said = ""
            try:
                carrier_of(fails_at(failing, requests, fault, met), binary).run(made.files, "up")
            except (PocketVexError, Stopped) as error:
                said = str(error)
            names = [entry.name for entry in entries(client.collections())]
            ran = made.files[0][0] in names
            where = (requests, fault, said)
            if not noted(client, client.collections()):
                assert (where, state_of(client, running.data_dir) == before) == (where, not ran)
            finish(client, made, binary, "up")
            assert (where, left_over(client, running.data_dir)) == (where, [])
            if not ran:
                assert said
            carrier_of(client, binary).run(made.files, "down")
            assert (where, state_of(client, running.data_dir)) == (where, before)
        running.halt()


def test_a_poisoned_cache_is_healed_before(
    rich: tuple[Ground, Prepared], server: ServerFactory, binary: Binary
) -> None:
    """A failed import leaves what was rolled back in the memory of the server, which then writes by it."""
    ground, made = rich
    running = server(binary, data_dir=made.copy(ground))
    with client_of(running) as client:
        before = state_of(client, running.data_dir)
        (item,) = [item for item in client.collections() if item["name"] == "posts"]
        fields = [{**f, "name": "other"} if f["name"] == "subtitle" else f for f in item["fields"]]
        broken = {**item, "fields": fields, "indexes": ["CREATE UNIQUE INDEX `x` ON `posts` (`state`)"]}
        answer = httpx.put(
            f"{running.url}/api/collections/import",
            json={"collections": [broken], "deleteMissing": False},
            headers={"Authorization": client._sign_in.token()[0]},
            timeout=30,
        )
        assert answer.status_code == 400
        carrier_of(client, binary).run(made.files, "up")
        assert left_over(client, running.data_dir) == []
        carrier_of(client, binary).run(made.files, "down")
        assert state_of(client, running.data_dir) == before


def test_a_proxy_that_takes_only_short_requests_is_met_before_anything_changes(
    rich: tuple[Ground, Prepared], server: ServerFactory, binary: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is as long as the switch, and means nothing, is sent first."""
    monkeypatch.setattr(switch, "SMALL", 100)
    ground, made = rich
    running = server(binary, data_dir=made.copy(ground))
    with client_of(running) as client, client_of(running) as far:
        before = state_of(client, running.data_dir)
        sent = short_only(far, 4000)
        with pytest.raises(Stopped, match="too large"):
            carrier_of(far, binary).run(made.files, "up")
        assert not [path for path in sent if path.endswith("/import")]
        assert state_of(client, running.data_dir) == before
        assert left_over(client, running.data_dir) == []
        carrier_of(client, binary).run(made.files, "up")


EDITS = ("an option", "an index", "a rule", "a field")


def edit(client: Client, which: str) -> None:
    """What somebody does in the dashboard meanwhile."""
    (item,) = [item for item in client.collections() if item["name"] == "posts"]
    fields, indexes = list(item["fields"]), list(item["indexes"])
    if which == "an option":
        fields = [f | {"max": 77} if f["name"] == "code" else f for f in fields]
    elif which == "a field":
        fields.append({"name": "theirs", "type": "text"})
    elif which == "an index":
        indexes.append("CREATE INDEX `idx_theirs` ON `posts` (`code`)")
    rule = {"listRule": "id != ''"} if which == "a rule" else {}
    client.patch_collection("posts", {"fields": fields, "indexes": indexes, **rule})


def has_edit(client: Client, which: str) -> bool:
    (item,) = [item for item in client.collections() if item["name"] == "posts"]
    return {
        "an option": any(f["name"] == "code" and f["max"] == 77 for f in item["fields"]),
        "a field": any(f["name"] == "theirs" for f in item["fields"]),
        "an index": any("idx_theirs" in text for text in item["indexes"]),
        "a rule": item["listRule"] == "id != ''",
    }[which]


@pytest.mark.slow
def test_what_somebody_changes_between_any_two_requests_is_not_written_over(
    rich: tuple[Ground, Prepared], server: ServerFactory, binary: Binary, no_lease: None
) -> None:
    """It is part of the outcome, or the run stops and nothing of it is there. Up to 0.38, one moment is
    left: straight before an import that is on its way."""
    ground, made = rich
    step = 1 if os.environ.get(ALL) == "every" else 7
    requests, changed = 1, True
    stopped = 0
    while changed:
        running = server(binary, data_dir=made.copy(ground))
        with client_of(running) as client, client_of(running) as other:
            client.collections()
            other.collections()
            which = EDITS[requests // step % len(EDITS)]
            changed = late = False

            def meanwhile(method: str, path: str, other: Client = other, which: str = which) -> None:
                nonlocal changed, late
                late = path.endswith("/import") and binary.version < SQL_OVER_HTTP
                changed = not late
                if changed:
                    edit(other, which)

            said = ""
            try:
                carrier_of(before_request(client, requests, meanwhile), binary).run(made.files, "up")
            except Stopped as error:
                said = error.reason
            except NotAsIntended:
                assert changed  # behind the switch
            where = (requests, which, said)
            assert not said or "somebody else changed posts meanwhile" in said, where
            assert not changed or (where, has_edit(other, which)) == (where, True)
            if said:
                stopped += 1
                assert (where, left_over(other, running.data_dir)) == (where, [])
                carrier_of(other, binary).run(made.files, "up")
                assert (where, has_edit(other, which)) == (where, True)
            changed = changed or late
        running.halt()
        requests += step
    assert stopped


def test_a_row_that_breaks_what_the_plan_found(
    rich: tuple[Ground, Prepared], server: ServerFactory, binary: Binary
) -> None:
    ground, made = rich
    running = server(binary, data_dir=made.copy(ground))
    with client_of(running) as client:
        client.create_record("posts", {"title": "late", "code": "c1", "marks": ["x", "z"], "state": "open"})
        before = state_of(client, running.data_dir)
        with pytest.raises(Stopped, match=r"idx_code|unique|UNIQUE"):
            carrier_of(client, binary).run(made.files, "up")
        assert state_of(client, running.data_dir) == before
        assert left_over(client, running.data_dir) == []


@pytest.mark.slow
def test_four_writers_meanwhile(rich: tuple[Ground, Prepared], server: ServerFactory, binary: Binary) -> None:
    """Every value that the server took is there afterwards."""
    ground, made = rich
    running = server(binary, data_dir=made.copy(ground))
    with client_of(running) as client:
        before = state_of(client, running.data_dir)
        ids = [str(row["id"]) for row in client.records("posts", sort="id")]
        token = client._sign_in.token()[0]
        sql = binary.version >= SQL_OVER_HTTP
        writers = [
            Writer(running.url, number, ids[number::4], token if sql and number < 2 else "")
            for number in range(4)
        ]
        stopped = ""
        with ExitStack() as stack:
            for writer in writers:
                stack.enter_context(writer)
            try:
                carrier_of(client, binary).run(made.files, "up")
            except Stopped as error:
                stopped = error.reason
        assert not stopped
        assert all(writer.answered for writer in writers)
        rows = {row["id"]: row for row in client.records("posts", per_page=1000)}
        assert lost(writers, rows) == []
        assert state_of(client, running.data_dir).rules["posts"] == before.rules["posts"]
        assert left_over(client, running.data_dir) == []


def test_what_changes_values_where_they_stand_waits_for_a_yes(
    rich: tuple[Ground, Prepared], server: ServerFactory, binary: Binary
) -> None:
    if binary.version >= SQL_OVER_HTTP:
        pytest.skip("it is part of the switch")
    ground, made = rich
    running = server(binary, data_dir=made.copy(ground))
    with client_of(running) as client:
        before = state_of(client, running.data_dir)
        with pytest.raises(Stopped, match="--confirm pause"):
            Carrier(client, binary.version, {}, lambda _: None).run(made.files, "up")
        assert state_of(client, running.data_dir) == before


ROUNDS = 50 if os.environ.get(ALL) == "every" else 5


def test_of_two_contenders_one_holds_the_server(server: ServerFactory, binary: Binary) -> None:
    running = server(binary)
    with client_of(running) as one, client_of(running) as other:
        for _ in range(ROUNDS):
            barrier, tried = threading.Barrier(2), threading.Barrier(2)
            ended: list[str] = []

            def contend(client: Client, barrier: threading.Barrier, tried: threading.Barrier,
                        ended: list[str]) -> None:  # fmt: skip
                barrier.wait()
                try:
                    with holding(client):
                        ended.append("held")
                        tried.wait()
                except Locked:
                    ended.append("locked")
                    tried.wait()

            threads = [
                threading.Thread(target=contend, args=(client, barrier, tried, ended))
                for client in (one, other)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(ended) == ["held", "locked"]


def test_what_somebody_else_ran_meanwhile_is_not_run_again(
    rich: tuple[Ground, Prepared], server: ServerFactory, binary: Binary
) -> None:
    ground, made = rich
    running = server(binary, data_dir=made.copy(ground))
    with client_of(running) as client:
        carrier_of(client, binary).run(made.files, "up")
        after = state_of(client, running.data_dir)
        with pytest.raises(Stopped, match="somebody else has run it meanwhile"):
            carrier_of(client, binary).run(made.files, "up")
        assert state_of(client, running.data_dir) == after
