"""`migrate verify`: a folder of migrations proven from nothing, file by file, on every version."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import terminal
from conftest import ServerFactory
from firsts import NAMES, first_format
from pocketvex.errors import ConsentNeeded
from pocketvex.findings import Location
from pocketvex.history.folder import read_history
from pocketvex.history.trust import trust
from pocketvex.proof import verify as use
from pocketvex.render.migration.javascript import literal
from pocketvex.render.migration.migration import ADVISORIES
from pocketvex.render.migration.trial import trial_step
from pocketvex.server.binaries import Binary
from pocketvex.server.surroundings import Surroundings
from pocketvex.steps.migration import read_migration
from projects import Project, posts, text

MAKE = """migrate((app) => {
  app.save(new Collection({ name: "things", type: "base", fields: [{ name: "a", type: "text" }] }));
}, (app) => app.delete(app.findCollectionByNameOrId("things")));
"""
ADD = """migrate((app) => {
  const c = app.findCollectionByNameOrId("things");
  c.fields.add(new TextField({ name: "b" }));
  app.save(c);
}, (app) => {
  const c = app.findCollectionByNameOrId("things");
  DOWN
});
"""


DOWN = 'pocketvex(app, migration, "down")'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", posts())


def verified(project: Project, binary: Binary) -> use.Verified:
    return use.verify(project.root, read_history(project.config.migrations), binary)


def states(found: use.Verified) -> dict[str, str]:
    return {file.name: file.state for file in found.files}


PEOPLE = {"name": "people", "type": "auth", "fields": []}
EVERY = [
    {"name": "t_0", "type": "text", "min": 3, "max": 9}, {"name": "t_1", "type": "text"},
    {"name": "t_2", "type": "text", "pattern": "^[a-z]+$"},
    {"name": "n", "type": "number", "min": -2, "max": 2}, {"name": "i", "type": "number", "onlyInt": True},
    {"name": "b", "type": "bool"}, {"name": "e", "type": "email", "onlyDomains": ["example.org"]},
    {"name": "u", "type": "url"}, {"name": "d", "type": "date", "min": "2020-01-01 00:00:00.000Z"},
    {"name": "j", "type": "json"}, {"name": "s", "type": "select", "values": ["a", "ü", "c"], "maxSelect": 3},
    {"name": "one", "type": "select", "values": ["x", "y"], "required": True},
    {"name": "f", "type": "file", "maxSelect": 2}, {"name": "h", "type": "editor"},
    {"name": "people", "type": "relation", "target": "people", "maxSelect": 4},
    {"name": "who", "type": "relation", "target": "people"},
]  # fmt: skip


def test_a_history_of_ours_is_proven_with_rows_of_every_kind(
    project: Project, server: ServerFactory, binary: Binary
) -> None:
    running = server(binary)
    project.declare(PEOPLE, posts(*EVERY))
    project.up(running)
    less = [{**field, "presentable": True} for field in EVERY if field["name"] not in ("t_1", "people")]
    project.declare(PEOPLE, posts(*less))
    first, second = project.generate(running, "less")[0], project.files[-1]
    assert first == second
    found = verified(project, binary)
    assert not found.findings
    assert set(states(found).values()) == {"proven"}
    assert found.files[-1].rows == 9  # five in posts, two in people, two in users
    assert found.files[-1].kept < found.files[-1].rows
    said = (project.config.migrations / second).read_text(encoding="utf-8").partition("migrate(")[0]
    assert f"up again on PocketBase {binary.version} with {found.files[-1].rows} rows" in said
    assert verified(project, binary).cached


@pytest.mark.parametrize(
    ("change", "what", "why"),
    [
        ("down does less", "down of {} does not end where it should", "posts.body"),
        ("down throws", "down of {} fails", "not today"),
        ("no down", "{} has no down part", ""),
        ("up changes a value", "up of {} changes values", "posts.title"),
        ("down forgets a value", "down of {} changes values", "posts.body"),
    ],
)
def test_a_file_of_ours_that_breaks_its_promise_is_named(
    project: Project, server: ServerFactory, latest: Binary, change: str, what: str, why: str
) -> None:
    running = server(latest)
    project.declare(posts(text("body")))
    project.up(running)
    project.declare(posts())
    (name,) = project.generate(running)
    path = project.config.migrations / name
    sound = path.read_text(encoding="utf-8")
    migration = read_migration(sound)
    assert migration
    (added,) = migration.down
    statement = "app.db().newQuery(\"UPDATE posts SET body = ''\").execute();"
    old, new = {
        "down does less": (f"[\n    {literal(added)}\n  ]", "[]"),
        "down throws": (f"{DOWN};", 'throw new Error("not today");'),
        "no down": (f"(app) => {{\n  {DOWN};\n}});", "null);"),
        "up changes a value": ('"up": [', '"up": [\n    ["sql", "UPDATE posts SET title = \'x\'"],'),
        "down forgets a value": (f"{DOWN};", f"{DOWN};\n  {statement}"),
    }[change]
    assert sound.count(old) == 1
    path.write_text(sound.replace(old, new), encoding="utf-8")
    found = verified(project, latest)
    assert states(found)[name] == "failed"
    edited, *below, broke = found.findings
    assert (edited.where, edited.message) == (Location(name), "was edited after it was sealed")
    assert len(below) == (DOWN in old)
    assert what.format(name) in broke.message
    assert why in broke.why


@pytest.mark.parametrize(
    ("down", "note"),
    [
        ('c.fields.removeByName("b"); app.save(c);', "its down restores structure and values"),
        ('c.fields.removeByName("b"); return app.save(c);', "its down restores structure and values"),
        ("", "its down does not restore things.b"),
        ("return c.gone();", "its down fails: TypeError: Object has no member 'gone'"),
        ('c.fields.removeByName("b"); app.save(c); return false;', "its down fails: it returns a value"),
    ],
)
def test_of_other_files_is_said_what_their_down_restores(
    project: Project, binary: Binary, down: str, note: str
) -> None:
    project.write("1700000000_make.js", MAKE)
    project.write("1700000001_add.js", ADD.replace("DOWN", down))
    found = verified(project, binary)
    assert not found.findings
    assert [file.state for file in found.files] == ["replayed", "replayed"]
    assert found.files[0].note == "its down restores structure and values"
    assert found.files[1].note.startswith(note)


@pytest.mark.parametrize(
    ("files", "state", "said"),
    [
        ({"1700000000_a.js": "migrate((app) => {\n  const x = ;\n});\n"}, "failed", "1700000000_a.js:2"),
        ({"1700000000_a.js": "migrate(async (app) => {}, null);\n"}, "failed", "is not async"),
        ({"1700000000_a.ts": "migrate((app: any) => {}, null);\n"}, "failed", "types in them"),
        ({"1700000000_a.js": MAKE + MAKE}, "failed", "calls migrate() 2 times"),
        ({"1700000000_b.js": MAKE, "1700000000_a.js": ADD}, "failed", "in the same second"),
        ({"1700000000_a.js": MAKE, "999_b.js": "migrate(() => {}, null);"}, "replayed", "runs after"),
        ({"first.js": "migrate(() => {}, null);"}, "replayed", "has no time in its name"),
        ({"1700000000_a.js": ADD, "1700000001_a.js": ADD}, "failed", "says the same as 1700000000_a.js"),
        ({"helper.js": "const one = 1;"}, "", "it never calls migrate()"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_folder_is_named_with_file_and_reason(
    project: Project, latest: Binary, files: dict[str, str], state: str, said: str
) -> None:
    for name, body in files.items():
        project.write(name, body)
    found = verified(project, latest)
    assert any(said in f"{f} {f.why}" for f in found.findings), found
    assert not state or state in states(found).values()


ROWS = 'migrate((app) => {\n  app.db().newQuery("SELECT 1").execute();\n}, null);\n'


@pytest.mark.parametrize(
    "silent",
    ["", "// migrate((app) => {\n//   null\n// })\n", "/* migrate((app) => {}) */\n",
     'if ($os.getenv("SEED")) {\n  migrate((app) => {}, (app) => {});\n}\n'],
)  # fmt: skip
def test_a_file_that_registers_nothing_is_passed_over_with_a_word(
    project: Project, server: ServerFactory, latest: Binary, silent: str
) -> None:
    project.write("1700000000_make.js", MAKE)
    project.write("1700000005_old.js", silent)
    found = verified(project, latest)
    assert not found.findings
    assert states(found) == {"1700000000_make.js": "replayed", "1700000005_old.js": "silent"}
    running = server(latest)
    project.declare()
    for _ in range(2):
        outcome = project.sync(running)
        assert not outcome.plan
        assert not outcome.position.lacking
        assert project.up(running, recorded_only=True).files == ()
    assert project.status(running)["1700000005_old.js"] == "silent"
    with project.session(running) as session:
        assert not session.target.client.backups()


def test_what_waits_for_a_variable_runs_where_it_is_set(project: Project, latest: Binary) -> None:
    project.write("1700000000_make.js", 'if ($os.getenv("SEED")) {\n' + MAKE + "}\n")
    assert [*states(verified(project, latest)).values()] == ["silent"]
    around = Surroundings(env={"SEED": "1"})
    found = use.verify(project.root, read_history(project.config.migrations), latest, around=around)
    assert [*states(found).values()] == ["replayed"]


def test_two_files_that_say_the_same_and_change_rows_are_no_finding(project: Project, latest: Binary) -> None:
    project.write("1700000000_a.js", ROWS)
    project.write("1700000001_a.js", ROWS)
    assert not verified(project, latest).findings


@pytest.mark.parametrize("cores", [1, 2])
def test_only_what_changed_is_proven_again_on_as_many_cores_as_are_idle(
    project: Project, latest: Binary, cores: int
) -> None:
    def found() -> use.Verified:
        history = read_history(project.config.migrations)
        return use.verify(project.root, history, latest, cores=cores)

    for number in range(16):
        project.write(f"17000000{number:02}_make.js", MAKE.replace("things", f"things_{number}"))
    first = found()
    assert first.tried == tuple(project.files)
    assert {file.note for file in first.files} == {"its down restores structure and values"}
    project.write("1700000099_add.js", ADD.replace("things", "things_3").replace("DOWN", ""))
    second = found()
    assert second.tried == ("1700000099_add.js",)
    assert second.files[:16] == first.files
    project.write("1700000014_make.js", MAKE.replace("things", "others"))
    assert found().tried == ("1700000014_make.js", "1700000015_make.js", "1700000099_add.js")
    assert found().cached


def test_files_before_one_that_fails_are_proven_all_the_same(project: Project, latest: Binary) -> None:
    project.write("1700000000_make.js", MAKE)
    project.write("1700000001_bad.js", 'migrate((app) => {\n  throw new Error("no");\n}, null);\n')
    project.write("1700000002_add.js", ADD)
    assert [*states(verified(project, latest)).values()] == ["replayed", "failed", "not reached"]


def test_what_reaches_out_is_replayed_after_a_yes_that_ends_with_the_next_edit(
    project: Project, latest: Binary, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    name, body = (
        "1700000000_out.js",
        f"migrate((app) => $os.writeFile({json.dumps(str(ran))}, 'x', 0o600));\n",
    )
    project.write(name, body)
    with pytest.raises(ConsentNeeded, match=r"1700000000_out.js uses \$os") as failure:
        verified(project, latest)
    assert failure.value.todo.startswith("Read them. `pocketvex migrate verify --confirm 1700000000_out.js`")
    assert not ran.exists()
    trust(project.root, [(name, body)])
    assert verified(project, latest).files[0].note.startswith("it runs; not tried with rows")
    assert ran.exists()
    project.write(name, body.replace("'x'", "'y'"))
    with pytest.raises(ConsentNeeded):
        verified(project, latest)


@pytest.mark.parametrize(
    "harmless", ["$os.getenv('A')", "// $http.send()", "/* $os.exec() */", "$security.randomString(3)"]
)
def test_what_stays_in_the_database_needs_no_yes(project: Project, latest: Binary, harmless: str) -> None:
    project.write("1700000000_in.js", f"migrate((app) => {{\n  {harmless}\n}}, null);\n")
    assert not verified(project, latest).findings


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("const copy =", "const copied ="), "was edited below the line that says what its steps mean"),
        (("PocketVex runtime 1", "PocketVex runtime 99"), "has runtime 99, which a newer PocketVex wrote"),
    ],
)
def test_a_file_whose_runtime_nobody_knows_is_a_finding(
    project: Project, server: ServerFactory, latest: Binary, change: tuple[str, str], what: str
) -> None:
    """Also where the sum file agrees: it was edited before it was sealed, or merged."""
    (name,) = project.generate(server(latest))
    path = project.config.migrations / name
    text = path.read_text(encoding="utf-8")
    line = text[: text.index("// ---- PocketVex runtime")].count("\n") + 1
    assert change[0] in text
    path.write_text(text.replace(*change), encoding="utf-8")
    (project.config.migrations / "pocketvex.sum").unlink()
    found = [finding for finding in verified(project, latest).findings if what in finding.message]
    assert [finding.where for finding in found] == [Location(name, line)]


def test_what_a_runtime_is_known_to_lose_is_an_advisory(
    project: Project, server: ServerFactory, latest: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    (name,) = project.generate(server(latest))
    assert not verified(project, latest).advisories
    monkeypatch.setitem(ADVISORIES, 1, "it forgets")  # type: ignore[arg-type]
    (advisory,) = verified(project, latest).advisories
    assert (advisory.where, advisory.message) == (Location(name), "has runtime 1: it forgets")
    assert advisory.todo == f"`pocketvex migrate reseal {name}` writes it with today's runtime."


@pytest.mark.slow
def test_files_of_the_first_format_have_an_advisory_each_at_most_and_it_fails_nothing(tmp_path: Path) -> None:
    root = first_format(tmp_path / "project").root
    project = terminal.Project(root)
    found = project.ok("migrate", "verify", "--format", "json").json
    assert not found["findings"]
    assert {file["state"] for file in found["files"]} == {"proven"}
    said = {advisory["file"]: advisory for advisory in found["advisories"]}
    assert list(said) == NAMES
    assert len(found["advisories"]) == len(said)
    assert "keeps values under names" in said[NAMES[1]]["what"]
    assert "numbers lose digits" in said[NAMES[2]]["what"]
    assert all(f"`pocketvex migrate reseal {name}`" in said[name]["todo"] for name in said)
    text = project.ok("migrate", "verify")
    assert f"pb_migrations/{NAMES[1]}: advisory: is of the first format" in text.out
    assert "9 advisories" in text.err
    assert (
        f"- `pb_migrations/{NAMES[1]}` advisory: "
        in project.ok("migrate", "verify", "--format", "markdown").out
    )
    github = project.ok("migrate", "verify", "--format", "github").out.splitlines()
    assert len(github) == len(NAMES)
    assert all(line.startswith("::notice file=pb_migrations/17000000") for line in github)
    project.ok("migrate", "reseal", *NAMES)
    assert not project.ok("migrate", "verify", "--format", "json").json["advisories"]


def test_the_line_of_a_failure_is_that_of_the_file() -> None:
    step = trial_step("one\ntwo\n", [], "target")
    assert step.splitlines()[0].endswith(" one")
    assert step.splitlines()[1] == "two"


def test_a_folder_of_migrations_alone_is_verified_and_listed(tmp_path: Path) -> None:
    project = terminal.Project(tmp_path / "project")
    assert project("migrate", "verify").code == 2
    project.write("pb_migrations/1700000000_make.js", MAKE)
    project.write("pb_migrations/1700000005_old.js", "")
    verified = project.ok("migrate", "verify").out.splitlines()
    assert verified[0].startswith("replayed 1700000000_make.js")
    assert verified[1].startswith("silent   1700000005_old.js  it registers no migration here")
    listed = project.ok("migrate", "status")
    assert listed.out == "pending  1700000000_make.js\nsilent   1700000005_old.js\n"
    assert "note: no schema/*.py here" in listed.err


def test_the_command_needs_no_server(tmp_path: Path) -> None:
    project = terminal.Project(tmp_path / "project")
    project.write("schema/posts.py", terminal.posts())
    assert project.ok("migrate", "verify").out == "no migrations yet\n"
    project.write("pb_migrations/1700000000_make.js", MAKE)
    said = project.ok("migrate", "verify").out
    assert said.startswith("replayed 1700000000_make.js  its down restores structure")
    project.write("pb_migrations/1700000001_bad.js", "migrate((app) => {\n  nothing();\n}, null);\n")
    bad = project("migrate", "verify")
    assert bad.code == 7
    assert "pb_migrations/1700000001_bad.js:2: cannot be run on an empty server" in bad.out
    found = project("migrate", "verify", "--format", "json").json
    assert found["version"] == 1
    assert [file["state"] for file in found["files"]] == ["replayed", "failed"]
    assert found["findings"][0]["line"] == 2
    (project.root.parent / ".git").mkdir()
    placed = "file=project/pb_migrations/1700000001_bad.js,line=2,"
    assert placed in project("migrate", "verify", "--format", "github").out
    assert project("migrate", "verify", "--confirm", "gone.js").code == 2
    assert not project.server


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are POSIX")
def test_a_yes_is_typed_at_a_terminal_and_given_by_name_without_one(tmp_path: Path) -> None:
    project = terminal.Project(tmp_path / "project")
    project.write("schema/posts.py", terminal.posts())
    name = "1700000000_out.js"
    project.write(f"pb_migrations/{name}", "migrate((app) => $os.getwd() ? null : null, null);\n")
    refused = project("dev", "--once")
    assert refused.code == 5
    assert f"pocketvex migrate verify --confirm {name}" in refused.err
    with terminal.Terminal(project, "migrate", "status") as at:
        at.shows(f"type {name} to agree")
        at.types("no\r")
        assert at.ends() == 5
    with terminal.Terminal(project, "migrate", "status") as at:
        at.shows(f"type {name} to agree")
        at.types(f"{name}\r")
        assert at.ends() == 0
    assert name in project.ok("migrate", "status").out
    project.write(f"pb_migrations/{name}", "migrate((app) => $os.getwd() ? null : undefined, null);\n")
    assert project("migrate", "verify").code == 5
    assert project.ok("migrate", "verify", "--confirm", name).out.startswith(f"replayed {name}")
