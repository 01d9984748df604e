"""What this machine remembers of a server, and the one file that it stands in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pocketvex.store.files import local_dir
from pocketvex.store.state import HostState, load_state, save_state, state_file


class Memory:
    """`state` is a value: who knows something new puts another in its place, and `save` writes it down."""

    def __init__(self, root: Path, key: str) -> None:
        local_dir(root)
        self._root = root
        self._key = key
        self.state: HostState = load_state(root, key)

    @property
    def file(self) -> Path:
        return state_file(self._root, self._key)

    def note(self, **known: Any) -> None:
        """Remember these fields of the state; `save` makes it last."""
        self.state = replace(self.state, **known)

    def save(self, **known: Any) -> None:
        """Remember these fields, and write down all that is remembered."""
        self.note(**known)
        save_state(self._root, self._key, self.state)

    def reload(self) -> None:
        """Read it again: other commands note there what they did meanwhile."""
        known = self.state
        self.state = load_state(self._root, self._key)
        version = known.server_version or self.state.server_version
        self.note(server_version=version, url=known.url or self.state.url)

    def forget(self) -> None:
        """Of a server that has other data by now, only its address and its version may still be true."""
        self.state = HostState(server_version=self.state.server_version, url=self.state.url)
