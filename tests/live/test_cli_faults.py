"""Every way in which a command can be wrong: its exit code, and words that say what to do."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from binaries import UNSUPPORTED, binary_of
from pocketvex.server.binaries import Binary
from pocketvex.server.launch import free_port
from pocketvex.store.locks import project_lock
from pocketvex.store.vault import Vault
from terminal import POCKETVEX, Project, Terminal, posts, until

COMMANDS = [
    ("dev", "--once"),
    ("schema", "diff"),
    ("schema", "diff", "--format", "json"),
    ("schema", "apply"),
    ("migrate", "generate"),
    ("migrate", "up"),
    ("migrate", "down"),
    ("migrate", "status"),
    ("migrate", "baseline"),
    ("util", "test-connection"),
]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "app")
    found.write("pocketvex.toml", "")
    found.write("schema/posts.py", posts())
    return found


@pytest.fixture
def stranger() -> Iterator[str]:
    """A web server that is no PocketBase."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>Welcome</html>")

        do_POST = do_PUT = do_PATCH = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def wrong(project: Project, command: tuple[str, ...], code: int, *words: str, **env: str) -> str:
    """The command ends with this code and says these words in one `error:` block, with a way on."""
    done = project(*command, env=env)
    assert done.code == code, done
    assert done.err.count("error: ") == 1, done.err
    assert "bug in PocketVex" not in done.err, done.err
    for word in words:
        assert word in done.err, done.err
    if "--format" in command:
        assert done.out == ""
    return done.err


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
class TestServers:
    def test_nothing_listens(self, project: Project, command: tuple[str, ...]) -> None:
        url = f"http://127.0.0.1:{free_port()}"
        wrong(project, command, 10, "Nothing listens", url, "→ Start PocketBase", PB_URL=url, PB_TOKEN="x")

    def test_not_pocketbase(self, project: Project, command: tuple[str, ...], stranger: str) -> None:
        env = {"PB_URL": stranger, "PB_ADMIN_EMAIL": "a@example.com", "PB_ADMIN_PASS": "x"}
        wrong(project, command, 10, "not PocketBase", "→", **env)

    def test_no_credentials_and_no_terminal(
        self, project: Project, command: tuple[str, ...], stranger: str
    ) -> None:
        wrong(project, command, 10, "No credentials", "PB_TOKEN", "PB_ADMIN_PASS", PB_URL=stranger)

    def test_no_such_host(self, project: Project, command: tuple[str, ...]) -> None:
        wrong(project, (*command, "--host", "embeded"), 2, "did you mean 'embedded'")

    def test_no_such_option(self, project: Project, command: tuple[str, ...]) -> None:
        path = " ".join(part for part in command if part not in ("--once", "--format", "json"))
        wrong(project, (*command, "--nonsense"), 2, "--nonsense", f"`pocketvex help {path}`")

    def test_a_broken_configuration(self, project: Project, command: tuple[str, ...]) -> None:
        project.write("pocketvex.toml", 'schema = "schema"\nhosts = 3\nmigratoins = "x"\n')
        said = wrong(project, command, 2, "pocketvex.toml:3", "migratoins", "migrations")
        assert "pocketvex.toml:2" in said

    def test_no_project(self, project: Project, command: tuple[str, ...], tmp_path: Path) -> None:
        empty = Project(tmp_path / "empty" / "deep")
        wrong(empty, command, 2, "No PocketVex project", "pocketvex init")


@pytest.mark.parametrize("command", COMMANDS[:-1], ids=" ".join)
def test_a_broken_schema(project: Project, command: tuple[str, ...]) -> None:
    project.write("schema/posts.py", posts("slug = field.text(mx=3)"))
    wrong(project, command, 2, "schema/posts.py:6", "mx", "max")


@pytest.mark.parametrize("command", [COMMANDS[0], COMMANDS[1], COMMANDS[-1]], ids=" ".join)
def test_a_wrong_password(
    project: Project, server: Callable[..., Any], latest: Binary, command: tuple[str, ...]
) -> None:
    url = server(latest).url
    env = {"PB_URL": url, "PB_ADMIN_EMAIL": "admin@example.com", "PB_ADMIN_PASS": "wrong"}
    said = wrong(project, command, 10, "refused the login", "admin@example.com", "PB_ADMIN_PASS", **env)
    assert "wrong\n" not in said


def test_a_path_in_the_address(project: Project, server: Callable[..., Any], latest: Binary) -> None:
    url = server(latest).url
    env = {
        "PB_URL": f"{url}/some/path",
        "PB_ADMIN_EMAIL": "admin@example.com",
        "PB_ADMIN_PASS": "password1234",
    }
    for login in (env, {"PB_URL": f"{url}/some/path", "PB_TOKEN": "x"}):
        said = wrong(project, ("schema", "diff"), 10, "has the path /some/path", f"→ Say {url},", **login)
        assert "0.22" not in said
    project.ok("schema", "diff", env={**env, "PB_URL": f"{url}/_/"})


def test_a_server_from_before_0_23(project: Project, tmp_path: Path) -> None:
    binary = binary_of(UNSUPPORTED)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    data = tmp_path / "old"
    subprocess.run(
        [binary.path, "admin", "create", "admin@example.com", "password1234", "--dir", data],
        check=True,
        capture_output=True,
    )
    process = subprocess.Popen(
        [binary.path, "serve", f"--http=127.0.0.1:{port}", "--dir", data], stdout=subprocess.DEVNULL
    )
    try:
        env = {"PB_URL": url, "PB_ADMIN_EMAIL": "admin@example.com", "PB_ADMIN_PASS": "password1234"}
        until(lambda: "0.22" in project("util", "test-connection", env=env).err, "it answers")
        for command in (("dev", "--once"), ("schema", "diff"), ("util", "test-connection")):
            wrong(project, command, 10, "0.22", "0.23", **env)
        if sys.platform != "win32":
            with Terminal(project, "schema", "diff", env={"PB_URL": url}) as terminal:
                assert terminal.ends() == 10
                assert "0.22" in terminal.text
                assert "Superuser" not in terminal.text  # nobody is asked for what cannot be used
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_another_command_works_on_the_project(project: Project) -> None:
    """Three wait for it at once: each does so for a quarter of a minute."""
    commands = [("dev", "--once"), ("migrate", "up"), ("schema", "apply")]
    project.ok("types", "generate")
    words = "`pocketvex migrate down`", str(os.getpid())
    with (
        project_lock(project.root, wait=0, what="pocketvex migrate down"),
        ThreadPoolExecutor(len(commands)) as pool,
    ):
        said = dict(zip(commands, pool.map(lambda c: wrong(project, c, 8, *words), commands), strict=True))
    for command in commands:
        assert "waiting for `pocketvex migrate down`" in said[command] or command[0] == "dev"


def test_what_the_server_rejects_points_into_the_code(project: Project) -> None:
    project.write("schema/posts.py", posts().replace("@request.auth.id != ''", "nonsense = 3"))
    for command in (("dev", "--once"), ("schema", "apply")):
        said = project(*command)
        assert said.code == 2, said
        assert "schema/posts.py:" in said.err
        assert "nonsense" in said.err
    assert project("schema", "diff").code == 2


def test_json_is_one_object_whatever_the_modules_print(project: Project) -> None:
    text = "import sys, os\nprint('{')\nsys.stderr.write('}')\nos.write(1, b'raw')\n"
    project.write("schema/posts.py", text + posts())
    for command in (("schema", "diff"), ("migrate", "status")):
        done = project.ok(*command, "--format", "json")
        assert json.loads(done.out)["version"] == 1
        assert "schema: {" in done.err


def test_a_data_directory_that_is_none(project: Project, tmp_path: Path) -> None:
    wrong(project, ("schema", "diff", "--data-dir", str(tmp_path)), 2, "--data-dir", "--host")
    env = {"PB_URL": "http://127.0.0.1:1", "PB_TOKEN": "x"}
    wrong(project, ("schema", "diff", "--data-dir", str(tmp_path)), 2, "data.db", **env)


def test_init_where_it_cannot_be(project: Project) -> None:
    wrong(project, ("init", "schema/posts.py"), 2, "is a file")
    wrong(project, ("init", "/proc/nowhere"), 2, "/proc/nowhere")


def test_a_full_disk_behind_stdout(project: Project) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [POCKETVEX, "schema", "diff"],
            cwd=project.root,
            env=project.env,
            stdout=full,
            stderr=subprocess.PIPE,
        )
    assert done.returncode == 2
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"bug" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
@pytest.mark.parametrize("both", [False, True], ids=["stdout", "both streams"])
@pytest.mark.parametrize(
    "command", ["--version", "--help", "help migrate up", "explain PV201", "schema diff", "nonsense", "dev"]
)
def test_nobody_reads_what_is_written(project: Project, command: str, both: bool) -> None:
    """As in `pocketvex … | head`: no traceback, and not the code of a command that was done."""
    reads, writes = os.pipe()
    os.close(reads)
    done = subprocess.run(
        [POCKETVEX, *command.split()],
        cwd=project.root,
        env=project.env,
        stdin=subprocess.DEVNULL,
        stdout=writes,
        stderr=writes if both else subprocess.PIPE,
        timeout=60,
    )
    os.close(writes)
    said = (done.stderr or b"").decode()
    assert "Traceback" not in said
    assert "Broken pipe" not in said
    # A wrong call writes to stderr alone, which somebody reads.
    assert done.returncode == (2 if command == "nonsense" and not both else 141)
    until(lambda: not project.server, "the server is gone")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("nonsense",), ["nonsense", "`pocketvex help`"]),
        (("schema", "dif"), ["diff", "`pocketvex help schema`"]),
        (("explain",), ["CODE", "`pocketvex help explain`"]),
        (("explain", "PV999"), ["PV999", "PV101"]),
        (("migrate", "up", "--to"), ["--to", "`pocketvex help migrate up`"]),
        (("migrate", "up", "more"), ["more", "`pocketvex help migrate up`"]),
        (("migrate", "down", "x"), ["'x'", "`pocketvex help migrate down`"]),
        (("migrate", "generate", "--empty"), ["name"]),
        (("schema", "diff", "--format", "yaml"), ["yaml", "json"]),
        (("schema", "diff", "--rename", "posts"), ["OLD=NEW", "--rename posts.title=posts.headline"]),
        (("help", "nonsense"), ["nonsense", "`pocketvex help"]),
    ],
    ids=str,
)
def test_calls_that_cannot_be_meant(project: Project, command: tuple[str, ...], words: list[str]) -> None:
    wrong(project, command, 2, "  → ", *words)
    assert not project.server


@pytest.mark.parametrize("said", ["a flag", "a variable", "the configuration"])
def test_a_fresh_start_is_of_the_server_that_is_worked_with(project: Project, said: str) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    kept = project.write(".pocketvex/embedded/data/data.db", "what was worked on")
    flags = ("--host", url) if said == "a flag" else ()
    env = {"PB_URL": url} if said == "a variable" else {}
    if said == "the configuration":
        project.write("pocketvex.toml", f'default_host = "there"\n[hosts.there]\nurl = "{url}"\n')
    wrong(project, ("dev", "--once", "--fresh", *flags), 2, "--fresh", url, "nothing was done", **env)
    wrong(project, ("dev", "--fresh", "--data-dir", str(project.root)), 2, "--fresh", "nothing was done")
    assert kept.read_text() == "what was worked on"


def test_a_password_that_is_given_is_used(
    project: Project, server: Callable[..., Any], latest: Binary
) -> None:
    url = server(latest).url
    right = {"PB_URL": url, "PB_ADMIN_EMAIL": "admin@example.com", "PB_ADMIN_PASS": "password1234"}
    command = ("util", "test-connection")
    project.ok(*command, env=right)
    wrong(project, command, 10, "refused the login", **{**right, "PB_ADMIN_PASS": "wrong"})
    home = project.root.parent
    token = Vault(folder=home / "data/pocketvex", key_folder=home / "config/pocketvex").kept()[0].token
    project.ok(*command, env={"PB_URL": url, "PB_TOKEN": token})
    wrong(project, command, 10, "refused the login", **{**right, "PB_ADMIN_PASS": "wrong", "PB_TOKEN": token})
    # What is kept still does for the other commands: a password is no reason to log in each time.
    project.ok("schema", "diff", env={"PB_URL": url})
