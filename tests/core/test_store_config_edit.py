"""Hosts written into the configuration, and taken out: what else is in the file stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from pocketvex.errors import ConfigError
from pocketvex.store.config import load_config
from pocketvex.store.config_edit import remove_host, set_default_host, set_host

HOST = {"url": "https://s.example.com", "local": False}
NEW = '[hosts.staging]\nurl = "https://s.example.com"\nlocal = false\n'
COMMENTED = "# All has a default.\n#\n# [hosts.production]\n# url = 'x'\n"
FULL = """\
port = 1234 # mine

# about hosts
[hosts.live] # live
url = "https://x.com" # it

[ignore]
"a.b" = "c"
"""
PYPROJECT = '[project]\nname = "app"\n\n[tool.pocketvex]\nport = 1\n\n[tool.ruff]\nline-length = 1\n'
DEFAULT = 'default_host = "staging"\n'


@pytest.mark.parametrize(
    ("before", "with_host", "with_default"),
    [
        ("", NEW, f"{DEFAULT}\n{NEW}"),
        (COMMENTED, f"{COMMENTED}\n{NEW}", f"{COMMENTED}\n{DEFAULT}\n{NEW}"),
        (FULL, f"{FULL}\n{NEW}", FULL.replace("# about", f"{DEFAULT}\n# about") + f"\n{NEW}"),
        ("port = 1", f"port = 1\n\n{NEW}", f"port = 1\n\n{DEFAULT}\n{NEW}"),
    ],
    ids=["empty", "comments", "full", "no line end"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_host_comes_and_goes(
    tmp_path: Path, before: str, with_host: str, with_default: str, end: str
) -> None:
    file = tmp_path / "pocketvex.toml"

    def holds(text: str) -> bool:
        # A file of one line without an end has no kind of end.
        one = end if "\n" in before else "\n"
        return file.read_bytes().decode() == text.replace("\n", one)

    file.write_bytes(before.replace("\n", end).encode())
    assert set_host(load_config(tmp_path), "staging", HOST) == file
    assert holds(with_host)
    assert load_config(tmp_path).hosts["staging"].local is False
    set_default_host(load_config(tmp_path), "staging")
    assert holds(with_default)
    set_host(load_config(tmp_path), "staging", {"email": "a@example.com"})
    assert load_config(tmp_path).hosts["staging"].email == "a@example.com"
    remove_host(load_config(tmp_path), "staging")
    left = load_config(tmp_path)
    assert "staging" not in left.hosts
    assert left.default_host is None
    # But for empty lines.
    assert [*filter(None, file.read_text().split("\n"))] == [*filter(None, before.split("\n"))]


def test_another_default_takes_the_place_of_the_first(tmp_path: Path) -> None:
    file = tmp_path / "pocketvex.toml"
    file.write_text('default_host = "embedded" # for now\n[hosts.a]\nurl = "https://a.com"\n')
    set_default_host(load_config(tmp_path), "a")
    assert file.read_text() == 'default_host = "a" # for now\n[hosts.a]\nurl = "https://a.com"\n'


def test_the_configuration_of_a_pyproject(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(PYPROJECT)
    set_host(load_config(tmp_path), "staging", HOST)
    set_default_host(load_config(tmp_path), "staging")
    found = load_config(tmp_path)
    assert (found.default_host, found.hosts["staging"].url) == ("staging", "https://s.example.com")
    assert file.read_text().startswith(PYPROJECT.replace("port = 1\n", f"{DEFAULT}port = 1\n"))
    remove_host(found, "staging")
    assert file.read_text().strip() == PYPROJECT.strip()


def test_a_file_that_would_not_be_valid_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "pocketvex.toml"
    text = 'hosts = { a = { url = "https://a.com" } }\n'
    file.write_text(text)
    with pytest.raises(ConfigError, match="TOML"):
        set_host(load_config(tmp_path), "staging", HOST)
    assert file.read_text() == text
