"""What can be told of a server by looking at it: nothing is written there."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pocketvex.findings import Finding
from pocketvex.schema.model import Schema
from pocketvex.target.session import Session
from pocketvex.versions import Version

Json = Mapping[str, Any]
_SKEW = 30.0
"""Seconds by which clocks may differ: the lock of a migration lasts about as long."""
_AGE = timedelta(days=7)
_AUTOMIGRATED = re.compile(r"[0-9]+_(?:created|updated|deleted)_\w+\.js")


def version(session: Session) -> Iterator[Finding]:
    """The server's PocketBase, beside the one that the project pins."""
    pinned, there = session.config.pocketbase, session.target.version
    if pinned and Version.parse(pinned) != there and session.target.lease is None:
        yield Finding(
            "PocketBase", f"the server runs {there}, and the configuration pins {pinned}", code="PV806",
            level="warning", todo=f'Write pocketbase = "{there}", so that migrations are tried on it.',
        )  # fmt: skip


def clock(session: Session) -> Iterator[Finding]:
    """The server's clock beside that of this machine."""
    skew = session.target.client.clock_skew(time.time())
    if skew is not None and abs(skew) > _SKEW:
        way = "ahead" if skew > 0 else "behind"
        yield Finding(
            "clock", f"the server's is {abs(skew):.0f} s {way}", code="PV820", level="warning",
            todo="Set both by NTP: tokens expire by the server's clock, files are named by this machine's.",
        )  # fmt: skip


def settings(session: Session) -> Iterator[Finding]:
    """Settings that lock us out, or that are worth a word."""
    return judged_settings(session.target.client.settings(), protected=not session.target.local)


def judged_settings(found: Json, *, protected: bool) -> Iterator[Finding]:
    """What of a server's settings a person should know."""
    limits = found.get("rateLimits") or {}
    if limits.get("enabled"):
        hard = [r for r in limits.get("rules") or [] if 0 < (r.get("maxRequests") or 0) < 20]
        said = ", ".join(f"{r.get('label')}: {r['maxRequests']} in {r.get('duration')} s" for r in hard[:3])
        yield Finding(
            "rate limits", "are on" + (f" ({said})" if said else ""), code="PV821", level="notice",
            todo="A migration over HTTP waits where it is told to; excluded superusers do not.",
        )  # fmt: skip
    addresses = found.get("superuserIPs") or []
    if addresses:
        yield Finding(
            "superuser addresses", f"superusers come from {', '.join(map(str, addresses[:3]))} only",
            code="PV821", level="notice",
            todo="Where CI signs in from another address, add it: `pocketbase superuser ips`.",
        )  # fmt: skip
    if protected and not (found.get("backups") or {}).get("cron"):
        yield Finding(
            "backups", "the server makes none by itself", code="PV822", level="warning",
            todo="Give it a schedule: dashboard, Settings, Backups.",
        )  # fmt: skip
    logs = found.get("logs") or {}
    if protected and logs.get("maxDays") == 0:
        yield Finding(
            "logs", "are off: nobody can look up what went wrong", code="PV823", level="notice",
            todo="Keep some days: dashboard, Logs, settings.",
        )  # fmt: skip


def backups(session: Session) -> Iterator[Finding]:
    """How old the newest backup of a protected server is."""
    if session.target.local:
        return
    yield from judged_backups(session.target.client.backup_dates(), datetime.now(UTC))


def judged_backups(dates: Mapping[str, datetime], now: datetime) -> Iterator[Finding]:
    if not dates:
        yield Finding(
            "backups", "the server has none", code="PV822", level="warning",
            todo="Make one: dashboard, Settings, Backups. (One kept elsewhere is not seen from here.)",
        )  # fmt: skip
        return
    age = now - max(dates.values())
    if age > _AGE:
        yield Finding(
            "backups", f"the newest is {age.days} days old", code="PV822", level="warning",
            todo="Look why the schedule makes none: dashboard, Settings, Backups.",
        )  # fmt: skip


def automigrate(session: Session) -> Iterator[Finding]:
    """Files that a server wrote into the project's folder for changes in its dashboard."""
    folder = session.config.migrations
    names = sorted(path.name for path in folder.glob("*.js") if _AUTOMIGRATED.fullmatch(path.name))
    if names and session.target.lease is None:
        yield Finding(
            "automigrate", f"the server writes migrations of its own into {folder.name}/, as {names[-1]}",
            code="PV824", level="notice",
            todo="Start it with `--automigrate=false`: here the code says what changes.",
        )  # fmt: skip


def locks(session: Session) -> Iterator[Finding]:
    """Whether a server of this machine still holds its database."""
    from pocketvex.server.lost_locks import has_lost_hold

    if session.target.data_dir is not None and has_lost_hold(session.target.data_dir):
        yield Finding(
            "database", "the server has lost its locks on its files", code="PV825",
            why="Up to 0.39 a backup does that. A second process that writes would lose what it writes.",
            todo="Restart the server before anything else opens its data.",
        )  # fmt: skip


def rules(session: Session, raw: list[Any]) -> Iterator[Finding]:
    """Rules on the server that name what is not there any more."""
    from pocketvex.rules.check import rule_problems

    live = session.target.schema_of(raw)
    for finding in rule_problems(live, session.target.version, live):
        yield finding._replace(where=None, code="PV701", level="warning", todo="Correct it in the code.")


def standing(session: Session, schema: Schema) -> Iterator[Finding]:
    """Where the server stands: files that did not run, and what the code does not explain."""
    from pocketvex.run.situation import Choices
    from pocketvex.run.status import status

    found = status(session, schema, Choices(write=False))
    name = session.target.host.name
    pending = [row.name for row in found.rows if row.state == "pending"]
    if pending:
        yield Finding(
            "migrations", f"{len(pending)} did not run on {name}: {', '.join(pending[:3])}", code="PV826",
            level="notice", todo=f"Run `pocketvex migrate up --host {name}`.",
        )  # fmt: skip
    if found.plan.drift:
        paths = ", ".join(change.path for change in found.plan.drift[:3])
        yield Finding(
            "drift", f"{name} has what neither code nor history explain: {paths}", code="PV827",
            level="warning", todo="`pocketvex schema diff` shows it; `schema pull` takes it into the code.",
        )  # fmt: skip
