"""Reads one TOML table key by key, and collects what is wrong with the line where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pocketvex.errors import ConfigError, UsageError
from pocketvex.findings import Finding, Location
from pocketvex.store.urls import normalise_url

_VARIABLE = re.compile(r"env:([A-Za-z_]\w*)", re.ASCII)


class Table:
    """Every read marks its key as known; what is left over at the end is a mistake."""

    def __init__(
        self,
        values: dict[str, Any],
        file: Path,
        *,
        prefix: str = "",
        path: str = "",
        problems: list[Finding] | None = None,
    ) -> None:
        self._values = values
        self._file = file
        self._prefix = prefix
        self._path = path
        self._problems: list[Finding] = [] if problems is None else problems
        self._known: list[str] = []

    def text(self, key: str) -> str:
        value = self._get(key)
        if value is None:
            return ""
        if not isinstance(value, str) or not value.strip():
            self.complain(key, "must be a text that is not empty")
            return ""
        return value.strip()

    def flag(self, key: str) -> bool | None:
        value = self._get(key)
        if value is not None and not isinstance(value, bool):
            self.complain(key, "must be true or false")
            return None
        return value

    def seconds(self, key: str, default: float) -> float:
        value = self._get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            self.complain(key, "must be a number of seconds above 0")
            return default
        return float(value)

    def hours(self, key: str, default: float) -> float:
        value = self._get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 8760:
            self.complain(key, "must be a number of hours, 0 to 8760")
            return default
        return float(value)

    def port(self, key: str) -> int | None:
        value = self._get(key)
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 65536
        ):
            self.complain(key, "must be a number from 1 to 65535")
            return None
        return value

    def url(self, key: str) -> str:
        value = self._get(key)
        if not isinstance(value, str):
            self.complain(key, "a host needs a url, as text")
            return ""
        try:
            return normalise_url(value, source=key)
        except UsageError as error:
            self.complain(key, " ".join(part for part in (error.what, error.todo) if part))
            return ""

    def variable(self, key: str) -> str:
        """The NAME of `env:NAME`; a value that may be the secret itself is refused and not repeated."""
        value = self._get(key)
        if value is None:
            return ""
        found = _VARIABLE.fullmatch(value) if isinstance(value, str) else None
        if not found:
            self.complain(
                key,
                "must be a reference such as 'env:PB_ADMIN_PASS': this file is committed, and a secret in it "
                "is everybody's who can read the repository, for as long as its history lives",
            )
            return ""
        return found[1]

    def tables(self, key: str) -> dict[str, Table]:
        """The sub-tables of a table of tables, by name."""
        value = self._get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.complain(key, f"must be tables: [{self._join(key)}.NAME]")
            return {}
        found: dict[str, Table] = {}
        for name, inner in value.items():
            path = f"{key}.{name}"
            if isinstance(inner, dict):
                found[name] = Table(
                    inner, self._file, prefix=self._prefix, path=path, problems=self._problems
                )
            else:
                self.complain(key, f"{name} must be a table: [{self._join(path)}]")
        return found

    def section(self, key: str) -> Table:
        """The one table of that name; an empty one where there is none."""
        value = self._get(key)
        if value is not None and not isinstance(value, dict):
            self.complain(key, f"must be a table: [{self._join(key)}]")
        inner = value if isinstance(value, dict) else {}
        return Table(inner, self._file, prefix=self._prefix, path=key, problems=self._problems)

    def variables(self, key: str) -> dict[str, str]:
        """A table of environment variables with their values."""
        value = self._get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.complain(key, f"must be a table: [{self._join(f'{self._path}.{key}')}]")
            return {}
        found: dict[str, str] = {}
        for name, given in value.items():
            if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
                self.complain(key, f"{name!r} is no name of an environment variable")
            elif not isinstance(given, str):
                self.complain(key, f"{name} must be a text")
            else:
                found[name] = given
        return found

    def reasons(self, key: str) -> dict[str, str]:
        """A table of texts by the names of things of a schema (`"posts.legacy" = "…"`)."""
        value = self._get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.complain(key, f"must be a table: [{self._join(key)}]")
            return {}
        found: dict[str, str] = {}
        for name, reason in value.items():
            if isinstance(reason, dict):
                # posts.legacy = "…" without quotes is a table of TOML.
                self.complain(key, f'a name with a dot wants quotes: "{name}.…" = "why"')
            elif not isinstance(reason, str) or not reason.strip():
                self.complain(key, f"{name} wants the reason, as a text that is not empty")
            elif not re.fullmatch(r"\w+(?:[.@:][\w.]+)?", name):
                names = "posts, posts.title, posts:listRule, posts@index"
                self.complain(key, f"{name!r} is no name of a thing, like {names}")
            else:
                found[name] = reason.strip()
        return found

    def complain(self, key: str, message: str, given: str = "", known: Iterable[str] = ()) -> None:
        """Note a problem; `given` and `known` add a suggestion."""
        # Here, not at the top: mostly nothing is misspelt.
        from difflib import get_close_matches

        close = get_close_matches(given, list(known), n=1) if given else []
        hint = f"; did you mean {close[0]!r}?" if close else ""
        path = ".".join(part for part in (self._path, key) if part)
        where = Location(str(self._file), self._line(key)) if self._file.exists() else None
        self._problems.append(Finding(path, message + hint, where))

    def check_unknown(self) -> None:
        for key in self._values:
            if key not in self._known:
                self.complain(key, "is no key of the configuration", key, self._known)

    def finish(self) -> None:
        """Raise what was found in this table and those below it."""
        self.check_unknown()
        if self._problems:
            raise ConfigError(f"{self._file.name} has mistakes", problems=self._problems)

    def _get(self, key: str) -> Any:
        self._known.append(key)
        return self._values.get(key)

    def _join(self, path: str) -> str:
        return f"{self._prefix}.{path}" if self._prefix else path

    def _line(self, key: str) -> int:
        """tomllib tells no lines, so the text is read once more; 0 where it is written in an unusual way."""
        table = ".".join(part for part in (self._prefix, self._path) if part)
        current, header = "", 0
        for number, line in enumerate(self._file.read_text(encoding="utf-8-sig").splitlines(), 1):
            if found := re.match(r"\s*\[\s*(.+?)\s*\]\s*(#.*)?$", line):
                current = re.sub(r"[\"']|\s*(?=\.)|(?<=\.)\s*", "", found[1])
                if current == table:
                    header = number
                elif key and current.startswith(f"{table}.{key}".lstrip(".")):
                    return number
            elif current == table and key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", line):
                return number
        return header
