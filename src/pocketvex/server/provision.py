"""What must be true of an embedded server's data before a server opens it: version, superuser, port."""

from __future__ import annotations

import hashlib
import secrets
import zlib
from pathlib import Path
from typing import Any

from pocketvex.errors import ServerProcessError
from pocketvex.server import scratch
from pocketvex.server.binaries import Binary
from pocketvex.server.ledger import reading
from pocketvex.server.port_owner import end_server, owner_of, port_is_free, serves
from pocketvex.server.process import create_superuser
from pocketvex.server.state import (
    State,
    Superuser,
    kept_superuser,
    read_json,
    read_text,
    seen_version,
    write_private,
)
from pocketvex.versions import Version

EMAIL = "admin@pocketvex.local"
_PORTS = range(20000, 30000)  # below those that systems give to outgoing connections


def take_version(state: State, version: Version) -> Path | None:
    """Copy the data aside before a newer version changes it; returns where to."""
    seen = seen_version(state)
    if seen == version:
        return None
    backup = None
    if (state.data / "data.db").exists():
        state.backups.mkdir(mode=0o700, exist_ok=True)
        name = str(seen) if seen else "unknown"
        taken = {path.name for path in state.backups.iterdir()}
        backup = state.backups / next(
            n for i in range(1, len(taken) + 2) if (n := f"{name}-{i}") not in taken
        )
        scratch.copy(state.data, backup)
    write_private(state.version, f"{version}\n")
    return backup


def ensure_superuser(state: State, binary: Binary) -> Superuser:
    """The superuser of `superuser.json`, made or given its password again where the data says otherwise.

    The file keeps a proof over password and stored hash, so that nothing has to log in to know.
    """
    user = kept_superuser(state)
    if user and read_json(state.superuser).get("proof") == (_proof(state, user) or 0):
        return user
    user = user or Superuser(EMAIL, secrets.token_urlsafe(24))
    content: dict[str, Any] = user._asdict()
    write_private(state.superuser, content)
    create_superuser(binary, state.data, user.email, user.password)
    write_private(state.superuser, {**content, "proof": _proof(state, user)})
    return user


def _proof(state: State, user: Superuser) -> str:
    if not (state.data / "data.db").exists():
        return ""
    with reading(state.data) as database:
        tables = database.execute("SELECT 1 FROM sqlite_master WHERE name = '_superusers'").fetchone()
        query = "SELECT password FROM _superusers WHERE email = ?"
        row = database.execute(query, (user.email,)).fetchone() if tables else None
    return hashlib.sha256("\0".join((*user, row[0])).encode()).hexdigest() if row else ""


def ensure_port(state: State, wanted: int | None = None) -> int:
    """The project's port: the one that is wanted, else one that is chosen once.

    A taken one is an error: a client may have it in its configuration.
    """
    text = read_text(state.port).strip()
    kept = int(text) if text.isdigit() and 0 < int(text) < 65536 else None
    if port := wanted or kept:
        if not port_is_free(port):
            chosen = f"delete {state.port} to have another port chosen"
            raise ServerProcessError(
                f"port {port}, which this project's embedded server uses, is taken by {owner_of(port)}",
                todo=f"End it, or {'say another `port` in the configuration' if wanted else chosen}.",
            )
        if port != kept:
            write_private(state.port, f"{port}\n")
        return port
    first = zlib.crc32(str(state.root).encode()) % len(_PORTS)
    ports = (_PORTS[(first + step) % len(_PORTS)] for step in range(len(_PORTS)))
    port = next(port for port in ports if port_is_free(port))
    write_private(state.port, f"{port}\n")
    return port


def end_orphan(state: State) -> None:
    """Stop a server over this data whose supervisor was killed; only Linux does that by itself."""
    found = read_json(state.server).get("server")
    pids = {found} if isinstance(found, int) and found > 0 else set()
    text = read_text(state.port).strip()
    if text.isdigit() and not port_is_free(int(text)):
        pids.add(owner_of(int(text)).pid)
    for pid in pids - {0}:
        if serves(pid, state.data):
            end_server(pid, state.data)
    state.server.unlink(missing_ok=True)
