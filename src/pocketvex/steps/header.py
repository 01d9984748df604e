"""What a migration file says of itself: read without the templates that write it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from itertools import dropwhile, takewhile

PLACEHOLDER = "  // what is to be done\n"
"""Stands in a hand-written step until somebody writes it: so long nothing runs the file."""


def render_empty(*, comment: Sequence[str]) -> str:
    """A file for a hand-written step."""
    lines = "".join(f"// {line}".rstrip() + "\n" for line in comment)
    return (
        f'/// <reference path="../pb_data/types.d.ts" />\n{lines}\n'
        f"migrate((app) => {{\n{PLACEHOLDER}}}, (app) => {{\n  // what undoes it\n}});\n"
    )


def is_unwritten(text: str) -> bool:
    """Whether this is the file of a hand-written step that nobody has written yet."""
    return PLACEHOLDER in text.replace("\r\n", "\n")


def with_proof(text: str, proof: str) -> str:
    """The file with what its proof showed in its comment, above what it manages."""
    line = f"// {proof[:1].upper()}{proof[1:]}."
    return re.sub(r"^(?=// manages: )", lambda _: f"{line}\n", text, count=1, flags=re.MULTILINE)


def comment_of(text: str) -> list[str]:
    """The lines of the comment at a file's head, without the one that is for editors."""
    lines = takewhile(lambda line: line.startswith("//"), text.replace("\r\n", "\n").splitlines())
    return [line for line in lines if not line.startswith("///")]


def body_hash(text: str) -> str:
    """SHA-256 of what a file does: without the comment at its head, its newlines made one kind."""
    lines = text.replace("\r\n", "\n").splitlines(keepends=True)
    body = dropwhile(lambda line: line.startswith("//") or not line.strip(), lines)
    return sha256("".join(body).encode()).hexdigest()


def is_written_by_us(text: str) -> bool:
    """Whether a file is one that PocketVex rendered: of those it promises that down restores all."""
    return re.search(r"^// manages: ?", text, re.MULTILINE) is not None


def managed_by(text: str) -> frozenset[str]:
    """The collections and option groups that a sealed file lists; none for a hand-written one."""
    match = re.search(r"^// manages: (.*)$", text, re.MULTILINE)
    return frozenset(match[1].split()) if match else frozenset()


def secrets_of(text: str) -> set[str]:
    """The environment variables that a file reads: a shadow needs something in their place."""
    named = re.findall(r"""(?:secret|\$os\.getenv)\(\s*["'](\w+)["']\s*\)""", text)
    return {*named, *re.findall(r"""["']?env["']?\s*:\s*["'](\w+)["']\s*\}""", text)}
