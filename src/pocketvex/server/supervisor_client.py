"""A command's connection to the supervisor of the embedded server; see there for what is said."""

from __future__ import annotations

import json
import socket
from typing import Any

from pocketvex.errors import ServerProcessError
from pocketvex.server.launch import tail
from pocketvex.server.state import State, read_json
from pocketvex.versions import Version

WAIT = 90.0  # seconds: more than a supervisor gives its server


class Link:
    """Opened and answered: the server is up. Raises Stale when the announced supervisor is gone."""

    def __init__(self, state: State, connection: socket.socket, server: dict[str, Any]) -> None:
        self._state = state
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._proof = server["proof"]
        self.url = str(server["url"])
        self.version = Version.parse(server["version"])
        try:
            self._say({"key": server["key"]})
            self._answer()
        except BaseException:
            self.close()
            raise

    def restart(self) -> None:
        self._say({"do": "restart"})
        self._answer()

    def check(self) -> None:
        self._connection.setblocking(False)
        try:
            ended = self._connection.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return
        except OSError:
            ended = True
        finally:
            if self._connection.fileno() >= 0:
                self._connection.settimeout(WAIT)
        if ended:
            raise self._gone()
        self._answer()  # it only speaks unasked when it gives up

    def close(self) -> None:
        self._stream.close()
        self._connection.close()

    def _say(self, message: dict[str, str]) -> None:
        try:
            self._connection.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise self._gone() from error

    def _answer(self) -> None:
        try:
            line = self._stream.readline()
        except TimeoutError as error:
            raise ServerProcessError(
                "the embedded server does not answer", why=tail(self._state.log), todo=self._todo()
            ) from error
        except OSError:
            line = b""
        if not line.endswith(b"\n"):
            raise self._gone()
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict) or message.get("proof") != self._proof:
            raise Stale
        if "error" in message:
            raise ServerProcessError(message["error"], why=message["why"], todo=self._todo())

    def _gone(self) -> Exception:
        failure = read_json(self._state.failure)
        if not failure:
            return Stale("the embedded server has ended", todo=self._todo())
        return ServerProcessError(failure["error"], why=failure["why"], todo=self._todo())

    def _todo(self) -> str:
        return f"The whole output is in {self._state.log}."


class Stale(ServerProcessError):
    """The supervisor that `server.json` names is not there any more."""

    def __init__(
        self, what: str = "another program answers in place of the supervisor", todo: str = ""
    ) -> None:
        super().__init__(what, todo=todo or "Run the command again.")
