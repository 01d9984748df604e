"""A superuser's view of one PocketBase over HTTP: collections, counts of records, SQL, version."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import quote

from pocketvex.api import shape
from pocketvex.api.credentials import Credentials, TokenCache
from pocketvex.api.greeting import COLLECTIONS as _COLLECTIONS
from pocketvex.api.greeting import no_api
from pocketvex.api.login import SignIn, WaitHook
from pocketvex.api.transport import ROWS_MOST, Answer, Transport
from pocketvex.api.version import dashboard_version
from pocketvex.errors import LoginRefused, PocketVexError, Rejected, UnsupportedServer
from pocketvex.store.superuser_token import record_of
from pocketvex.versions import CRONS, E_MAIL_DOMAINS, HELP_TEXTS, OLDEST, SQL_OVER_HTTP, Version

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

__all__ = ["Client", "Credentials", "TokenCache"]

_SCAFFOLDS = f"{_COLLECTIONS}/meta/scaffolds"
_BACKUPS = "/api/backups"
_PAGE = 1000
# No database has so many: SQLite alone would need minutes to open it.
_MOST = 50 * _PAGE
# The server itself gives up after five minutes (three before 0.26).
_WRITE_TIMEOUT = 310.0
_LARGEST = 1 << 50
"""Bytes of a backup: as many as it has."""

# Other words of a 403 are those of a hook of the user.
_NOT_SUPERUSER = ("The authorized record is not allowed", "You are not allowed to perform this request")

Collection = dict[str, Any]


class Client:
    """Logs in at the first request that needs it. Use as a context manager, or call `close`."""

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        *,
        tokens: TokenCache | None = None,
        timeout: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
        on_wait: WaitHook | None = None,
        on_slow: Callable[[str], None] | None = None,
    ) -> None:
        self._transport = Transport(url, timeout=timeout, on_slow=on_slow)
        self._sign_in = SignIn(self._transport, credentials, tokens, sleep=sleep, on_wait=on_wait)

    @property
    def url(self) -> str:
        return self._transport.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()

    def try_password(self) -> None:
        """Log in anew where a password was given; raises LoginRefused where it is not right."""
        self._sign_in.try_password()

    def superuser(self) -> str:
        """The e-mail of who is signed in; "" where the server does not say."""
        token, _ = self._sign_in.token()
        answer = self._request("GET", f"{_COLLECTIONS}/_superusers/records/{record_of(token)}")
        email = answer.body.get("email") if answer.ok and isinstance(answer.body, dict) else ""
        return email if isinstance(email, str) else ""

    def collections(self) -> list[Collection]:
        """All of them as the database has them (LIST, never the cached single GET), in the server's order."""
        found: dict[str, Collection] = {}
        for page in range(1, _MOST // _PAGE + 1):
            params = {"perPage": _PAGE, "page": page, "skipTotal": 1}
            items = shape.collections(self.url, shape.items(self.url, self._get(_COLLECTIONS, params).body))
            known = len(found)
            found |= {item["id"]: item for item in items}
            if len(items) < _PAGE:
                return list(found.values())
            if len(found) == known:
                break
        raise shape.stranger(self.url, "its list of collections does not end")

    def import_collections(self, collections: list[Collection]) -> None:
        """Write all or none; what the payload leaves out stays. Raises Rejected with every reason given.

        A field cannot be removed this way. After a failure the server's cache may show what was rolled
        back, on every version, so it is refreshed before the error is raised.
        """
        body = {"collections": collections, "deleteMissing": False}
        answer = self._request("PUT", f"{_COLLECTIONS}/import", json=body, timeout=_WRITE_TIMEOUT)
        if answer.ok:
            return
        error = self._rejected(answer, "the import of " + _names(collections), collections)
        try:
            self.refresh_schema_cache(besides=collections)
        except PocketVexError as second:
            error.why = f"{error.why} The server's cache could not be refreshed either: {second.what}".strip()
        raise error

    def refresh_schema_cache(self, besides: Iterable[Mapping[str, Any]] = ()) -> None:
        """Make the server read its collections anew, by a PATCH that changes nothing of another collection.

        It writes no migration file under automigrate, and keeps tokens valid. It also heals a server up to
        0.37 whose data directory was migrated by another process.
        """
        taken = {str(c.get(key)) for c in besides for key in ("id", "name")}
        system = ("_superusers", "_externalAuths", "_authOrigins", "_otps", "_mfas")
        name = next((n for n in system if n not in taken), "_superusers")
        self.patch_collection(name, {})

    def patch_collection(self, id: str, body: Mapping[str, Any]) -> Collection:
        """Change one collection: `fields` and `indexes` replace what is there, so they are sent whole."""
        path = f"{_COLLECTIONS}/{quote(id, safe='')}"
        answer = self._request("PATCH", path, json=body, timeout=_WRITE_TIMEOUT)
        if not answer.ok:
            raise self._rejected(answer, f"the change of {body.get('name', id)}", [{"name": id, **body}])
        return cast(Collection, answer.body)

    def create_collection(self, collection: Mapping[str, Any]) -> bool:
        """Make a collection; False where one of that name or id is there already."""
        answer = self._request("POST", _COLLECTIONS, json=dict(collection), timeout=_WRITE_TIMEOUT)
        if not answer.ok and answer.status != 400:
            raise self._rejected(answer, f"the collection {collection['name']}", [dict(collection)])
        if answer.ok:
            return True
        if any(item["name"] == collection["name"] for item in self.collections()):
            return False
        raise self._rejected(answer, f"the collection {collection['name']}", [dict(collection)])

    def delete_collection(self, id: str) -> None:
        """Delete a collection with its records and files."""
        answer = self._request("DELETE", f"{_COLLECTIONS}/{quote(id, safe='')}", timeout=_WRITE_TIMEOUT)
        if not answer.ok:
            raise self._rejected(answer, f"the deletion of {id}", [{"name": id}])

    def backups(self) -> dict[str, int]:
        """PocketBase's own backups that are complete: name to size in bytes."""
        return shape.backups(self.url, self._get(_BACKUPS).body)

    def backup_dates(self) -> dict[str, datetime]:
        """When each of them was complete."""
        return shape.backup_dates(self.url, self._get(_BACKUPS).body)

    def settings(self) -> dict[str, Any]:
        """The server's settings; PocketBase leaves the secrets out."""
        return shape.an_object(self.url, self._get("/api/settings").body)

    def clock_skew(self, now: float) -> float | None:
        """By how many seconds its clock is ahead of `now` (unix seconds); None where it does not say."""
        return self._transport.clock_skew(now)

    def create_backup(self, name: str) -> None:
        """Make one (`[a-z0-9_-]+.zip`); returns when it is complete. One is made at a time."""
        answer = self._request("POST", _BACKUPS, json={"name": name}, timeout=_WRITE_TIMEOUT)
        if not answer.ok:
            raise self._rejected(answer, "a backup", [])

    def delete_backup(self, name: str) -> None:
        """Delete one; one that is gone already is no error."""
        answer = self._request("DELETE", f"{_BACKUPS}/{quote(name, safe='')}")
        if not answer.ok and answer.status not in (400, 404):
            raise self._rejected(answer, f"the deletion of {name}", [])

    def download_backup(self, name: str, to: Path) -> None:
        """Write one to a new file that only its owner can read."""
        token = self._request("POST", "/api/files/token").body.get("token", "")
        path = f"{_BACKUPS}/{quote(name, safe='')}?token={token}"
        with self._transport.stream(path) as response, open(to, "xb", opener=_private) as file:
            if response.status_code != 200:
                raise Rejected(f"{self.url} does not hand out {name} ({response.status_code})")
            for piece in self._transport.pieces(response, _LARGEST, _WRITE_TIMEOUT):
                file.write(piece)

    def scaffolds(self) -> dict[str, Collection]:
        """The server's own defaults, by type: `base`, `auth`, `view`."""
        return shape.scaffolds(self.url, self._get(_SCAFFOLDS).body)

    def count(self, collection: str, filter: str = "") -> int:
        """How many records match; names and ids both do."""
        params: dict[str, str | int] = {"perPage": 1, "fields": "id", "filter": filter}
        return shape.total(self.url, self._get(_records(collection), params).body)

    def records(
        self,
        collection: str,
        filter: str = "",
        fields: str = "",
        sort: str = "",
        page: int = 1,
        per_page: int = 100,
    ) -> list[dict[str, Any]]:
        """One page of records; `per_page` is 1000 at most, a page beyond the end is empty."""
        params: dict[str, str | int] = {"page": page, "perPage": per_page, "skipTotal": 1}
        params |= {k: v for k, v in (("filter", filter), ("fields", fields), ("sort", sort)) if v}
        check = shape.items if fields and "id" not in fields.split(",") else shape.rows
        return check(self.url, self._get(_records(collection), params).body)

    def create_record(self, collection: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Make a record and return it; raises Rejected where the server does not take it."""
        answer = self._written("POST", _records(collection), values)
        return cast(dict[str, Any], answer.body)

    def update_record(self, collection: str, id: str, values: Mapping[str, Any]) -> bool:
        """Change a record; False where it is gone. Raises Rejected where the server does not take it."""
        return self._written("PATCH", f"{_records(collection)}/{quote(id, safe='')}", values).ok

    def delete_record(self, collection: str, id: str) -> None:
        """Delete a record; one that is gone already is no error."""
        answer = self._request("DELETE", f"{_records(collection)}/{quote(id, safe='')}")
        if not answer.ok and answer.status != 404:
            raise self._rejected(answer, f"the deletion of a record of {collection}", [])

    def _written(self, method: str, path: str, values: Mapping[str, Any]) -> Answer:
        answer = self._request(method, path, json=dict(values), timeout=_WRITE_TIMEOUT)
        if not answer.ok and (method == "POST" or answer.status != 404):
            raise self._rejected(answer, f"{method} {path}", [])
        return answer

    def find(self, collection: str, filter: str, n: int = 5) -> tuple[int, list[str]]:
        """How many records match, and the first `n` ids of them in the order of the ids: one request."""
        params: dict[str, str | int] = {"perPage": n, "fields": "id", "sort": "id", "filter": filter}
        body = self._get(_records(collection), params).body
        return shape.total(self.url, body), [str(row["id"]) for row in shape.rows(self.url, body)]

    def sql(self, query: str) -> list[dict[str, str | None]]:
        """Rows of a SELECT, all values as text. Since 0.39; at most 5000 characters and 1000 rows."""
        answer = self._request("POST", "/api/sql", json={"query": query}, timeout=_WRITE_TIMEOUT)
        if answer.status == 404:
            raise UnsupportedServer(
                f"{self.url} has no /api/sql", why="It came with PocketBase 0.39.", todo="Update the server."
            )
        if not answer.ok:
            raise self._rejected(answer, "a query", [])
        return shape.table(self.url, answer.body)

    def ask_route(self, path: str, body: Mapping[str, Any]) -> Answer:
        """What a route says that a hook of the server added, whatever its status: the caller judges it."""
        return self._request("POST", path, json=body, timeout=_WRITE_TIMEOUT)

    def version(self) -> Version:
        """As its dashboard says; without one the lowest version with what is seen of it, as `0.37.0`.

        Costs 20 to 40 ms: keep the result.
        """
        return dashboard_version(self._transport) or self._version_by_features()

    def _version_by_features(self) -> Version:
        scaffolds = self.scaffolds()
        email = next((f for f in scaffolds["auth"].get("fields") or [] if f["name"] == "email"), None)
        if email is None:
            raise shape.stranger(self.url, "its accounts have no e-mail")
        if email.get("onlyDomains") is not None:
            return E_MAIL_DOMAINS
        if self._request("POST", "/api/sql", json={"query": "SELECT 1"}).ok:
            return SQL_OVER_HTTP
        if "help" in email:
            return HELP_TEXTS
        return CRONS if self._request("GET", "/api/crons").ok else OLDEST

    def _get(self, path: str, params: Mapping[str, str | int] | None = None) -> Answer:
        answer = self._request("GET", path, params=params)
        if answer.status == 404 and path in (_COLLECTIONS, _SCAFFOLDS):
            raise no_api(self.url)
        if not answer.ok:
            raise self._rejected(answer, f"GET {path}", [])
        return answer

    def _request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str | int] | None = None,
        timeout: float | None = None,
    ) -> Answer:
        def send(token: str) -> Answer:
            most = ROWS_MOST if path.endswith(("/records", "/sql")) else None
            return self._transport.send(
                method, path, token=token, json=json, params=params, timeout=timeout, most=most
            )

        token, new = self._sign_in.token()
        answer = send(token)
        if answer.status == 401 and not new:
            answer = send(self._sign_in.renew())
        if answer.status == 401:
            raise LoginRefused(
                f"{self.url} refuses a token that it gave just now ({answer.message})",
                why="A proxy in front of it may drop the Authorization header.",
            )
        if answer.status == 403 and answer.message.startswith(_NOT_SUPERUSER):
            raise LoginRefused(
                f"{self.url} does not treat these credentials as a superuser's",
                why=f"The token is that of an ordinary record, or superuserIPs leaves this address out: "
                f"{answer.message}",
                todo="Use the credentials of a superuser.",
            )
        return answer

    def _rejected(self, answer: Answer, what: str, sent: list[Collection]) -> Rejected:
        # Here, not at the top: a command that succeeds has no use for it, and would wait for its patterns.
        from pocketvex.api.problems import read_problems

        # What follows `Raw error:` is among the problems, in better words.
        said = answer.message.partition(" Raw error:")[0]
        return Rejected(
            f"{self.url} did not take {what} ({answer.status}): {said}".rstrip(": "),
            problems=read_problems(answer.body, sent),
        )


def _private(path: str, flags: int) -> int:
    import os

    return os.open(path, flags, 0o600)


def _records(collection: str) -> str:
    return f"{_COLLECTIONS}/{quote(collection, safe='')}/records"


def _names(collections: list[Collection]) -> str:
    names = [str(c.get("name") or c.get("id")) for c in collections]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
