"""Applications that write all the time, and remember each value that the server said it took."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

import httpx

Json = dict[str, Any]
_REST = 0.05
"""Seconds until somebody who is not let in asks again."""
STATES = ("draft", "open", "done")


class Writer:
    """Makes records of `posts`, and changes those that it is given, until it is stopped.

    With `token` it writes as a superuser. `plain` ones leave alone what is not in a column of its own until
    the switch.
    """

    def __init__(
        self, url: str, number: int, own: list[str], token: str = "", *, plain: bool = False
    ) -> None:
        self.url = f"{url}/api/collections/posts/records"
        self.number = number
        self.own = own
        self.headers = {"Authorization": token} if token else {}
        self.plain = plain
        self.answered: dict[str, Json] = {}
        """The last values of each record that the server took."""
        self.counts: Counter[int] = Counter()
        self.longest = 0.0
        """Seconds that one answer took."""
        self.gap = 0.0
        """The longest time without an answer that says yes, in seconds."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        new, step, last = False, 0, time.monotonic()
        with httpx.Client(timeout=60, headers=self.headers) as http:
            while not self._stop.is_set():
                step += 1
                values = self._values(step, new)
                create = step % 3 == 0 or not self.own
                id = "" if create else self.own[step % len(self.own)]
                start = time.monotonic()
                method, url = ("POST", self.url) if create else ("PATCH", f"{self.url}/{id}")
                try:
                    answer = http.request(method, url, json=values)
                except httpx.HTTPError:
                    self.counts[0] += 1
                    continue
                now = time.monotonic()
                self.longest = max(self.longest, now - start)
                self.counts[answer.status_code] += 1
                if answer.status_code == 200:
                    self.gap, last = max(self.gap, now - last), now
                    body = answer.json()
                    new = "headline" in body
                    self.answered.setdefault(body["id"], {}).update(values)
                    if create:
                        self.own.append(body["id"])
                elif answer.status_code == 400:
                    # What it wrote is a choice no more.
                    new = not new
                else:
                    self._stop.wait(_REST)

    def _values(self, step: int, new: bool) -> Json:
        said = f"w{self.number} {step}"
        values: Json = {"title": said, "headline": said, "price": f"{step}.25"}
        if step % 3 == 0:
            values["code"] = f"w{self.number}-{step}"
        if self.plain:
            return {**values, "label": "set"} if step % 3 == 0 else values
        state = STATES[step % 3]
        return {
            **values, "label": said, "state": state if not new or state == "draft" else "closed",
            "marks": "z" if new else ["x", "z"],
        }  # fmt: skip


def lost(writers: list[Writer], rows: dict[str, Json]) -> list[str]:
    """Of what the server took, what is not there, by the names of after the switch."""
    found = []
    for writer in writers:
        for id, values in writer.answered.items():
            wanted: Json = {"headline": values["headline"], "price": float(values["price"])}
            for key in ("code", "label"):
                if key in values:
                    wanted[key] = values[key]
            if "state" in values:
                wanted |= {"state": "draft" if values["state"] == "draft" else "closed", "marks": "z"}
            there = rows.get(id, {})
            found += [
                f"{id}.{key}: {there.get(key)!r} instead of {value!r}"
                for key, value in wanted.items()
                if there.get(key) != value
            ]
    return found
