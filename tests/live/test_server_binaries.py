"""Finding the PocketBase to run."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from binaries import LATEST, SUPPORTED, binary_of
from pocketvex.errors import ServerProcessError
from pocketvex.server import binaries
from pocketvex.server.binaries import Binary
from pocketvex.versions import Version


def test_versions() -> None:
    assert Version.parse("0.40.6") == Version.parse(" v0.40.6\n") == (0, 40, 6)
    assert str(Version(0, 23, 12)) == "0.23.12"
    assert Version.parse("0.9.10") < Version.parse("0.10.0")
    for text in ("", "0.40", "0.40.6-rc1", "(untracked)", "1.2.3.4"):
        with pytest.raises(ValueError, match="not a version"):
            Version.parse(text)


def test_the_installed_one_knows_its_version() -> None:
    found = binaries.installed()
    assert found is not None
    assert found.path.is_absolute()
    assert binaries.binary_at(found.path) == found
    assert binaries.find(None) == binaries.find(found.version) == found


@pytest.mark.parametrize("version", SUPPORTED)
def test_every_version_is_what_it_says(version: str) -> None:
    assert binaries.binary_at(binary_of(version).path).version == Version.parse(version)


def test_a_version_is_fetched_once(tmp_path: Path) -> None:
    cache = tmp_path / "new" / "cache"
    assert binaries.cached(cache) == []
    with pytest.raises(ServerProcessError, match=r"no PocketBase 0\.39\.11 here"):
        binaries.find(Version(0, 39, 11), cache=cache, fetch=False)
    found = binaries.find(Version(0, 39, 11), cache=cache)
    assert found.path.is_relative_to(cache)
    assert found.path.stat().st_mode & stat.S_IXUSR
    assert binaries.find(Version(0, 39, 11), cache=cache, fetch=False) == found
    assert binaries.cached(cache) == [found]
    assert [path.name for path in cache.iterdir()] == ["0.39.11"]


def test_a_version_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ServerProcessError, match="could not be fetched") as failure:
        binaries.find(Version(0, 1, 999), cache=tmp_path)
    assert "--pocketbase" in failure.value.todo
    assert binaries.cached(tmp_path) == []


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(ServerProcessError, match="cannot be kept"):
        binaries.find(Version(0, 39, 11), cache=tmp_path / "cache")


def test_an_explicit_one_wins(tmp_path: Path) -> None:
    older = binary_of(SUPPORTED[0])
    assert binaries.find(Version.parse(LATEST), explicit=older.path, cache=tmp_path) == older


def test_what_is_no_pocketbase(tmp_path: Path) -> None:
    for path in (Path(sys.executable), tmp_path, tmp_path / "none"):
        with pytest.raises(ServerProcessError, match=r"cannot be run|is not a released"):
            binaries.binary_at(path)


@pytest.mark.parametrize(
    ("wanted", "there", "best"),
    [
        ("0.36.2", "0.35.0 0.36.9 0.37.0", "0.36.9"),
        ("0.36.2", "0.36.0 0.36.3 0.36.9", "0.36.3"),
        ("0.36.2", "0.36.1 0.36.3", "0.36.3"),
        ("0.36.2", "0.30.0 0.37.1 0.37.5", "0.37.5"),
        ("0.36.2", "0.35.9 0.37.1", "0.37.1"),
        ("0.41.0", "0.39.11 0.40.6", "0.40.6"),
    ],
)
def test_the_nearest(wanted: str, there: str, best: str) -> None:
    candidates = [Binary(Path(version), Version.parse(version)) for version in there.split()]
    assert binaries.nearest(Version.parse(wanted), candidates).path == Path(best)


def test_nothing_is_near() -> None:
    with pytest.raises(ServerProcessError, match="stand in"):
        binaries.nearest(Version(0, 36, 2), [])
