"""Schema modules that load: how they are imported, what is collected, what is handed on."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from pathlib import Path

import pytest

from pocketvex.errors import SchemaError
from pocketvex.load.loader import Loaded, LoadFailed, load_schema

HEAD = "from pocketvex import Auth, Base, Rules, View, env, field, index\n"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return root


def load(root: Path, files: dict[str, str], folder: str = "schema") -> Loaded:
    write(root, files)
    return load_schema(root, root / folder, timeout=30)


USERS = HEAD + "class Users(Auth):\n    name = field.text(max=120)\n"


@pytest.mark.parametrize("init", [{}, {"schema/__init__.py": "from .users import Users\n"}])
def test_imports_between_files_are_the_same_module(tmp_path: Path, init: dict[str, str]) -> None:
    posts = """\
        from pocketvex import Base, field
        import users, schema
        from users import Users
        from .users import Users as relative
        from schema.users import Users as dotted
        import schema.users as module
        assert Users is relative is dotted is users.Users and module is users
        assert module.__name__ == module.__spec__.name == "schema.users", module.__spec__
        class Posts(Base):
            author = field.relation(Users)
    """
    loaded = load(tmp_path, {"schema/users.py": USERS, "schema/a_posts.py": posts, **init})
    assert loaded.schema.names() == {"users", "posts"}
    assert [c.name for c in loaded.schema.collections] == ["users", "posts"]


def test_a_package_called_schema_elsewhere_does_not_shadow_the_projects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = write(tmp_path / "site", {"schema/__init__.py": "raise RuntimeError('the wrong one')\n"})
    monkeypatch.setenv("PYTHONPATH", str(other))
    (tmp_path / "schema.py").write_text("raise RuntimeError('the wrong one')\n")
    files = {"schema/users.py": USERS, "schema/b.py": "from schema.users import Users\n"}
    assert load(tmp_path / "app", files).schema.names() == {"users"}
    assert load(tmp_path, files).schema.names() == {"users"}


def test_a_module_that_exists_elsewhere_keeps_its_bare_name(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        {
            "tags.py": "WHERE = 'root'\n",
            "schema/tags.py": HEAD + "class Tags(Base):\n    name = field.text()\n",
            "schema/json.py": HEAD + "class Json(Base):\n    name = field.text()\n",
            "schema/uses.py": "import json, tags\nassert tags.WHERE == 'root'\nassert json.dumps\n",
        },
    )
    assert loaded.schema.names() == {"tags", "json"}


@pytest.mark.parametrize(
    ("folder", "spelled"),
    [("db/schema", "db.schema"), ("models", "models"), ("a-b/schema", "schema"), ("types", "schema")],
)
def test_the_folder_may_stand_elsewhere(tmp_path: Path, folder: str, spelled: str) -> None:
    posts = (
        HEAD
        + f"""
from {spelled}.users import Users
from users import Users as bare
assert Users is bare
class Posts(Base):
    author = field.relation(Users)
"""
    )
    loaded = load(tmp_path, {f"{folder}/users.py": USERS, f"{folder}/posts.py": posts}, folder)
    assert loaded.schema.names() == {"users", "posts"}
    posts_declared = loaded.schema.collection("posts")
    assert posts_declared is not None
    assert str(posts_declared.source) == f"{folder}/posts.py:6"


def test_two_saves_of_one_size_in_one_second_are_both_seen(tmp_path: Path) -> None:
    module = tmp_path / "schema" / "posts.py"
    shared = tmp_path / "shared.py"
    for limit in (100, 200, 300):
        write(
            tmp_path,
            {
                "shared.py": f"LIMIT = {limit}\n",
                "schema/posts.py": HEAD
                + f"from shared import LIMIT\nclass Posts(Base):\n    a = field.text(max={limit})\n"
                "    b = field.text(max=LIMIT)\n",
            },
        )
        for path in (module, shared):
            os.utime(path, (1_700_000_000, 1_700_000_000))
        fields = load(tmp_path, {}).schema.collections[0].fields
        assert [field.options()["max"] for field in fields] == [limit, limit]
    assert not list(tmp_path.rglob("*.pyc"))


def test_a_stale_pyc_is_not_read(tmp_path: Path) -> None:
    import py_compile

    write(tmp_path, {"schema/posts.py": HEAD + "class Posts(Base):\n    a = field.text(max=100)\n"})
    module = tmp_path / "schema" / "posts.py"
    os.utime(module, (1_700_000_000, 1_700_000_000))
    py_compile.compile(str(module))
    module.write_text(module.read_text().replace("100", "200"))
    os.utime(module, (1_700_000_000, 1_700_000_000))
    assert load(tmp_path, {}).schema.collections[0].fields[0].options()["max"] == 200


def test_files_with_an_underscore_are_only_imported_by_others(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        {
            "schema/_shared.py": "from pocketvex import Base, field\nclass Stamped(Base, abstract=True):\n"
            "    created, updated = field.timestamps()\n",
            "schema/_broken.py": "raise RuntimeError\n",
            "schema/.#posts.py": "raise RuntimeError\n",
            "schema/posts.py": "from schema._shared import Stamped\nfrom pocketvex import field\n"
            "class Posts(Stamped):\n    title = field.text()\n",
        },
    )
    posts = loaded.schema.collection("posts")
    assert posts is not None
    assert [field.name for field in posts.fields] == ["created", "updated", "title"]
    assert str(posts.fields[0].source) == "schema/_shared.py:3"


def test_the_files_that_were_run_are_named(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        {
            "lib/__init__.py": "",
            "lib/names.py": "MAX = 7\n",
            "schema/a.py": HEAD + "from lib.names import MAX\nclass A(Base):\n    n = field.text(max=MAX)\n",
            "schema/old.json": "[]",
        },
    )
    names = {Path(file).relative_to(os.path.realpath(tmp_path)).as_posix() for file in loaded.files}
    assert names == {"lib/__init__.py", "lib/names.py", "schema/a.py", "schema/old.json"}


def test_what_is_printed_cannot_corrupt_the_answer(tmp_path: Path) -> None:
    module = (
        HEAD
        + """
import os, subprocess, sys
print("from print: ä €")
print("to stderr", file=sys.stderr)
os.write(1, b"to the descriptor\\n\\0A00000002{}\\n")
subprocess.run([sys.executable, "-c", "print('from a child')"])
sys.stdout = None
class A(Base):
    n = field.text()
"""
    )
    printed = load(tmp_path, {"schema/a.py": module}).printed
    for text in ("from print: ä €", "to stderr", "to the descriptor", "from a child"):
        assert text in printed


def test_what_is_printed_is_bounded(tmp_path: Path) -> None:
    module = HEAD + "for _ in range(40): print('x' * 9_999)\nclass A(Base):\n    n = field.text()\n"
    printed = load(tmp_path, {"schema/a.py": module}).printed
    assert len(printed) < 70_000
    assert printed.endswith(f"… and {400_000 - 65_536} bytes more")


def test_secrets_are_kept_from_the_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PB_ADMIN_PASS", "PB_TOKEN", "TEAM"):
        monkeypatch.setenv(name, "seen")
    module = (
        HEAD
        + """
import os
assert "PB_ADMIN_PASS" not in os.environ and "PB_TOKEN" not in os.environ
class A(Base, name=os.environ["TEAM"]):
    n = field.text()
class Users(Auth):
    oauth2 = [{"name": "google", "client_id": "x", "client_secret": env("PB_TOKEN")}]
"""
    )
    schema = load(tmp_path, {"schema/a.py": module}).schema
    assert schema.names() == {"seen", "users"}
    users = schema.collection("users")
    assert users is not None
    assert users.auth["oauth2"]["providers"][0]["clientSecret"] == {"env": "PB_TOKEN"}


def test_the_working_directory_is_the_project(tmp_path: Path) -> None:
    module = HEAD + "class A(Base):\n    n = field.select(*open('values.txt').read().split())\n"
    schema = load(tmp_path, {"values.txt": "x y", "schema/a.py": module}).schema
    assert schema.collections[0].fields[0].options()["values"] == ["x", "y"]


def test_the_dictionary_form_with_lines(tmp_path: Path) -> None:
    module = """\
        schema = {
            "collections": [
                {
                    "name": "posts",
                    "type": "base",
                    "schema": [
                        {"name": "title", "type": "text", "options": {"max": 9}},
                        {
                            "type": "select",
                            "name": "kind", "values": ["a"], "maxSelect": 1,
                        },
                    ],
                    "rules": {"list": "", "create": None},
                },
                {"name": "tags", "fields": {"label": {"type": "text"}}},
            ],
        }
    """
    schema = load(
        tmp_path, {"schema/all.py": module, "schema/b.py": "from schema.all import schema\n"}
    ).schema
    posts, tags = schema.collections
    assert (posts.list_rule, posts.create_rule) == ("", None)
    assert [str(f.source) for f in posts.fields] == ["schema/all.py:7", "schema/all.py:10"]
    assert str(posts.source) == "schema/all.py:4"
    assert str(tags.fields[0].source) == "schema/all.py:15"


def test_classes_dictionaries_and_exports_in_one_schema(tmp_path: Path) -> None:
    export = [
        {"id": "pbc_1", "name": "Old", "type": "base", "fields": [{"name": "a", "type": "text", "id": "t1"}]},
        {"id": "pbc_2", "name": "_superusers", "type": "auth", "fields": []},
        {"id": "pbc_3", "name": "_pv_kept", "type": "base", "fields": []},
    ]
    schema = load(
        tmp_path,
        {
            "schema/posts.py": HEAD + "class Posts(Base):\n    old = field.relation('Old')\n"
            "    own = field.relation('written')\n",
            "schema/written.py": "from pocketvex import field\n"
            "schema = [{'name': 'written', 'fields': {'t': field.text(unique=True)}}]\n",
            "schema/export.json": json.dumps(export, indent=1),
        },
    ).schema
    assert schema.names() == {"posts", "written", "Old"}
    old, written = schema.collection("old"), schema.collection("written")
    assert old is not None
    assert written is not None
    assert (old.id, str(old.source), str(old.fields[0].source)) == (
        "pbc_1",
        "schema/export.json:4",
        "schema/export.json:8",
    )
    assert written.indexes[0].unique
    assert str(written.fields[0].source) == "schema/written.py:2"


@pytest.mark.parametrize("wrapped", ["collections", "items", ""])
def test_lines_of_exported_json(tmp_path: Path, wrapped: str) -> None:
    collections = [
        {
            "fields": [
                {"name": "meta", "type": "json", "x": {"name": "no", "fields": [{"name": "no"}]}},
                {"name": 'b\u00e9 "{[', "type": "text"},
            ],
            "indexes": ['{ " ['],
            "name": "one",
            "oauth2": {"providers": [{"name": "google"}]},
        },
        {"name": "two", "fields": []},
    ]
    from pocketvex.load.exported import lines_of

    text = json.dumps({wrapped: collections} if wrapped else collections, indent=1, ensure_ascii=False)
    lines = text.splitlines()
    found = lines_of(text)
    assert set(found) == {"one", "two"}
    assert set(found["one"][1]) == {"meta", 'b\u00e9 "{['}
    for name, (line, fields) in found.items():
        for wanted, number in ((name, line), *fields.items()):
            assert json.dumps(wanted, ensure_ascii=False) in lines[number - 1]


def test_json_alone_needs_no_interpreter(tmp_path: Path) -> None:
    schema = load(tmp_path, {"schema/a.json": '{"collections": [{"name": "a", "fields": []}]}'}).schema
    assert schema.names() == {"a"}


def test_a_model_describes_a_json_field(tmp_path: Path) -> None:
    module = (
        HEAD
        + """
from pydantic import BaseModel
class Address(BaseModel):
    street: str
    zip: str = ""
class People(Base):
    address = field.json(Address)
    tags = field.json(list[str])
"""
    )
    address, tags = load(tmp_path, {"schema/a.py": module}).schema.collections[0].fields
    assert address.model_dump(include={"model"}) == {}  # it is never sent
    assert getattr(address, "model")["properties"]["street"] == {"title": "Street", "type": "string"}  # noqa: B009
    assert getattr(tags, "model") == {"items": {"type": "string"}, "type": "array"}  # noqa: B009


def test_a_background_thread_and_atexit_do_not_hold_the_answer(tmp_path: Path) -> None:
    module = (
        HEAD
        + """
import atexit, threading
atexit.register(threading.Event().wait)
threading.Thread(target=threading.Event().wait).start()
class A(Base):
    n = field.text()
"""
    )
    assert load(tmp_path, {"schema/a.py": module}).schema.names() == {"a"}


def test_no_folder_and_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(SchemaError) as missing:
        load(tmp_path, {})
    assert "schema" in missing.value.what
    assert "pocketvex init" in missing.value.todo
    empty = load(tmp_path, {"schema/readme.md": "", "schema/_only.py": ""})
    assert (empty.schema.collections, empty.files) == ([], ())
    with pytest.raises(LoadFailed) as nothing:
        load(tmp_path, {"schema/a.py": "print('loaded')\n"})
    assert "declares no collections" in nothing.value.what
    assert nothing.value.printed == "loaded\n"


def test_the_parent_is_as_it_was(tmp_path: Path) -> None:
    before = set(sys.modules), os.getcwd(), list(sys.path)
    load(tmp_path, {"schema/users.py": USERS})
    assert "schema" not in sys.modules
    assert (os.getcwd(), sys.path) == before[1:]
