"""The page `docs/changes.md`: what tests saw on real servers, held against it line by line.

`OBSERVED=write pytest tests/live/test_changes.py tests/live/test_stories.py` writes what they see.
Without it a test fails when the page says something else. A sentence of PocketVex may be worded anew all the
same: whether the page has its words is one test without a server, `tests/contract/test_observed.py`.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock

from binaries import SUPPORTED
from cases.changes import CASES
from cases.rows import ALONE, GROUPS, ROWS
from cases.stories import STORIES

PAGE = Path(__file__).parents[1] / "docs" / "changes.md"
WRITE = (
    "OBSERVED=write pytest tests/live/test_changes.py tests/live/test_stories.py "
    "tests/live/test_changes_over_http.py"
)
ALL = "all five"

HEAD = f"""# What becomes of every change

This page is written by tests, and a test fails when it is no longer true:
`{WRITE}`.
Each line was observed on real PocketBase servers with rows in the tables, on {", ".join(SUPPORTED)}.

*Planned* is the verdict before anything is written, with its code (`pocketvex explain CODE`) and the
evidence: how many rows of how many, and which. *Up, down, up again* means: after each step the collections
are exactly those of the code, or those of before, every row was compared, and a plan made then is empty.
*Over HTTP* is the same file on a server that only HTTP reaches (`sql` from 0.39, `rest` before it): *as
natively* means that collections and rows were compared with those that the file leaves natively, after up,
down and up again. What is refused is refused before anything is sent.

"""


class Line(NamedTuple):
    row: int
    case: str
    planned: str
    seen: str


Lines = dict[Line, set[str]]
"""With the versions that it was observed on."""

OverHttp = dict[tuple[int, str], dict[str, str]]
"""By row and case: what was seen where only HTTP reaches the server, by version."""


def observe(row: int, case: str, planned: str, seen: str, version: str) -> None:
    """Hold what was observed against the page, or write it there."""
    line = Line(row, _cell(case), _cell(planned) or "nothing", _cell(seen))
    if os.environ.get("OBSERVED") == "write":
        with FileLock(Path(tempfile.gettempdir()) / "pocketvex-changes.lock"):
            _put(line, version)
        return
    there = [other for other, on in read().items() if other[:2] == line[:2] and version in on]
    assert [facts(other) for other in there] == [facts(line)], (
        f"docs/changes.md says something else; to write it anew: {WRITE}"
    )


def observe_over_http(row: int, case: str, seen: str, version: str) -> None:
    """The same for the column of servers that only HTTP reaches."""
    key, seen = (row, _cell(case)), _cell(seen)
    if os.environ.get("OBSERVED") == "write":
        with FileLock(Path(tempfile.gettempdir()) / "pocketvex-changes.lock"):
            over_http = read_over_http()
            over_http.setdefault(key, {})[version] = seen
            PAGE.write_text(page(read(), over_http), encoding="utf-8")
        return
    there = read_over_http().get(key, {}).get(version, "nothing")
    # Sentences may be worded anew: what comes before them is what happened.
    assert there.partition(":")[0] == seen.partition(":")[0], (
        f"docs/changes.md says {there!r} of it over HTTP; to write it anew: {WRITE}"
    )


class Judged(NamedTuple):
    """What a cell says of changes that are judged alike."""

    paths: str
    verdict: str
    """With the code, and whether access opens or closes."""
    evidence: str
    """The sentence that says how many rows of how many."""
    examples: str


class Mistake(NamedTuple):
    """What a cell says of a mistake in the code."""

    place: str
    path: str
    message: str


_JUDGED = re.compile(
    r"(`.*`(?: and \d+ more)?): (\w+ PV\d+(?: opens| closes)?)(?:, ([^(:]+?)((?: \(.*\))?(?:: .*)?))?"
)
_MISTAKE = re.compile(r"(\S+\.py:\d+:\d+): ([^ :]+(?::\w+)?): (.*)")


def items(cell: str) -> list[Judged | Mistake | str]:
    """A cell taken apart; what is a sentence of ours and no other's stays as it is."""
    found: list[Judged | Mistake | str] = []
    for text in cell.split("<br>"):
        if judged := _JUDGED.fullmatch(text):
            found.append(Judged(*(part or "" for part in judged.groups())))
        elif mistake := _MISTAKE.fullmatch(text):
            found.append(Mistake(*mistake.groups()))
        else:
            found.append(text)
    return found


def facts(line: Line) -> tuple[object, ...]:
    """A line without the sentences of PocketVex: its paths, verdicts, codes, places and numbers of rows."""

    def of(item: Judged | Mistake | str) -> object:
        match item:
            case Judged():
                return item._replace(evidence=" ".join(re.findall(r"\d+", item.evidence)))
            case Mistake():
                return item[:2]
        return item

    return line.row, line.case, [of(i) for i in items(line.planned)], [of(i) for i in items(line.seen)]


def _put(line: Line, version: str) -> None:
    known = cases()
    lines: Lines = {}
    for other, on in read().items():
        left = on - {version} if other[:2] == line[:2] else on
        if left and other[:2] in known:
            lines[other] = left
    lines.setdefault(line, set()).add(version)
    PAGE.write_text(page(lines, read_over_http()), encoding="utf-8")


def cases() -> set[tuple[int, str]]:
    """The cases that there are, as the page names them: by row."""
    found = [(case.row, case.title) for case in CASES] + [(story.row, story.what) for story in STORIES]
    return {(row, _cell(what)) for row, what in [*found, *ALONE]}


def read() -> Lines:
    """The lines of the page as it is."""
    found: Lines = {}
    row = 0
    for text in PAGE.read_text(encoding="utf-8").splitlines() if PAGE.exists() else ():
        if heading := re.match(r"### (\d+)\. ", text):
            row = int(heading[1])
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", text)[1:-1]]
        if row and len(cells) == 5 and cells[0] not in ("case", "---"):
            found[Line(row, *cells[:3])] = set(SUPPORTED) if cells[4] == ALL else set(cells[4].split(", "))
    return found


def read_over_http() -> OverHttp:
    """The column of the page that is about servers that only HTTP reaches."""
    found: OverHttp = {}
    row = 0
    for text in PAGE.read_text(encoding="utf-8").splitlines() if PAGE.exists() else ():
        if heading := re.match(r"### (\d+)\. ", text):
            row = int(heading[1])
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", text)[1:-1]]
        if row and len(cells) == 5 and cells[0] not in ("case", "---"):
            for part in filter(None, cells[3].split("<br>")):
                seen, _, on = part.rpartition(" on ")
                versions = SUPPORTED if on == ALL else on.split(", ")
                found.setdefault((row, cells[0]), {}).update(dict.fromkeys(versions, seen))
    return found


def page(lines: Lines, over_http: OverHttp) -> str:
    text = HEAD + _summary(lines, over_http)
    for row, what in ROWS.items():
        own = sorted(line for line in lines if line.row == row)
        if not own:
            continue
        text += f"\n### {row}. {what}\n\n| case | planned | observed | over HTTP | on |\n"
        text += "| --- | --- | --- | --- | --- |\n"
        for line in own:
            text += f"| {line.case} | {line.planned} | {line.seen} | {_http(over_http, line)} "
            text += f"| {_on(lines[line])} |\n"
    return text


def _http(over_http: OverHttp, line: Line) -> str:
    seen: dict[str, set[str]] = {}
    for version, text in over_http.get((line.row, line.case), {}).items():
        seen.setdefault(text, set()).add(version)
    return "<br>".join(f"{text} on {_on(versions)}" for text, versions in seen.items())


def _summary(lines: Lines, over_http: OverHttp) -> str:
    """One line for each row of the table of changes."""
    text = "## The table\n\n| # | change | verdicts | cases | over HTTP | on |\n"
    text += "| --- | --- | --- | --- | --- | --- |\n"
    firsts = dict(GROUPS)
    for row, what in ROWS.items():
        if row in firsts:
            text += f"| | **{firsts[row]}** | | | | |\n"
        own = [line for line in lines if line.row == row]
        verdicts = sorted({v for line in own for v in re.findall(r"(?:\w+ )?PV\d+", line.planned)})
        versions = {version for line in own for version in lines[line]}
        cases = len({line.case for line in own})
        text += f"| [{row}](#{_anchor(row, what)}) | {what} | {', '.join(verdicts) or 'none'} "
        text += f"| {cases} | {_in_short(over_http, own)} | {_on(versions)} |\n"
    return text + "\n## The cases\n"


def _in_short(over_http: OverHttp, lines: list[Line]) -> str:
    """How many of the cases of a row go over HTTP as they go natively."""
    names = {line.case for line in lines}
    seen = [{*over_http.get((lines[0].row, name), {}).values()} for name in names]
    tried = [found for found in seen if found]
    refused = sum(any("refused" in text for text in found) for found in tried)
    if not tried:
        return ""
    return f"{refused} refused" if refused else "as natively"


def _anchor(row: int, what: str) -> str:
    """How the headings of a page are addressed on the web."""
    return re.sub(r"[^\w -]", "", f"{row}. {what}".lower()).replace(" ", "-")


def _on(versions: set[str]) -> str:
    return ALL if versions == set(SUPPORTED) else ", ".join(v for v in SUPPORTED if v in versions)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("&lt;br>", "<br>")
