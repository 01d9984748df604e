"""One request over httpx, and every way in which it can fail, in words that say what to do.

Only transport is judged here. An answer with a JSON body, of whatever status, is the caller's to judge.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from pocketvex.api.shape import too_deep
from pocketvex.errors import TOO_LARGE, Rejected, ServerError, Unreachable, UnsupportedServer, UsageError
from pocketvex.store.urls import is_loopback

ROWS_MOST = 1 << 30
"""Bytes of an answer that holds values of rows: of these nobody knows how long they are."""
_MOST = 64 << 20
"""Bytes of any other answer: a thousand collections have 5 MiB."""
_CONNECT, _SILENCE = 10.0, 3.0
"""Seconds in which a connection is made; and after which somebody who waits is told so."""
_SLOWEST = 1024
"""Bytes a second: an answer that comes more slowly is not worth the wait."""
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
READS = frozenset({"GET", "HEAD"})
# 0.22 names its error status `code`; from 0.23 on it is `status`.
OLD_SERVER_TODO = "PocketVex works with PocketBase 0.23 and later: update the server, then try again."


# How the words of httpx begin where nothing of the answer is wrong, but its end is missing.
_CLOSED = ("peer closed", "Server disconnected", "Can't send data when our state is ERROR")


class Answer(NamedTuple):
    """Status and decoded JSON body; `{}` stands for an empty body."""

    status: int
    body: Any

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def message(self) -> str:
        said = self.body.get("message", "") if isinstance(self.body, dict) else ""
        return said if isinstance(said, str) else ""


class TimedOut(Unreachable):
    """Somebody listens there, and says nothing in time: nor will they, if they are asked for more."""


class Transport:
    """Requests to one server; holds no secrets of its own."""

    def __init__(
        self, url: str, *, timeout: float = 30.0, on_slow: Callable[[str], None] | None = None
    ) -> None:
        self.url = url.rstrip("/")
        self.timeout = timeout
        self._on_slow = on_slow
        secure = self.url.startswith("https:")
        # An SSL context costs 20 to 40 ms, and http:// has no use for one. A proxy from the environment
        # is never meant for this very machine.
        try:
            self._http = httpx.Client(verify=secure, timeout=timeout, trust_env=not is_loopback(self.url))
        except (ValueError, ImportError, httpx.InvalidURL):
            # Its words are not repeated: the address of a proxy may hold a password.
            raise UsageError(
                f"the proxy that the environment names for {self.url} cannot be used",
                why="Its address is no http:// or https:// URL.",
                todo="Correct HTTP_PROXY, HTTPS_PROXY or ALL_PROXY, or name the server in NO_PROXY.",
            ) from None

    def close(self) -> None:
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        json: Any = None,
        params: Mapping[str, str | int] | None = None,
        timeout: float | None = None,
        most: int | None = None,
    ) -> Answer:
        """Send and decode; raises for all that is not an answer of a PocketBase we can talk to.

        `most` bytes are read of the answer, 64 MiB by default.
        """
        headers = {"Authorization": token} if token else {}
        limit = timeout or self.timeout
        most = most or _MOST
        patience = httpx.Timeout(limit, connect=min(limit, _CONNECT))
        with (
            self._word_while_waiting(),
            self._faults(method, path, limit),
            self._http.stream(
                method, self.url + path, json=json, params=params, headers=headers, timeout=patience
            ) as response,
        ):
            body = b"".join(self.pieces(response, most, limit))
        if len(body) > most:
            raise self._endless(method, path, most)
        return self._decode(method, path, response, body)

    def clock_skew(self, now: float) -> float | None:
        """By how many seconds the server's clock is ahead of `now`; None where it does not say the time."""
        from email.utils import parsedate_to_datetime

        with self.stream("/api/health") as response:
            said = response.headers.get("date", "")
        try:
            return parsedate_to_datetime(said).timestamp() - now
        except (TypeError, ValueError):
            return None

    @contextmanager
    def stream(self, path: str) -> Iterator[httpx.Response]:
        """A GET whose body is read piece by piece, by `pieces`."""
        patience = httpx.Timeout(self.timeout, connect=min(self.timeout, _CONNECT))
        with (
            self._word_while_waiting(),
            self._faults("GET", path, self.timeout),
            self._http.stream("GET", self.url + path, timeout=patience) as response,
        ):
            yield response

    def pieces(self, response: httpx.Response, most: int, limit: float | None = None) -> Iterator[bytes]:
        """The body as it comes, until it is more than `most` bytes; TimedOut where it only trickles."""
        got, start = 0, time.monotonic()
        for piece in response.iter_bytes():
            yield piece
            got += len(piece)
            if got > most:
                return
            if time.monotonic() - start > (limit or self.timeout) + got / _SLOWEST:
                raise TimedOut(
                    f"{self.url} sends its answer more slowly than can be waited for",
                    todo="Look into the server's log, and at what stands in front of it; then try again.",
                )

    @contextmanager
    def _word_while_waiting(self) -> Iterator[None]:
        if self._on_slow is None:
            yield
            return
        timer = threading.Timer(_SILENCE, self._on_slow, [f"waiting for {self.url} to answer …"])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _endless(self, method: str, path: str, most: int) -> Unreachable:
        return Unreachable(
            f"{self.url} answers {method} {path} with more than {most >> 20} MiB",
            why="No PocketBase says so much at once; the rest was not read.",
            todo="Check host, port and path of the URL, and what stands in front of the server.",
        )

    def _decode(self, method: str, path: str, response: httpx.Response, content: bytes) -> Answer:
        status = response.status_code
        if response.is_redirect:
            # Without its query: what stands there is often a secret.
            target = response.headers.get("location", "").partition("?")[0]
            raise Unreachable(
                f"{self.url} redirects {path} to {target}",
                why="PocketBase itself never redirects its API, so something in front of it does.",
                todo="Use the address that it redirects to (often the same one with https://).",
            )
        try:
            body = _read_json(content)
        except (ValueError, RecursionError):
            raise self._not_json(method, path, response) from None
        if status >= 400 and too_deep(body):
            raise self._stranger(status)
        if status in (502, 503, 504):
            raise self._gateway(status)
        if status == 413:
            raise self._too_large()
        if isinstance(body, dict) and "code" in body and "status" not in body and status >= 400:
            raise UnsupportedServer(
                f"{self.url} runs PocketBase 0.22 or older",
                why="Its answers have the shape that PocketBase gave up with 0.23.",
                todo=OLD_SERVER_TODO,
            )
        if isinstance(body, dict) and status >= 400 and "status" not in body and "mfaId" not in body:
            raise self._stranger(status)
        return Answer(status, body)

    def _not_json(self, method: str, path: str, response: httpx.Response) -> ServerError:
        status = response.status_code
        if status in (502, 503, 504):
            return self._gateway(status)
        if status == 413:
            return self._too_large()
        if status >= 500:
            return Rejected(
                f"{self.url} failed with status {status} on {method} {path}",
                why="The answer is not JSON, so it may come from a proxy in front of the server.",
                todo="Look into the logs of the server and of the proxy.",
            )
        return self._stranger(status)

    def _stranger(self, status: int) -> Unreachable:
        return Unreachable(
            f"{self.url} answers, but is not PocketBase (status {status}, and not the JSON of its API)",
            why="Another program may listen there, or PocketBase may live under a sub-path of this address.",
            todo="Check host, port and path of the URL.",
        )

    def _gateway(self, status: int) -> Unreachable:
        return Unreachable(
            f"{self.url} answers {status}: a proxy is up, the server behind it is not",
            why="502, 503 and 504 are the words of a proxy that gets no answer from its server.",
            todo="Start PocketBase, or correct the address that the proxy hands requests to.",
        )

    def _too_large(self) -> Rejected:
        return Rejected(
            f"{self.url} {TOO_LARGE}",
            why="PocketBase takes 32 MiB in one request; a proxy in front of it often takes much less.",
            todo="Raise the limit of the proxy (nginx: client_max_body_size), or change less at once.",
        )

    @contextmanager
    def _faults(self, method: str, path: str, limit: float) -> Iterator[None]:
        try:
            yield
        except httpx.TimeoutException as error:
            raise self._timed_out(error, method, path, limit) from None
        except (httpx.ConnectError, httpx.ProxyError) as error:
            raise self._no_connection(error) from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise Unreachable(f"{self.url} is not a usable address: {error}") from None
        except httpx.TransportError as error:
            raise self._broken_off(error, method, path) from None
        except httpx.DecodingError:
            raise self._stranger(0) from None

    def _broken_off(self, error: httpx.TransportError, method: str, path: str) -> Unreachable:
        protocol = isinstance(error, httpx.ProtocolError)
        if protocol and not str(error).startswith(_CLOSED):
            # The library's own words quote the line that is wrong: a header may be what nobody should read.
            return Unreachable(
                f"{self.url} does not speak HTTP as expected on {method} {path}",
                why=_fate(method) or "Another kind of program may listen there.",
                todo="Check host and port of the URL.",
            )
        return Unreachable(
            f"{self.url} closed the connection in the middle of {method} {path}",
            why=_fate(method) or str(error),
            todo="The server may have crashed or restarted: look into its log, then try again.",
        )

    def _timed_out(self, error: httpx.TimeoutException, method: str, path: str, limit: float) -> TimedOut:
        if isinstance(error, httpx.ConnectTimeout):
            return TimedOut(
                f"{self.url} did not accept a connection within {min(limit, _CONNECT):g} s",
                todo="Check host and port, and whether a firewall is in between.",
            )
        return TimedOut(
            f"{self.url} accepted {method} {path} and gave no answer within {limit:g} s",
            why=_fate(method) or "It may be busy with a long write, or hang.",
            todo="Look into the server's log, then try again.",
        )

    def _no_connection(self, error: Exception) -> Unreachable:
        causes = list(_causes(error))
        text = str(error)
        if any(isinstance(c, ssl.SSLCertVerificationError) for c in causes) or "CERTIFICATE_VERIFY" in text:
            return Unreachable(
                f"{self.url} has a certificate that is not trusted: {error}",
                todo="Renew it, or name its authority in SSL_CERT_FILE.",
            )
        if any(isinstance(c, ssl.SSLError) for c in causes) or "SSL" in str(error):
            return Unreachable(
                f"{self.url} does not speak TLS as expected: {error}",
                todo="Is it http:// rather than https://?",
            )
        host = urlsplit(self.url).hostname or self.url
        if any(isinstance(c, socket.gaierror) for c in causes) or "Name or service" in str(error):
            return Unreachable(f"The host name {host!r} is not known", todo="Check the spelling of the URL.")
        if isinstance(error, httpx.ProxyError):
            return Unreachable(
                f"The proxy on the way to {self.url} refused: {error}",
                todo="Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY.",
            )
        if any(isinstance(c, ConnectionRefusedError) for c in causes) or "refused" in str(error):
            return Unreachable(
                f"Nothing listens at {self.url} (connection refused)",
                todo="Start PocketBase there, or correct the URL.",
            )
        return Unreachable(f"{self.url} cannot be reached: {error}", todo="Check host, port and network.")


def _read_json(content: bytes) -> Any:
    """What JSON allows and no more; `{}` for nothing at all. ValueError, or RecursionError."""
    if not content.strip():
        return {}
    # A half of a pair is JSON by its letters, and no text that can be written anywhere.
    if _HALF.search(content):
        json.dumps(json.loads(content), ensure_ascii=False).encode()
    return json.loads(content, parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _fate(method: str) -> str:
    return "" if method in READS else "Whether the server did what was asked is not known."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
