"""The parent of an embedded server: keeps `pocketbase serve` up for as long as a command is connected to it.

Every command holds one connection on loopback. The system closes it however the command ends, and with the
last one the server stops and this process ends. It runs in an interpreter of its own, with nothing but the
standard library. One line of JSON is one message:

    command     {"key": …}             the proof that it may read `server.json`
    supervisor  {"proof": …, "url"}    once the server answers; or {"proof": …, "error", "why"}
    command     {"do": "restart"}
    supervisor  as above, when the server is back
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from pocketvex.errors import ServerProcessError
from pocketvex.server import launch
from pocketvex.server.guard import Guard
from pocketvex.server.state import State, read_json, write_private
from pocketvex.store.lockfile import FileLock

_FIRST_USER = 10.0  # seconds for the command that started us to connect
_READY = 60.0  # seconds for the server to answer
_DEATHS, _WITHIN = 3, 10.0  # so many ends within so many seconds are not an accident


class _Peer:
    """A connection; a user once it has shown the key."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.received = b""
        self.known = False
        self.waits = False


class Supervisor:
    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config
        self._state = State(Path(config["state"]))
        self._key = secrets.token_urlsafe(24)
        self._proof = secrets.token_urlsafe(24)
        self._selector = selectors.DefaultSelector()
        self._peers: set[_Peer] = set()
        self._served = False
        self._was_up = False
        self._deaths: list[float] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None
        self._start: launch.Start | None = None
        self._ready_by = 0.0
        self._listener = socket.create_server((launch.HOST, 0))
        self._listener.setblocking(False)
        self._wake, wake = socket.socketpair()
        self._wake.setblocking(False)
        wake.setblocking(False)
        self._wake_up = wake
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)

    def announce(self) -> None:
        """Let commands find us. The server's pid is in the file so that a successor can stop an orphan."""
        content = {
            "pid": os.getpid(),
            "control": self._listener.getsockname()[1],
            "key": self._key,
            "proof": self._proof,
            "url": self._url,
            "version": self._config["version"],
            "server": self._process.pid if self._process else 0,
        }
        write_private(self._state.server, content)

    def run(self) -> None:
        """Until nobody is connected any more, or the server cannot be kept up."""
        began = time.monotonic()
        self._launch()
        while True:
            for key, _ in self._selector.select(0.002 if self._start else 2.0):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._wake:
                    self._wake.recv(64)
                else:
                    self._receive(key.data)
            users = sum(peer.known for peer in self._peers)
            if not users and (self._served or time.monotonic() - began > _FIRST_USER):
                return
            if not self._is_announced():
                return  # the directory was removed, or taken over
            self._look_after()

    def close(self) -> None:
        """End the server first, then the trace of it: a successor waits for our lock in any case."""
        self._listener.close()
        for peer in list(self._peers):
            self._drop(peer)
        if self._process is not None:
            launch.stop(self._process)
        if self._guard is not None:
            self._guard.close()
        if self._is_announced():
            with contextlib.suppress(OSError):
                self._state.server.unlink()

    @property
    def _url(self) -> str:
        return f"http://{launch.HOST}:{self._config['port']}"

    def _is_announced(self) -> bool:
        return read_json(self._state.server).get("key") == self._key

    def _launch(self) -> None:
        hooks = Path(self._config["hooks"]) if self._config["hooks"] else self._state.no_hooks
        is_there = hooks.is_dir()
        command = launch.serve_command(
            Path(self._config["binary"]),
            port=self._config["port"],
            data_dir=self._state.data,
            migrations_dir=self._state.no_migrations,
            hooks_dir=hooks if is_there else self._state.no_hooks,
        )
        log = self._state.log
        since = log.stat().st_size if log.exists() else 0
        # PocketBase resolves relative paths in hooks from the project, as it does when it is run by hand.
        self._process = launch.spawn(command, log=log, cwd=hooks.parent if is_there else self._state.root)
        self._start = launch.Start(self._process, port=self._config["port"], log=log, since=since)
        self._ready_by = time.monotonic() + _READY
        self.announce()
        threading.Thread(target=self._watch, args=(self._process,), daemon=True).start()

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        with contextlib.suppress(OSError):
            self._wake_up.send(b"!")

    def _look_after(self) -> None:
        """Tell those who wait when the server is up; start it again when it has ended."""
        assert self._process is not None
        try:
            if self._start is not None and self._start.poll():
                self._start, self._was_up = None, True
                for peer in self._peers:
                    if peer.waits:
                        self._send(peer, url=self._url)
                # Only now: commands have waited for the server alone, and on Linux it was guarded anyway.
                self._guard = self._guard or Guard(self._state.data, self._state.supervisor_log)
                self._guard.watch(self._process.pid)
        except ServerProcessError:
            if not self._was_up:
                raise
        if self._process.poll() is not None:
            self._again()
        elif self._start is not None and time.monotonic() > self._ready_by:
            why = launch.tail(self._state.log)
            raise ServerProcessError(f"PocketBase was not ready within {_READY:.0f} seconds", why=why)

    def _again(self) -> None:
        now = time.monotonic()
        self._deaths = [*(t for t in self._deaths if now - t < _WITHIN), now]
        if len(self._deaths) >= _DEATHS:
            raise ServerProcessError(
                f"PocketBase ended {_DEATHS} times within {_WITHIN:.0f} seconds",
                why=launch.tail(self._state.log),
            )
        self._launch()

    def fail(self, error: ServerProcessError) -> None:
        """Tell every command, and leave the reason for those that were not waiting for an answer."""
        with contextlib.suppress(OSError):
            write_private(self._state.failure, {"error": error.what, "why": error.why})
        for peer in self._peers:
            if peer.known:
                self._send(peer, error=error.what, why=error.why)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            peer = _Peer(connection)
            self._peers.add(peer)
            self._selector.register(connection, selectors.EVENT_READ, peer)

    def _receive(self, peer: _Peer) -> None:
        try:
            received = peer.connection.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        peer.received += received
        if not received or len(peer.received) > 65536:
            self._drop(peer)
            return
        *lines, peer.received = peer.received.split(b"\n")
        for line in lines:
            self._obey(peer, line)

    def _obey(self, peer: _Peer, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            self._drop(peer)
            return
        if not peer.known:
            if not secrets.compare_digest(str(message.get("key")), self._key):
                self._drop(peer)
                return
            peer.known = self._served = True
        elif message.get("do") == "restart" and self._process is not None:
            # Also while it starts: it may have read the schema before the migration that this follows.
            launch.stop(self._process)
            self._launch()
        peer.waits = True
        if self._start is None:
            self._send(peer, url=self._url)

    def _send(self, peer: _Peer, **message: str) -> None:
        peer.waits = False
        # A few hundred bytes always fit; a command that does not read them is at its end anyway.
        with contextlib.suppress(OSError):
            peer.connection.send(json.dumps({"proof": self._proof, **message}).encode() + b"\n")

    def _drop(self, peer: _Peer) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(peer.connection)
        peer.connection.close()
        self._peers.discard(peer)


def main() -> None:
    """Read the configuration from stdin, say on stdout that commands may connect, and stay."""
    config = json.loads(sys.stdin.buffer.readline())
    lock = FileLock(State(Path(config["state"])).supervisor_lock)
    if hasattr(os, "fork") and os.fork():
        os._exit(0)  # so that the command has no child to wait for, and a terminal none to hang up on
    if not lock.acquire(10):
        _answer({"error": "another supervisor holds the directory"})
        return
    supervisor = Supervisor(config)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        supervisor.announce()
        _answer({})  # raises where the command has been killed meanwhile
        supervisor.run()
    except ServerProcessError as error:
        supervisor.fail(error)
    finally:
        supervisor.close()


def _answer(message: dict[str, str]) -> None:
    """Then let go of the command's pipes, which would keep it waiting."""
    os.write(1, json.dumps(message).encode() + b"\n")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
