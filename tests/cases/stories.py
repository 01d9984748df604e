"""Rows of the table of changes that take more than one file: what people do, and what must come of it.

Run on real servers of every version by `tests/live/test_stories.py`. A step says what is done, and all
that may come of it: what it does not name must not happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default
from typing import Any

from cases.changes import Rows, field, posts, relation, select, table, view
from pocketvex.errors import ChangesPending, PocketVexError, UsageError
from pocketvex.run.generate import AnswersNeeded

Json = dict[str, Any]


@dataclass(frozen=True)
class Code:
    """Somebody edits the code, and saves."""

    collections: list[Json]
    words: str


@dataclass(frozen=True)
class Dashboard:
    """Somebody edits a collection in the dashboard, or makes a new one."""

    collection: str
    add: tuple[Json, ...] = ()
    drop: tuple[str, ...] = ()
    change: Mapping[str, Any] = default(default_factory=dict)
    new: bool = False

    @property
    def words(self) -> str:
        done = [f"+ {field['name']}" for field in self.add] + [f"- {name}" for name in self.drop]
        done += [f"{key} = {value!r}" for key, value in self.change.items()]
        return f"the dashboard: {'new ' if self.new else ''}{self.collection} ({', '.join(done)})"


@dataclass(frozen=True)
class Put:
    """An application writes a record."""

    collection: str
    values: Json

    @property
    def words(self) -> str:
        return f"a record of {self.collection}"


@dataclass(frozen=True)
class Holds:
    """What the records of a collection hold then, by these names."""

    collection: str
    rows: list[Json]


@dataclass(frozen=True)
class Dev:
    """A pass of `dev --once`; with `elsewhere` one of `schema apply` on a server that is not local."""

    applied: tuple[str, ...] = ()
    waits: Mapping[str, str] = default(default_factory=dict)
    """Path to verdict and code."""
    kept: Mapping[str, str] = default(default_factory=dict)
    asks: tuple[str, ...] = ()
    ran: int = 0
    draft: bool = False
    elsewhere: bool = False
    said: Mapping[str, Any] = default(default_factory=dict)


@dataclass(frozen=True)
class Up:
    """`migrate up`: how many files were sealed, and how many run."""

    sealed: int = 0
    ran: int = 0
    said: Mapping[str, Any] = default(default_factory=dict)


@dataclass(frozen=True)
class Down:
    """`migrate down`, one file."""


@dataclass(frozen=True)
class Stops:
    """A command that stops before anything is written, with this error and these words."""

    step: Up | Dev
    error: type[PocketVexError]
    says: str


@dataclass(frozen=True)
class Prune:
    """`migrate prune --confirm` of the one thing kept aside whose name begins like this."""

    name: str


@dataclass(frozen=True)
class Machine:
    """Somebody else clones the project, and works with the same server or with a fresh one."""

    server: str = "same"


@dataclass(frozen=True)
class Ignore:
    """The entry of `[ignore]` in pocketvex.toml; "" for none."""

    path: str


@dataclass(frozen=True)
class Alone:
    """PocketBase's own `migrate up`, on an empty directory: it must end where the code is."""


Step = Code | Dashboard | Put | Holds | Dev | Up | Down | Stops | Prune | Machine | Ignore | Alone


@dataclass(frozen=True)
class Story:
    row: int
    what: str
    before: list[Json]
    """The code at the start; it is on the server, by one migration, unless `fresh`."""
    steps: tuple[Step, ...]
    rows: Rows = default(default_factory=dict)
    fresh: bool = False
    environ: Mapping[str, str] = default(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.row:02d} {self.what}"


def project_of_twenty() -> list[Json]:
    """Twenty collections: accounts, tables that refer to each other, views."""
    users = table("users", {"name": "text", "avatar": "file", "team": relation("t01")}, type="auth")
    tables = [
        table(
            f"t{number:02d}",
            {
                "title": field(required=True, max=100 + number),
                "owner": relation("users", cascade_delete=True),
                "next": relation(f"t{(number + 1) % 16:02d}"),
                "state": select("draft", "done", required=True),
            },
            listRule="@request.auth.id != '' && next.next.owner = @request.auth.id",
            viewRule="@collection.v0.id ?= id",
            indexes=[f"CREATE UNIQUE INDEX `ux_{number:02d}` ON `t{number:02d}` (`owner`, `title`)"],
        )
        for number in range(16)
    ]
    views = [
        view("v0", "SELECT id, title, state FROM t00", listRule=""),
        view("v1", "SELECT id, title FROM v0"),
        view(
            "v2",
            "SELECT u.id, COUNT(t.id) AS many FROM users u LEFT JOIN t03 t ON t.owner = u.id GROUP BY u.id",
        ),
    ]
    return [*views, *tables, users]


ONE: Rows = {"posts": [{"title": "one"}]}
TEXT = {"name": "by_hand", "type": "text"}
GOOGLE = {"name": "google", "clientId": "g", "clientSecret": {"env": "GOOGLE_SECRET"}}

STORIES = [
    Story(
        3,
        "twenty collections on a fresh server, which has `users` already",
        project_of_twenty(),
        (Up(sealed=1, ran=1), Dev(), Alone()),
        fresh=True,
    ),
    Story(
        12,
        "nobody there to answer, then: these are two things",
        [posts({"a": "text"})],
        (
            Code([posts({"b": "text"})], "posts.a is gone, posts.b is new"),
            Dev(asks=("posts.a",)),
            Stops(Up(), AnswersNeeded, "posts.a"),
            Holds("posts", [{"a": "x"}]),
            Up(sealed=1, ran=1, said={"answers": {"posts.a": ""}}),
            Holds("posts", [{"b": ""}]),
            Dev(),
            Down(),
            Holds("posts", [{"a": "x"}]),
        ),
        rows={"posts": [{"a": "x"}]},
    ),
    Story(
        12,
        "nobody there to answer, then: it is a rename",
        [posts({"a": "text"})],
        (
            Code([posts({"b": "text"})], "posts.a is gone, posts.b is new"),
            Dev(asks=("posts.a",)),
            Dev(applied=("posts.b",), said={"answers": {"posts.a": "b"}}),
            Holds("posts", [{"b": "x"}]),
            Up(sealed=1, ran=1),
            Dev(),
            Down(),
            Holds("posts", [{"a": "x"}]),
        ),
        rows={"posts": [{"a": "x"}]},
    ),
    Story(
        20,
        "one value becomes a list, and back",
        [posts({"s": select("a", "b")})],
        (
            Code([posts({"s": select("a", "b", max=2)})], "posts.s holds up to two"),
            Dev(applied=("posts.s",)),
            Holds("posts", [{"s": ["a"]}]),
            Up(sealed=1, ran=1),
            Down(),
            Holds("posts", [{"s": "a"}]),
        ),
        rows={"posts": [{"s": "a"}]},
    ),
    Story(
        24,
        "what cannot be is said, and the rest goes on",
        [table("people", {"nick": "text"}), posts()],
        (
            Code(
                [table("people", {"nick": "text", "more": "text"}, type="auth"), posts({"n": "number"})],
                "people becomes an auth collection with a field more, posts.n is new",
            ),
            Dev(applied=("posts.n",), waits={"people": "impossible PV501"}),
            Stops(Up(), UsageError, "it is base, and the code says auth"),
            Holds("people", [{"nick": "n", "more": ...}]),
            Code([table("people", {"nick": "text"}), posts()], "as it was, but for posts.n"),
            Dev(applied=("posts.n",)),
            Dev(),
        ),
        rows={"people": [{"nick": "n"}]},
    ),
    Story(
        28,
        "kept aside until somebody prunes it",
        [posts(), table("tags", {"label": "text"})],
        (
            Code([table("tags", {"label": "text"})], "posts is gone"),
            Dev(waits={"posts": "unsafe PV202"}, draft=True),
            Holds("posts", [{"title": "one"}]),
            Up(sealed=1, ran=1),
            Dev(),
            Down(),
            Holds("posts", [{"title": "one"}]),
            Up(ran=1),
            Prune("_pv_"),
            Dev(),
        ),
        rows=ONE,
    ),
    Story(
        30,
        "made in the dashboard: left alone, and then adopted",
        [posts()],
        (
            Dashboard("notes", add=(TEXT,), new=True),
            Put("notes", {"by_hand": "precious"}),
            Dev(kept={"notes": "unmanaged"}, said={"confirmed": ["posts"]}),
            Up(),
            Code([posts(), table("notes", {"by_hand": "text"})], "notes is in the code as well"),
            Dev(),
            Up(sealed=1, ran=1),
            Holds("notes", [{"by_hand": "precious"}]),
        ),
    ),
    Story(
        31,
        "at once on a local server, by name elsewhere",
        [posts()],
        (
            Code([posts(listRule="")], "posts:listRule is public"),
            Dev(waits={"posts:listRule": "safe PV401"}, elsewhere=True),
            Dev(applied=("posts:listRule",), elsewhere=True, said={"confirmed": ["posts:listRule"]}),
            Code([posts(listRule="", viewRule="")], "posts:viewRule as well"),
            Dev(applied=("posts:viewRule",)),
            Up(sealed=1, ran=1),
            Dev(),
        ),
        rows=ONE,
    ),
    Story(
        32,
        "at once on a local server, by name elsewhere",
        [posts(listRule="", viewRule="")],
        (
            Code([posts(viewRule="")], "posts:listRule is locked"),
            Dev(waits={"posts:listRule": "safe PV402"}, elsewhere=True),
            Dev(applied=("posts:listRule",), elsewhere=True, said={"confirmed": ["posts:listRule"]}),
            Code([posts()], "posts:viewRule as well"),
            Dev(applied=("posts:viewRule",)),
            Up(sealed=1, ran=1),
            Dev(),
        ),
        rows=ONE,
    ),
    Story(
        34,
        "a secret comes from the environment, and is no drift afterwards",
        [table("people", type="auth")],
        (
            Code(
                [table("people", type="auth", oauth2={"enabled": True, "providers": [GOOGLE]})],
                "people has a provider",
            ),
            Dev(applied=("people:oauth2.enabled", "people:oauth2.providers")),
            Dev(),
            Up(sealed=1, ran=1),
            Dev(),
        ),
        environ={"GOOGLE_SECRET": "the-very-secret"},
    ),
    Story(
        37,
        "nothing is sent, nothing is written",
        [posts({"a": "json", "s": select("x", "y", max=2)}), view("v", "SELECT id, title FROM posts")],
        (Dev(), Dev(elsewhere=True), Up(), Up(), Dev()),
        rows=ONE,
    ),
    Story(
        39,
        "a field: ignored, then adopted",
        [posts()],
        (
            Dashboard("posts", add=(TEXT,)),
            Put("posts", {"by_hand": "precious"}),
            Dev(kept={"posts.by_hand": "drift"}),
            Up(),
            Ignore("posts.by_hand"),
            Dev(kept={"posts.by_hand": "ignored"}),
            Ignore(""),
            Code([posts({"by_hand": "text"})], "posts.by_hand is in the code as well"),
            Dev(),
            Up(sealed=1, ran=1),
            Dev(),
            Holds("posts", [{"by_hand": "precious"}]),
        ),
    ),
    Story(
        39,
        "a field without values: kept, then reverted by name",
        [posts()],
        (
            Dashboard("posts", add=(TEXT,)),
            Dev(kept={"posts.by_hand": "drift"}),
            Code([posts({"more": "text"})], "posts.more is new"),
            Dev(applied=("posts.more",), kept={"posts.by_hand": "drift"}),
            Dev(applied=("posts.by_hand",), said={"confirmed": ["posts.by_hand"]}),
            Dev(),
        ),
        rows=ONE,
    ),
    Story(
        39,
        "a rule, and a field that is gone: kept, then reverted by name",
        [posts({"body": "text"}, listRule="")],
        (
            Dashboard("posts", drop=("body",), change={"listRule": None, "viewRule": ""}),
            Dev(kept={"posts.body": "drift", "posts:listRule": "drift", "posts:viewRule": "drift"}),
            Dev(
                applied=("posts.body", "posts:viewRule"),
                kept={"posts:listRule": "drift"},
                said={"confirmed": ["posts:viewRule", "posts.body"]},
            ),
            Dev(kept={"posts:listRule": "drift"}),
        ),
        rows=ONE,
    ),
    Story(
        41,
        "a server with its own ids takes the history of another one",
        [posts()],
        (
            Code([posts({"n": "number"})], "posts.n is new"),
            Up(sealed=1, ran=1),
            Machine("by hand"),
            Dev(ran=2, applied=()),
            Holds("posts", [{"title": "by hand", "n": 0}]),
            Code([posts()], "posts.n is gone"),
            Up(sealed=1, ran=1),
            Holds("posts", [{"title": "by hand"}]),
            Down(),
            Holds("posts", [{"title": "by hand", "n": 0}]),
        ),
        rows=ONE,
    ),
    Story(
        42,
        "a second machine on the same server, and one on a fresh server",
        [posts()],
        (
            Code([posts({"body": "text"})], "posts.body is new"),
            Up(sealed=1, ran=1),
            Machine(),
            Dev(),
            Up(),
            Holds("posts", [{"title": "one", "body": ""}]),
            Machine("fresh"),
            Dev(ran=2),
            Dev(),
            Up(),
        ),
        rows=ONE,
    ),
    Story(
        42,
        "what one machine applied, and no file has, another one keeps",
        [posts()],
        (
            Code([posts({"body": "text"})], "posts.body is new"),
            Dev(applied=("posts.body",)),
            Machine(),
            Code([posts()], "without posts.body"),
            Dev(kept={"posts.body": "drift"}),
        ),
        rows=ONE,
    ),
    Story(
        42,
        "elsewhere the history goes first: code that is ahead of it stops `migrate up`",
        [posts()],
        (
            Code([posts({"body": "text"})], "posts.body is new"),
            Stops(Up(said={"local": False}), ChangesPending, "the code is ahead of the history by 1 change"),
        ),
        rows=ONE,
    ),
    Story(
        43,
        "added, filled, renamed and removed",
        [posts()],
        (
            Code([posts({"tmp": "text"})], "posts.tmp is new"),
            Dev(applied=("posts.tmp",)),
            Put("posts", {"title": "two", "tmp": "precious"}),
            Code([posts({"passing": field(renamed_from="tmp")})], "it is called posts.passing"),
            Dev(applied=("posts.passing",)),
            Holds("posts", [{"title": "two", "passing": "precious"}]),
            Code([posts()], "it is gone"),
            Dev(waits={"posts.passing": "unsafe PV201"}),
            Holds("posts", [{"title": "two", "passing": "precious"}]),
            Dev(applied=("posts.passing",), said={"confirmed": ["posts.passing"]}),
            Up(),
            Dev(),
        ),
    ),
]

WRONG_RULES = """from pocketvex import Base, Rules, field


class Posts(Base):
    title = field.text()
    rules = Rules(
        list="titel != ''",
        view="title = ",
        create="@request.data.title != ''",
    )
"""
"""A module with a mistake of each kind that `MISTAKES` names."""
