"""One server of this process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from pocketvex.errors import ServerProcessError
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.port_owner import command_of, owner_of, port_is_free, serves
from pocketvex.server.process import Running, create_superuser

MakeData = Callable[[Binary], Path]
StartServer = Callable[..., Running]


def log_in(server: Running, password: str = "password1234") -> httpx.Response:
    url = f"{server.url}/api/collections/_superusers/auth-with-password"
    return httpx.post(url, json={"identity": "admin@example.com", "password": password})


def test_it_is_ready_when_it_is_there(binary: Binary, server: StartServer) -> None:
    running = server(binary)
    assert log_in(running).status_code == 200
    assert serves(running.pid, running.data_dir)
    assert owner_of(running.port).pid in (0, running.pid)
    pid, port, folder = running.pid, running.port, running.log.parent
    running.stop()
    running.stop()
    assert not command_of(pid)
    assert port_is_free(port)
    assert not folder.exists()


def test_restart_keeps_the_address(latest: Binary, server: StartServer) -> None:
    running = server(latest)
    url, pid = running.url, running.pid
    running.restart()
    assert running.url == url
    assert running.pid != pid
    assert log_in(running).status_code == 200


def test_automigrate_only_on_request(binary: Binary, server: StartServer, tmp_path: Path) -> None:
    for wanted in (False, True):
        folder = tmp_path / f"migrations-{wanted}"
        running = server(binary, migrations_dir=folder, automigrate=wanted)
        headers = {"Authorization": log_in(running).json()["token"]}
        body = {"name": "a", "type": "base"}
        made = httpx.post(f"{running.url}/api/collections", headers=headers, json=body)
        assert made.status_code == 200
        assert len(list(folder.glob("*.js"))) == wanted
        assert len(scratch.applied(running.data_dir)) == wanted


def test_options_reach_the_server(latest: Binary, server: StartServer, tmp_path: Path) -> None:
    (tmp_path / "hooks").mkdir()
    code = 'routerAdd("GET", "/hi", (e) => e.string(200, $os.getenv("PV_HI")))'
    (tmp_path / "hooks" / "a.pb.js").write_text(code)
    log = tmp_path / "console.log"
    running = server(
        latest, hooks_dir=tmp_path / "hooks", env={"PV_HI": "hello"}, log=log, args=["--hooksWatch=false"]
    )
    assert httpx.get(f"{running.url}/hi").text == "hello"
    running.stop()
    assert "Server started" in log.read_text()


def test_a_server_that_does_not_start_says_why(binary: Binary, data_dir: MakeData, tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "1_bad.js").write_text('migrate(() => { throw new Error("no way") })')
    with pytest.raises(ServerProcessError, match="no way"):
        Running(binary, data_dir(binary), migrations_dir=tmp_path / "migrations")


def test_a_taken_port_says_so(latest: Binary, data_dir: MakeData) -> None:
    refused = pytest.raises(ServerProcessError, match="in use")
    with socket.create_server(("127.0.0.1", 0)) as other, refused:
        Running(latest, data_dir(latest), port=other.getsockname()[1])


def test_another_server_on_the_port_is_not_taken_for_ours(latest: Binary, server: StartServer) -> None:
    first = server(latest)
    with pytest.raises(ServerProcessError, match="in use"):
        server(latest, port=first.port)


def test_a_binary_that_is_missing(latest: Binary, data_dir: MakeData, tmp_path: Path) -> None:
    with pytest.raises(ServerProcessError, match=r"cannot be run|did not start"):
        Running(latest._replace(path=tmp_path / "none"), data_dir(latest))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_it_never_outlives_its_parent(latest: Binary, data_dir: MakeData) -> None:
    code = """
import sys
from pathlib import Path
from pocketvex.server.binaries import binary_at
from pocketvex.server.process import Running
print(Running(binary_at(Path(sys.argv[1])), Path(sys.argv[2])).pid, flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", code, str(latest.path), str(data_dir(latest))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert "serve" in command_of(pid)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while command_of(pid):
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_superuser_is_made_and_changed(binary: Binary, tmp_path: Path) -> None:
    create_superuser(binary, tmp_path / "data", "admin@example.com", "password1234")
    create_superuser(binary, tmp_path / "data", "other@example.com", 'quote " and $ä')
    with Running(binary, tmp_path / "data") as running:
        assert log_in(running).status_code == 200
        create_superuser(binary, tmp_path / "data", "admin@example.com", "another1234")
        assert log_in(running, "another1234").status_code == 200
        assert log_in(running).status_code == 400
        assert scratch.applied(tmp_path / "data") == ()


def test_a_password_that_is_too_short(latest: Binary, tmp_path: Path) -> None:
    with pytest.raises(scratch.MigrationFailed, match="password"):
        create_superuser(latest, tmp_path / "data", "admin@example.com", "short")


def test_other_processes_are_not_ours(tmp_path: Path) -> None:
    assert not serves(os.getpid(), tmp_path)
    code = "input()"
    like = [sys.executable, "-c", code, "serve", f"--dir={tmp_path}-2"]
    with subprocess.Popen(like, stdin=subprocess.PIPE) as stranger:
        assert not serves(stranger.pid, tmp_path)
        stranger.communicate(b"\n")
