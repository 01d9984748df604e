"""What migrations read from the environment.

Of a file of ours that is a secret, and a shadow has something in its place. A file of somebody else's gets
what the user has: its own value, or none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from pocketvex.server.surroundings import Surroundings
from pocketvex.steps.header import is_written_by_us, secrets_of
from pocketvex.store.config import Config
from pocketvex.store.dotenv import read_dotenv

PLACEHOLDER = "pocketvex-placeholder"
_READS = re.compile(
    r"""\$os\s*\.\s*(?:getenv|lookupEnv)\(\s*["'`](\w+)["'`]\s*\)|\bprocess\s*\.\s*env\s*(?:\.\s*(\w+)|\[\s*["'`](\w+))"""
)


def variables_of(text: str) -> set[str]:
    """The environment variables that a file names."""
    return {name for found in _READS.findall(text) for name in found if name}


def placeholders(texts: Iterable[str], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Something in the place of each secret that files of ours read, unless another's reads it too."""
    texts = list(texts)
    given = os.environ if given is None else {**os.environ, **given}
    theirs = values_read(texts, given)
    ours = {name for text in texts if is_written_by_us(text) for name in secrets_of(text)}
    return {name: PLACEHOLDER for name in ours if not theirs.get(name)}


def values_read(texts: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """What files of others read of these variables: a replay with other values is another replay."""
    names = {name for text in texts if not is_written_by_us(text) for name in variables_of(text)}
    return {name: given[name] for name in sorted(names) if name in given}


def missing(text: str, given: Mapping[str, str]) -> list[str]:
    """The variables that a file of somebody else's names and that have no value."""
    return [] if is_written_by_us(text) else sorted(n for n in variables_of(text) if not given.get(n))


def waits_for(names: Iterable[str]) -> str:
    """What to say where a file failed that reads these."""
    said = list(names)
    verb = "it is" if len(said) == 1 else "they are"
    return f"It reads {', '.join(said)} from the environment, where {verb} not set."


def way_out(names: Iterable[str]) -> str:
    """What to do about it."""
    example = next(iter(names), "NAME")
    return (
        f"Set {example} in the environment, in the file that `env_file` names, or, for scratch servers and "
        "the embedded one, in [shadow.env] of the configuration."
    )


def environ_of(config: Config, environ: Mapping[str, str], *, embedded: bool) -> dict[str, str]:
    """The environment for a server: what is set goes first, then `env_file`, then [shadow.env]."""
    found = dict(config.shadow_env) if embedded else {}
    found |= read_dotenv(config.env_file) if config.env_file else {}
    return {**found, **environ}


def surroundings_of(config: Config, environ: Mapping[str, str], *, embedded: bool = True) -> Surroundings:
    """What a run of migrations finds around it; scratch servers are treated as the embedded one."""
    return Surroundings(
        root=Path(config.root),
        migrations=config.migrations,
        hooks=config.hooks,
        env=environ_of(config, environ, embedded=embedded),
        limit=config.migration_timeout,
    )
