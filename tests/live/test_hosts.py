"""Servers by name, their logins, and the menu: as somebody at a terminal and a script meet them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pocketvex.server.binaries import Binary
from pocketvex.server.launch import free_port
from pocketvex.store.vault import Vault
from terminal import Project, Terminal, asks, posts

EMAIL, PASSWORD = "admin@example.com", "password1234"
DOWN, ENTER = "\x1b[B", "\r"


@pytest.fixture
def url(server: Callable[..., Any], latest: Binary) -> str:
    return str(server(latest).url)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "app")
    found.write("pocketvex.toml", "# ours\n")
    found.write("schema/posts.py", posts())
    return found


def vault(project: Project) -> Vault:
    home = project.root.parent
    return Vault(folder=home / "data/pocketvex", key_folder=home / "config/pocketvex")


def token(project: Project) -> str:
    return vault(project).kept()[0].token


def test_a_host_from_its_first_line_to_its_last(project: Project, url: str) -> None:
    added = project.ok("host", "add", "live", url, "--protected")
    assert added.out == f"+ [hosts.live] in pocketvex.toml: {url}\n~ default_host = 'embedded'\n"
    host = f'[hosts.live]\nurl = "{url}"\nlocal = false\n'
    assert project.read("pocketvex.toml") == f'# ours\n\ndefault_host = "embedded"\n\n{host}'
    # Where nothing says which is meant, and nobody can be asked, none is taken because it is the first.
    project.write("pocketvex.toml", f"# ours\n\n{host}")
    done = project("schema", "diff")
    assert done.code == 2
    assert "--host embedded|live" in done.err
    project.ok("host", "use", "live")

    done = project("login")
    assert (done.code, "--password-stdin" in done.err) == (10, True)
    assert project("login", "--email", EMAIL, "--password-stdin", input="wrong\n").code == 10
    assert vault(project).kept() == []
    done = project("login", "live", "--email", EMAIL, "--password-stdin", input=f"{PASSWORD}\n")
    assert done.code == 0
    assert f"signed in to {url} as {EMAIL}, until 2" in done.out
    secret = token(project)
    assert "+ posts" in project.ok("schema", "diff").out

    shown = project.ok("host", "show")
    assert "protected" in shown.out
    assert f"kept in {vault(project).file}" in shown.out
    rows = project.ok("host", "list", "--format", "json").json["hosts"]
    assert [(row["name"], row["kind"], row["default"]) for row in rows] == [
        ("embedded", "embedded", False),
        ("live", "protected", True),
    ]
    assert [kept["identity"] for kept in rows[1]["kept"]] == [EMAIL]
    assert EMAIL in project.ok("util", "credentials").out
    everything = [*(path.read_bytes() for path in project.root.parent.rglob("*") if path.is_file())]
    assert not any(word.encode() in content for word in (secret, PASSWORD) for content in everything)

    assert "signed out" in project.ok("logout").out
    assert "no login" in project.ok("logout").out
    assert project("schema", "diff").code == 10
    done = project("login", env={"PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD})
    assert done.code == 0
    gone = project.ok("host", "remove", "live")
    assert "default host" in gone.err
    assert "is forgotten" in gone.err
    assert project.read("pocketvex.toml").strip() == "# ours"
    assert vault(project).kept() == []


def test_credentials_are_listed_and_forgotten_by_flags(project: Project, url: str) -> None:
    given = {"PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD}
    assert "no login is kept" in project.ok("util", "credentials").err
    for flags in (("--remove", url), ("--clear",)):
        project.ok("login", url, env=given)
        listed = project.ok("util", "credentials", "--format", "json").json["credentials"]
        assert [(row["url"], row["identity"]) for row in listed] == [(url, EMAIL)]
        project.ok("util", "credentials", *flags)
        assert project.ok("util", "credentials", "--format", "json").json["credentials"] == []
    assert project("util", "credentials", "--remove", url).code == 2
    assert project("util", "credentials", "--remove", url, "--clear").code == 2


def test_no_login_is_kept_where_the_configuration_says_so(project: Project, url: str) -> None:
    project.write("pocketvex.toml", "credentials_ttl = 0\n")
    given = {"PB_URL": url, "PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD}
    assert project("login", env=given).code == 2
    project.ok("schema", "diff", env=given)
    assert vault(project).kept() == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("host", "add", "embedded", "https://a.com"), "cannot be called"),
        (("host", "add", "a b", "https://a.com"), "cannot be called"),
        (("host", "add", "live", "ftp://a.com"), "http:// or https://"),
        (("host", "add", "live", "NOBODY"), "Nothing listens"),
        (("host", "use", "embeded"), "did you mean 'embedded'?"),
        (("host", "remove", "live"), "no host is called 'live'"),
        (("host", "remove", "embedded"), "--fresh"),
        (("host", "list", "--format", "github"), "text, json"),
        (("util", "setup"), "pocketvex host add"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_meant(project: Project, arguments: tuple[str, ...], says: str) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    done = project(*(nobody if word == "NOBODY" else word for word in arguments))
    assert done.code in (2, 10)
    assert says in done.err
    assert project.read("pocketvex.toml") == "# ours\n"


def test_a_password_is_asked_for_three_times(project: Project, url: str) -> None:
    with Terminal(project, "login", url) as terminal:
        asks(terminal, "Superuser e-mail")
        terminal.types(f"{EMAIL}{ENTER}")
        asks(terminal, "Password:")
        terminal.types(f"wrong{ENTER}")
        terminal.shows("refused the login")
        asks(terminal, "Superuser e-mail", 2)
        terminal.types(ENTER)
        asks(terminal, "Password:", 2)
        terminal.types(f"{PASSWORD}{ENTER}")
        assert terminal.ends() == 0, terminal.text
        assert "the password is not" in terminal.text
        assert PASSWORD not in terminal.text
    project.ok("logout", url)
    with Terminal(project, "login", url) as terminal:
        asks(terminal, "Superuser e-mail")
        terminal.types(f"{EMAIL}{ENTER}")
        for number in range(1, 4):
            if number > 1:
                asks(terminal, "Superuser e-mail", number)
                terminal.types(ENTER)
            asks(terminal, "Password:", number)
            terminal.types(f"wrong{ENTER}")
        assert terminal.ends() == 10
        assert terminal.text.count("refused the login") == 3


def test_the_menu_where_nothing_says_which(project: Project, url: str) -> None:
    project.write("pocketvex.toml", f'[hosts.live]\nurl = "{url}"\nlocal = false\n')
    project.ok("login", "live", env={"PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD})
    with Terminal(project, "schema", "diff") as terminal:
        terminal.shows("another address")
        assert "(protected)" in terminal.text
        terminal.types(DOWN + ENTER)
        asks(terminal, "Always this one?")
        terminal.types("y")
        terminal.shows("+ posts")
        assert terminal.ends() == 0
        assert f"{url} · PocketBase" in terminal.text
    assert 'default_host = "live"' in project.read("pocketvex.toml")
    with Terminal(project, "schema", "diff") as terminal:
        assert terminal.ends() == 0
        assert "another address" not in terminal.text


def test_a_server_that_was_used_before_is_not_forgotten(project: Project, url: str) -> None:
    given = {"PB_URL": url, "PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD}
    project.ok("schema", "apply", env=given)
    done = project.ok("dev", "--once")
    assert f"this project worked with {url} too" in done.err
    with Terminal(project, "schema", "diff") as terminal:
        terminal.shows("used before")
        terminal.types(DOWN + ENTER)
        assert terminal.ends() == 0, terminal.text
        assert f"{url} · PocketBase" in terminal.text


def test_setup_by_questions(project: Project, url: str) -> None:
    with Terminal(project, "util", "setup") as terminal:
        asks(terminal, "Address of the server:")
        terminal.types(f"http://127.0.0.1:{free_port()}{ENTER}")
        terminal.shows("Nothing listens")
        asks(terminal, "Address of the server:", 2)
        terminal.types(f"{url}{ENTER}")
        asks(terminal, "Its name:")
        terminal.types(f"\x15embedded{ENTER}")
        terminal.shows("cannot be called")
        asks(terminal, "Its name:", 2)
        terminal.types(f"\x15mine{ENTER}")
        asks(terminal, "Protected")
        terminal.types("n")
        asks(terminal, "by default?")
        terminal.types("y")
        asks(terminal, "Superuser e-mail")
        terminal.types(f"{EMAIL}{ENTER}")
        asks(terminal, "Password:")
        terminal.types(f"{PASSWORD}{ENTER}")
        assert terminal.ends() == 0, terminal.text
        assert "test-connection --host mine" in terminal.text
    assert (
        project.read("pocketvex.toml") == f'# ours\n\ndefault_host = "mine"\n\n[hosts.mine]\nurl = "{url}"\n'
    )
    assert "signed in" in project.ok("util", "test-connection").out


def test_the_menu_of_credentials(project: Project, url: str) -> None:
    project.ok("login", url, env={"PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD})
    with Terminal(project, "util", "credentials") as terminal:
        terminal.shows("forget all")
        terminal.types(DOWN + ENTER)
        assert terminal.ends() == 0
        assert "is forgotten" in terminal.text
    assert vault(project).kept() == []


def test_a_vault_that_was_changed_counts_as_empty_and_that_is_said(project: Project, url: str) -> None:
    project.ok("login", url, env={"PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD})
    file = vault(project).file
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, "tokens": content["tokens"][:-8] + "AAAAAAA="}))
    done = project("schema", "diff", env={"PB_URL": url})
    assert done.code == 10
    assert "counts as empty" in done.err
