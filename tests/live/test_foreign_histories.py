"""Histories that PocketVex did not write: most replay as they are; what does not is named, and a baseline
on a server that has it gives the history a place to start."""

# The JavaScript stands as PocketBase and people write it.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from conftest import ServerFactory
from pocketvex.errors import HistoryError, NotAsIntended
from pocketvex.history.folder import read_history
from pocketvex.history.shadow import ReplayFailed
from pocketvex.history.trust import trust
from pocketvex.proof.verify import Verified, verify
from pocketvex.run import baseline
from pocketvex.schema.fields import TextField
from pocketvex.schema.model import Schema
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.ledger import mark
from pocketvex.server.process import Running
from pocketvex.store.config import load_config
from pocketvex.target.variables import PLACEHOLDER, placeholders, surroundings_of, variables_of
from projects import Project, kept
from terminal import until

CREATED = """migrate((app) => {
  const collection = new Collection({
    "createRule": null, "deleteRule": null, "id": "pbc_NAME", "indexes": [], "listRule": "", "name": "NAME",
    "fields": [{ "autogeneratePattern": "[a-z0-9]{15}", "id": "text3208210256", "max": 15, "min": 15, "name": "id",
                 "pattern": "^[a-z0-9]+$", "primaryKey": true, "required": true, "system": true, "type": "text" },
               { "id": "text_NAME_title", "name": "title", "type": "text" }MORE],
    "system": false, "type": "base", "updateRule": null, "viewRule": null
  });
  return app.save(collection);
}, (app) => {
  const collection = app.findCollectionByNameOrId("pbc_NAME");
  return app.delete(collection);
});
"""
UPDATED = """migrate((app) => {
  const collection = app.findCollectionByNameOrId("pbc_NAME")
  // update collection data
  unmarshal({ "indexes": ["CREATE INDEX idx_NAME ON NAME (headline)"], "listRule": "headline != ''" }, collection)
  // add field
  collection.fields.addAt(2, new Field({ "id": "number2013832146", "name": "n", "type": "number" }))
  // update field
  collection.fields.addAt(1, new Field({ "id": "text_NAME_title", "name": "headline", "max": 200, "type": "text" }))
  return app.save(collection)
}, (app) => {
  const collection = app.findCollectionByNameOrId("pbc_NAME")
  unmarshal({ "indexes": [], "listRule": "" }, collection)
  collection.fields.removeById("number2013832146")
  collection.fields.addAt(1, new Field({ "id": "text_NAME_title", "name": "title", "type": "text" }))
  return app.save(collection)
})
"""


def created(name: str, more: str = "") -> str:
    return CREATED.replace("NAME", name).replace("MORE", more)


def updated(name: str) -> str:
    return UPDATED.replace("NAME", name)


def up(body: str, down: str = "null") -> str:
    return f"migrate((app) => {{\n  {body}\n}}, {down});\n"


def relation(target: str) -> str:
    options = '"type": "relation", "maxSelect": 1, "collectionId"'
    return f', {{ "id": "relation1", "name": "to", {options}: "pbc_{target}" }}'


NEW = 'new Collection({ name: N, type: "base", fields: [{ name: "title", type: "text" }] })'


class Case(NamedTuple):
    """Files by name. `made`: what the server got besides them, before the last; the reason why it fails."""

    files: dict[str, str]
    made: str = ""
    fails: str = ""
    why: str = ""


CASES = {
    "automigrated": Case({
        "1700000000_created_posts.js": created("posts"), "1700000001_updated_posts.js": updated("posts"),
    }),
    "a deletion": Case({
        "1700000000_created_posts.js": created("posts"), "1700000001_created_tags.js": created("tags"),
        "1700000002_deleted_posts.js": up('return app.delete(app.findCollectionByNameOrId("posts"))'),
    }),
    "a loop by hand": Case({
        "1700000000_loop.js": up(f'for (const N of ["a1", "a2", "a3"]) app.save({NEW});',
                                 '(app) => ["a1", "a2", "a3"].forEach((n) => app.delete(app.findCollectionByNameOrId(n)))'),
    }),
    "helpers beside migrate": Case({
        "1700000000_helpers.js": f"const N = 'made';\nfunction make(app) {{\n  return app.save({NEW});\n}}\n"
        "migrate((app) => make(app), (app) => app.delete(app.findCollectionByNameOrId(N)));\n",
    }),
    "a snapshot": Case({
        "1700000000_collections_snapshot.js": up(
            'const snapshot = [{ id: "pbc_s", name: "shot", type: "base", fields: [{ name: "a", type: "json" }] }];\n'
            "  return app.importCollections(snapshot, false);", "(app) => null"),
    }),
    "records and SQL": Case({
        "1700000000_created_posts.js": created("posts"),
        "1700000001_seed.js": up(
            'const c = app.findCollectionByNameOrId("posts");\n'
            '  for (let i = 0; i < 3; i++) { const r = new Record(c); r.set("title", "t" + i); app.save(r); }'),
        "1700000002_fix.js": up(
            "app.db().newQuery(\"UPDATE posts SET title = 'x' WHERE title = 't1'\").execute();\n"
            '  if (app.findRecordsByFilter("posts", "title = \'x\'", "", 0, 0).length !== 1) throw new Error("no");'),
    }),
    "settings and a superuser": Case({
        "1700000000_settings.js": up(
            'const s = app.settings(); s.meta.appName = "Mine"; app.save(s);\n'
            '  const r = new Record(app.findCollectionByNameOrId("_superusers"));\n'
            '  r.set("email", "root@example.com"); r.set("password", "password1234"); app.save(r);'),
        "1700000001_created_posts.js": created("posts"),
    }),
    "a view": Case({
        "1700000000_created_posts.js": created("posts"),
        "1700000001_created_v.js": up(
            'app.save(new Collection({ name: "v", type: "view", viewQuery: "SELECT id, title FROM posts" }));'),
    }),
    "a rename": Case({
        "1700000000_created_posts.js": created("posts"),
        "1700000001_updated_posts.js": up(
            'const c = app.findCollectionByNameOrId("posts"); unmarshal({ name: "articles" }, c); app.save(c);'),
    }),
    "accounts": Case({
        "1700000000_updated_users.js": up(
            'const c = app.findCollectionByNameOrId("users");\n  unmarshal({ "otp": { "enabled": true } }, c);\n'
            '  c.fields.add(new SelectField({ name: "role", values: ["a", "b"], maxSelect: 1 })); app.save(c);'),
    }),
    "the environment": Case({
        "1700000000_env.js": up('if (!$os.getenv("APP_NAME")) throw new Error("no APP_NAME");'),
        "1700000001_created_posts.js": created("posts"),
    }),
    "a type made by hand": Case({
        "1700000000_created_posts.js": created("posts"),
        "1700000001_type.js": up(
            'const c = app.findCollectionByNameOrId("posts"); c.fields.add(new NumberField({ name: "t2" })); app.save(c);\n'
            '  app.db().newQuery("UPDATE {{posts}} SET [[t2]] = CAST([[title]] AS REAL)").execute();\n'
            '  c.fields.removeByName("title"); c.fields.getByName("t2").name = "title"; app.save(c);'),
    }),
    "names without numbers": Case({"a_first.js": created("posts"), "b_second.js": updated("posts")}),
    "one second, the wrong order": Case(
        {"1700000000_created_a.js": created("a", relation("z")), "1700000000_created_z.js": created("z")},
        fails="1700000000_created_a.js", why="in the same second",
        made='app.save(new Collection({ id: "pbc_z", name: "z", type: "base" })); '
             'app.save(new Collection({ id: "pbc_a", name: "a", type: "base", '
             'fields: [{ name: "to", type: "relation", collectionId: "pbc_z" }] }));',
    ),
    "what an import made": Case(
        {"1700000001_updated_posts.js": updated("posts")},
        fails="1700000001_updated_posts.js", why="no file before it makes",
        made='app.save(new Collection({ id: "pbc_posts", name: "posts", type: "base", listRule: "", '
             'fields: [{ name: "headline", type: "text", max: 200 }, { name: "n", type: "number" }] }));',
    ),
    "a row that only one server has": Case(
        {"1700000000_created_posts.js": created("posts"),
         "1700000001_owner.js": up('app.findFirstRecordByData("users", "email", "boss@example.com");')},
        fails="1700000001_owner.js", why="no rows in result set",
        made='app.save(new Collection({ id: "pbc_posts", name: "posts", type: "base", '
             'fields: [{ name: "title", type: "text" }] }));',
    ),
    "a module of the hooks": Case(
        {"1700000000_module.js": "const m = require(`${__hooks}/m.js`);\n" + up("m.make(app);")},
        fails="1700000000_module.js", why="It loads a module",
        made='app.save(new Collection({ name: "made", type: "base" }));',
    ),
}  # fmt: skip
REPLAYED = [name for name, case in CASES.items() if not case.fails]
NAMED = [name for name, case in CASES.items() if case.fails]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.fixture
def with_history(
    project: Project, server: ServerFactory, data_dir: Callable[[Binary], Path], latest: Binary
) -> Callable[[Case], Running]:
    """A server that has a history, which lies in the project as well."""

    def make(case: Case) -> Running:
        for name, body in case.files.items():
            project.write(name, body)
        folder = data_dir(latest)
        if case.fails:
            scratch.run_once(latest, folder, case.made)
            mark(folder, list(case.files), datetime.now(UTC))
        else:
            scratch.migrate_up(latest, folder, case.files, env={"APP_NAME": "mine"})
        return server(latest, data_dir=folder)

    return make


def adopted(running: Running, project: Project) -> None:
    """The code says what the server has, as `schema pull` writes it."""
    with project.session(running) as session:
        live = Schema.from_json(session.target.fetch())
    project.code = Schema(collections=[c for c in live.collections if not c.system])


def proven(project: Project, binary: Binary) -> Verified:
    found = verify(project.root, read_history(project.config.migrations), binary)
    assert not [finding for finding in found.findings if "no time in its name" not in finding.message]
    return found


@pytest.mark.parametrize("name", REPLAYED)
def test_it_replays_and_goes_on(
    name: str,
    project: Project,
    with_history: Callable[[Case], Running],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("APP_NAME", "mine")
    running = with_history(CASES[name])
    adopted(running, project)
    outcome = project.sync(running)
    assert not outcome.ran
    assert not outcome.plan
    assert not kept(outcome.plan)
    assert outcome.position.applied == tuple(CASES[name].files)
    if name == "names without numbers":
        with pytest.raises(HistoryError, match="sorts behind every time stamp"):
            more(project, running)
        return
    more(project, running)
    assert proven(project, running.binary).files[-1].state == "proven"


@pytest.mark.parametrize("name", NAMED)
def test_what_cannot_be_replayed_is_named_and_a_baseline_takes_its_place(
    name: str, project: Project, with_history: Callable[[Case], Running]
) -> None:
    case = CASES[name]
    running = with_history(case)
    with pytest.raises(ReplayFailed) as failure:
        project.sync(running)
    assert case.fails in failure.value.what
    assert case.why in failure.value.why
    assert "migrate baseline --replace" in failure.value.todo

    adopted(running, project)
    with pytest.raises(HistoryError, match="already"):
        project.baseline(running)
    with project.session(running) as session:
        (first,) = baseline.baseline(session, project.code, now=project.now, replace=True).files
    assert project.files == [first.name]
    moved = project.config.migrations / f"before_{first.digits}"
    assert sorted(path.name for path in moved.iterdir()) == sorted(case.files)

    outcome = project.sync(running)
    assert not outcome.ran
    assert not outcome.plan
    assert not kept(outcome.plan)
    more(project, running)
    found = proven(project, running.binary)
    assert [file.state for file in found.files] == ["proven", "proven"]


def more(project: Project, running: Running) -> None:
    """The next change of the code is a file of its own."""
    added = TextField(name="later")
    home = next(c for c in project.code.collections if c.type in ("base", "auth"))
    changed = home.model_copy(update={"fields": [*home.fields, added]})
    project.code = Schema(collections=[changed if c is home else c for c in project.code.collections])
    before = len(project.files)
    project.up(running)
    assert len(project.files) == before + 1
    outcome = project.sync(running)
    assert not outcome.plan
    assert not outcome.applied


USER = """migrate((app) => {
  const user = new Record(app.findCollectionByNameOrId("users"));
  user.setEmail($os.getenv("SEED_EMAIL"));
  user.setPassword("password1234");
  app.save(user);
}, null);
"""


@pytest.mark.parametrize("given", ["the environment", "env_file", "[shadow.env]"])
def test_a_file_that_waits_for_the_environment_is_named_with_the_variable_and_gets_it(
    tmp_path: Path, server: ServerFactory, latest: Binary, given: str
) -> None:
    project, running = Project(tmp_path / "project"), server(latest)
    project.write("1700000000_user.js", USER)
    with pytest.raises(ReplayFailed) as failure:
        project.sync(running)
    assert "It reads SEED_EMAIL from the environment, where it is not set." in failure.value.why
    assert failure.value.todo.startswith(
        "Set SEED_EMAIL in the environment, in the file that `env_file` names"
    )
    if given == "the environment":
        project.environ["SEED_EMAIL"] = "ann@example.com"
    elif given == "env_file":
        (project.root / ".env").write_text("# for migrations\nexport SEED_EMAIL='ann@example.com'\n")
        (project.root / "pocketvex.toml").write_text('env_file = ".env"\n')
    else:
        (project.root / "pocketvex.toml").write_text('[shadow.env]\nSEED_EMAIL = "ann@example.com"\n')
    project.config = load_config(project.root)
    if given == "[shadow.env]":
        # A server of one's own is no scratch server: nothing made up is written into it.
        with pytest.raises(NotAsIntended) as refused:
            project.sync(running)
        assert "SEED_EMAIL" in refused.value.why
        assert "SEED_EMAIL" in refused.value.todo
        return
    assert project.sync(running).ran == ("1700000000_user.js",)
    with project.session(running) as session:
        assert session.target.client.count("users") == 1


def test_a_secret_of_ours_has_something_in_its_place_and_a_variable_of_others_not() -> None:
    ours = "// manages: users\n\nmigrate((app) => { secret('GOOGLE') }, null);"
    theirs = "migrate((app) => { $os.getenv('SEED'); process.env.MORE; process.env['LAST'] }, null);"
    assert placeholders([ours, theirs], {}) == {"GOOGLE": PLACEHOLDER}
    assert variables_of(theirs) == {"SEED", "MORE", "LAST"}
    both = theirs.replace("SEED", "GOOGLE")
    assert placeholders([ours, both], {"GOOGLE": "x"}) == {}
    assert placeholders([ours, both], {}) == {"GOOGLE": PLACEHOLDER}


BESIDE = """migrate((app) => {
  const settings = app.settings();
  settings.meta.appName = toString($os.readFile(PATH)).trim();
  app.save(settings);
}, null);
"""


@pytest.mark.parametrize(
    "path", ["`${__hooks}/../pb_migrations/files/name.txt`", "'pb_migrations/files/name.txt'"]
)
def test_a_file_reads_beside_itself_on_the_shadow_and_on_the_server(
    project: Project, server: ServerFactory, latest: Binary, path: str
) -> None:
    running, text = server(latest), BESIDE.replace("PATH", path)
    project.write("1700000000_name.js", text)
    (project.config.migrations / "files").mkdir()
    (project.config.migrations / "files" / "name.txt").write_text("from the file")
    (project.root / "pb_hooks").mkdir()
    (project.root / "pb_hooks" / "main.pb.js").write_text('throw new Error("no hook runs in a replay");')
    trust(project.root, [("1700000000_name.js", text)])
    assert project.sync(running).ran == ("1700000000_name.js",)
    with project.session(running) as session:

        def called() -> str:
            return str(session.target.client._request("GET", "/api/settings").body["meta"]["appName"])

        # A running server sees some time later what another process wrote.
        until(lambda: called() == "from the file", "the server has the settings of the migration")
    around = surroundings_of(project.config, {})
    found = verify(project.root, read_history(project.config.migrations), latest, around=around)
    assert not found.findings


def test_what_was_written_for_an_older_pocketbase_is_said_to_be(
    project: Project, server: ServerFactory, latest: Binary
) -> None:
    old = "migrate((db) => {\n  const dao = new Dao(db);\n  dao.findCollectionByNameOrId('x');\n}, null);\n"
    project.write("1680000000_old.js", old)
    with pytest.raises(ReplayFailed) as failure:
        project.sync(server(latest))
    assert "written for PocketBase 0.22 or earlier" in failure.value.why
