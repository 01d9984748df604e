"""`schema pull` as a user meets it: what it writes, what it leaves alone, what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from binaries import LATEST, SUPPORTED, binary_of
from conftest import EMAIL, PASSWORD, ServerFactory
from grounds import Ground
from pocketvex.api.client import Client
from pocketvex.api.credentials import Credentials
from pocketvex.diff.compare import compare
from pocketvex.render.python.modules import Pulled, Style, render_python
from pocketvex.run.adoption import changed_system, usual_options
from pocketvex.run.types import files_of_code, files_of_server
from pocketvex.schema.model import Schema
from pocketvex.server.binaries import Binary
from pocketvex.store.config import load_config
from pulled import declared_by
from terminal import Project

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
SETS = sorted(path.stem for path in CORPUS.glob("*.json"))

Json = dict[str, Any]


@pytest.mark.skipif(not SETS, reason=f"there is no {CORPUS}")
@pytest.mark.parametrize("number", range(len(SETS)))
def test_what_is_pulled_is_what_the_server_has(
    number: int, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Real schemas, each on one version; the names of the versions go round."""
    version = SUPPORTED[number % len(SUPPORTED)]
    ground = Ground(binary_of(version), tmp_path, tmp_path_factory.getbasetemp())
    exported = json.loads((CORPUS / f"{SETS[number]}.json").read_text(encoding="utf-8"))
    own = [item for item in exported if not item["system"]]
    if ground.version < (0, 27) and "geoPoint" in json.dumps(own):
        pytest.skip("geoPoint came with 0.27")
    place = ground.imported(sorted(own, key=lambda item: (item["type"] == "view", item["created"])))
    live = place.schema
    pulled = render_python(live, Style(usual=usual_options(ground.empty.collections)))
    assert not pulled.left_out
    code = declared_by(pulled.modules)
    assert not compare(code, live, version=ground.version, ask=False).operations
    if number % len(SUPPORTED) == len(SUPPORTED) - 1:
        assert_types_are_the_same(code, place.raw, ground, tmp_path)
    if number == 0:
        assert_ruff_has_nothing_to_add(pulled, tmp_path)


def assert_types_are_the_same(code: Schema, raw: list[Json], ground: Ground, folder: Path) -> None:
    """Whether they are generated of the code, or of the server that it was pulled from."""
    (folder / "pocketvex.toml").touch()
    mine = files_of_code(load_config(folder), code, lambda: ground.binary)["types.ts"]
    theirs = files_of_server(raw)["types.ts"]
    assert mine.split("schema-hash")[1].split("\n", 1)[1] == theirs.split("schema-hash")[1].split("\n", 1)[1]


def assert_ruff_has_nothing_to_add(pulled: Pulled, folder: Path) -> None:
    (folder / "schema").mkdir()
    for module in pulled.modules:
        (folder / "schema" / f"{module.name}.py").write_text(module.text, encoding="utf-8")
    for check in (["check"], ["check", "--select", "RUF"], ["format", "--check"]):
        ran = subprocess.run(
            [sys.executable, "-m", "ruff", *check, "--isolated", "schema"], cwd=folder, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr


NOTES: Json = {
    "name": "notes",
    "type": "base",
    "listRule": "",
    "fields": [
        {"name": "title", "type": "text", "max": 200},
        {"name": "author", "type": "relation", "collectionId": "_pb_users_auth_", "maxSelect": 1},
    ],
}


class Place:
    """A project and a server of one's own that has `users` and `notes`."""

    def __init__(self, project: Project, client: Client) -> None:
        self.project = project
        self.client = client

    def edit(self, **values: Any) -> None:
        self.client.patch_collection("notes", values)

    def pull(self, *arguments: str) -> Any:
        return self.project("schema", "pull", *arguments)

    @property
    def fields(self) -> list[Json]:
        notes = next(c for c in self.client.collections() if c["name"] == "notes")
        found: list[Json] = notes["fields"]
        return found


@pytest.fixture
def place(tmp_path: Path, latest: Binary, server: ServerFactory) -> Iterator[Place]:
    running = server(latest)
    project = Project(tmp_path / "app")
    project.env |= {"PB_URL": running.url, "PB_ADMIN_EMAIL": EMAIL, "PB_ADMIN_PASS": PASSWORD}
    with Client(running.url, Credentials(email=EMAIL, password=PASSWORD)) as client:
        assert client._request("POST", "/api/collections", json=NOTES).ok
        yield Place(project, client)


def test_an_empty_folder_becomes_a_project_that_is_in_sync(place: Place) -> None:
    done = place.pull()
    assert (done.code, done.out) == (0, "+ schema/users.py\n+ schema/notes.py\n")
    assert place.project.read("schema/notes.py") == (
        "from pocketvex import Base, Rules, field\n\nfrom schema.users import Users\n\n\n"
        "class Notes(Base):\n    title = field.text(max=200)\n    author = field.relation(Users)\n\n"
        "    rules = Rules(list=Rules.public())\n"
    )
    before = place.client.collections()
    assert place.project.ok("schema", "diff", "--exit-code").out == "in sync\n"
    place.project.ok("dev", "--once")
    assert place.client.collections() == before
    again = place.pull()
    assert (again.code, again.out) == (0, "")
    assert "nothing to write" in again.err
    # What is pulled is this project's: what its code drops is planned.
    text = place.project.read("schema/notes.py")
    place.project.write("schema/notes.py", text.replace("    title = field.text(max=200)\n", ""))
    assert place.project.ok("schema", "diff").out.startswith("- notes.title: field removed")


def test_what_a_person_wrote_is_shown_and_not_rewritten(place: Place) -> None:
    mine = "from pocketvex import Base, field\n\n\nclass Notes(Base):\n    title = field.text(max=100)\n"
    place.project.write("schema/mine.py", mine)
    done = place.pull()
    assert done.out == "+ schema/users.py\n"
    assert "schema/mine.py:4: notes is left alone" in done.err
    shown = place.pull("notes")
    assert shown.code == 5
    assert shown.out.startswith("class Notes(Base):\n    title = field.text(max=200)\n")
    assert "schema/mine.py:4: notes is yours to edit" in shown.err
    assert "-    title = field.text(max=100)\n" in shown.err
    assert "+    title = field.text(max=200)\n" in shown.err
    one = place.pull("notes.author")
    assert (one.code, one.out) == (5, "    author = field.relation(Users)\n")
    rule = place.pull("notes:listRule")
    assert (rule.code, rule.out) == (5, "    rules = Rules(list=Rules.public())\n")
    assert place.pull("notes", "--print").out.endswith("    rules = Rules(list=Rules.public())\n")
    assert place.project.read("schema/mine.py") == mine
    assert place.pull("notes.title", "--print").out == "    title = field.text(max=200)\n"
    forced = place.pull("notes", "--force")
    assert (forced.code, forced.out) == (0, "~ schema/mine.py\n")
    assert place.pull("notes").out == "= notes: the code says the same\n"


FORCED = """from pocketvex import Base, Rules, field


class Stamps:
    note = field.text()


class Notes(Stamps, Base):
    title = field.text(max=100)  # short
    # my comment
    mine = Rules.authenticated()
    rules = Rules(view=mine)


def helper() -> str:
    return "used elsewhere"
"""
OTHER = """from pocketvex import Base, field

from schema.base import Stamps, helper


class Other(Stamps, Base):
    x = field.text(help=helper())
"""


def test_a_forced_pull_leaves_what_is_a_persons(place: Place) -> None:
    place.project.write("schema/base.py", FORCED)
    place.project.write("schema/other.py", OTHER)
    place.pull("users")
    place.edit(fields=[*place.fields, {"name": "note", "type": "text"}], viewRule="@request.auth.id != ''")
    done = place.pull("notes", "--force")
    assert (done.code, done.out) == (0, "~ schema/base.py\n"), done
    assert place.project.read(".pocketvex/before-pull/base.1.py") == FORCED
    assert "the file as it was: .pocketvex/before-pull/base.1.py" in done.err
    author = '    author = field.relation("users")\n'
    rules = "    rules = Rules(list=Rules.public(), view=Rules.authenticated())\n"
    wanted = FORCED.replace("    title = field.text(max=100)  # short\n", "    title = field.text(max=200)\n")
    wanted = wanted.replace(
        "    mine = Rules.authenticated()\n", f"    mine = Rules.authenticated()\n{author}"
    )
    assert place.project.read("schema/base.py") == wanted.replace("    rules = Rules(view=mine)\n", rules)
    assert place.project.ok("schema", "diff").out.startswith("+ other: new base collection")
    # What the mixin gives is not on the server any more: the class stands alone, and that is said.
    place.edit(fields=[field for field in place.fields if field["name"] != "note"])
    again = place.pull("notes", "--force")
    assert (again.code, "notes is written anew as a whole, without Stamps" in again.err) == (0, True), again
    text = place.project.read("schema/base.py")
    assert "class Notes(Base):\n    title = field.text(max=200)\n" in text
    assert text.endswith(FORCED[FORCED.index("\n\ndef helper") :])
    assert (place.project.root / ".pocketvex/before-pull/base.2.py").is_file()
    assert place.pull("notes").out == "= notes: the code says the same\n"


def test_a_file_that_pull_wrote_follows_the_server_when_it_is_named(place: Place) -> None:
    place.pull()
    place.edit(fields=[*place.fields, {"name": "more", "type": "number"}], viewRule="")
    assert "more" not in place.project.read("schema/notes.py")
    drift = place.project("schema", "diff", "--exit-code")
    assert drift.code == 6
    one = place.pull("notes.more")
    assert (one.code, one.out) == (0, "~ schema/notes.py\n")
    text = place.project.read("schema/notes.py")
    assert "    more = field.number()\n" in text
    assert "view=" not in text
    assert place.pull("notes").code == 0
    assert "view=Rules.public()" in place.project.read("schema/notes.py")
    assert place.project.ok("schema", "diff", "--exit-code").out == "in sync\n"
    place.edit(fields=[*place.fields, *({"name": n, "type": "bool"} for n in "abc")])
    assert place.pull("notes.a", "notes.b").out == "~ schema/notes.py\n"
    assert place.project.ok("schema", "diff").out.startswith("= notes.c: changed on the server")
    # From the first edit on it is a person's.
    place.project.write("schema/notes.py", place.project.read("schema/notes.py") + "# mine\n")
    place.edit(viewRule=None)
    assert place.pull("notes").code == 5
    place.client.delete_collection("notes")
    gone = place.pull("notes")
    assert (gone.code, gone.out) == (5, "")
    assert "schema/notes.py:6: notes is not on the server" in gone.err


def test_code_that_says_the_same_is_taken_over_by_name(place: Place) -> None:
    text = (
        "from pocketvex import Base, Rules, field\n\n\nclass Notes(Base):\n    title = field.text(max=200)\n"
    )
    rules = '    rules = Rules(list="")\n'
    author = '    author = field.relation("users")\n'
    place.project.write("schema/notes.py", text + rules)
    found = place.project("schema", "diff")
    assert "= notes.author: not in the code, kept" in found.out
    assert "`pocketvex schema pull notes.author`" in found.out
    place.project.ok("schema", "pull", "users")
    place.project.write("schema/notes.py", text + author + rules)
    assert place.pull("notes").out == "= notes: the code says the same\n"
    place.project.write("schema/notes.py", text + rules)
    assert place.project.ok("schema", "diff").out.startswith("- notes.author: field removed")


def test_code_that_asks_for_a_collection_gets_it(place: Place) -> None:
    """The message of a relation to nowhere names the command, and it works though nothing loads."""
    place.project.write(
        "schema/tasks.py",
        'from pocketvex import Base, field\n\n\nclass Tasks(Base):\n    note = field.relation("notes")\n'
        '    user = field.relation("users")\n',
    )
    broken = place.project("schema", "diff")
    assert broken.code == 2
    assert "`pocketvex schema pull notes`" in broken.err
    half = place.pull("notes")
    # The code asks for more; the file is written all the same.
    assert (half.code, half.out) == (2, "+ schema/notes.py\n")
    assert "`pocketvex schema pull users`" in half.err
    assert place.pull("users").code == 0
    assert place.project.ok("schema", "diff").out.startswith("+ tasks: new base collection")


def test_a_file_of_another_kind_is_not_in_the_way(place: Place) -> None:
    place.project.write("schema/notes.py", "WORDS = 200\n")
    assert "+ schema/notes2.py" in place.pull().out
    assert place.project.read("schema/notes.py") == "WORDS = 200\n"
    assert place.client._request("POST", "/api/collections", json={"name": "tags"}).ok
    assert place.pull("--one-file").out == "+ schema/collections.py\n"
    assert place.client._request("POST", "/api/collections", json={"name": "marks"}).ok
    assert place.pull("--one-file").out == "+ schema/collections2.py\n"
    assert place.project.ok("schema", "diff", "--exit-code").out == "in sync\n"


def test_a_collection_that_somebody_marked_as_a_system_one_is_the_projects(place: Place) -> None:
    vault = {"name": "vault", "type": "base", "system": True, "fields": [{"name": "title", "type": "text"}]}
    created = place.client._request("POST", "/api/collections", json=vault)
    relation = {"name": "vault", "type": "relation", "collectionId": created.body["id"], "maxSelect": 1}
    place.edit(fields=[*place.fields, relation])
    pulled = place.pull()
    assert "+ schema/vault.py\n" in pulled.out
    assert "vault was changed on the server" not in pulled.err
    assert "vault = field.relation(Vault)" in place.project.read("schema/notes.py")
    assert place.project.ok("schema", "diff", "--exit-code").out == "in sync\n"
    place.project.ok("types", "generate")
    assert "VaultRecord" in place.project.types
    text = place.project.read("schema/vault.py")
    place.project.write("schema/vault.py", text + "    note = field.text()\n")
    place.project.ok("dev", "--once")
    there = next(c for c in place.client.collections() if c["name"] == "vault")
    assert there["system"]
    assert [f["name"] for f in there["fields"]] == ["id", "title", "note"]
    text = place.project.read("schema/vault.py").replace("import Base, field", "import Base, Rules, field")
    place.project.write("schema/vault.py", text + '    rules = Rules(list="")\n')
    refused = place.project("schema", "diff")
    assert (refused.code, "PocketBase changes none of its rules" in refused.err) == (2, True), refused


def test_an_id_with_limits_of_its_own_gets_the_pattern_that_the_server_gives_it(place: Place) -> None:
    place.pull()
    id = 'id = field.text(min=5, max=5, autogenerate_pattern="[a-z0-9]{5}")'
    place.project.write(
        "schema/short.py", f"from pocketvex import Base, field\n\n\nclass Short(Base):\n    {id}\n"
    )
    place.project.ok("dev", "--once")
    there = next(c for c in place.client.collections() if c["name"] == "short")
    assert (there["fields"][0]["pattern"], there["fields"][0]["max"]) == ("^[a-z0-9]+$", 5)
    assert place.project.ok("schema", "diff", "--exit-code").out == "in sync\n"


def test_a_relation_that_is_known_by_its_id_leads_to_its_collection(place: Place) -> None:
    """What an export of some collections says of the others."""
    notes = next(c for c in place.client.collections() if c["name"] == "notes")
    place.project.write("schema/part.json", json.dumps([notes]))
    broken = place.project("schema", "diff")
    assert (broken.code, "`pocketvex schema pull users`" in broken.err) == (2, True)
    assert place.pull("_pb_users_auth_").out == "+ schema/users.py\n"
    assert place.project.ok("schema", "diff", "--exit-code").out == "in sync\n"


def test_an_export_needs_no_server(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "pb_schema.json"
    file.write_text(json.dumps(place.client.collections()), encoding="utf-8")
    (tmp_path / "other").mkdir()
    other = Project(tmp_path / "other")
    done = other.ok("schema", "pull", "--from", str(file), "--one-file")
    assert done.out == "+ schema/collections.py\n"
    assert "class Users(Auth):" in other.read("schema/collections.py")
    assert not other.server
    file.write_text("{}", encoding="utf-8")
    assert other("schema", "pull", "--from", str(file)).code == 2
    assert other("schema", "pull", "--from", "nowhere.json").code == 2


REFUSED = {
    "nots": "Did you mean notes?",
    "notes.nothing": "there is nothing that is called notes.nothing",
    "_superusers": "PocketBase's own collection",
    "--force": "--force wants names",
    "--from x.json --host http://127.0.0.1:1": "exclude each other",
}


def test_what_cannot_be_meant_is_refused(place: Place) -> None:
    for arguments, said in REFUSED.items():
        done = place.pull(*arguments.split())
        assert (done.code, done.out) == (2, "")
        assert said in done.err
    assert not (place.project.root / "schema").exists()


def test_secrets_are_named_and_providers_stay(place: Place) -> None:
    users = next(c for c in place.client.collections() if c["name"] == "users")
    provider = {"name": "github", "clientId": "id", "clientSecret": "s3cret"}
    place.client.patch_collection(users["id"], {"oauth2": {"enabled": True, "providers": [provider]}})
    done = place.pull()
    assert "the secrets are read from GITHUB_CLIENT_SECRET" in done.err
    assert 'env("GITHUB_CLIENT_SECRET")' in place.project.read("schema/users.py")
    assert "s3cret" not in place.project.read("schema/users.py")
    text = place.project.read("schema/users.py").replace("max=255", "max=250")
    place.project.write("schema/users.py", text)
    place.project("dev", "--once", "--confirm", "users.name")
    after = next(c for c in place.client.collections() if c["name"] == "users")
    assert [p["name"] for p in after["oauth2"]["providers"]] == ["github"]


def test_a_change_of_a_system_collection_is_said(place: Place) -> None:
    own = next(c for c in place.client.collections() if c["name"] == "_superusers")
    place.client.patch_collection(own["id"], {"fields": [*own["fields"], {"name": "phone", "type": "text"}]})
    assert "_superusers.phone was changed on the server" in place.pull().err


@pytest.mark.parametrize("version", [SUPPORTED[0], LATEST])
def test_a_new_server_has_no_changed_system_collections(version: str, tmp_path: Path) -> None:
    ground = Ground(binary_of(version), tmp_path, tmp_path)
    empty = ground.empty.collections
    assert changed_system(ground.copy(ground.empty.data_dir).raw, empty) == []
    users = render_python(Schema.from_json(empty), Style(usual=usual_options(empty))).modules[0].text
    assert "oauth2" not in users
    assert "tokens" not in users
    # A mail that a server was born with is nobody's text, whatever a newer one would write.
    newest = Ground(binary_of(LATEST), tmp_path, tmp_path).empty.collections
    users = render_python(Schema.from_json(empty), Style(usual=usual_options(newest))).modules[0].text
    assert "<p>" not in users


def test_an_empty_folder_is_a_project_that_declares_nothing(place: Place) -> None:
    (place.project.root / "schema").mkdir()
    nothing = "schema/ holds neither *.py nor *.json: the project declares nothing"
    for command in ("schema diff", "types generate", "schema lint", "dev --once"):
        done = place.project(*command.split())
        assert (done.code, nothing in done.out + done.err) == (0, True), done
    before = place.client.collections()
    place.project.ok("schema", "pull")
    for file in (place.project.root / "schema").glob("*.py"):
        file.unlink()
    # Nothing that the project has is removed because its files are away for a moment.
    for command in ("schema diff", "schema apply", "dev --once", "migrate generate"):
        done = place.project(*command.split())
        assert done.code == 2, done
        assert "schema/ declares nothing, and the project has made notes, users" in done.err
    one = place.project("schema", "apply", "--confirm", "notes")
    assert (one.code, "the project has made users" in one.err) == (2, True)
    assert place.client.collections() == before
    both = place.project("schema", "apply", "--confirm", "notes", "--confirm", "users")
    assert (both.code, "- notes" in both.out) == (0, True), both
