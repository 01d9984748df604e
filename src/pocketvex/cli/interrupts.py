"""Ctrl+C and other requests to end, made into an exception where that does no harm.

Python raises the exception of a signal between any two instructions. Inside an import, or inside a lock
of `threading`, that leaves a lock held or released twice: the command hangs, or ends with the error of
somebody else's module. While pydantic builds a model, it becomes an error of that model. In a callback of
the garbage collector the exception is dropped, and with it the request. So the exception waits until such
code is left.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from types import FrameType

_PAUSE = 0.001
_IMPORTS = "<frozen importlib."
_MODELS = "pydantic."
_LOCKS = frozenset({"threading", "subprocess", "queue", "httpcore._synchronization"})


class Stopped(KeyboardInterrupt):
    """The command was told to end, by a terminal that closes (SIGHUP) or by another program (SIGTERM)."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def end_when_told() -> Callable[[], None]:
    """End on Ctrl+C, SIGTERM and SIGHUP with everything put away; what is ignored (nohup) stays so.

    Call it from the main thread, before anything else is imported; and what it gives, when all is done.
    """
    asked = _Asked()
    sys.unraisablehook = asked.unraisable
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, asked)
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, asked)
    return asked.leave


class _Asked:
    """Takes the signals, and looks every millisecond at the one that could not be answered at once.

    By a timer of the system: a thread would look when the main thread gives way to it, so always at the
    same places. Windows has none; there it is as Python has it.
    """

    def __init__(self) -> None:
        self.left = False
        self.number = 0
        self.seen: tuple[FrameType | None, int] = (None, 0)
        self.can_wait = hasattr(signal, "setitimer")
        if self.can_wait:
            signal.signal(signal.SIGALRM, self.look)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})  # whoever started us may block it

    def leave(self) -> None:
        """Nothing is left to stop: no more answers, and no timer, which would outlive its handler."""
        self.left = True
        if self.can_wait:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_IGN)
        # A second Ctrl+C would only put a traceback in the place of the end.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) == self:
                signal.signal(number, signal.SIG_DFL)
        sys.unraisablehook = sys.__unraisablehook__

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.number = self.number or number
        self.look(number, frame)

    def look(self, _: int, frame: FrameType | None) -> None:
        if self.left or not self.number:
            if self.can_wait:
                signal.setitimer(signal.ITIMER_REAL, 0)
            return  # the timer once more, after the answer
        here = (frame, frame.f_lasti if frame is not None else 0)
        stands, self.seen = here == self.seen, here
        if self.can_wait and _harms(frame, stands):
            signal.setitimer(signal.ITIMER_REAL, _PAUSE, _PAUSE)
            return
        if self.can_wait:
            signal.setitimer(signal.ITIMER_REAL, 0)
        number, self.number, self.seen = self.number, 0, (None, 0)
        raise KeyboardInterrupt if number == signal.SIGINT else Stopped(number)

    def unraisable(self, dropped: sys.UnraisableHookArgs) -> None:
        """A request that was raised where nothing can be raised is made again."""
        if not (self.can_wait and issubclass(dropped.exc_type, KeyboardInterrupt)):
            sys.__unraisablehook__(dropped)
            return
        if self.left:
            return
        self.number = dropped.exc_value.number if isinstance(dropped.exc_value, Stopped) else signal.SIGINT
        signal.setitimer(signal.ITIMER_REAL, _PAUSE, _PAUSE)


def _harms(frame: FrameType | None, stands: bool) -> bool:
    """Whether an exception may not be raised here.

    Code of a lock may be left where it stands still between two looks: there it waits for somebody, and
    is written to be interrupted.
    """
    while frame is not None:
        # Our own: what is raised in the hook for what was dropped is dropped as well.
        if frame.f_code.co_filename.startswith((_IMPORTS, __file__)):
            return True
        module = str(frame.f_globals.get("__name__"))
        if module.startswith(_MODELS) or (not stands and module in _LOCKS):
            return True
        frame = frame.f_back
    return False
