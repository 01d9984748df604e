"""What is written: whole or not at all, for our eyes only where it is secret, and understood again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pocketvex.errors import ConfigError, Locked, UsageError
from pocketvex.store.files import local_dir, write_atomically
from pocketvex.store.locks import holder_of, project_lock
from pocketvex.store.state import HostState, load_state, save_state

posix = pytest.mark.skipif(os.name == "nt", reason="modes and signals of POSIX")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_same_text_is_not_written_again(tmp_path: Path) -> None:
    file = tmp_path / "new" / "types.ts"
    assert write_atomically(file, "ä\n")
    before = file.stat()
    assert not write_atomically(file, "ä\n")
    assert file.stat() == before
    assert write_atomically(file, "b\r\n")
    assert file.read_bytes() == b"b\r\n"
    assert [p.name for p in file.parent.iterdir()] == ["types.ts"]


@posix
def test_modes(tmp_path: Path) -> None:
    umask = os.umask(0o022)
    try:
        plain, secret = tmp_path / "plain", tmp_path / "secret"
        write_atomically(plain, "1")
        write_atomically(secret, "1", mode=0o600)
        assert (mode(plain), mode(secret)) == (0o644, 0o600)
        plain.chmod(0o755)
        write_atomically(plain, "2")
        assert mode(plain) == 0o755
        secret.chmod(0o644)
        assert not write_atomically(secret, "1", mode=0o600)
        assert mode(secret) == 0o600
    finally:
        os.umask(umask)


@posix
def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_atomically(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(UsageError, match="cannot be written"):
        write_atomically(tmp_path / "file" / "below", "x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError):
        write_atomically(tmp_path / "folder", "x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_what_killed_writes_left_is_removed_when_it_is_old(tmp_path: Path) -> None:
    old, new, anothers = (
        tmp_path / f".{name}.tmp" for name in ("a.ts.0123abcd", "a.ts.89abcdef", "b.ts.0123abcd")
    )
    somebodys = tmp_path / ".a.ts.mine.tmp"
    for left in (old, new, anothers, somebodys):
        left.touch()
    for left in (old, anothers, somebodys):
        os.utime(left, (0, 0))
    assert write_atomically(tmp_path / "a.ts", "text")
    assert [left.exists() for left in (old, new, anothers, somebodys)] == [False, True, True, True]


def test_git_sees_nothing_of_the_local_folder(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    write_atomically(local_dir(tmp_path) / "x" / "y", "z")
    status = subprocess.run(
        ["git", "-C", tmp_path, "status", "--porcelain"], check=True, capture_output=True, text=True
    )
    assert status.stdout == ""


def test_state_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    assert load_state(tmp_path, "h") == HostState()
    assert not (tmp_path / ".pocketvex").exists()
    state = HostState(
        server_version="0.40.6",
        url="https://pb.example.com",
        applied=["1_a.js"],
        held_back=["2_b.js"],
        written={"posts.title": {"id": "t"}},
        managed=["posts"],
        fingerprint="abc",
        absorbed=["3_c.js"],
        answers={"posts.status:c": "a"},
        met=["others"],
        away={"id": {"name": "gone"}},
        intended={"posts.body": None},
        notes=["note"],
    )
    assert all(vars(state).values()), "a part of the state is not tried"
    assert save_state(tmp_path, "h", state)
    assert not save_state(tmp_path, "h", state)
    assert load_state(tmp_path, "h") == state
    assert load_state(tmp_path, "h").notes == []
    file = tmp_path / ".pocketvex" / "hosts" / "h.json"
    assert json.loads(file.read_bytes())["version"] == 1
    if os.name != "nt":
        assert mode(file) == 0o600


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"{}",
        b'{"version": 1, "applied": "x"}',
        b'{"version": 1, "applied": [1]}',
    ],
)
def test_a_broken_state_is_set_aside(tmp_path: Path, broken: bytes) -> None:
    file = tmp_path / ".pocketvex" / "hosts" / "h.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(broken)
    state = load_state(tmp_path, "h")
    assert state == HostState()
    assert "h.json.corrupt" in state.notes[0]
    assert (file.parent / "h.json.corrupt").read_bytes() == broken
    assert load_state(tmp_path, "h").notes == []


def test_a_state_of_the_future_is_not_thrown_away(tmp_path: Path) -> None:
    file = tmp_path / ".pocketvex" / "hosts" / "h.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"version": 2}')
    with pytest.raises(ConfigError, match="newer PocketVex"):
        load_state(tmp_path, "h")
    assert file.exists()


HOLD = """
import sys
from pathlib import Path
from pocketvex.store.locks import project_lock
with project_lock(Path(sys.argv[1]), wait=0, what="pocketvex dev"):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(root: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_command_hears_who_is_first(tmp_path: Path) -> None:
    with hold(tmp_path) as first:
        with (
            pytest.raises(Locked, match=rf"`pocketvex dev` \(process {first.pid}, since 20") as caught,
            project_lock(tmp_path, wait=0, what="pocketvex migrate up"),
        ):
            pass
        assert caught.value.exit_code == 8
        first.communicate()
    with project_lock(tmp_path, wait=0, what="pocketvex migrate up"):
        holder = holder_of(tmp_path)
        assert holder
        assert (holder.pid, holder.what) == (os.getpid(), "pocketvex migrate up")
    assert holder_of(tmp_path) is None


@posix
def test_a_holder_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    with hold(tmp_path) as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
        with project_lock(tmp_path, wait=10, what="next"):
            pass
        first.communicate()


def test_the_lock_ends_with_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), project_lock(tmp_path, wait=0, what="first"):
        raise ZeroDivisionError
    with project_lock(tmp_path, wait=0, what="second"):
        pass


def test_reading_loads_nothing_heavy() -> None:
    code = (
        "import sys, pocketvex.store.hosts, pocketvex.store.state, pocketvex.store.vault, "
        "pocketvex.store.locks, pocketvex.api.credentials, pocketvex.api.filters\n"
        "heavy = {'pydantic', 'httpx', 'cryptography', 'filelock', 'platformdirs', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
