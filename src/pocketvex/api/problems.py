"""PocketBase's error bodies as problems that name the user's own things.

The server says `fields.1.max` where the person wrote `posts.title.max`, and import says it in JSON inside a
string. Bodies seen on 0.23.12, 0.28.4, 0.36.9, 0.39.11 and 0.40.6.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pocketvex.api.wording import plain_words
from pocketvex.findings import Finding

Sent = Sequence[Mapping[str, Any]]

_IMPORT_CODE = "validation_collections_import_failure"
_IMPORT_PREFIXES = ("Failed to import the collections configuration. Raw error:", "collections:")
_VALIDATION = re.compile(r'Data validations failed for collection "(.*?)" \((.*?)\):\s*(\{.*\})\.?\s*$', re.S)
_SAVE = re.compile(r'failed to save collection "(.*?)":\s*(.*)$', re.S)
_INDEX_LIST = re.compile(r"^indexes: \((.*)\)\.?$", re.S)
_INDEX_ENTRY = re.compile(r"(?:^|; )(\d+): (.*?)\.?(?=; \d+: |$)", re.S)
_FAILED_INDEX = re.compile(r"Failed to create index (\S+) - ")
_INDEX_NAME = re.compile(r"INDEX\s+(?:IF\s+NOT\s+EXISTS\s+)?[`\"\[]?([\w.]+)", re.I)
_UNKNOWN_TYPE = re.compile(r"missing or unknown field type in (\{.*\})", re.S)
# Go's JSON since 0.40 says "cannot" or "unable to", drawn anew by each process lest somebody rely on it.
_WRONG_KIND = re.compile(r"(?:cannot|unable to) unmarshal ")
_OPTION = re.compile(r"Go struct field \w+?Field\.(\w+) of type|within \"/(\w+)\"\.?$")
_REFERENCE = re.compile(r"existing reference in (.+?)\.?$")
_LONGEST = 1 << 16
"""Characters of a reason that are read."""
_PLAIN_TYPES = frozenset({"text", "editor", "number", "bool", "email", "url", "date", "autodate", "json"})
_TYPES = _PLAIN_TYPES | {"select", "file", "relation", "password", "geoPoint"}
_BARE = {
    "Failed to delete collection.": "it is a system collection, or a view reads it, or some view anywhere is "
    "stale (its query names what is gone): fix or delete views first",
}


def read_problems(body: Any, sent: Sent = ()) -> list[Finding]:
    """One problem for each reason in an error body; `sent` are the collections of the request."""
    if not isinstance(body, dict):
        return []
    message, data = str(body.get("message", "")), body.get("data")
    if isinstance(data, dict) and data:
        return list(_from_data(data, sent))
    name = _name(sent[0]) if len(sent) == 1 else ""
    _, _, raw = message.partition("Raw error:")
    if raw:
        return [_problem(name, raw.strip())]
    if found := _REFERENCE.search(message):
        return [_problem(name, f"relations of {found[1]} point at it: remove those first")]
    if message in _BARE:
        return [_problem(name, _BARE[message])]
    if "invalid formatting" in message:
        guesses = list(_unknown_types(sent))
        return guesses or [_problem(name, "a value has the wrong kind, or the server lacks a field type")]
    return []


def _from_data(data: Mapping[str, Any], sent: Sent) -> Iterator[Finding]:
    entry = data.get("collections")
    if isinstance(entry, dict) and entry.get("code") == _IMPORT_CODE:
        yield from _from_import(str(entry.get("message", "")), sent)
        return
    if len(sent) == 1:
        yield from _walk(data, _name(sent[0]), sent[0])
        return
    for key, value in data.items():
        # Import names no collection beside an index (since 0.27): the index itself must tell.
        if key == "indexes" and isinstance(value, dict):
            for position, leaf in value.items():
                yield _index_problem(str(position), leaf, sent)
        else:
            yield from _walk({key: value}, "", {})


def _from_import(text: str, sent: Sent) -> Iterator[Finding]:
    text = text[:_LONGEST]
    for prefix in _IMPORT_PREFIXES:
        text = text.strip().removeprefix(prefix).strip()
    if found := _VALIDATION.search(text):
        name, id, tree = found.groups()
        try:
            yield from _walk(json.loads(tree), name, _find(sent, name, id))
            return
        except ValueError:
            yield _problem(name, tree)
    elif found := _SAVE.search(text):
        name, reason = found.groups()
        collection = _find(sent, name, name)
        if listed := _INDEX_LIST.match(reason.strip()):
            for position, said in _INDEX_ENTRY.findall(listed[1]):
                yield _problem(f"{name}.indexes.{_index_at(collection, position, said)}", said.rstrip("."))
        else:
            yield _problem(name, reason)
    elif _UNKNOWN_TYPE.search(text):
        yield from list(_unknown_types(sent, text)) or [_problem("", text)]
    elif _WRONG_KIND.search(text):
        yield from list(_wrong_kinds(sent, text)) or [_problem("", text)]
    else:
        yield _problem("", text)


def _walk(node: Mapping[str, Any], path: str, thing: Mapping[str, Any]) -> Iterator[Finding]:
    """Down to the leaves: a string, or an object with `code` and `message`."""
    for key, value in node.items():
        if key == "fields" and isinstance(value, dict) and isinstance(thing.get("fields"), list):
            for position, below in value.items():
                field = _field_at(thing["fields"], position)
                at = _join(path, str(field.get("name") or f"fields.{position}"))
                yield from _leaf_or_walk(below, at, field)
        elif key == "indexes" and isinstance(value, dict):
            for position, leaf in value.items():
                said = str(leaf.get("message", "")) if isinstance(leaf, dict) else str(leaf)
                at = _join(path, f"indexes.{_index_at(thing, str(position), said)}")
                yield from _leaf_or_walk(leaf, at, {})
        else:
            yield from _leaf_or_walk(value, _join(path, key), {})


def _leaf_or_walk(value: Any, path: str, thing: Mapping[str, Any]) -> Iterator[Finding]:
    if isinstance(value, dict) and isinstance(value.get("message"), str) and "code" in value:
        yield _problem(path, value["message"], str(value["code"]))
    elif isinstance(value, dict):
        yield from _walk(value, path, thing)
    else:
        yield _problem(path, str(value))


def _index_problem(position: str, leaf: Any, sent: Sent) -> Finding:
    said = str(leaf.get("message", "")) if isinstance(leaf, dict) else str(leaf)
    code = str(leaf.get("code", "")) if isinstance(leaf, dict) else ""
    found = _FAILED_INDEX.search(said)
    for collection in sent:
        for text in collection.get("indexes") or []:
            if found and _index_name(text) == found[1].strip("`'\"[]"):
                return _problem(f"{_name(collection)}.indexes.{found[1]}", said, code)
    # An index without a usable name: only a collection with so many indexes can be meant.
    able = [c for c in sent if len(c.get("indexes") or []) > int(position)] if _is_place(position) else []
    at = f"{_name(able[0])}." if len(able) == 1 else ""
    return _problem(f"{at}indexes.{position}", said, code)


def _unknown_types(sent: Sent, text: str = "") -> Iterator[Finding]:
    """The fields that a message about an unknown type quotes, or whose type nobody knows."""
    quoted = re.search(r'"name":"([^"]*)"', text)
    for collection in sent:
        for field in collection.get("fields") or []:
            kind = field.get("type")
            if kind not in _TYPES and (not quoted or field.get("name") == quoted[1]):
                path = f"{_name(collection)}.{field.get('name', '')}.type"
                yield Finding(path, f"the server does not know the field type {kind!r}")
            elif quoted and kind == "geoPoint" and field.get("name") == quoted[1]:
                path = f"{_name(collection)}.{field['name']}.type"
                yield Finding(path, "geoPoint fields came with PocketBase 0.27: this server is older")


def _wrong_kinds(sent: Sent, text: str) -> Iterator[Finding]:
    found = _OPTION.search(text)
    option = next((g for g in found.groups() if g), "") if found else ""
    wanted = {"string": str, "bool": bool, "array": list, "object": dict, "number": float}
    # 0.40 tells of every level, outermost first; the last one is about the value.
    kinds = re.findall(r"unmarshal (?:JSON )?(string|bool|array|object|number)", text)
    sort = wanted.get(kinds[-1] if kinds else "", object)
    for collection in sent:
        for field in collection.get("fields") or []:
            if option in field and isinstance(field[option], sort):
                path = f"{_name(collection)}.{field.get('name', '')}.{option}"
                yield Finding(path, f"{field[option]!r} has the wrong kind for this option")


def _problem(path: str, said: str, code: str = "") -> Finding:
    return Finding(path, plain_words(said.strip(), code), None, code)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _name(collection: Mapping[str, Any]) -> str:
    return str(collection.get("name") or collection.get("id") or "")


def _find(sent: Sent, name: str, id: str) -> Mapping[str, Any]:
    return next((c for c in sent if c.get("name") == name or c.get("id") == id), {})


def _field_at(fields: Sequence[Mapping[str, Any]], position: str) -> Mapping[str, Any]:
    if not _is_place(position):
        return {}
    at = int(position)
    # The server numbers its own list, in which the id comes first when nobody sent one.
    if at and all(f.get("name") != "id" for f in fields):
        at -= 1
    return fields[at] if at < len(fields) else {}


def _index_at(collection: Mapping[str, Any], position: str, said: str) -> str:
    if found := _FAILED_INDEX.search(said):
        return found[1]
    indexes = collection.get("indexes") or []
    if _is_place(position) and int(position) < len(indexes):
        return _index_name(indexes[int(position)]) or position
    return position


def _is_place(position: str) -> bool:
    return position.isdecimal() and len(position) < 7


def _index_name(text: str) -> str:
    found = _INDEX_NAME.search(text)
    return found[1] if found and found[1].upper() != "ON" else ""
