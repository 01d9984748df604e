"""How whoever waits for a command is told of it: at once, how far it is, and when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence


class Reporter:
    """`say` tells what cannot wait; without one it is a note. What `progress` said last is written over."""

    def __init__(
        self,
        say: Callable[[str], None] | None = None,
        progress: Callable[[str], None] | None = None,
        notes: Iterable[str] = (),
    ) -> None:
        self.notes: list[str] = list(notes)
        """What is told when the work is done, in order; nothing stands twice."""
        self.say = say or self.note
        self.progress = progress or nobody
        self._said: set[str] = set()

    def note(self, *texts: str) -> None:
        self.notes += [text for text in dict.fromkeys(texts) if text not in self.notes]

    def note_once(self, text: str) -> None:
        """A note that is made once, however many passes there are."""
        if text not in self._said:
            self._said.add(text)
            self.note(text)

    def taken(self) -> Sequence[str]:
        """The notes since the last time."""
        notes, self.notes = self.notes, []
        return notes


def nobody(text: str) -> None:
    """Where nobody looks on."""
