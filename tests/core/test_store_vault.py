"""The vault: tokens of one user for all projects, encrypted, for a day; what it cannot read it lacks."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pocketvex.store.config import Config, load_config
from pocketvex.store.vault import DAY, EmbeddedToken, Vault, open_vault

NOW = 1_800_000_000.0
HERE, THERE = "http://127.0.0.1:8090", "https://pb.example.com"

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes of files")


def token(until: float, of: str = "a") -> str:
    """What looks like a superuser's token of PocketBase."""
    parts = [{"alg": "HS256"}, {"exp": int(until), "of": of}]
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts), "x"]
    )


A, B = token(NOW + 10 * DAY, "a"), token(NOW + 10 * DAY, "b")


@pytest.fixture
def open_at(tmp_path: Path) -> Callable[..., Vault]:
    def opened(now: float = NOW, *, ttl: float = DAY, key: str = "me") -> Vault:
        return Vault(ttl=ttl, folder=tmp_path / "data", key_folder=tmp_path / key, now=lambda: now)

    return opened


def test_tokens_are_kept_per_server_and_person(open_at: Callable[..., Vault]) -> None:
    vault = open_at()
    assert vault.kept() == []
    for url in (HERE, THERE):
        vault.put(url, "a", A)
        vault.put(f"{url}/", "b", B)
    again = open_at()
    assert [(k.url, k.identity) for k in again.kept()] == [
        (HERE, "a"),
        (HERE, "b"),
        (THERE, "a"),
        (THERE, "b"),
    ]
    assert (again.get(f"{HERE}/", "a"), again.get(HERE, "b"), again.get(HERE, "c")) == (A, B, None)
    assert again.identity(HERE) == ""
    again.drop(HERE, "a")
    assert (vault.get(HERE, "a"), vault.identity(HERE)) == (None, "b")
    assert vault.forget(THERE) == 2
    assert vault.forget(THERE) == 0
    assert vault.clear()
    assert not vault.clear()
    assert vault.notes == []


@pytest.mark.parametrize(
    ("until", "ttl", "good", "gone"),
    [
        (10 * DAY, DAY, DAY - 1, DAY),
        (3600, DAY, 3599, 3600),
        (10 * DAY, 2 * DAY, 2 * DAY - 1, 2 * DAY),
    ],
    ids=["a day", "the token ends first", "two days"],
)
def test_a_token_is_kept_as_long_as_the_configuration_says(
    open_at: Callable[..., Vault], until: float, ttl: float, good: float, gone: float
) -> None:
    open_at(ttl=ttl).put(HERE, "a", token(NOW + until))
    assert open_at(NOW + good, ttl=ttl).get(HERE, "a")
    assert open_at(NOW + gone, ttl=ttl).get(HERE, "a") is None
    assert open_at(NOW + gone, ttl=ttl).kept() == []


def test_a_shorter_time_counts_for_what_is_kept_already_and_none_is_none(
    open_at: Callable[..., Vault],
) -> None:
    open_at().put(HERE, "a", A)
    assert open_at(NOW + 3600, ttl=3600).get(HERE, "a") is None
    assert open_at(ttl=0).get(HERE, "a") is None
    open_at(ttl=0).put(THERE, "b", B)
    assert open_at(ttl=0).forget(HERE) == 1
    assert open_at().kept() == []


def test_no_token_can_be_read_in_the_file_nor_with_the_key_of_another(
    open_at: Callable[..., Vault], tmp_path: Path
) -> None:
    vault = open_at()
    vault.put(THERE, "a", A)
    text = vault.file.read_text()
    assert A not in text
    assert "example" not in text
    assert A not in repr(vault.kept())
    thief = open_at(key="thief")
    assert thief.get(THERE, "a") is None
    assert "cannot be read here" in thief.notes[0]
    thief.put(HERE, "b", B)
    assert [kept.identity for kept in open_at(key="thief").kept()] == ["b"]


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"version": 1}', '{"version": 9, "tokens": ""}', "\0"])
def test_a_broken_file_counts_as_empty_and_that_is_said(open_at: Callable[..., Vault], broken: str) -> None:
    open_at().put(HERE, "a", A)
    file = open_at().file
    for text in (broken, file.read_text()[:-20], file.read_text().replace("gAAAA", "gAAAB")):
        file.write_text(text)
        vault = open_at()
        assert vault.kept() == []
        assert vault.get(HERE, "a") is None
        assert len(vault.notes) == 1
        assert "sign in again" in vault.notes[0]
        vault.put(HERE, "a", A)
        assert open_at().get(HERE, "a") == A


def test_a_broken_key_costs_a_login(open_at: Callable[..., Vault], tmp_path: Path) -> None:
    open_at().put(HERE, "a", A)
    for text in ("no key", ""):
        (tmp_path / "me" / "token.key").write_text(text)
        assert open_at().get(HERE, "a") is None
        open_at().put(HERE, "a", A)
        assert open_at().get(HERE, "a") == A


@posix
def test_what_others_could_read_is_closed_to_them(open_at: Callable[..., Vault], tmp_path: Path) -> None:
    vault = open_at()
    vault.put(HERE, "a", A)
    key = tmp_path / "me" / "token.key"
    modes = [path.stat().st_mode & 0o777 for path in (vault.file, key, vault.file.parent, key.parent)]
    assert modes == [0o600, 0o600, 0o700, 0o700]
    vault.file.chmod(0o644)
    key.chmod(0o640)
    again = open_at()
    assert again.get(HERE, "a") == A
    assert len(again.notes) == 2
    assert [path.stat().st_mode & 0o777 for path in (vault.file, key)] == [0o600, 0o600]
    assert open_at().kept()


def test_what_cannot_be_written_stops_no_command(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file where a folder should be")
    vault = Vault(folder=tmp_path / "file" / "data", key_folder=tmp_path / "file", now=lambda: NOW)
    vault.put(HERE, "a", A)
    vault.drop(HERE, "a")
    assert vault.get(HERE, "a") is None
    assert vault.kept() == []


PUTS = """
import sys
from collections.abc import Callable
from pathlib import Path
from pocketvex.store.vault import Vault
root, name, token = sys.argv[1:]
vault = Vault(folder=Path(root) / "data", key_folder=Path(root) / "me", now=lambda: 1_800_000_000.0)
for n in range(20):
    vault.put(f"https://{name}{n}.example.com", "a", token)
"""


def test_two_processes_that_sign_in_at_once_lose_no_login(
    tmp_path: Path, open_at: Callable[..., Vault]
) -> None:
    running = [subprocess.Popen([sys.executable, "-c", PUTS, tmp_path, name, A]) for name in ("x", "y")]
    assert [process.wait(60) for process in running] == [0, 0]
    assert len(open_at().kept()) == 40


def test_what_lay_in_the_project_moves_into_the_vault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cryptography.fernet import Fernet

    for name in ("config", "data"):
        monkeypatch.setenv(f"XDG_{name.upper()}_HOME", str(tmp_path / name))
    key = Fernet.generate_key()
    (tmp_path / "config" / "pocketvex").mkdir(parents=True)
    (tmp_path / "config" / "pocketvex" / "token.key").write_bytes(key)
    (tmp_path / "config" / "pocketvex" / "token.key").chmod(0o600)
    app = tmp_path / "app"
    old = app / ".pocketvex" / "tokens.json"
    old.parent.mkdir(parents=True)
    lasting, ended = token(4_000_000_000.0), token(1.0)
    kept = {
        f"a {HERE}": lasting,
        f"b {THERE}": Fernet(key).encrypt(lasting.encode()).decode(),
        f"c {HERE}": ended,
    }
    old.write_text(json.dumps({**kept, "odd": 1, "d x": "no token"}))
    config: Config = load_config(app)
    vault = open_vault(config)
    assert [(k.url, k.identity, k.token) for k in vault.kept()] == [
        (HERE, "a", lasting),
        (THERE, "b", lasting),
    ]
    assert not old.exists()
    assert vault.notes == []


def test_the_token_of_the_embedded_server_lies_with_its_password(tmp_path: Path) -> None:
    kept = EmbeddedToken(tmp_path)
    assert kept.get(HERE, "a") is None
    kept.put(HERE, "a", A)
    assert EmbeddedToken(tmp_path).get(HERE, "a") == A
    assert EmbeddedToken(tmp_path).get(THERE, "a") is None
    kept.drop(HERE, "a")
    kept.drop(HERE, "a")
    assert EmbeddedToken(tmp_path).get(HERE, "a") is None
