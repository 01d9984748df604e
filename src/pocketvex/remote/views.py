"""Views in an import: which are saved anew, in which order, and what SQLite wants of those below others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pocketvex.diff.simulate import view_order
from pocketvex.remote.items import LAST, differs, head
from pocketvex.schema.views import tables_read, with_aliases

Json = dict[str, Any]


def aliased(known: Mapping[str, Json], after: Sequence[Json]) -> list[Json]:
    """Views that others read, with a name for each of their columns: without it, SQLite does not rename what
    they read ("error in view … after rename")."""
    changed = [item for item in after if item["type"] != "view" and differs(item, known.get(item["id"]))]
    there = {id: item for id, item in known.items() if item["type"] == "view"}
    names = {known[item["id"]]["name"] for item in changed if item["id"] in known}
    shaken: list[Json] = []
    while True:
        more = [
            v for v in there.values() if v not in shaken and tables_read(v["viewQuery"], names - {v["name"]})
        ]
        if not more:
            break
        shaken += more
        names |= {view["name"] for view in more}
    lower = [v for v in shaken if any(tables_read(o["viewQuery"], {v["name"]}) for o in shaken if o is not v)]
    found = [{**head(view), "viewQuery": with_aliases(view["viewQuery"])} for view in lower]
    return [item for item in found if item["viewQuery"] != known[item["id"]]["viewQuery"]]


def in_order(views: Sequence[Json]) -> list[Json]:
    """The views such that each is saved behind those that it reads.

    Those that are there are saved in the order in which they were made. Where that is another one, they stand
    there twice: the second time with the moment at which they were made.
    """
    order = view_order({view["name"]: view["viewQuery"] for view in views})
    placed = sorted(views, key=lambda view: order.index(view["name"]))
    natural = sorted(views, key=lambda view: (view["created"], order.index(view["name"])))
    if placed == natural:
        return [
            {**v, "created": f"{LAST[:-8]}{n:02}.000Z"} if v["created"] == LAST else v
            for n, v in enumerate(placed)
        ]
    first = [{**view, "created": _moment(number)} for number, view in enumerate(placed)]
    return first + [view for view in views if view["created"] != LAST]


def _moment(number: int) -> str:
    return f"2010-01-01 00:{number // 60:02}:{number % 60:02}.000Z"


def shaken_views(known: Mapping[str, Json], after: Sequence[Json], changed: Sequence[Json]) -> set[str]:
    """The views that read what changes its shape, and those that read them: they are saved anew."""
    names = {c["name"] for c in changed} | {known[c["id"]]["name"] for c in changed if c["id"] in known}
    views = [item for item in after if item["type"] == "view"]
    found: set[str] = set()
    while True:
        more = [v for v in views if v["id"] not in found and tables_read(v["viewQuery"], names - {v["name"]})]
        if not more:
            return found
        found |= {view["id"] for view in more}
        names |= {view["name"] for view in more}
