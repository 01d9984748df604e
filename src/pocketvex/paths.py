"""The path of a thing: `posts`, `posts.title`, `posts@idx_title`, `posts:listRule`, `posts.status:draft`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_FIRST = re.compile(r"[.@:]")


def home_of(path: str) -> str:
    """The collection that a path begins with, without taking the rest apart."""
    mark = _FIRST.search(path)
    return path[: mark.start()] if mark else path


def is_setting(path: str) -> bool:
    """Whether this is the path of a rule, a query or an option: what is always there, whatever it says."""
    return ":" in path


@dataclass(frozen=True)
class ThingPath:
    """What a path names. Of `field`, `index` and `option`, one at most is not empty."""

    collection: str
    field: str = ""
    index: str = ""
    option: str = ""
    """A rule, `query`, or an option of accounts with dots in it (`oauth2.enabled`)."""
    choice: str = ""
    """One of the values of the field."""

    @classmethod
    def parse(cls, text: str) -> ThingPath:
        """Takes every text: what begins with no collection has an empty one."""
        mark = _FIRST.search(text)
        if mark is None:
            return cls(text)
        collection, rest = text[: mark.start()], text[mark.end() :]
        match mark[0]:
            case "@":
                return cls(collection, index=rest)
            case ":":
                return cls(collection, option=rest)
            case _:
                field, _, choice = rest.partition(":")
                return cls(collection, field, choice=choice)

    def __str__(self) -> str:
        marked = ((".", self.field), ("@", self.index), (":", self.option), (":", self.choice))
        return self.collection + "".join(f"{mark}{name}" for mark, name in marked if name)

    @property
    def thing(self) -> str:
        """Without the choice."""
        return str(replace(self, choice=""))
