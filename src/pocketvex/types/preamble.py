"""The parts of the emitted files that are the same for every schema: TypeScript, in `client/`."""

from __future__ import annotations

import re


def _own(name: str) -> str:
    # The package's own text, read the way its modules are.
    folder = __file__.replace("\\", "/").rpartition("/")[0]
    data: bytes = __spec__.loader.get_data(f"{folder}/client/{name}")  # type: ignore[union-attr]
    return data.decode().replace("\r\n", "\n")


SCALARS = _own("scalars.ts")
"""What `types.ts` begins with: ids, dates, files, json."""

RESULTS = _own("results.ts")
"""What it ends with: from options to results."""

CLIENT = _own("client.ts") + _own("live.ts").partition("left out of it. ------\n")[2]
"""`api-client.ts`."""

OWN_NAMES = frozenset(
    re.findall(r"^(?:export )?(?:declare const|type|interface) (\w+)", SCALARS + RESULTS, re.MULTILINE)
) | {"Collections"}
"""What `types.ts` declares beside the types of the schema."""
