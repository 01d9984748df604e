"""Ways to sign in with others: what is not set here hides nothing, and a list is never written without it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from binaries import binary_of
from conftest import ServerFactory
from pocketvex.plan.verdicts import Access
from pocketvex.server.binaries import Binary
from pocketvex.server.process import Running
from projects import Project, dashboard, kept, paths, text

Json = dict[str, Any]
GOOGLE = {"name": "google", "clientId": "g", "clientSecret": {"env": "G_SECRET"}}
GITHUB = {"name": "github", "clientId": "h", "clientSecret": {"env": "H_SECRET"}}
BOTH = {"G_SECRET": "secret-g", "H_SECRET": "secret-h"}
PATH = "people:oauth2.providers"


def people(*providers: Json) -> Json:
    oauth2 = {"enabled": True, "providers": list(providers)}
    return {"name": "people", "type": "auth", "fields": [text("nick")], "oauth2": oauth2}


def secrets_in(running: Running, name: str = "people") -> dict[str, str]:
    """What the database holds, which no API returns."""
    with sqlite3.connect(f"{(running.data_dir / 'data.db').as_uri()}?mode=ro", uri=True) as database:
        (options,) = database.execute("SELECT options FROM _collections WHERE name = ?", [name]).fetchone()
    return {p["name"]: p["clientSecret"] for p in json.loads(options)["oauth2"]["providers"]}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path, people(GITHUB, GOOGLE))
    made.environ = dict(BOTH)
    return made


@pytest.mark.parametrize("version", ["0.28.4", "0.40.6"])
def test_a_change_of_the_list_is_shown_and_done_without_the_secrets(
    project: Project, version: str, server: ServerFactory
) -> None:
    running = server(binary_of(version))
    project.up(running)
    project.environ = {}
    outcome, _ = project.dev(running)
    assert not outcome.plan
    assert outcome.secrets == ()
    project.declare(people(GOOGLE))
    outcome, _ = project.dev(running, confirmed=[PATH])
    (change,) = outcome.plan.changes
    assert (change.path, change.judgement.access) == (PATH, Access.CLOSES)
    assert "G_SECRET is not set" in change.judgement.reason
    assert secrets_in(running) == {"github": "secret-h", "google": "secret-g"}
    project.up(running)
    assert secrets_in(running) == {"google": "secret-g"}
    outcome, _ = project.dev(running)
    assert not outcome.plan
    assert not kept(outcome.plan)


def test_with_its_secret_a_provider_is_removed_at_once(
    project: Project, latest: Binary, server: ServerFactory
) -> None:
    running = server(latest)
    project.up(running)
    project.environ = {"G_SECRET": "secret-g"}
    project.declare(people(GOOGLE))
    outcome, _ = project.dev(running)
    assert [(c.path, c.judgement.access) for c in outcome.applied] == [(PATH, Access.CLOSES)]
    assert secrets_in(running) == {"google": "secret-g"}


def test_one_that_is_missing_hides_no_change_of_another(
    project: Project, latest: Binary, server: ServerFactory
) -> None:
    running = server(latest)
    project.environ = {"G_SECRET": "secret-g"}
    project.up(running)
    assert secrets_in(running) == {"google": "secret-g"}
    outcome, _ = project.dev(running)
    assert outcome.secrets == ("H_SECRET",)
    assert not outcome.plan
    assert not kept(outcome.plan)
    project.declare(people(GITHUB, {**GOOGLE, "clientId": "new"}))
    outcome, _ = project.dev(running)
    assert [(c.path, c.judgement.access) for c in outcome.applied] == [(PATH, Access.OPENS)]
    assert not kept(outcome.plan)
    project.environ = dict(BOTH)
    project.dev(running)
    assert secrets_in(running) == {"github": "secret-h", "google": "secret-g"}


@pytest.mark.parametrize("version", ["0.28.4", "0.40.6"])
@pytest.mark.parametrize("declared", [True, False])
def test_a_baseline_reads_the_secrets_from_the_environment(
    tmp_path: Path, version: str, declared: bool, server: ServerFactory
) -> None:
    running = server(binary_of(version))
    project = Project(tmp_path, *([people(GOOGLE, GITHUB)] if declared else []))
    with project.session(running) as session:
        made = {"name": "people", "type": "auth", "fields": [text("nick")]}
        assert session.target.client._request("POST", "/api/collections", json=made).ok
        providers = [{**p, "clientSecret": "s"} for p in (GOOGLE, GITHUB)]
        dashboard(session, "people", lambda _: {"oauth2": {"enabled": True, "providers": providers}})
    (name,) = project.baseline(running)
    file = (project.config.migrations / name).read_text()
    assert ("G_SECRET" if declared else "GOOGLE_CLIENT_SECRET") in file
    assert secrets_in(running) == {"google": "s", "github": "s"}
    assert not project.sync(running).plan
    other = server(binary_of(version))
    project.environ = {
        "G_SECRET": "1",
        "H_SECRET": "2",
        "GOOGLE_CLIENT_SECRET": "1",
        "GITHUB_CLIENT_SECRET": "2",
    }
    assert project.sync(other).ran == (name,)
    assert secrets_in(other) == {"google": "1", "github": "2"}
    assert paths(project.sync(other).plan.changes) == []
