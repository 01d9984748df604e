"""What happens at a terminal, and what does not happen without one."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.plan.codes import CODES
from pocketvex.server.binaries import Binary
from pocketvex.server.launch import free_port
from terminal import Project, Terminal, posts, until

if sys.platform == "win32":
    pytest.skip("pseudo terminals are POSIX", allow_module_level=True)

EMAIL, PASSWORD = "admin@example.com", "password1234"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "app")
    found.write("pocketvex.toml", "")
    found.write("schema/posts.py", posts())
    return found


def test_a_login_is_asked_for_once(project: Project, server: Callable[..., Any], latest: Binary) -> None:
    url = server(latest).url
    project.write("pocketvex.toml", f'[hosts.staging]\nurl = "{url}"\nemail = "{EMAIL}"\n')
    with Terminal(project, "schema", "diff", "--host", "staging") as terminal:
        terminal.shows("Password")
        terminal.types(f"{PASSWORD}\r")
        terminal.shows("+ posts")
        assert terminal.ends() == 0
        assert PASSWORD not in terminal.text
    # The token of that login does for the next commands, with a terminal and without.
    assert "+ posts" in project.ok("schema", "diff", "--host", "staging").out
    with Terminal(project, "schema", "diff", "--host", "staging") as terminal:
        assert terminal.ends() == 0
        assert "Password" not in terminal.text


def test_without_an_address_both_are_asked_for(
    project: Project, server: Callable[..., Any], latest: Binary
) -> None:
    url = server(latest).url
    with Terminal(project, "util", "test-connection", env={"PB_URL": url}) as terminal:
        terminal.shows("Superuser e-mail")
        terminal.types(f"{EMAIL}\r")
        terminal.shows("Password")
        terminal.types(f"{PASSWORD}\r")
        assert terminal.ends() == 0, terminal.text
        assert "signed in" in terminal.text
    env = {"PB_URL": url}
    assert "signed in" in project.ok("util", "test-connection", env=env).out

    # A token that the server does not take any more is said once, and then asked for again.
    with Client(url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        client._request(
            "PATCH",
            "/api/collections/_superusers/records/" + client.records("_superusers")[0]["id"],
            json={"password": "another1234", "passwordConfirm": "another1234"},
        )
    done = project("util", "test-connection", env=env)
    assert done.code == 10
    assert "token of the last login" in done.err
    assert "No credentials" in project("util", "test-connection", env=env).err


def test_nobody_is_asked_for_the_password_of_a_server_that_is_not_there(project: Project) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with Terminal(project, "schema", "diff", "--host", address) as terminal:
        assert terminal.ends() == 10
        assert f"Nothing listens at {address}" in terminal.text
        assert "Superuser e-mail" not in terminal.text


@pytest.mark.parametrize("keys", ["\x03", "\r"])
def test_an_answer_that_is_none(
    project: Project, server: Callable[..., Any], latest: Binary, keys: str
) -> None:
    url = server(latest).url
    project.write("pocketvex.toml", f'[hosts.staging]\nurl = "{url}"\nemail = "{EMAIL}"\n')
    with Terminal(project, "schema", "diff", "--host", "staging") as terminal:
        terminal.shows("Password")
        terminal.types(keys)
        assert terminal.ends() in (2, 130)
        assert "bug" not in terminal.text


def test_colour_is_for_terminals_that_want_it(project: Project) -> None:
    colour = re.compile(r"\x1b\[[0-9;]*m")
    assert not colour.search("".join(project.ok("schema", "diff")[1:]))
    with Terminal(project, "schema", "diff") as terminal:
        assert terminal.ends() == 0
        assert colour.search(terminal.text)
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        with Terminal(project, "schema", "diff", env=env) as terminal:
            assert terminal.ends() == 0
            assert not colour.search(terminal.text)


@pytest.mark.parametrize("end", ["Ctrl+C", "SIGTERM", "SIGHUP"])
def test_dev_shows_nothing_that_is_typed_and_leaves_the_terminal_as_it_was(
    project: Project, end: str
) -> None:
    if end != "Ctrl+C" and signal.getsignal(getattr(signal, end)) is signal.SIG_IGN:
        pytest.skip("this signal is ignored here (nohup), and so by what is started")
    with Terminal(project, "dev") as terminal:
        before = terminal.settings
        terminal.shows("in sync")
        until(lambda: not terminal.echoes, "nothing is shown")
        terminal.types("typed by a cat\r")
        # What is written to a terminal comes to it some time later, and is shown, or not, only then.
        until(lambda: terminal.unread == len("typed by a cat\r"), "the line has come")
        # The terminal shows what is typed when it comes to it, so not only within this line.
        project.write("schema/posts.py", posts("more = field.text()"))
        terminal.shows("applied 1 change")
        if end == "Ctrl+C":
            terminal.types("\x03")
        else:
            terminal.process.send_signal(getattr(signal, end))
        assert terminal.ends() == 0
        assert terminal.settings == before
        assert "error" not in terminal.text
        assert "cat" not in terminal.text
        assert terminal.text.endswith("stopped\r\n")


def test_the_prompt_of_the_shell_is_not_behind_the_ctrl_c(project: Project) -> None:
    project.write("schema/slow.py", "import time\nprint('begun', flush=True)\ntime.sleep(60)\n")
    with Terminal(project, "schema", "diff") as terminal:
        # What a module prints is shown when it is loaded: the server's line comes before that.
        terminal.shows("PocketBase")
        terminal.types("\x03")
        assert terminal.ends() == 130
        assert terminal.text.endswith("^C\r\nstopped\r\n")


def test_lines_are_broken_between_words(project: Project) -> None:
    long = f"class Posts(Base):\n    title = field.text({', '.join(f'wrong_{n}=1' for n in range(3))})\n"
    project.write("schema/posts.py", f"from pocketvex import Base, field\n{long}")
    longest = max(CODES, key=lambda code: len(CODES[code].why))
    for command in (("explain", longest), ("schema", "diff")):
        plain = project(*command)
        with Terminal(project, *command, env={"NO_COLOR": "1"}) as terminal:
            assert terminal.ends() == plain.code
        assert max(map(len, (plain.out + plain.err).splitlines())) > 80
        assert max(map(len, terminal.text.splitlines())) <= 80
        assert terminal.text.split() == (plain.out + plain.err).split()


def test_a_key_answers_what_dev_asks(project: Project, latest: Binary) -> None:
    project.write("schema/posts.py", posts("slug = field.text()"))
    with Terminal(project, "dev") as terminal, project.client(latest) as client:
        terminal.shows("in sync")
        client._request("POST", "/api/collections/posts/records", json={"title": "one", "slug": "kept"})
        project.write("schema/posts.py", posts("headline = field.text()"))
        terminal.shows("posts.slug: press 1: renamed to headline, n: removed")
        terminal.types("x1")
        until(lambda: client.records("posts")[0].get("headline") == "kept", "it is renamed, value and all")

        project.write("schema/posts.py", posts("slug = field.text()"))
        terminal.shows("posts.headline: press 1: renamed to slug, n: removed")
        terminal.types("1")
        until(lambda: client.records("posts")[0].get("slug") == "kept", "the rename is taken back")
        project.write("schema/posts.py", posts("headline = field.text()"))
        until(lambda: client.records("posts")[0].get("headline") == "kept", "what was answered is known")

        project.write("schema/posts.py", posts())
        terminal.shows("posts.headline: press y to agree")
        assert client.records("posts")[0]["headline"] == "kept"
        terminal.types("y")
        until(lambda: "headline" not in client.records("posts")[0], "it is removed")
        assert "posts.headline@" in project("migrate", "prune").out
        terminal.types("\x03")
        assert terminal.ends() == 0
