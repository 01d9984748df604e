"""A server that means ill: a real one, whose answers are changed on the way."""

from __future__ import annotations

import http.client
import http.server
import json
import socket
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

HOSTILE = (
    "\x1b]0;PWNED\x07\x1b[31mRED\x9b2J\u202eRTL\u200b\r\n::error::injected\n::set-env name=X::y\n"
    "  ::add-mask::z\n##[add-mask]x ##vso[task.setvariable variable=x]y\n"
    "--> </details><img src=x> @everyone `code` | pipe"
)
"""What a person, a row or a server may say to whoever prints it."""


_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def hidden(text: str) -> set[str]:
    """The characters of a text that act, hide, or turn others around."""
    return {char for char in text if unicodedata.category(char) in _HIDDEN and char not in "\n\t"}


def commands(text: str) -> list[str]:
    """The lines that a runner of CI would act on, as it finds them."""
    marks = ("##[", "##vso[")
    return [
        line for line in text.split("\n") if line.strip().startswith("::") or any(m in line for m in marks)
    ]


class Said(NamedTuple):
    """An answer. The body may come in pieces without an end."""

    status: int
    body: bytes | Iterator[bytes]
    headers: Mapping[str, str] = {}


Mutate = Callable[[str, str, int, bytes], Said | None]
"""From method, path with query, and the true answer, what is said instead; None: the truth."""


def said(values: Any, status: int = 200) -> Said:
    return Said(status, json.dumps(values).encode())


@contextmanager
def hostile(url: str, mutate: Mutate) -> Iterator[tuple[str, list[str]]]:
    """The address of a proxy before `url`, and the requests that reach it."""
    target = urlsplit(url)
    seen: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            seen.append(f"{self.command} {self.path}")
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            onward = http.client.HTTPConnection(target.hostname or "", target.port, timeout=60)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "accept-encoding")}
            onward.request(self.command, self.path, sent or None, headers)
            truth = onward.getresponse()
            body = truth.read()
            onward.close()
            found = mutate(self.command, self.path, truth.status, body)
            if found is None:
                found = Said(truth.status, body, {"Content-Type": truth.getheader("Content-Type") or ""})
            with suppress(OSError):  # whoever asked has heard enough
                self.send(found)

        def send(self, found: Said) -> None:
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            if isinstance(found.body, bytes):
                self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            for piece in [found.body] if isinstance(found.body, bytes) else found.body:
                self.wfile.write(piece)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        address_family = socket.AF_INET
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{running.server_port}", seen
        finally:
            running.shutdown()
