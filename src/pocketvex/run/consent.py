"""Who agreed to what: a protected host by its name, a change by its path."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence
from shlex import quote

from pocketvex.errors import ConsentNeeded
from pocketvex.plan.changes import Change, Kept, Plan
from pocketvex.store.hosts import Host


def is_agreed(host: Host, confirmed: Collection[str]) -> bool:
    """Whether what is run there was agreed to: nobody has to for a local server."""
    return not host.protected or host.name in confirmed or host.url in confirmed


def consent_needed(host: Host, confirmed: Iterable[str]) -> ConsentNeeded:
    """What to raise where nobody can be asked."""
    near = difflib.get_close_matches(host.name, list(confirmed), n=1)
    said = f"--confirm {near[0]} names another." if near else ""
    return ConsentNeeded(
        f"{host.url} is protected: nothing was run",
        why=said,
        todo=f"Say --confirm {quote(host.name)} if it is meant.",
    )


def unknown_names(
    host: Host,
    confirmed: Iterable[str],
    plan: Plan,
    done: Sequence[Change] = (),
    also: Iterable[str] = (),
) -> tuple[str, ...]:
    """What was agreed to and is neither to be done nor was done, each with what may have been meant."""
    touched: list[Change | Kept] = [*plan.changes, *done, *plan.kept]
    paths = [item.path for item in touched]
    known = {*paths, *also, *(item.operation.collection for item in touched)}
    found = []
    for name in sorted(set(confirmed) - known - {host.name, host.url}):
        near = difflib.get_close_matches(name, paths, n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        found.append(f"{name}: nothing of that name is to be done{meant}")
    return tuple(found)
