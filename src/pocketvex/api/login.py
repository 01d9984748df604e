"""Getting and keeping a superuser token."""

from __future__ import annotations

import time
from collections.abc import Callable

from pocketvex.api.credentials import Credentials, TokenCache
from pocketvex.api.greeting import greet, no_api
from pocketvex.api.transport import Answer, Transport
from pocketvex.errors import LoginRefused, Unreachable, WrongPassword
from pocketvex.store.superuser_token import expires_at, is_token

# Time for the request itself, and for clocks that differ.
_SLACK = 60.0
# The limiter that PocketBase ships (off by default) lets two logins through in three seconds, and sends no
# Retry-After.
_WAIT = 3.0
_TRIES = 5
_LOGIN = "/api/collections/_superusers/auth-with-password"

WaitHook = Callable[[float, str], None]


class SignIn:
    """Hands out a token for one server; logs in only when no usable one is at hand."""

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        tokens: TokenCache | None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        on_wait: WaitHook | None = None,
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._tokens = tokens
        self._sleep = sleep
        self._on_wait = on_wait
        self._greeted = False
        self._new = False
        """Whether the password was used already."""
        # A secret that is read from a file brings the line end of the file along.
        self._given = credentials.token.strip()
        self._token = self._given

    def token(self) -> tuple[str, bool]:
        """A token, and whether it comes from a login made just now."""
        if self._given and not is_token(self._given):
            raise self._no_token()
        # A token that was handed to us is tried whatever its date says: the server is the judge.
        if self._token and (self._token == self._given or _fresh(self._token)):
            return self._token, False
        if self._tokens and self._credentials.email:
            cached = self._tokens.get(self._transport.url, self._credentials.email)
            if cached and _fresh(cached):
                self._token = cached
                return cached, False
        return self.log_in(), True

    def renew(self) -> str:
        """A new token in place of one that the server refused."""
        if self._tokens and self._credentials.email:
            # Also where nobody can log in now: kept, it would be tried and refused every time.
            self._tokens.drop(self._transport.url, self._credentials.email)
        if not self._credentials.can_log_in:
            raise self._token_refused()
        return self.log_in()

    def try_password(self) -> None:
        """Use the password, where one was given, although a token may be at hand."""
        if self._credentials.can_log_in and not self._new:
            self.log_in()

    def log_in(self) -> str:
        if not self._credentials.can_log_in:
            raise LoginRefused(
                f"No credentials for {self._transport.url}",
                todo="Set PB_TOKEN, or PB_ADMIN_EMAIL and PB_ADMIN_PASS, to those of a superuser.",
            )
        if not self._greeted:
            greet(self._transport)
            self._greeted = True
        identity = self._credentials.email
        answer = self._ask({"identity": identity, "password": self._credentials.password})
        token = answer.body.get("token") if answer.ok and isinstance(answer.body, dict) else None
        if not isinstance(token, str) or not is_token(token):
            raise self._refused(answer)
        self._token, self._new = token, True
        if self._tokens:
            self._tokens.put(self._transport.url, identity, token)
        return token

    def _ask(self, body: dict[str, str]) -> Answer:
        for _ in range(_TRIES - 1):
            answer = self._transport.send("POST", _LOGIN, json=body)
            if answer.status != 429:
                return answer
            if self._on_wait:
                self._on_wait(_WAIT, f"{self._transport.url} limits logins: trying again in {_WAIT:g} s")
            self._sleep(_WAIT)
        return self._transport.send("POST", _LOGIN, json=body)

    def _refused(self, answer: Answer) -> LoginRefused | Unreachable:
        url, email = self._transport.url, self._credentials.email
        if answer.ok:
            return Unreachable(
                f"{url} answers, but is not PocketBase (a login gave no token)",
                why="It said yes, and what it gave is nothing that a header can hold.",
                todo="Check host, port and path of the URL, and what stands in front of the server.",
            )
        if answer.status == 401 and isinstance(answer.body, dict) and "mfaId" in answer.body:
            return LoginRefused(
                f"The superuser {email} of {url} signs in with more than a password (MFA)",
                why="A second factor cannot be given here.",
                todo="Make a token in the dashboard (superusers, Impersonate) and set it as PB_TOKEN.",
            )
        if answer.status == 404:
            return no_api(url)
        if answer.status == 403:
            return LoginRefused(
                f"{url} does not let superusers in from this address",
                why=f"Its superuserIPs or its auth rule leave this address out: {answer.message}",
                todo="Add the address in the dashboard, or with `pocketbase superuser ips`.",
            )
        if answer.status == 429:
            return LoginRefused(
                f"{url} refuses more logins for now (429, {_TRIES} tries)",
                todo="Wait a minute, or set PB_TOKEN, which needs no login.",
            )
        return WrongPassword(
            f"{url} refused the login of {email} ({answer.status}: {answer.message})",
            why="E-mail or password is wrong, or it is no superuser. The case of the e-mail counts.",
            todo="Check PB_ADMIN_EMAIL and PB_ADMIN_PASS, or what you typed.",
        )

    def _no_token(self) -> LoginRefused:
        return LoginRefused(
            f"the token for {self._transport.url} cannot be one: it holds a space, a line end or another "
            "character that no token has",
            why="Nothing was sent. The token is not shown, since it may be right but for that character.",
            todo="Set PB_TOKEN (or the variable that the configuration names) to the token alone.",
        )

    def _token_refused(self) -> LoginRefused:
        if not self._given:
            return LoginRefused(
                f"{self._transport.url} does not take the token of the last login any more",
                why=f"The password of {self._credentials.email} was changed, or the token was revoked.",
                todo="Run the command again on a terminal, or set PB_ADMIN_EMAIL and PB_ADMIN_PASS.",
            )
        expiry = expires_at(self._token)
        expired = 0 < expiry < time.time()
        return LoginRefused(
            f"{self._transport.url} refused the token in PB_TOKEN",
            why="It has expired." if expired else "It was revoked, or is not of this server.",
            todo="Make a new one, or set PB_ADMIN_EMAIL and PB_ADMIN_PASS.",
        )


def _fresh(token: str) -> bool:
    return is_token(token) and expires_at(token) > time.time() + _SLACK
