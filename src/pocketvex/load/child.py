"""The interpreter that runs schema modules: one request line in, one answer out, and the end.

Its standard output carries frames to the parent: a NUL, a kind, eight hexadecimal digits of length, the
body. Kind `P` names the module that is imported next, `A` is the answer. Text that is no frame is what
`faulthandler` says when the time is up or the interpreter crashes. The modules' own output goes to the
pipe of standard error, which ends with a mark of the parent's choice once all of it is written.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn, TextIO


def main() -> NoReturn:
    """Wait for a request, answer it and end; end at once where the parent goes away before it asks."""
    if "warm" in sys.argv:
        import_module("pydantic").TypeAdapter  # noqa: B018  the attribute is what loads it
        import_module("pydantic").BaseModel  # noqa: B018
    from pocketvex.load import collect, failure, imports, wire

    import_module("pocketvex.schema.field")
    line = _request_line()
    if not line:
        os._exit(0)
    request = json.loads(line)
    channel = Channel(request["mark"])
    channel.watch(request["timeout"])
    importing = request["schema_dir"]
    try:
        os.chdir(request["root"])
        package = imports.prepare(request["root"], request["schema_dir"])
        modules = []
        for stem in request["modules"]:
            importing = os.path.join(request["schema_dir"], f"{stem}.py")
            channel.send(b"P", importing.encode("utf-8", "surrogateescape"))
            modules.append(import_module(f"{package}.{stem}"))
        importing = request["schema_dir"]
        answer: dict[str, Any] = collect.collect(modules)
        body = wire.to_wire({**answer, "files": list(imports.files)})
    except BaseException as error:  # SystemExit as well: the parent is owed an answer
        told = failure.as_wire(failure.describe(error, importing))
        body = wire.to_wire({"failure": told, "files": list(imports.files)})
    channel.finish(body)


class Channel:
    """The way back to the parent, out of the reach of what the modules print or fork."""

    def __init__(self, mark: str) -> None:
        self._mark = mark.encode()
        self._pid = os.getpid()
        self._fd = os.dup(1)
        os.dup2(2, 1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        self._texts = _text_stream(1), _text_stream(2)
        sys.stdout, sys.stderr = self._texts

    def watch(self, timeout: float) -> None:
        """Say where the modules are, and end, when the time is up; say so as well in a crash."""
        faulthandler.enable(self._fd)
        faulthandler.dump_traceback_later(timeout, exit=True, file=self._fd)
        # Where memory runs out, the kernel is to take this process, not the one that started it.
        with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
            score.write("1000")

    def send(self, kind: bytes, body: bytes) -> None:
        if os.getpid() != self._pid:
            os._exit(0)  # a fork made by a schema module has nothing to say here
        _write(self._fd, b"\0" + kind + b"%08x" % len(body) + body)

    def finish(self, body: bytes) -> NoReturn:
        """Answer and end, without what `atexit` or other threads still want to do."""
        if os.getpid() == self._pid:
            faulthandler.cancel_dump_traceback_later()
            for stream in (sys.stdout, sys.stderr, *self._texts):
                with suppress(OSError, ValueError, AttributeError):  # whatever a module put there
                    stream.flush()
            with suppress(OSError):
                _write(2, self._mark)
            self.send(b"A", body)
        os._exit(0)


def _text_stream(fd: int) -> TextIO:
    return open(fd, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _request_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(0, 65536)
        if not part:
            return b""
        line += part
    return line


if __name__ == "__main__":
    main()
