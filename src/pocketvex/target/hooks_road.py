"""The road `hooks`: a route that the user put into the server's hooks runs what is sent to it.

All of a request runs in one transaction there, with the rows in `_migrations`. Each request is signed with a
key that both sides have, and made for one state of `_migrations`: sent again, it does nothing.
"""

from __future__ import annotations

import hmac
import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from pocketvex.api.client import Client
from pocketvex.errors import (
    ConfigError,
    LoginRefused,
    NotAsIntended,
    PocketVexError,
    Rejected,
    ServerError,
    UnsupportedServer,
)
from pocketvex.render.migration.migration import runtime
from pocketvex.render.migration.one_off import down_step
from pocketvex.render.migration.server_route import HOOK_KEY, NAME, PATH, PATIENCE, PROTOCOL, SHORTEST
from pocketvex.steps.header import is_written_by_us, secrets_of
from pocketvex.target.roads import RoadName

_FULL = re.compile(r"database or disk is full|no space left on device|disk quota exceeded", re.I)
_ANEW = "Put there what `pocketvex migrate route` writes today."

Texts = Sequence[tuple[str, str]]


class Reached(Protocol):
    """What is needed of a target."""

    @property
    def client(self) -> Client: ...

    @property
    def environ(self) -> Mapping[str, str]: ...


class Seen(NamedTuple):
    """What the route says after a request."""

    ran: tuple[str, ...]
    silent: tuple[str, ...]
    """Files that register nothing."""
    applied: tuple[str, ...]
    """The files that stand in `_migrations`, in the order in which they ran."""
    state: str


def offers_hooks(target: Reached) -> bool:
    """Whether a key is set here and the server has the route; raises where they do not fit each other."""
    return bool(target.environ.get(HOOK_KEY)) and Hooks(target).look() is not None


def applied_there(target: Reached) -> tuple[str, ...] | None:
    """The files that the server has run, as its route says; None where there is none, or no key here."""
    seen = Hooks(target).look() if target.environ.get(HOOK_KEY) else None
    return seen.applied if seen else None


class Hooks:
    """A `Road` over the route of a server."""

    name: RoadName = "hooks"

    def __init__(self, target: Reached) -> None:
        self._client = target.client
        self._environ = target.environ

    def look(self) -> Seen | None:
        """What the server has run; None where it has no such route."""
        return self._ask("look", [], "")

    def require(self, files: Mapping[str, str], *, down: bool = False) -> None:
        """It runs every file."""

    def take_back(self, files: Mapping[str, str]) -> None:
        self.run_once([(name, down_step(name, text)) for name, text in files.items()])

    def run(self, files: Mapping[str, str]) -> None:
        seen = self._send("run", _in_order(files))
        if lost := [name for name in files if name not in {*seen.applied, *seen.silent}]:
            raise NotAsIntended(
                f"{self._client.url} says that it ran {lost[0]}, and does not remember it",
                todo="`pocketvex migrate status` shows what it has run.",
            )

    def run_once(self, steps: Sequence[tuple[str, str]]) -> None:
        self._send("once", steps)

    def try_out(self, files: Mapping[str, str]) -> None:
        """In a transaction that is rolled back: hooks of the server that run before a change do run."""
        self._send("dry", _in_order(files))

    def _send(self, mode: str, texts: Texts) -> Seen:
        now = self.look()
        seen = self._ask(mode, texts, now.state) if now else None
        if seen is None:
            raise _no_route(self._client.url)
        return seen

    def _ask(self, mode: str, texts: Texts, state: str) -> Seen | None:
        # Nearly all of a file of ours is the runtime: it is sent once, since proxies often take 1 MB at most.
        shared = runtime()
        files = [[name, *text.split(shared)] for name, text in texts]
        sent = {"files": files, "shared": shared if files else "", "env": self._secrets(texts)}
        body = json.dumps({**sent, "state": state})
        at = str(int(time.time()))
        signed = "\n".join((str(PROTOCOL), at, mode, body))
        signature = hmac.new(self._key.encode(), signed.encode(), "sha256").hexdigest()
        said = {"protocol": PROTOCOL, "at": at, "mode": mode, "body": body, "signature": signature}
        answer = self._client.ask_route(PATH, said)
        if answer.ok:
            return _seen(self._client.url, answer.body)
        kind = answer.body.get("kind") if isinstance(answer.body, dict) else None
        if answer.status == 404 and kind is None:
            return None
        raise self._error(kind, answer.status, answer.body, int(at))

    @property
    def _key(self) -> str:
        key = self._environ.get(HOOK_KEY, "")
        if len(key) < SHORTEST:
            raise ConfigError(
                f"{HOOK_KEY} has {len(key)} characters, and needs {SHORTEST}",
                why="Whoever guesses it, and is a superuser, runs code on the server.",
                todo="`pocketvex migrate route` shows an example of one; the server needs the same.",
            )
        return key

    def _secrets(self, texts: Texts) -> dict[str, str]:
        """What our files read from the environment: beside a server they would have it from here as well."""
        names = {name for _, text in texts if is_written_by_us(text) for name in secrets_of(text)}
        return {name: self._environ[name] for name in sorted(names) if name in self._environ}

    def _error(self, kind: object, status: int, body: Any, at: int) -> PocketVexError:
        url, message = self._client.url, str(body.get("message", "")) if isinstance(body, dict) else ""
        match kind:
            case "failed":
                return _failed(url, body)
            case "signature":
                return LoginRefused(
                    f"{url} refuses the signature: its {HOOK_KEY} is another one",
                    todo="Set the same key here and in the environment of the server.",
                )
            case "stale":
                apart = abs(int(body.get("now", at)) - at)
                return LoginRefused(
                    f"{url} refuses the request: its clock and the one here are {apart} seconds apart",
                    why=f"A signed request is good for {PATIENCE // 60} minutes.",
                    todo="Set both clocks, then run the command again.",
                )
            case "moved":
                return NotAsIntended(
                    f"{url} has run or taken back other migrations meanwhile: nothing was run",
                    todo="Run the command again to begin with what the server has now.",
                )
            case "protocol":
                return UnsupportedServer(f"{url} has the route of another PocketVex: {message}", todo=_ANEW)
            case _:
                said = f"{url} failed in the route of `pocketvex migrate` ({status}): {message}".rstrip(": ")
                return Rejected(
                    said,
                    why="Whether it ran anything is not known." if status >= 500 else "",
                    todo="`pocketvex migrate status` shows what it has run.",
                )


def _in_order(files: Mapping[str, str]) -> list[tuple[str, str]]:
    """PocketBase runs files in byte order."""
    return sorted(files.items(), key=lambda item: item[0].encode())


def _failed(url: str, body: Mapping[str, Any]) -> ServerError:
    from pocketvex.server.scratch import MigrationFailed

    found = body.get("failed") or {}
    reason, file = str(found.get("message", "")), str(found.get("file", ""))
    if _FULL.search(reason):
        # The fault of no file, whichever was running.
        return ServerError(
            f"the disk of {url} is full: nothing was run",
            why=f"It says: {reason}.",
            todo="Make room there, then run the command again. Nothing was changed.",
        )
    if not file:
        return ServerError(
            f"{url} could not end the transaction: nothing was run",
            why=f"It says: {reason}.",
            todo="Look into its log, then run the command again.",
        )
    if line := found.get("line"):
        reason = f"{reason} at {file}:{line}:{found.get('column')}(0)"
    return MigrationFailed(file, reason, str(body.get("message", "")))


def _seen(url: str, body: Any) -> Seen:
    if not isinstance(body, dict) or body.get("protocol") != PROTOCOL:
        raise UnsupportedServer(f"{url} answers {PATH} as no route of PocketVex does", todo=_ANEW)
    return Seen(_names(body, "ran"), _names(body, "silent"), _names(body, "applied"), str(body.get("state")))


def _names(body: Mapping[str, Any], key: str) -> tuple[str, ...]:
    listed: Iterable[Any] = body.get(key) or []
    return tuple(str(name) for name in listed)


def _no_route(url: str) -> ServerError:
    return ServerError(
        f"{url} has no route for `pocketvex migrate` any more: nothing was run",
        why=f"Its hooks lack {NAME}, or its environment has no {HOOK_KEY} of {SHORTEST} characters.",
        todo="`pocketvex migrate route` writes the file, and says what to set.",
    )
