"""What `dev` says without a save: of the server, of somebody at the dashboard, of hooks, of a lint."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pocketvex.server.binaries import Binary
from terminal import Project, posts


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "app")
    found.write("pocketvex.toml", "")
    found.write("schema/posts.py", posts())
    return found


def test_what_the_server_says_and_what_hooks_throw(project: Project, binary: Binary) -> None:
    """Also of hooks that came while it ran; PocketBase itself starts again when they change."""
    with project.dev("--pocketbase", str(binary.path)) as dev:
        dev.says("in sync")
        project.write(
            "pb_hooks/main.pb.js",
            "console.log('hooks are here')\n"
            "routerAdd('GET', '/boom', (e) => { console.log('handled'); const a = null; return a.b })\n",
        )
        dev.says(r"^note: pb_hooks/ is there now: the server was started again with it")
        dev.says("^server: hooks are here$")
        assert "Dashboard:" not in dev.text
        with project.client(binary) as client:
            client._request("GET", "/boom")
        dev.says("^server: handled$")
        dev.says(r"^server: GET /boom: TypeError: .* at (\S+\.js|<eval>):\d+")
        mark = dev.now
        project.write("pb_hooks/broken.pb.js", "syntax error here(\n")
        dev.says("^server: .*broken.pb.js", mark)
        dev.says("^server: .*SyntaxError", mark)
        assert dev.text.count("hooks are here") <= 2
        assert dev.process.poll() is None


def test_an_edit_at_the_dashboard_needs_no_save(project: Project, binary: Binary) -> None:
    with project.dev("--pocketbase", str(binary.path)) as dev:
        dev.says("in sync")
        mark = dev.now
        with project.client(binary) as client:
            found = next(c for c in client.collections() if c["name"] == "posts")
            found["fields"].append({"name": "by_hand", "type": "text"})
            answer = client._request("PATCH", "/api/collections/posts", json={"fields": found["fields"]})
            assert answer.ok, answer
            dev.says("^= posts.by_hand: ", mark)
            dev.says("in sync", mark)
            # It is left alone, and what was seen is not worked on again.
            assert "by_hand" in str(client.collections())
        assert len(re.findall("in sync", dev.since(mark))) == 1


def test_new_findings_are_said_once(project: Project) -> None:
    with project.dev() as dev:
        dev.says("in sync")
        mark = dev.now
        role = "    role = field.select('admin', 'user')\n"
        rules = "    rules = Rules(view='', update='id = @request.auth.id')\n"
        text = f"from pocketvex import Auth, Rules, field\n\n\nclass Members(Auth):\n{role}{rules}"
        project.write("schema/members.py", text)
        said = dev.says("^lint: schema/members.py:.* PV706 ", mark)
        dev.says("^→ pocketvex explain PV", mark)
        mark = dev.now
        project.write("schema/members.py", "# moved\n" + text)
        dev.says("in sync|waiting", mark)
        project.write("schema/members.py", "# moved\n" + text + "    nick = field.text()\n")
        dev.says("nick", mark)
        assert "lint: " not in dev.since(mark), said
