"""Finding and reading the configuration; choosing a host."""

from __future__ import annotations

from pathlib import Path

import pytest

from pocketvex.errors import ConfigError, UsageError
from pocketvex.findings import Location
from pocketvex.store.config import find_root, load_config
from pocketvex.store.dotenv import read_dotenv
from pocketvex.store.hosts import choose_host
from pocketvex.store.urls import normalise_url


def write(root: Path, text: str, name: str = "pocketvex.toml") -> Path:
    (root / name).write_text(text, encoding="utf-8")
    return root


def problems(root: Path, text: str, name: str = "pocketvex.toml") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(write(root, text, name))
    return [str(problem).replace(f"{root}/", "") for problem in caught.value.problems]


def test_the_root_is_found_from_below(tmp_path: Path) -> None:
    below = tmp_path / "app" / "schema" / "deep"
    below.mkdir(parents=True)
    with pytest.raises(ConfigError, match="pocketvex init"):
        find_root(below)
    below.rmdir()
    assert find_root(tmp_path / "app") == tmp_path / "app"
    (tmp_path / "app" / "schema" / "tables.sql").touch()
    with pytest.raises(ConfigError, match="pocketvex init"):
        find_root(tmp_path / "app")
    below.mkdir()
    (tmp_path / "app" / "schema" / "posts.py").touch()
    assert find_root(below) == find_root(tmp_path / "app") == tmp_path / "app"
    # A configuration further up says more than a folder that happens to be called schema.
    write(tmp_path, "[tool.other]\nname = 'pocketvex'", "pyproject.toml")
    assert find_root(below) == tmp_path / "app"
    write(tmp_path, "[tool.pocketvex]", "pyproject.toml")
    assert find_root(below) == tmp_path
    write(tmp_path / "app", "")
    assert find_root(below) == tmp_path / "app"


def test_defaults_and_everything_set(tmp_path: Path) -> None:
    plain = load_config(tmp_path)
    assert (plain.file, plain.schema, plain.load_timeout) == (None, tmp_path / "schema", 30)
    config = load_config(
        write(
            tmp_path,
            """
            schema = "db"
            load_timeout = 5
            port = 8091
            pocketbase = "v0.40.6"
            default_host = "prod"
            migration_timeout = 900
            env_file = ".env"
            [shadow.env]
            SEED_EMAIL = "seed@example.com"
            [hosts.prod]
            url = "https://Example.com:443/pb/"
            email = "admin@example.com"
            password = "env:PROD_PASS"
            [hosts.dev]
            url = "localhost:8090"
            local = false
            data_dir = "pb_data"
            pocketbase = "bin/pocketbase"
            """,
        )
    )
    assert (config.schema, config.load_timeout, config.pocketbase) == (tmp_path / "db", 5, "0.40.6")
    assert (plain.port, config.port) == (None, 8091)
    assert (plain.migration_timeout, config.migration_timeout) == (300, 900)
    assert (plain.env_file, config.env_file) == (None, tmp_path / ".env")
    assert (plain.shadow_env, config.shadow_env) == ({}, {"SEED_EMAIL": "seed@example.com"})
    assert config.hosts["prod"].url == "https://example.com/pb"
    assert config.hosts["prod"].password == "PROD_PASS"
    assert config.hosts["dev"].data_dir == tmp_path / "pb_data"


def test_pyproject_counts_unless_there_is_our_own_file(tmp_path: Path) -> None:
    write(
        tmp_path, '[tool.pocketvex]\nschema = "a"\n[tool.pocketvex.hosts.x]\nurl = "x.test"', "pyproject.toml"
    )
    config = load_config(tmp_path)
    assert (config.schema.name, config.hosts["x"].url, config.notes) == ("a", "https://x.test", ())
    write(tmp_path, 'schema = "b"')
    config = load_config(tmp_path)
    assert config.schema.name == "b"
    assert "pyproject.toml is not read" in config.notes[0]


def test_mistakes_have_lines_and_suggestions(tmp_path: Path) -> None:
    text = """
schemas = "schema"
load_timeout = "30"
pocketbase = "latest"
default_host = "prd"
port = 80900

[hosts.prod]
ulr = "https://a.test"
local = "yes"
password = "hunter2-the-secret"

[hosts."other"]
url = "https://me:hunter2-the-secret@a.test"
"""
    found = problems(tmp_path, text)
    assert all("hunter2" not in line for line in found)
    starts = {
        "pocketvex.toml:2": "schemas", "pocketvex.toml:3": "load_timeout", "pocketvex.toml:4": "pocketbase",
        "pocketvex.toml:5": "default_host", "pocketvex.toml:6": "port", "pocketvex.toml:8": "hosts.prod.url",
        "pocketvex.toml:9": "hosts.prod.ulr", "pocketvex.toml:10": "hosts.prod.local",
        "pocketvex.toml:11": "hosts.prod.password", "pocketvex.toml:14": "hosts.other.url",
    }  # fmt: skip
    for line, path in starts.items():
        assert any(text.startswith(f"{line}: {path}:") for text in found), (line, path, found)
    assert len(found) == len(starts)
    text = "\n".join(found)
    for hint in ("'schema'?", "'prod'?", "'url'?", "everybody's"):
        assert hint in text
    assert problems(tmp_path, "shadow = 1") == ["pocketvex.toml:1: shadow: must be a table: [shadow]"]
    assert problems(tmp_path, '[shadow]\nenvs = 1\n[shadow.env]\nA = 1\n"b-c" = "d"') == [
        "pocketvex.toml:3: shadow.env: A must be a text",
        "pocketvex.toml:3: shadow.env: 'b-c' is no name of an environment variable",
        "pocketvex.toml:2: shadow.envs: is no key of the configuration; did you mean 'env'?",
    ]
    assert problems(tmp_path, "hosts = 1") == ["pocketvex.toml:1: hosts: must be tables: [hosts.NAME]"]


def test_pyproject_mistakes_point_into_it(tmp_path: Path) -> None:
    text = "[project]\nschem = 1\n\n[tool.pocketvex]\nschem = 'x'\n"
    assert problems(tmp_path, text, "pyproject.toml") == [
        "pyproject.toml:5: schem: is no key of the configuration; did you mean 'schema'?"
    ]


def test_toml_that_does_not_parse(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"pocketvex\.toml:2:10") as caught:
        load_config(write(tmp_path, "\nschema = \n"))
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8090/", "http://127.0.0.1:8090"),
        ("HTTP://LocalHost:80", "http://localhost"),
        ("localhost:8090", "http://localhost:8090"),
        (":8090", "http://127.0.0.1:8090"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("::1", "http://[::1]"),
        ("[::1]:8090", "http://[::1]:8090"),
        ("https://[2001:DB8::1]:443/", "https://[2001:db8::1]"),
        ("api.example.com", "https://api.example.com"),
        ("api.example.com:8090/pb//", "https://api.example.com:8090/pb"),
        ("https://example.com/pb/", "https://example.com/pb"),
        ("http://127.0.0.1:8090/_/", "http://127.0.0.1:8090"),
        ("https://example.com/pb/_/#/collections?x=1", "https://example.com/pb"),
        ("https://example.com.", "https://example.com"),
    ],
)
def test_urls_have_one_spelling(text: str, url: str) -> None:
    assert normalise_url(text) == normalise_url(url) == url


@pytest.mark.parametrize(
    "text",
    [
        *(
            "ftp://a.test",
            "https://",
            "http://a.test:99999",
            "http://[::1",
            "https://a.test/?q=1",
            "http://a b",
        ),
        *("", "https://admin:hunter2@a.test", "admin:hunter2@a.test"),
    ],
)
def test_urls_that_cannot_be_meant(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        normalise_url(text)
    assert "hunter2" not in str(caught.value)


HOSTS = """
default_host = "staging"
[hosts.staging]
url = "https://staging.test"
[hosts.prod]
url = "https://prod.test/pb"
email = "env:PROD_MAIL"
password = "env:PROD_PASS"
[hosts.tunnel]
url = "http://127.0.0.1:9000"
local = false
[hosts.lan]
url = "http://10.0.0.5:8090"
local = true
"""


def test_the_order_in_which_a_host_is_chosen(tmp_path: Path) -> None:
    assert choose_host(load_config(tmp_path), flag=None, environ={}).embedded
    config = load_config(write(tmp_path, HOSTS))
    environ = {"PB_URL": "http://localhost:8090/"}
    assert choose_host(config, flag=None, environ={}).name == "staging"
    assert choose_host(config, flag=None, environ=environ).url == "http://localhost:8090"
    assert choose_host(config, flag="prod", environ=environ).url == "https://prod.test/pb"
    assert choose_host(config, flag="https://else.test", environ=environ).name == "https://else.test"
    assert choose_host(config, flag="embedded", environ=environ).embedded
    # The address of a configured host is that host.
    assert choose_host(config, flag="https://PROD.test/pb/", environ={}).name == "prod"
    with pytest.raises(UsageError, match=r"did you mean 'prod'\?"):
        choose_host(config, flag="pord", environ={})
    with pytest.raises(UsageError, match="PB_URL"):
        choose_host(config, flag=None, environ={"PB_URL": "https://a:hunter2@b.test"})


def test_what_is_local_and_what_is_protected(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, HOSTS))
    local = {
        flag: choose_host(config, flag=flag, environ={}).local
        for flag in ("staging", "prod", "tunnel", "lan", "embedded", "::1", "0.0.0.0:8090", "127.9.9.9:1")
    }
    assert local == {
        "staging": False, "prod": False, "tunnel": False, "lan": True, "embedded": True, "::1": True,
        "0.0.0.0:8090": True, "127.9.9.9:1": True,
    }  # fmt: skip
    # A tunnel stays protected under any spelling of its address.
    assert choose_host(config, flag="http://localhost:9000", environ={}).protected


def test_credentials(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, HOSTS))
    general = {"PB_TOKEN": "tok", "PB_ADMIN_EMAIL": "a@b.c", "PB_ADMIN_PASS": "general"}
    own = {"PROD_MAIL": "p@b.c", "PROD_PASS": "special"}

    def login(flag: str, environ: dict[str, str]) -> tuple[str, ...]:
        return choose_host(config, flag=flag, environ=environ).login[:3]

    assert login("staging", general) == ("tok", "a@b.c", "general")
    # What is meant for this host goes first, so that no other host's token is sent to it.
    assert login("prod", general | own) == ("", "p@b.c", "special")
    assert login("prod", general) == ("tok", "a@b.c", "general")
    assert login("embedded", general) == ("", "", "")
    host = choose_host(config, flag="prod", environ={"PROD_MAIL": "p@b.c"})
    assert host.login == ("", "p@b.c", "", "[hosts.prod]", ("PROD_PASS",))
    assert "special" not in repr(choose_host(config, flag="prod", environ=own))


def test_keys_are_file_names_one_per_server(tmp_path: Path) -> None:
    config = load_config(tmp_path)

    def key(url: str) -> str:
        return choose_host(config, flag=url, environ={}).key

    same = {key(u) for u in ("localhost:8090", "http://127.0.0.1:8090/", "[::1]:8090")}
    assert len(same) == 1
    urls = ("https://a.test", "http://a.test", "https://a.test/b", "https://a.test:1", "https://" + "x" * 300)
    keys = {key(url) for url in urls}
    assert len(keys | same) == 6
    assert all(k.replace("-", "").isalnum() and len(k) < 80 for k in keys | same)
    assert choose_host(config, flag=None, environ={}).key == "embedded"


def test_what_is_ignored_has_its_reason(tmp_path: Path) -> None:
    text = '[ignore]\n"posts.legacy" = " made by the import job "\nlogs = "of the operators"\n'
    assert load_config(write(tmp_path, text)).ignore == {
        "posts.legacy": "made by the import job",
        "logs": "of the operators",
    }
    assert problems(tmp_path, "[ignore]\nposts.legacy = 'x'") == [
        'pocketvex.toml:1: ignore: a name with a dot wants quotes: "posts.…" = "why"'
    ]
    (no_reason,) = problems(tmp_path, "[ignore]\nposts = ''")
    assert no_reason.endswith("wants the reason, as a text that is not empty")
    (no_name,) = problems(tmp_path, "[ignore]\n'posts/title' = 'x'")
    assert "is no name of a thing" in no_name
    assert problems(tmp_path, "ignore = ['posts']") == ["pocketvex.toml:1: ignore: must be a table: [ignore]"]


def test_a_file_of_variables(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    assert read_dotenv(file) == {}
    file.write_text(
        "# a comment\n\nA=1\nexport B = two words  # said\nC='it''s # no comment'\n".replace("''", "")
        + 'D="a\\nb \\"c\\""\nE=\nF=a#b\n',
        encoding="utf-8",
    )
    assert read_dotenv(file) == {
        "A": "1", "B": "two words", "C": "its # no comment", "D": 'a\nb "c"', "E": "", "F": "a#b",
    }  # fmt: skip
    for broken in ("SECRET hunter2", 'SECRET="hunter2', "1A=hunter2"):
        file.write_text(f"A=1\n{broken}\n")
        with pytest.raises(ConfigError) as failure:
            read_dotenv(file)
        assert failure.value.where == Location(str(file), 2)
        assert "hunter2" not in str(failure.value)
