"""Who we are to a server, and where tokens may be kept; loads nothing heavy."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Credentials(NamedTuple):
    """A superuser token, or an e-mail and a password; with both, the token goes first."""

    token: str = ""
    email: str = ""
    password: str = ""

    @property
    def can_log_in(self) -> bool:
        return bool(self.email and self.password)

    @property
    def empty(self) -> bool:
        return not self.token and not self.can_log_in

    def __repr__(self) -> str:
        # A traceback or a log line shows values by repr, and secrets must not be in either.
        kinds = [name for name in ("token", "password") if getattr(self, name)]
        return f"Credentials(email={self.email!r}, holds={kinds})"


class TokenCache(Protocol):
    """Keeps the token of one identity (an e-mail) on one server (its URL)."""

    def get(self, url: str, identity: str) -> str | None: ...

    def put(self, url: str, identity: str, token: str) -> None: ...

    def drop(self, url: str, identity: str) -> None: ...
