"""Processes end when they should, also when they are killed, and leave nothing that the next has to mend."""

from __future__ import annotations

import os
import pty
import random
import re
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pocketvex.server.binaries import Binary
from terminal import PATIENCE, POCKETVEX, Dev, Project, ended, posts, until


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "app")
    found.write("pocketvex.toml", "")
    found.write("schema/posts.py", posts())
    # Temporary folders of this project's commands, so that what they leave behind is seen.
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    found.env["TMPDIR"] = str(temporary)
    return found


def children(pid: int) -> list[int]:
    """Of this process, and of those in turn; where there is a /proc."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == pid:
            found += [int(path.parent.name), *children(int(path.parent.name))]
    return found


def catches(pid: int) -> bool:
    """Whether our own handlers are in place: that of SIGTERM, which Python itself leaves alone."""
    status = Path(f"/proc/{pid}/status").read_text()
    (caught,) = re.findall(r"^SigCgt:\s*(\w+)", status, re.MULTILINE)
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def family(project: Project, dev: Dev) -> list[int]:
    """Everything that runs because of this dev."""
    server = project.server
    return [dev.process.pid, *children(dev.process.pid), server["pid"], server["server"]]


def leaves_nothing(project: Project, pids: list[int]) -> None:
    for pid in pids:
        until(lambda pid=pid: ended(pid), f"process {pid} has ended")
    until(lambda: not project.server, "the server is gone")
    assert project.temporary_files() == []
    assert list(Path(project.env["TMPDIR"]).iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_told_to_end(project: Project, number: int) -> None:
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("this signal is ignored here (nohup), and so by what is started")
    with project.dev() as dev:
        dev.says("in sync")
        pids = family(project, dev)
        assert dev.signal(number) == 0
    leaves_nothing(project, pids)


@pytest.mark.parametrize("command", ["schema diff", "schema diff --format json", "migrate up"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_says_what_stopped_it(project: Project, number: int, command: str) -> None:
    """By its exit code, as a shell gives it: also the two that load no parser."""
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("this signal is ignored here (nohup), and so by what is started")
    begun = project.root / "begun"
    project.write(
        "schema/slow.py", f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(60)\n"
    )
    process = subprocess.Popen(
        [POCKETVEX, *command.split()],
        cwd=project.root,
        env=project.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    until(begun.exists, "it loads the schema")
    process.send_signal(number)
    assert process.communicate(timeout=PATIENCE) == (b"", b"stopped\n")
    assert process.returncode == 128 + number
    assert list(Path(project.env["TMPDIR"]).iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_end_at_any_moment(project: Project, number: int) -> None:
    project.ok("dev", "--once")
    dice = random.Random(number)
    for turn in range(12):
        project.write("schema/posts.py", posts(f"f{turn} = field.text(renamed_from='')"))
        with project.dev() as dev:
            until(lambda dev=dev: catches(dev.process.pid), "PocketVex is there, not only Python")
            delay = dice.random() * 0.8
            threading.Timer(delay, lambda dev=dev: dev.process.send_signal(number)).start()
            code = dev.process.wait(PATIENCE)
        if dev.text in ("", "stopped"):  # it was still a command like any other, and not yet `dev`
            assert code in (0, 128 + number), (code, delay)
        else:
            assert code == 0, (code, delay, dev.text)
        assert not re.search("error|Exception|Traceback", dev.text), (delay, dev.text)
    until(lambda: not project.server, "the server is gone")
    assert project.temporary_files() == []
    assert list(Path(project.env["TMPDIR"]).iterdir()) == []
    project.ok("dev", "--once")


def test_killed_at_random_it_recovers_without_help(project: Project, latest: Binary) -> None:
    dice = random.Random(9)
    names = []
    for turn in range(12):
        names.append(f"k{turn}")
        lines = [f"{name} = field.text()" for name in names]
        project.write("schema/posts.py", posts(*lines))
        with project.dev() as dev:
            threading.Timer(dice.random() * 1.2, dev.process.kill).start()
            dev.process.wait(PATIENCE)
    with project.dev() as dev:
        dev.says("in sync")
        assert "error" not in dev.text
        with project.client(latest) as client:
            found = next(c for c in client.collections() if c["name"] == "posts")
        assert {"id", "title", *names} == {field["name"] for field in found["fields"]}
        pids = family(project, dev)
    for pid in pids:
        until(lambda pid=pid: ended(pid), f"process {pid} has ended")


def test_the_second_of_two_says_that_there_is_a_first(project: Project) -> None:
    with project.dev() as one:
        one.says("in sync")
        with project.dev() as two:
            line = two.says("runs in this project too")
            assert line.startswith(f"note: `pocketvex dev` (process {one.process.pid}, since 20")
            two.says("in sync")
        project.ok("dev", "--once")
        assert "runs in this project too" not in one.text
    with project.dev() as one:
        one.says("in sync")
        assert "runs in this project too" not in one.text


def test_two_share_one_server_and_both_work(project: Project, latest: Binary) -> None:
    with project.dev() as one, project.dev() as two:
        one.says("in sync")
        two.says("in sync")
        server = project.server["server"]
        assert one.lines[0] == two.lines[0]
        for number in range(5):
            project.write("schema/posts.py", posts(*(f"f{n} = field.text()" for n in range(number + 1))))
            until(lambda n=number: f"f{n}: string" in project.types, "the types")
        for dev in (one, two):
            dev.says("in sync")
        with project.client(latest) as client:

            def there() -> bool:
                found = next(c for c in client.collections() if c["name"] == "posts")
                return "f4" in [field["name"] for field in found["fields"]]

            until(there, "the server has the last save")
            assert one.signal(signal.SIGINT) == 0
            mark = two.now
            project.write("schema/posts.py", posts("last = field.number()"))
            two.says("in sync|waiting", mark)
        assert project.server["server"] == server
        assert "error" not in one.text + two.text


@pytest.mark.parametrize("which", ["server", "pid"])
def test_a_server_that_is_killed_comes_back(project: Project, latest: Binary, which: str) -> None:
    """`server` is PocketBase, which its supervisor starts again; `pid` is the supervisor itself."""
    with project.dev() as dev:
        dev.says("in sync")
        old = project.server["server"]
        os.kill(project.server[which], signal.SIGKILL)
        until(lambda: project.server.get("server") not in (None, old), "another server runs")
        project.write("schema/posts.py", posts("slug = field.text()"))
        with project.client(latest) as client:
            until(
                lambda: "slug" in str(client.collections()),
                f"dev works on: {dev.text}",
            )
        dev.says("in sync", 3)
        pids = family(project, dev)
    leaves_nothing(project, pids)


def test_a_save_while_a_server_of_ones_own_is_down(
    project: Project, server: Callable[..., object], latest: Binary
) -> None:
    running = server(latest)
    env = {"PB_URL": running.url, "PB_ADMIN_EMAIL": "admin@example.com", "PB_ADMIN_PASS": "password1234"}
    with project.dev(env=env) as dev:
        dev.says("in sync")
        running.halt()
        mark = dev.now
        project.write("schema/posts.py", posts("slug = field.text()"))
        dev.says("Nothing listens", mark)
        until(lambda: "slug: string" in project.types, "types need no server")
        project.write("schema/posts.py", posts("slug = field.text()", "more = field.text()"))
        until(lambda: "more: string" in project.types, "nor now")
        running.start()
        dev.says("back: ", mark)
        dev.says(r"posts\.more", mark)
        dev.says("in sync", mark)
        assert dev.since(mark).count("error: ") == 1


def test_a_reader_that_has_seen_enough(project: Project) -> None:
    project.write("schema/posts.py", posts(*(f"f{n} = field.text()" for n in range(300))))
    for command in (["dev"], ["schema", "diff"], ["--help"], ["migrate", "status"]):
        shell = f"'{POCKETVEX}' {' '.join(command)} | head -n 1"
        done = subprocess.run(
            shell,
            shell=True,
            cwd=project.root,
            env=project.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert "Exception" not in done.stderr, done.stderr
        assert "bug" not in done.stderr, done.stderr
        assert done.stdout
        project.write("schema/posts.py", posts(*(f"f{n} = field.text()" for n in range(300))))


def test_ctrl_c_at_a_terminal_reaches_all_of_its_processes(project: Project) -> None:
    """There the signal goes to the whole group: to the scratch servers of a proof too."""
    project.write("schema/posts.py", posts("slug = field.text()"))
    project.ok("dev", "--once")
    project.ok("migrate", "generate", "first")
    project.write("schema/posts.py", posts())
    for turn in range(6):
        parent, child = pty.openpty()
        process = subprocess.Popen(
            [POCKETVEX, "dev"], cwd=project.root, env=project.env,
            stdin=child, stdout=child, stderr=child, start_new_session=True,
            preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),
        )  # fmt: skip
        os.close(child)
        said = bytearray()
        until(lambda p=parent, s=said: _read(p, s) and b"watching" in s, "it begins")
        for _ in range(turn * 150_000):
            pass
        os.write(parent, b"\x03")
        code = process.wait(PATIENCE)
        _read(parent, said)
        os.close(parent)
        text = said.decode()
        assert code == 0, text
        assert not re.search("Traceback|Exception|error", text), text
    assert project.temporary_files() == []
    until(lambda: not list(Path(project.env["TMPDIR"]).iterdir()), "no scratch folder is left")


def _read(terminal: int, into: bytearray) -> bool:
    import select

    while select.select([terminal], [], [], 0.05)[0]:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        into += chunk
    return True


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_migrate_that_is_cut_off_is_done_or_not_and_can_be_repeated(
    project: Project, latest: Binary, number: int
) -> None:
    project.write("schema/posts.py", posts("slug = field.text()"))
    project.ok("dev", "--once")
    project.ok("migrate", "generate", "first")
    project.ok("migrate", "up")
    with project.client(latest) as client:
        answer = client._request(
            "POST", "/api/collections/posts/records", json={"title": "one", "slug": "kept"}
        )
        assert answer.ok
        dice = random.Random(number)
        for turn in range(5):
            project.write("schema/posts.py", posts())
            cut_off(project, ["migrate", "up"], number, dice.random() * 1.7)
            # Whatever it had done: the command does the rest, and a value is never lost.
            project.ok("migrate", "up")
            assert "slug" not in client.records("posts")[0], turn
            cut_off(project, ["migrate", "down"], number, dice.random())
            states = [
                row["state"] for row in project.ok("migrate", "status", "--format", "json").json["migrations"]
            ]
            if states[-1] == "applied":
                project.ok("migrate", "down")
            assert client.records("posts")[0]["slug"] == "kept", turn
            project.write("schema/posts.py", posts("slug = field.text()"))
    if number != signal.SIGKILL:  # what that one leaves is removed by later writes
        assert project.temporary_files() == []
        assert list(Path(project.env["TMPDIR"]).iterdir()) == []


def cut_off(project: Project, command: list[str], number: int, seconds: float) -> None:
    process = subprocess.Popen(
        [POCKETVEX, *command],
        cwd=project.root,
        env=project.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    until(lambda: catches(process.pid) or process.poll() is not None, "PocketVex is there")
    timer = threading.Timer(seconds, process.send_signal, [number])
    timer.start()
    said, _ = process.communicate(timeout=PATIENCE)
    timer.cancel()
    timer.join()
    assert b"bug in PocketVex" not in said, said
    assert b"Traceback" not in said, said
