"""What a lint finds in a schema that was loaded, with its places in the files of the user."""

from __future__ import annotations

import os

from pocketvex.findings import Finding
from pocketvex.lint.findings import CODES, by_place, lint
from pocketvex.lint.suppressions import silenced
from pocketvex.load.carets import Texts, pointed
from pocketvex.load.loader import Loaded
from pocketvex.load.paths import shown_path
from pocketvex.store.config import Config
from pocketvex.versions import NEWEST, Version


def findings_of(config: Config, loaded: Loaded) -> list[Finding]:
    """The findings, by their places; those that a comment silences are left out."""
    root = os.path.realpath(config.root)
    texts = Texts(root)
    version = Version.parse(config.pocketbase) if config.pocketbase else NEWEST
    found = pointed(lint(loaded.schema, version), root, texts)
    files = [shown_path(file, root) for file in loaded.files if file.endswith(".py")]
    return by_place(silenced(found, {file: texts.read(file) for file in files}, CODES))
