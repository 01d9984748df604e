"""The JSON Schema that PocketVex publishes, and documents held against it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

import pocketvex.render.report

PUBLISHED: dict[str, Any] = json.loads(
    Path(pocketvex.render.report.__path__[0], "plan.schema.json").read_text(encoding="utf-8")
)


def check(document: Any, name: str) -> None:
    """Every key of a document of this kind is described, and as it is."""
    Draft202012Validator(PUBLISHED).validate(document)
    Draft202012Validator(strict(name)).validate(document)


def strict(name: str) -> dict[str, Any]:
    """The schema of one kind of document, for our own eyes: no key that it does not describe."""
    definitions = {key: _closed(value) for key, value in PUBLISHED["$defs"].items()}
    return {"$schema": PUBLISHED["$schema"], "$ref": f"#/$defs/{name}", "$defs": definitions}


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in node.items()}
    return {**closed, "additionalProperties": False} if "properties" in node else closed
