"""Schema modules that fail, misbehave or never end: what the error says, and that the parent survives."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from pathlib import Path

import pytest

from pocketvex.load.loader import LoadFailed, load_schema

HEAD = "from pocketvex import Auth, Base, Rules, View, env, field, index\n"
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")


def fail(root: Path, files: dict[str, str | bytes], timeout: float = 30) -> LoadFailed:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
    with pytest.raises(LoadFailed) as caught:
        load_schema(root, root / "schema", timeout=timeout)
    return caught.value


# Each row: the module, the place, part of the message, part of the hint.
RAISING = {
    "syntax": ("a = 1\nclass Posts(Base)\n    pass\n", "2:18", "SyntaxError: expected ':'", ""),
    "indentation": ("if True:\nx = 1\n", "2:1", "IndentationError", ""),
    "tabs": ("if True:\n        a = 1\n\tb = 2\n", "3", "TabError", ""),
    "exception": ("# é\nx = 'é', 1 / 0\n", "2:10", "ZeroDivisionError: division by zero", ""),
    "no message": ("raise KeyError\n", "1:1", "KeyError", ""),
    "broken message": (
        "class E(Exception):\n    def __str__(self): raise RuntimeError\nraise E\n", "3:1",
        "E: (its message", "",
    ),
    "no such module": ("import nosuchmodule\n", "1:1", "No module named 'nosuchmodule'", "Install"),
    "later class": (
        HEAD + "class A(Base):\n    b = field.relation(B)\nclass B(Base): pass\n", "3:24",
        "name 'B' is not defined", 'field.relation("posts")',
    ),
    "exit": ("import sys\nsys.exit(3)\n", "2:1", "calls exit(3)", ""),
    "interrupt": ("raise KeyboardInterrupt\n", "1:1", "KeyboardInterrupt", ""),
    "asks": ("name = input()\n", "1:8", "EOFError", "cannot ask questions"),
    "recursion": ("def f(n):\n    return f(n) + 1\nf(0)\n", "2:12", "RecursionError", "without end"),
    "nul": ("a = 1\nb = '\0'\n", "2:1", "SyntaxError: the file contains a NUL byte", ""),
    "made code": ("x = 1\nexec('1 +')\n", "2:1", "SyntaxError", ""),
    "misspelt type": (
        HEAD + "class A(Base):\n    t = field.edtor()\n", "3:9", "has no attribute 'edtor'",
        "Did you mean `editor`?",
    ),
    "misspelt module": (
        HEAD + "class A(Base):\n    t = filed.text()\n", "3:9", "name 'filed' is not defined",
        "Did you mean `field`?",
    ),
    "misspelt class": (
        "from pocketvex import Bas\n", "1:1", "cannot import name 'Bas'", "Did you mean `Base`?",
    ),
    "misspelt helper": (
        HEAD + "class A(Base):\n    r = Rules.ownr('a')\n", "3:9", "has no attribute 'ownr'",
        "Did you mean `owner`?",
    ),
    "misspelt rule": (
        HEAD + "class A(Base):\n    rules = Rules(creat='')\n", "3:13", "argument 'creat'",
        "Did you mean `create`?",
    ),
    "no such rule": (
        HEAD + "class A(Base):\n    rules = Rules(xyz='')\n", "3:13", "argument 'xyz'",
        "Rules takes list, view, create, update, delete.",
    ),
    "wrong argument": (
        HEAD + "class A(Base):\n    t = field.text(5)\n", "3:9", "TypeError: text() takes 0", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("module", "place", "message", "hint"), RAISING.values(), ids=RAISING)
def test_an_exception_is_told_with_its_place(
    tmp_path: Path, module: str, place: str, message: str, hint: str
) -> None:
    error = fail(tmp_path, {"schema/good.py": "print('begun')\n", "schema/posts.py": module})
    assert error.where is not None
    assert str(error.where).startswith(f"schema/posts.py:{place}")
    assert message in error.what
    assert hint in error.todo
    line = int(place.split(":")[0])
    marked = [text for text in error.where.excerpt.splitlines() if text.startswith(">")]
    assert len(marked) == 1
    assert marked[0].startswith(f"> {line} | ")
    assert error.printed == "begun\n"
    assert {Path(file).name for file in error.files} == {"good.py", "posts.py"}


def test_the_caret_stands_under_the_column(tmp_path: Path) -> None:
    error = fail(tmp_path, {"schema/a.py": "if True:\n\tx = 'ä', undefined\n"})
    assert error.where is not None
    assert error.where.excerpt.splitlines() == [
        "  1 | if True:",
        "> 2 |     x = 'ä', undefined",
        "    |              ^",
    ]


def test_the_innermost_frame_of_the_project_counts(tmp_path: Path) -> None:
    error = fail(
        tmp_path,
        {
            "lib/parse.py": "import json\ndef read(text):\n    return json.loads(text)\n",
            "schema/a.py": "from lib.parse import read\nread('{')\n",
        },
    )
    assert str(error.where) == "lib/parse.py:3:12"
    assert error.why == "Imported by schema/a.py:2."
    assert "lib/parse.py" in {Path(f).relative_to(os.path.realpath(tmp_path)).as_posix() for f in error.files}


def test_circular_imports_get_a_hint(tmp_path: Path) -> None:
    one = HEAD + "from schema.{0} import {1}\nclass {2}(Base):\n    x = field.relation({1})\n"
    error = fail(
        tmp_path, {"schema/a.py": one.format("b", "B", "A"), "schema/b.py": one.format("a", "A", "B")}
    )
    assert str(error.where).startswith("schema/b.py:2")
    assert 'field.relation("posts")' in error.todo
    assert error.todo.startswith("The two files import each other.")


@pytest.mark.parametrize("data", [b"x = 'caf\xe9'\n", b"\n\nx = 'caf\xe9'\n", b"# coding: klingon\n"])
def test_a_file_that_is_no_utf8(tmp_path: Path, data: bytes) -> None:
    error = fail(tmp_path, {"schema/a.py": data})
    assert error.where is not None
    assert error.where.file == "schema/a.py"
    assert error.what.startswith("SyntaxError")
    if b"\xe9" in data:
        assert error.where.line == data.count(b"\n")


def test_a_file_that_cannot_be_imported_by_its_name(tmp_path: Path) -> None:
    error = fail(tmp_path, {"schema/my-posts.py": "", "schema/class.py": "", "schema/2024.py": ""})
    text = str(error)
    for name, better in (("my-posts", "my_posts"), ("class", "class_"), ("2024", "schema_2024")):
        assert f"schema/{name}.py: '{name}' is not a name that Python can import" in text
        assert f"for instance to {better}.py" in text


@POSIX
def test_a_link_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "a.py").symlink_to(tmp_path / "gone.py")
    assert "schema/a.py: is a link to a file that does not exist" in str(fail(tmp_path, {}))


JSON_ERRORS = [
    (b'{"collections": [\n  {"name": }\n]}', "schema/a.json:2:12", "is not JSON"),
    (b'[{"name": "caf\xe9"}]', "schema/a.json:1", "is not UTF-8"),
    (b"3", "schema/a.json:1", "a schema in the dictionary form is"),
    (b"[" * 100_000, "schema/a.json", "is nested too deeply"),
]


@pytest.mark.parametrize(("data", "place", "message"), JSON_ERRORS)
def test_broken_json(tmp_path: Path, data: bytes, place: str, message: str) -> None:
    (problem,) = fail(tmp_path, {"schema/a.json": data}).problems
    assert str(problem.where) == place
    assert message in problem.message


def test_a_schema_of_the_wrong_type(tmp_path: Path) -> None:
    (problem,) = fail(tmp_path, {"schema/a.py": "x = 1\nschema = 5\n"}).problems
    assert str(problem.where) == "schema/a.py:2"
    assert "`schema` is 5" in problem.message


def test_problems_carry_their_line(tmp_path: Path) -> None:
    module = HEAD + 'class A(Base):\n    n = field.number(min="x")\n    r = field.relation("nowhere")\n'
    export = json.dumps([{"name": "b", "fields": [{"name": "s", "type": "select", "values": 5}]}], indent=1)
    problems = fail(tmp_path, {"schema/a.py": module, "schema/b.json": export}).problems
    found = {str(p.where): (p.path, p.where.excerpt if p.where else "") for p in problems}
    assert found == {
        "schema/a.py:3": ("a.n.min", 'n = field.number(min="x")'),
        "schema/a.py:4": ("a.r", 'r = field.relation("nowhere")'),
        "schema/b.json:6": ("b.s.values", '"name": "s",'),
    }


def test_a_collection_that_two_files_declare(tmp_path: Path) -> None:
    module = HEAD + "\nclass Posts(Base):\n    n = field.text()\n"
    problems = fail(tmp_path, {"schema/a.py": module, "schema/b.json": '[{"name": "posts"}]'}).problems
    assert [str(p.where) for p in problems] == ["schema/b.json:1"]
    assert problems[0].message == "is declared twice, also at schema/a.py:3"


def test_a_model_that_json_cannot_hold(tmp_path: Path) -> None:
    module = HEAD + "class A(Base):\n    n = field.json(5)\n"
    (problem,) = fail(tmp_path, {"schema/a.py": module}).problems
    assert (problem.path, str(problem.where)) == ("a.n", "schema/a.py:3")
    assert "is not a model or a type that JSON can hold" in problem.message


def test_a_value_that_cannot_travel_is_shown_as_it_was(tmp_path: Path) -> None:
    module = (
        HEAD
        + "class A(Base):\n    n = field.text(max=print)\n    m = field.relation(int)\n"
        + "    fields = {'k': 5}\n"
    )
    messages = {p.path: p.message for p in fail(tmp_path, {"schema/a.py": module}).problems}
    assert "<built-in function print>" in messages["a.n.max"]
    assert "a relation's target is a collection class" in messages["a.m"]
    assert "is not a field: 5" in messages["a.k"]


def test_a_schema_that_contains_itself(tmp_path: Path) -> None:
    error = fail(tmp_path, {"schema/a.py": "schema = {'name': 'a'}\nschema['fields'] = [schema]\n"})
    assert "RecursionError" in error.what


def test_ending_the_interpreter(tmp_path: Path) -> None:
    error = fail(tmp_path, {"schema/a.py": "import os\nprint('here', flush=True)\nos._exit(7)\n"})
    assert "ended the interpreter (exit status 7)" in error.what
    assert str(error.where) == "schema/a.py"
    assert error.printed == "here\n"


def test_a_crash_names_the_line(tmp_path: Path) -> None:
    error = fail(tmp_path, {"schema/a.py": "import ctypes\n\nctypes.string_at(0)\n"})
    assert str(error.where) == "schema/a.py:3"
    assert "crashed the interpreter" in error.what


@POSIX
def test_being_killed(tmp_path: Path) -> None:
    error = fail(tmp_path, {"schema/a.py": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"})
    assert "was killed" in error.what
    assert "memory" in error.why


ENDLESS = {
    "loop": ("def spin():\n    while True:\n        pass\nspin()\n", (2, 3)),
    "lock": ("import threading\nthreading.Event().wait()\n", (2,)),
    "catches all": ("while True:\n    try:\n        x = 1\n    except BaseException: pass\n", (1, 2, 3)),
    "prints": ("while True:\n    print('x' * 99)\n", (1, 2)),
    "in a thread too": (
        "import threading\ndef spin():\n    while True: pass\n"
        "threading.Thread(target=spin).start()\nspin()\n",
        (3,),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("module", "lines"), ENDLESS.values(), ids=ENDLESS)
def test_what_never_ends_is_ended_and_named(tmp_path: Path, module: str, lines: tuple[int, ...]) -> None:
    root = tmp_path / "projekt-ä€"
    error = fail(root, {"schema/a.py": module}, timeout=0.5)
    assert "did not load within 0.5 s" in error.what
    assert error.where is not None
    assert error.where.file == "schema/a.py"
    assert error.where.line in lines
    assert error.where.excerpt


@POSIX
def test_a_fork_neither_answers_nor_is_waited_for(tmp_path: Path) -> None:
    module = (
        HEAD
        + """
import os, signal
child = os.fork()
if not child:
    signal.pause()
os.fork()
print("pid", child)
class A(Base):
    n = field.text()
"""
    )
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "a.py").write_text(module)
    loaded = load_schema(tmp_path, tmp_path / "schema", timeout=30)
    assert loaded.schema.names() == {"a"}


@POSIX
def test_a_fork_that_outlives_the_interpreter_is_not_waited_for(tmp_path: Path) -> None:
    module = (
        "import os, signal\nif not os.fork():\n    os.setsid()\n    signal.alarm(20)\n    signal.pause()\n"
        "os._exit(3)\n"
    )
    assert "(exit status 3)" in fail(tmp_path, {"schema/a.py": module}).what


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_AS holds on Linux only")
def test_exhausted_memory(tmp_path: Path) -> None:
    module = """\
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
        kept = []
        while True:
            kept.append(bytearray(1 << 20))
    """
    error = fail(tmp_path, {"schema/a.py": module})
    assert error.what == "MemoryError"
    assert str(error.where).startswith("schema/a.py:5")
