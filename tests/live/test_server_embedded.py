"""The embedded server: shared, never doubled, never left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from binaries import UNSUPPORTED, binary_of
from pocketvex.errors import ServerProcessError, UnsupportedServer
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.embedded import Lease, acquire
from pocketvex.server.port_owner import command_of, serves

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)

CLIENT = """
import sys
from pathlib import Path
from pocketvex.server.binaries import Binary
from pocketvex.server.embedded import acquire
from pocketvex.versions import Version
binary = Binary(Path(sys.argv[2]), Version.parse(sys.argv[3]))
with acquire(Path(sys.argv[1]), binary) as lease:
    print(lease.url, lease.started, flush=True)
    sys.stdin.read()
"""


def until(done: Callable[[], object], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.005)


def info(state: Path) -> dict[str, int]:
    try:
        found: dict[str, int] = json.loads((state / "server.json").read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found


def processes() -> list[int]:
    """Of this system; empty where there is no /proc."""
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def ended(pid: int) -> bool:
    return not command_of(pid)


def log_in(lease: Lease) -> int:
    url = f"{lease.url}/api/collections/_superusers/auth-with-password"
    return httpx.post(url, json={"identity": lease.email, "password": lease.password}).status_code


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/health").status_code == 200
    except httpx.TransportError:
        return False


def said(url: str) -> str:
    try:
        return httpx.get(url).text
    except httpx.TransportError:
        return ""


class Commands:
    """Commands in processes of their own, each with a lease."""

    def __init__(self, state: Path, binary: Binary) -> None:
        self._arguments = [sys.executable, "-c", CLIENT, str(state), str(binary.path), str(binary.version)]
        self._all: list[subprocess.Popen[str]] = []

    def start(self, group: int | None = None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            self._arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=group,
        )
        self._all.append(process)
        return process

    def stop(self) -> None:
        for process in self._all:
            process.kill()
            process.communicate()


def lease_of(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """The state directory; after the test nothing may run over it."""
    path = tmp_path / "my project" / ".pocketvex" / "embedded"
    yield path
    last = info(path)
    until(lambda: not info(path), "the supervisor has gone")
    for pid in (last.get("pid", 0), last.get("server", 0)):
        until(lambda pid=pid: not pid or ended(pid), f"process {pid} has gone")
    until(lambda: not any(str(path) in " ".join(command_of(pid)) for pid in processes()), "all have gone")


@pytest.fixture
def commands(state: Path, latest: Binary) -> Iterator[Commands]:
    made = Commands(state, latest)
    yield made
    made.stop()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


def test_it_starts_lets_in_and_ends(binary: Binary, state: Path) -> None:
    with acquire(state, binary) as lease:
        assert lease.started
        assert lease.version == binary.version
        assert lease.backup is None
        assert log_in(lease) == 200
        pids = info(state)["pid"], info(state)["server"]
        assert serves(pids[1], lease.data_dir)
    for pid in pids:
        until(lambda pid=pid: ended(pid), "it has ended")
    with acquire(state, binary) as again:
        assert (again.url, again.password) == (lease.url, lease.password)
        assert log_in(again) == 200


def test_leases_share_a_server_that_ends_with_the_last(latest: Binary, state: Path) -> None:
    first = acquire(state, latest)
    second = acquire(state, latest)
    assert (first.started, second.started) == (True, False)
    assert second.url == first.url
    first.close()
    first.close()
    second.check()
    assert log_in(second) == 200
    second.close()
    until(lambda: not answers(second.url), "it has ended")


@pytest.mark.skipif(sys.platform == "win32", reason="file modes")
def test_only_this_user_can_read_the_state(latest: Binary, state: Path) -> None:
    with acquire(state, latest):
        assert state.stat().st_mode & 0o077 == 0
        for name in ("superuser.json", "server.json"):
            assert (state / name).stat().st_mode & 0o777 == 0o600


def test_no_password_in_a_command_line(latest: Binary, state: Path, commands: Commands) -> None:
    """Looked for while the superuser is made and while the server runs."""
    process = commands.start()
    seen: set[str] = set()

    def look() -> bool:
        for pid in processes():
            seen.update(command_of(pid))
        return bool(info(state).get("server"))

    until(look, "the server runs")
    lease_of(process)
    look()
    password = json.loads((state / "superuser.json").read_text())["password"]
    assert any(str(state) in argument for argument in seen)
    secrets = [password, str(info(state)["key"]), str(info(state)["proof"])]
    assert not any(secret in argument for secret in secrets for argument in seen)


def test_commands_that_race_share_one(latest: Binary, state: Path, commands: Commands) -> None:
    processes = [commands.start() for _ in range(6)]
    leases = [lease_of(process) for process in processes]
    assert len({url for url, _ in leases}) == 1
    assert sorted(started for _, started in leases) == ["False"] * 5 + ["True"]


def test_one_after_the_other_never_meets_an_ending_server(latest: Binary, state: Path) -> None:
    """Each starts while the server of the one before is on its way down."""
    for _ in range(8):
        with acquire(state, latest) as lease:
            assert answers(lease.url)


def test_a_killed_command_gives_its_share_back(state: Path, commands: Commands) -> None:
    first, second = commands.start(), commands.start()
    url = lease_of(first)[0]
    assert lease_of(second)[0] == url
    first.kill()
    first.wait()
    assert answers(url)
    second.kill()
    second.wait()
    until(lambda: not answers(url), "the server has ended")


def test_a_command_killed_while_the_server_starts(latest: Binary, state: Path, commands: Commands) -> None:
    process = commands.start()
    until(lambda: info(state), "the supervisor runs")
    process.kill()
    process.wait()
    until(lambda: not info(state), "the supervisor has gone")
    with acquire(state, latest) as lease:
        assert log_in(lease) == 200


def test_a_killed_server_comes_back(latest: Binary, state: Path, stack: ExitStack) -> None:
    lease = stack.enter_context(acquire(state, latest))
    server = info(state)["server"]
    os.kill(server, KILL)
    until(lambda: info(state).get("server") not in (None, server), "another server was started")
    until(lambda: answers(lease.url), "it answers")
    lease.check()
    assert log_in(lease) == 200


def test_a_server_that_dies_again_and_again_is_given_up(
    latest: Binary, state: Path, stack: ExitStack
) -> None:
    lease = stack.enter_context(acquire(state, latest))
    killed: set[int] = set()

    def gone() -> bool:
        server = info(state).get("server", 0)
        if server and server not in killed and answers(lease.url):
            os.kill(server, KILL)
            killed.add(server)
        return not info(state)

    until(gone, "the supervisor gave up")
    assert len(killed) == 3
    with pytest.raises(ServerProcessError, match="3 times"):
        lease.check()
    with pytest.raises(ServerProcessError, match="3 times"):
        lease.restart()
    with acquire(state, latest) as fresh:
        assert log_in(fresh) == 200


def test_a_killed_supervisor_takes_its_server_along(latest: Binary, state: Path, stack: ExitStack) -> None:
    lease = stack.enter_context(acquire(state, latest))
    before = info(state)
    os.kill(before["pid"], KILL)
    with acquire(state, latest) as fresh:
        assert fresh.started
        assert fresh.url == lease.url
        assert log_in(fresh) == 200
        assert info(state)["server"] != before["server"]
        assert ended(before["server"])
        with pytest.raises(ServerProcessError):
            lease.check()


@pytest.mark.parametrize("known", [True, False])
def test_an_orphan_is_stopped(latest: Binary, state: Path, known: bool) -> None:
    """As it is left where the system does not end it together with its supervisor."""
    with acquire(state, latest) as lease:
        command = command_of(info(state)["server"])
    until(lambda: not info(state), "it has ended")
    orphan = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    until(lambda: answers(lease.url), "the orphan answers")
    if known:
        (state / "server.json").write_text(json.dumps({"server": orphan.pid, "pid": 1}))
    with acquire(state, latest) as fresh:
        assert log_in(fresh) == 200
        assert orphan.wait(30) is not None


def test_a_stale_file_does_not_stop_a_stranger(latest: Binary, state: Path) -> None:
    state.mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        stale = {"server": stranger.pid, "pid": stranger.pid, "control": 1, "key": "k", "proof": "p"}
        (state / "server.json").write_text(json.dumps({**stale, "url": "http://x", "version": "0.40.6"}))
        with acquire(state, latest) as lease:
            assert log_in(lease) == 200
            assert stranger.poll() is None
        stranger.communicate(b"\n")


@pytest.mark.parametrize("says", ['{"proof": "?"}', "[1]", "SSH-2.0", ""])
def test_an_impostor_on_the_control_port_is_not_believed(latest: Binary, state: Path, says: str) -> None:
    with acquire(state, latest):
        pass
    until(lambda: not info(state), "it has ended")
    with socket.create_server(("127.0.0.1", 0)) as impostor:
        stale = {"server": 0, "pid": 0, "control": impostor.getsockname()[1], "key": "k", "proof": "p"}
        (state / "server.json").write_text(json.dumps({**stale, "url": "http://x", "version": "0.40.6"}))
        answer = "import socket, sys; s = socket.socket(fileno=int(sys.argv[1])); s = s.accept()[0]"
        answer += "; s.recv(999); s.sendall(sys.argv[2].encode() + b'\\n'); s.recv(9); s.close()"
        command = [sys.executable, "-c", answer, str(impostor.fileno()), says]
        # One for each look: before the turn was taken, and after.
        impostors = [subprocess.Popen(command, pass_fds=[impostor.fileno()]) for _ in range(2)]
        with acquire(state, latest) as lease:
            assert lease.started
            assert log_in(lease) == 200
        assert [process.wait(30) for process in impostors] == [0, 0]


def test_a_connection_without_the_key_is_no_user(latest: Binary, state: Path) -> None:
    with acquire(state, latest) as lease:
        control = info(state)["control"]
        for said in (b"nonsense\n", b'{"key": "wrong"}\n', b"[]\n", b'{"do": "restart"}\n'):
            with socket.create_connection(("127.0.0.1", control)) as stranger:
                stranger.sendall(said)
                assert stranger.recv(100) == b""
        silent = socket.create_connection(("127.0.0.1", control))
        lease.check()
    until(lambda: not answers(lease.url), "it has ended")
    silent.close()


def test_a_removed_directory_ends_the_server(latest: Binary, state: Path, stack: ExitStack) -> None:
    lease = stack.enter_context(acquire(state, latest))
    before = info(state)
    state.rename(state.with_name("moved"))
    until(lambda: ended(before["pid"]) and ended(before["server"]), "both have ended")
    with pytest.raises(ServerProcessError):
        lease.check()


def test_the_port_is_kept_and_a_taken_one_names_its_holder(latest: Binary, state: Path) -> None:
    with acquire(state, latest) as lease:
        port = int(lease.url.rsplit(":", 1)[1])
    until(lambda: not info(state), "it has ended")
    with socket.create_server(("127.0.0.1", port)), pytest.raises(ServerProcessError) as taken:
        acquire(state, latest)
    assert str(port) in taken.value.what
    assert str(state / "port") in taken.value.todo
    if sys.platform == "linux":
        assert f"(process {os.getpid()})" in taken.value.what
    (state / "port").unlink()
    with acquire(state, latest) as other:
        assert log_in(other) == 200


def test_a_port_that_is_wanted(latest: Binary, state: Path) -> None:
    with acquire(state, latest) as lease:
        chosen = int(lease.url.rsplit(":", 1)[1])
        with acquire(state, latest, port=chosen + 1) as second:
            assert second.url == lease.url  # it runs already
    until(lambda: not info(state), "it has ended")
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(ServerProcessError, match=str(taken)) as refused:
            acquire(state, latest, port=taken)
        assert "`port` in the configuration" in refused.value.todo
    with acquire(state, latest, port=taken) as lease:
        assert lease.url.endswith(f":{taken}")
        assert log_in(lease) == 200
    until(lambda: not info(state), "it has ended")
    with acquire(state, latest) as lease:
        assert lease.url.endswith(f":{taken}")  # kept


def test_a_changed_password_is_set_again(latest: Binary, state: Path) -> None:
    with acquire(state, latest) as lease:
        headers = {
            "Authorization": httpx.post(
                f"{lease.url}/api/collections/_superusers/auth-with-password",
                json={"identity": lease.email, "password": lease.password},
            ).json()["token"]
        }
        url = f"{lease.url}/api/collections/_superusers/records"
        found = httpx.get(url, headers=headers).json()["items"]
        assert [user["email"] for user in found] == [lease.email]
        change = {"password": "somethingelse", "passwordConfirm": "somethingelse"}
        httpx.patch(f"{url}/{found[0]['id']}", headers=headers, json=change).raise_for_status()
    with acquire(state, latest) as again:
        assert log_in(again) == 200
    (state / "superuser.json").unlink()
    with acquire(state, latest) as third:
        assert third.password != lease.password
        assert log_in(third) == 200


def test_a_newer_binary_takes_a_backup_and_an_older_one_is_refused(latest: Binary, state: Path) -> None:
    older = binary_of("0.36.9")
    with acquire(state, older) as lease:
        assert lease.backup is None
    with acquire(state, latest) as lease:
        assert lease.backup == state / "backups" / "0.36.9-1"
        assert (lease.backup / "data.db").is_file()
        assert log_in(lease) == 200
        with pytest.raises(ServerProcessError, match="is older"):
            acquire(state, older)
    with acquire(state, latest) as lease:
        assert lease.backup is None
    with pytest.raises(ServerProcessError, match="is older"):
        acquire(state, older)
    (state / "version").write_text("0.36.9\n")
    with acquire(state, latest) as lease:
        assert lease.backup == state / "backups" / "0.36.9-2"


def test_restart_shows_what_migrate_up_did(binary: Binary, state: Path, stack: ExitStack) -> None:
    lease = stack.enter_context(acquire(state, binary))
    other = stack.enter_context(acquire(state, binary))
    body = 'migrate((app) => app.save(new Collection({ type: "base", name: "a", listRule: "" })))'
    scratch.migrate_up(binary, lease.data_dir, {"1_a.js": body})
    before = info(state)["server"]
    lease.restart()
    assert info(state)["server"] != before
    assert httpx.get(f"{lease.url}/api/collections/a/records").status_code == 200
    other.check()
    other.restart()


def test_serve_runs_no_migrations_and_writes_none(latest: Binary, state: Path) -> None:
    migrations = state.parents[1] / "pb_migrations"
    migrations.mkdir(parents=True)
    (migrations / "1_bad.js").write_text("migrate(() => { throw 1 })")
    with acquire(state, latest) as lease:
        login = {"identity": lease.email, "password": lease.password}
        url = f"{lease.url}/api/collections"
        token = httpx.post(f"{url}/_superusers/auth-with-password", json=login).json()["token"]
        made = httpx.post(url, headers={"Authorization": token}, json={"name": "a", "type": "base"})
        assert made.status_code == 200
        assert scratch.applied(lease.data_dir) == ()
    assert [path.name for path in migrations.iterdir()] == ["1_bad.js"]
    assert not (state / "no-migrations").exists()


def test_hooks_run_with_the_environment(latest: Binary, state: Path, stack: ExitStack) -> None:
    hooks = state.parents[1] / "pb_hooks"
    hooks.mkdir(parents=True)
    code = 'routerAdd("GET", "/hi", (e) => e.string(200, $os.getenv("PV_HI") + $os.getwd()))'
    (hooks / "a.pb.js").write_text(code)
    lease = stack.enter_context(acquire(state, latest, hooks_dir=hooks, env={"PV_HI": "hello "}))
    assert httpx.get(f"{lease.url}/hi").text == f"hello {hooks.parent}"


@pytest.mark.skipif(sys.platform == "win32", reason="PocketBase does not watch hooks there")
def test_a_killed_supervisor_takes_a_reloaded_server_along(latest: Binary, state: Path) -> None:
    """A changed hook makes the server execute itself anew, and Linux forgets whose death should end it."""
    hooks = state.parents[1] / "pb_hooks"
    hooks.mkdir(parents=True)
    (hooks / "a.pb.js").write_text('routerAdd("GET", "/hi", (e) => e.string(200, "1"))')
    with acquire(state, latest, hooks_dir=hooks) as lease:
        (hooks / "a.pb.js").write_text('routerAdd("GET", "/hi", (e) => e.string(200, "2"))')
        until(lambda: said(f"{lease.url}/hi") == "2", "it was reloaded")
        pids = info(state)
        os.kill(pids["pid"], KILL)
        until(lambda: ended(pids["server"]), "the server has ended")
    (state / "server.json").unlink()
    assert not answers(lease.url)


def test_a_killed_guard_is_no_harm(latest: Binary, state: Path) -> None:
    with acquire(state, latest) as lease:
        guards: list[int] = []

        def find() -> bool:
            guards[:] = [pid for pid in processes() if {str(state / "data")} & set(command_of(pid))]
            return bool(guards)

        until(find, "the guard runs")
        os.kill(guards[0], KILL)
        lease.restart()
        assert log_in(lease) == 200


def test_a_broken_hook_is_told(latest: Binary, state: Path) -> None:
    hooks = state.parents[1] / "pb_hooks"
    hooks.mkdir(parents=True)
    (hooks / "a.pb.js").write_text("onBootstrap((e) => { throw new Error('this hook is broken') })")
    with pytest.raises(ServerProcessError, match="this hook is broken") as failure:
        acquire(state, latest, hooks_dir=hooks)
    assert str(state / "server.log") in failure.value.todo


def test_places_that_cannot_be_written(latest: Binary, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for state in (tmp_path / "file", tmp_path / "file" / "embedded"):
        with pytest.raises(ServerProcessError, match="cannot use"):
            acquire(state, latest)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "data").touch()
    with pytest.raises(ServerProcessError, match="cannot use"):
        acquire(tmp_path / "state", latest)


# Takes from root, and from what it starts, the right to write where the modes forbid it.
BOUND = """
import ctypes, os, sys
if os.geteuid() == 0:
    drop, dac_override = 24, 1
    assert ctypes.CDLL(None).prctl(drop, dac_override, 0, 0, 0) == 0
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="file modes, and prctl to bind root by them")
@pytest.mark.parametrize("closed", [".", "data", "data/data.db"])
def test_a_place_that_is_read_only(latest: Binary, state: Path, closed: str) -> None:
    with acquire(state, latest) as lease:
        url = lease.url
    until(lambda: not info(state), "it has ended")
    before = (state / closed).stat().st_mode
    (state / closed).chmod(0o500)
    arguments = [BOUND, "-c", CLIENT, str(state), str(latest.path), str(latest.version)]
    done = subprocess.run(
        [sys.executable, "-c", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    (state / closed).chmod(before)
    assert done.returncode == 1
    assert "pocketvex.errors.ServerProcessError: " in done.stderr
    assert f"cannot use {state / closed}" in done.stderr
    assert not answers(url)


def test_a_binary_that_is_missing(latest: Binary, state: Path, tmp_path: Path) -> None:
    with acquire(state, latest):
        pass
    with pytest.raises(ServerProcessError, match=r"cannot be run|did not start"):
        acquire(state, latest._replace(path=tmp_path / "none"))


def test_0_22_is_refused(state: Path) -> None:
    with pytest.raises(UnsupportedServer, match="too old"):
        acquire(state, binary_of(UNSUPPORTED))
    assert not state.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="rlimits")
@pytest.mark.parametrize("limit", [0, 20_000, 100_000])
def test_a_full_disk(latest: Binary, state: Path, limit: int) -> None:
    """A limit on the size of files fails in the same places as a disk without space."""
    code = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n{CLIENT}"
    done = subprocess.run(
        [sys.executable, "-c", code, str(state), str(latest.path), str(latest.version)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "\npocketvex.errors.ServerProcessError: " in done.stderr
    with acquire(state, latest) as lease:
        assert log_in(lease) == 200


def test_an_interrupted_command_ends_in_good_order(latest: Binary, state: Path, commands: Commands) -> None:
    """Ctrl-C reaches every process of the terminal's group; the server belongs to the ones that go on."""
    if sys.platform == "win32":
        pytest.skip("process groups")
    process = commands.start(group=0)
    url = lease_of(process)[0]
    with acquire(state, latest) as lease:
        os.killpg(process.pid, signal.SIGINT)
        process.wait()
        lease.check()
        assert answers(url)


def test_damaged_state_is_made_anew(latest: Binary, state: Path) -> None:
    with acquire(state, latest):
        pass
    until(lambda: not info(state), "it has ended")
    for name in ("superuser.json", "server.json", "port", "version"):
        (state / name).write_text("[1, 2")
    with acquire(state, latest) as again:
        assert log_in(again) == 200
        assert again.backup == state / "backups" / "unknown-1"
