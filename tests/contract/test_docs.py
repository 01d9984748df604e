"""The documents name every command, option, code and variable that there is, and none that there is not.

Their links lead somewhere, and every page can be reached from the README and from the index of docs/.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from source import MODULES, ROOT, codes_in, documents, package_of
from typer.main import get_command

from pocketvex import errors
from pocketvex.cli.app import build
from pocketvex.plan.codes import CODES
from pocketvex.schema import field
from pocketvex.schema.declare import _AUTH_ATTRIBUTES
from pocketvex.schema.rules import Rules

PAGES = documents()
ALL = "\n".join(PAGES.values())
DECLARING = PAGES["docs/declaring.md"]


def commands(group: Any, path: str = "pocketvex") -> Iterator[tuple[str, Any]]:
    """Every command with the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict(commands(get_command(build())))
OPTIONS = {
    (name, option)
    for name, command in COMMANDS.items()
    for parameter in command.params
    for option in parameter.opts
    if option.startswith("--") and option != "--help"
}


HELPERS = [n for n, value in vars(Rules).items() if isinstance(value, staticmethod) and n[0] != "_"]


_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def links(text: str) -> list[str]:
    """What the links of a page point at in this repository."""
    return re.findall(r"\]\((?!https?:)([^)\s]+)\)", _FENCED.sub("", text))


def anchors(text: str) -> set[str]:
    """The names that GitHub gives to the headings of a page."""
    found: list[str] = []
    for heading in re.findall(r"^#{1,6} +(.+?) *$", _FENCED.sub("", text), re.MULTILINE):
        shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        found.append(re.sub(r"[^\w -]", "", shown.lower()).replace(" ", "-"))
    return {name if not (n := found[:at].count(name)) else f"{name}-{n}" for at, name in enumerate(found)}


def table_rows(page: str, start: str) -> Iterator[list[str]]:
    """The cells of the lines of a page's tables that begin like this."""
    for line in PAGES[f"docs/{page}.md"].splitlines():
        if re.match(rf"\| `?{start}", line):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_table(command: str) -> None:
    assert [row for row in table_rows("commands", command) if re.match(rf"`{command}[ `]", row[0])]


def test_every_command_that_is_named_exists() -> None:
    known = {*COMMANDS} | {" ".join(name.split()[:2]) for name in COMMANDS}
    for text in [ALL, *(code.todo for code in CODES.values())]:
        for named in re.findall(r"`pocketvex ([a-z][a-z -]*)", text):
            words = [word for word in named.split() if not word.startswith("-")]
            assert f"pocketvex {' '.join(words[:2])}" in known or f"pocketvex {words[0]}" in known, named


def test_every_option_is_in_the_table_with_its_commands() -> None:
    documented = {cells[0].strip("`").split()[0]: cells for cells in table_rows("commands", "--")}
    assert {option for _, option in OPTIONS} == set(documented)
    everywhere = {name for name, option in OPTIONS if option == "--host"}
    for option, cells in documented.items():
        users = {name for name, other in OPTIONS if other == option}
        if cells[1].startswith(("all that talk to a server", "the same")):
            more, fewer = map(commands_in, (*cells[1].split("but not"), "")[:2])
            assert users == (everywhere | more) - fewer, option
        else:
            assert users == commands_in(cells[1]), option


def commands_in(cell: str) -> set[str]:
    return {f"pocketvex {name}" for name in re.findall(r"`([^`]+)`", cell)}


def test_every_code_is_in_the_table_and_is_explained() -> None:
    assert [row[0] for row in table_rows("safety", "PV")] == [*CODES]
    assert codes_in(ALL) == set(CODES)
    used = {
        code
        for path in MODULES
        if package_of(path) in ("lint", "plan", "render", "run", "dev", "cli") and path.stem != "codes"
        for code in codes_in(path.read_text(encoding="utf-8"))
    }
    assert used <= set(CODES)


def test_a_code_says_what_it_means_and_what_to_do() -> None:
    for code, text in CODES.items():
        assert re.fullmatch(r"PV[1-8]\d\d", code)
        assert all(text), code
        assert not text.title.endswith("."), code
        assert text.why.endswith("."), code
        assert text.todo.endswith("."), code


def test_every_exit_code_is_documented() -> None:
    documented = {int(row[0]) for row in table_rows("commands", r"\d+ \|")}
    raised = {
        cls.exit_code
        for cls in vars(errors).values()
        if isinstance(cls, type) and issubclass(cls, errors.PocketVexError)
    }
    stopped = {128 + number for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGTERM)}
    assert raised | {0, errors.Exit.DRIFT, errors.Exit.FINDINGS} | stopped == documented


def test_every_variable_that_is_read_is_documented() -> None:
    documented = {
        name for row in table_rows("configuration", "[A-Z_]+`") for name in re.findall(r"`([A-Z_]+)`", row[0])
    }
    read = {
        name
        for path in MODULES
        for name in re.findall(r"[\"'](PB_[A-Z_]+|POCKETVEX_[A-Z_]+|NO_COLOR)[\"']", path.read_text("utf-8"))
        if not name.startswith("POCKETVEX_SUPERUSER")  # between us and a process of ours
    }
    assert documented == read


def test_every_function_for_fields_is_documented_with_its_options() -> None:
    rows = {
        name: row
        for row in table_rows("declaring", "field")
        for name in re.findall(r"`field\.(\w+)`", row[0])
    }
    functions = {
        name: function
        for name, function in vars(field).items()
        if callable(function)
        and not name.startswith("_")
        and getattr(function, "__module__", "") == field.__name__
        and not isinstance(function, type)
    }
    assert set(functions) == set(rows)
    for name, function in functions.items():
        code = function.__code__
        own = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        assert {*own} <= {*re.findall(r"`(\w+)`", rows[name][1])}, name


def test_what_every_field_takes_is_documented() -> None:
    (line,) = [line for line in DECLARING.splitlines() if line.startswith("Every one takes ")]
    assert {*field.Common.__annotations__} <= {*re.findall(r"`(\w+)`", line)}


@pytest.mark.parametrize("name", HELPERS)
def test_every_helper_for_rules_is_documented(name: str) -> None:
    assert f"`Rules.{name}(" in DECLARING


@pytest.mark.parametrize("name", _AUTH_ATTRIBUTES)
def test_every_option_of_accounts_is_documented(name: str) -> None:
    assert f"`{name}`" in DECLARING


@pytest.mark.parametrize(
    ("name", "target"), [(name, target) for name, text in PAGES.items() for target in links(text)]
)
def test_every_link_leads_somewhere(name: str, target: str) -> None:
    file, _, anchor = target.partition("#")
    path = ((ROOT / name).parent / file).resolve() if file else ROOT / name
    assert path.is_relative_to(ROOT)
    assert path.exists()
    if anchor:
        assert anchor in anchors(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("start", ["README.md", "docs/README.md"])
def test_every_page_is_found_from(start: str) -> None:
    """Every page of docs/ by a link of its own; those for front ends by the first of them."""
    linked = {((ROOT / start).parent / link).resolve() for link in links(PAGES[start])}
    pages = {ROOT / name for name in PAGES if name.startswith("docs/") and name != start}
    first = ROOT / "docs" / "front-end" / "README.md"
    assert first in linked
    assert {page for page in pages if page.parent != first.parent} <= linked


def test_what_counts_as_an_anchor() -> None:
    text = "# What `down` gives back, [and](a.md) what not\n## Twice\n```sh\n# none\n```\n## Twice\n"
    assert anchors(text) == {"what-down-gives-back-and-what-not", "twice", "twice-1"}
