"""The first look of a command at its server: whether it is the one that is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pocketvex.remote.record import record_of
from pocketvex.target.hidden import uncovered
from pocketvex.target.session import Session, with_version
from pocketvex.versions import E_MAIL_DOMAINS, HELP_TEXTS, Version

Json = dict[str, Any]


class FirstLook(NamedTuple):
    session: Session
    raw: list[Json]
    """The server's collections."""


def start(session: Session, *, write: bool) -> FirstLook:
    """Fetch the collections, for a command that compares.

    What a removal that was cut off left hidden, and what a run over HTTP left half done, is put back first,
    or, where nothing may be written, named.
    The session is another one where the server was updated since its version was asked.
    """
    raw = session.ahead.take() if session.ahead is not None else None
    raw = session.target.fetch() if raw is None else raw
    session = _recognised(session, raw)
    if record_of(raw) is not None:
        # Here, not at the top: most servers have no record, and it loads all that goes over HTTP.
        from pocketvex.target.begun import settled

        raw = settled(session, raw, write=write)
    return FirstLook(session, uncovered(session, raw, write=write))


def _recognised(session: Session, raw: Sequence[Json]) -> Session:
    """Whether this is the server that is remembered: its data may be new, or its PocketBase another."""
    superusers = next((item for item in raw if item["name"] == "_superusers"), None)
    if superusers is None:
        return session
    memory, target = session.memory, session.target
    born = str(superusers.get("created", ""))
    if memory.state.fingerprint and memory.state.fingerprint != born:
        memory.forget()
        session.reporter.note(f"{target.url} has other data than before: what was remembered is forgotten")
    memory.note(fingerprint=born)
    if target.lease is not None:
        return session
    known = Version.parse(memory.state.server_version)
    version = known if _looks_like(superusers, known) else target.client.version()
    return session if version == target.version else with_version(session, version)


def _looks_like(superusers: Json, version: Version) -> bool:
    """Whether the fields of a server have what those of its version have."""
    email: Json = next((field for field in superusers["fields"] if field["name"] == "email"), {})
    return ("help" in email) == (version >= HELP_TEXTS) and (email.get("onlyDomains") is not None) == (
        version >= E_MAIL_DOMAINS
    )
