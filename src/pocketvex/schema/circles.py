"""Names that are handed round: each is said to be what another was called before."""

from __future__ import annotations

from collections.abc import Callable


def circle(name: str, before: Callable[[str], str | None]) -> list[str]:
    """The names, in lower case, that come round to this one again; none where they do not.

    `before` says what a name, in lower case, was called.
    """
    names, at = [name.lower()], (before(name.lower()) or "").lower()
    while at and at not in names:
        names.append(at)
        at = (before(at) or "").lower()
    return names if at == names[0] and len(names) > 1 else []
