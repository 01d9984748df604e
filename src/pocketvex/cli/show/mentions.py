"""What the hooks may still mean of what a plan takes away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pocketvex.cli.terminal import output

if TYPE_CHECKING:
    from pocketvex.plan.changes import Plan
    from pocketvex.plan.mentions import Mention
    from pocketvex.store.config import Config


def tell_mentions(lines: Iterable[str]) -> None:
    """Beside what a command does: what the hooks may still mean of what goes."""
    for line in lines:
        output.note(f"note: {line}" if line[:1].strip() else line)


def mentions_in(config: Config, plan: Plan) -> list[str]:
    """The places in the hooks that may mean what a plan takes away, in lines."""
    from pocketvex.run.mentions import mentions_of

    return mention_lines(mentions_of(config, plan))


def mention_lines(mentions: Iterable[Mention]) -> list[str]:
    """Some places of each name, and how many there are beside."""
    from pocketvex.cli.terminal.shorten import fitted
    from pocketvex.plan.mentions import some_of

    lines: list[str] = []
    for path, (found, left) in some_of(mentions).items():
        lines += map(str, found)
        if left:
            lines.append(f"… and {left} more that may mean {path}")
    return fitted(lines, output.width())
