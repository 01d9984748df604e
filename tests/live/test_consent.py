"""Who has to agree to what, and where: what is written and what is not, on real servers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import EMAIL, PASSWORD
from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.errors import NotAsIntended
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from pocketvex.target.write import fingerprint
from projects import Json, Project, dashboard, names, paths, put, text
from terminal import Project as AtTerminal
from terminal import Terminal, posts, until

SIGNED_IN = "@request.auth.id != ''"


def collection(name: str, *fields: Json, **more: Any) -> Json:
    both = [{"name": "title", "type": "text"}, *fields]
    return {"name": name, "fields": both, "listRule": SIGNED_IN, "viewRule": SIGNED_IN, **more}


BODY = text("body")
CHANGES: dict[str, Callable[[str], Json]] = {
    "add": lambda name: collection(name, BODY, text("slug")),
    "open": lambda name: collection(name, BODY, viewRule=""),
    "close": lambda name: collection(name, BODY, listRule=None),
    "rename": lambda name: collection(name, text("content", renamed_from="body")),
    "remove": lambda name: collection(name),
    "narrow": lambda name: collection(name, text("body", max=3)),
}
PATHS = {
    "add": ".slug", "open": ":viewRule", "close": ":listRule",
    "rename": ".content", "remove": ".body", "narrow": ".body",
}  # fmt: skip
HOST = "the-server"

# What is asked, who says what, and whether it is written: on a local server, on a protected one.
TABLE: list[tuple[str, str, bool, bool]] = [
    ("add", "nothing", True, True),
    ("add", "do not write", False, False),
    ("open", "nothing", True, False),
    ("open", "the path", True, True),
    ("open", "the collection", True, True),
    ("open", "the host", True, False),
    ("open", "another path", True, False),
    ("open", "the path, do not write", False, False),
    ("close", "nothing", True, False),
    ("close", "the path", True, True),
    ("rename", "nothing", True, False),
    ("rename", "the path", True, True),
    ("rename", "the host", True, False),
    ("remove", "nothing", False, False),
    ("remove", "the path", False, False),
    ("remove", "the host", False, False),
    ("narrow", "the path", False, False),
]


def said(words: str, name: str, path: str) -> dict[str, Any]:
    who = {"the path": path, "the collection": name, "the host": HOST, "another path": f"{name}.titel"}
    confirmed = {value for key, value in who.items() if words.startswith(key)}
    return {"confirmed": confirmed, "write": "do not write" not in words}


@pytest.fixture(scope="module")
def ground(
    tmp_path_factory: pytest.TempPathFactory, template: Callable[[Binary], Path], latest: Binary
) -> Iterator[tuple[Project, Running]]:
    """A project with a collection for each row of the table, all in its history, with a value each."""
    folder = tmp_path_factory.mktemp("consent")
    project = Project(folder / "app", *(collection(f"c{n}", BODY) for n in range(2 * len(TABLE))))
    scratch.copy(template(latest), folder / "pb_data")
    with Running(latest, folder / "pb_data") as running:
        project.up(running)
        with project.session(running) as session:
            for n in range(2 * len(TABLE)):
                put(session, f"c{n}", title="one", body="a long value")
        yield project, running


@pytest.mark.parametrize("local", [True, False], ids=["local", "protected"])
@pytest.mark.parametrize("number", range(len(TABLE)), ids=[f"{row[0]}-{row[1]}" for row in TABLE])
def test_what_is_written(ground: tuple[Project, Running], number: int, local: bool) -> None:
    project, running = ground
    kind, words, *written = TABLE[number]
    name = f"c{2 * number + local}"
    path = name + PATHS[kind]
    project.declare(CHANGES[kind](name))
    with project.session(running, local=local) as session:
        before = {item["name"]: item for item in session.target.fetch()}
    outcome = project.sync(running, local=local, **said(words, name, path))
    with project.session(running, local=local) as session:
        after = {item["name"]: item for item in session.target.fetch()}
    (is_written,) = [written[0] if local else written[1]]
    assert (path in paths(outcome.applied)) is is_written
    assert (path in paths(outcome.plan.changes)) is not is_written
    assert (after[name] != before[name]) is is_written
    # Where a name is all that it waits for, that is known; and names that mean nothing are told.
    waits = not local and kind in ("open", "close", "rename") and not is_written and "write" not in words
    assert (path in paths(outcome.wants_consent)) is waits
    assert bool(outcome.unknown) is (words == "another path")
    if words == "another path":
        assert outcome.unknown[0].startswith(f"{name}.titel: nothing of that name")


# What somebody agreed to is for the server as it was shown

FASTER = """
onCollectionsListRequest((e) => {
  const left = parseInt(toString($os.readFile("COUNTER")));
  if (left > 0) $os.writeFile("COUNTER", String(left - 1), 0o600);
  if (left === 1) {
    const posts = $app.findCollectionByNameOrId("posts");
    posts.fields.add(new Field({ type: "text", name: "by_hand" }));
    $app.save(posts);
  }
  e.next();
});
"""
"""Somebody is faster: after the list was read for the n-th time there is another field."""


@pytest.mark.parametrize("how", ["sync", "protected sync", "dev", "up", "down"])
def test_a_write_that_somebody_overtook_is_refused(
    server: Callable[..., Any], latest: Binary, tmp_path: Path, how: str
) -> None:
    counter, hooks = tmp_path / "counter", tmp_path / "hooks"
    counter.write_text("0")
    hooks.mkdir()
    (hooks / "main.pb.js").write_text(FASTER.replace("COUNTER", str(counter)))
    project = Project(tmp_path / "app", collection("posts", BODY))
    running = server(latest, hooks_dir=hooks)
    project.up(running)
    project.declare(collection("posts", BODY, {"name": "late", "type": "bool"}))
    if how == "up":
        project.declare(collection("posts"))
    before = project.files
    counter.write_text("1")  # what the plan is made on
    work: dict[str, Callable[[], Any]] = {
        "sync": lambda: project.sync(running),
        "protected sync": lambda: project.sync(running, local=False),
        "dev": lambda: project.dev(running),
        "up": lambda: project.up(running),
        "down": lambda: project.down(running),
    }
    with pytest.raises(NotAsIntended, match="nothing was written") as refused:
        work[how]()
    assert "by_hand" in refused.value.why
    with project.session(running) as session:
        assert names(session.target.fetch(), "posts") == ["id", "title", "body", "by_hand"]
    assert project.files == before
    assert scratch.applied(running.data_dir) == tuple(before)


def test_what_was_agreed_to_on_another_state_is_refused(ground: tuple[Project, Running]) -> None:
    project, running = ground
    project.declare(collection("c1", BODY, viewRule=""))
    seen = project.sync(running, local=False, write=False).live
    with project.session(running) as session:
        dashboard(session, "c1", lambda c: {"deleteRule": ""})
    with pytest.raises(NotAsIntended, match="after it was shown"):
        project.sync(running, local=False, confirmed={"c1:viewRule"}, seen=seen)


# Commands


@pytest.fixture
def client(server: Callable[..., Any], latest: Binary) -> Iterator[Client]:
    running = server(latest)
    with Client(running.url, Credentials(email=EMAIL, password=PASSWORD)) as found:
        found.data_dir = running.data_dir  # type: ignore[attr-defined]
        yield found


@pytest.fixture
def app(tmp_path: Path, client: Client) -> AtTerminal:
    """A server on loopback that is somebody's production, with the first migration run on it."""
    found = AtTerminal(tmp_path / "app")
    host = f'[hosts.production]\nurl = "{client.url}"\nlocal = false\n'
    data = client.data_dir  # type: ignore[attr-defined]
    found.write("pocketvex.toml", f'default_host = "production"\n{host}data_dir = "{data}"\n')
    found.write("schema/posts.py", posts())
    found.env |= {"PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD}
    return found


def test_migrations_of_a_protected_host_want_its_name(app: AtTerminal, client: Client) -> None:
    empty = client.collections()
    app.ok("migrate", "generate", "first")
    assert fingerprint(client.collections()) == fingerprint(empty)
    up, down = ("migrate", "up"), ("migrate", "down")

    for flag in ((), ("--confirm", "prodution")):
        done = app(*up, *flag)
        assert done.code == 5, done
        assert "--confirm production" in done.err
        assert ("names another" in done.err) is bool(flag)
        assert fingerprint(client.collections()) == fingerprint(empty)
    assert "would run" in app.ok(*up, "--dry-run").out
    assert fingerprint(client.collections()) == fingerprint(empty)
    assert "backup" not in app.ok(*up, "--confirm", "production").err
    full = client.collections()
    assert client._request("POST", "/api/collections/posts/records", json={"title": "one"}).ok
    assert fingerprint(full) != fingerprint(empty)

    assert app(*down).code == 5
    assert app("migrate", "baseline").code == 5
    assert "would take back" in app.ok(*down, "--dry-run").out
    assert fingerprint(client.collections()) == fingerprint(full)
    done = app.ok(*down, "--confirm", client.url)
    assert "took back" in done.out
    assert "backup pv_" in done.err
    assert "without migrations, hooks" in done.err
    assert "posts" not in {item["name"] for item in client.collections()}


terminal_only = pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are POSIX")


@terminal_only
def test_the_host_is_typed_at_a_terminal(app: AtTerminal, client: Client) -> None:
    app.ok("migrate", "generate", "first")
    empty = client.collections()
    for answer in ("posts\r", "\r"):
        with Terminal(app, "migrate", "up") as terminal:
            terminal.shows("_first.js")
            terminal.shows("Type production to go on")
            terminal.types(answer)
            assert terminal.ends() == 3
        assert fingerprint(client.collections()) == fingerprint(empty)
    with Terminal(app, "migrate", "up") as terminal:
        terminal.shows("Type production to go on")
        terminal.types("production\r")
        assert terminal.ends() == 0
    assert "posts" in {item["name"] for item in client.collections()}


OPEN = posts().replace("view=\"@request.auth.id != ''\"", 'view=""')


def rule(client: Client) -> str | None:
    (found,) = [item["viewRule"] for item in client.collections() if item["name"] == "posts"]
    return found  # type: ignore[no-any-return]


@terminal_only
def test_a_change_is_typed_at_a_terminal(app: AtTerminal, client: Client) -> None:
    app.ok("migrate", "generate", "first")
    app.ok("migrate", "up", "--confirm", "production")
    app.write("schema/posts.py", OPEN)

    # Nobody there: what to say is named, and nothing is written.
    done = app("schema", "apply")
    assert done.code == 5
    assert "--confirm posts:viewRule agrees to it" in done.out
    assert rule(client) == SIGNED_IN

    for answer, told in (("\r", ""), ("yes\r", "that is not its name")):
        with Terminal(app, "schema", "apply") as terminal:
            terminal.shows("OPENS ACCESS")
            terminal.shows("Type posts:viewRule to agree")
            terminal.types(answer)
            assert terminal.ends() == 5
            assert told in terminal.text
        assert rule(client) == SIGNED_IN

    # Somebody else was faster than the answer.
    with Terminal(app, "schema", "apply") as terminal:
        terminal.shows("Type posts:viewRule to agree")
        (there,) = [item for item in client.collections() if item["name"] == "posts"]
        client.patch_collection(there["id"], {"createRule": SIGNED_IN})
        terminal.types("posts:viewRule\r")
        assert terminal.ends() == 9
        assert "after it was shown" in terminal.text
    assert rule(client) == SIGNED_IN

    with Terminal(app, "schema", "apply") as terminal:
        terminal.shows("Type posts:viewRule to agree")
        terminal.types("posts:viewRule\r")
        until(lambda: rule(client) == "", "it is written")
        assert terminal.ends() in (0, 5)
