"""PocketBase's codes and raw database errors, in words that say what to do."""

from __future__ import annotations

import re

_BY_CODE = {
    "validation_field_type_change": "the type of a field cannot be changed in place; it takes a migration",
    "validation_field_relation_change": "a relation cannot be pointed at another collection in place; "
    "it takes a new field and a migration",
    "validation_field_relation_missing_collection": "the collection that it points at does not exist "
    "on this server",
    "validation_collection_type_change": "the type of a collection cannot be changed",
    "validation_collection_name_exists": "another collection has this name (case does not count)",
    "validation_collection_system_name_change": "system collections cannot be renamed",
    "validation_collection_system_rule_change": "the rules of system collections cannot be changed",
    "validation_collection_system_flag_change": "the system flag cannot be changed",
    "validation_system_field_change": "system fields can be neither deleted nor renamed",
    "validation_reserved_field_name": "the name is reserved on auth collections",
    "validation_found_via": "names cannot contain _via_",
    "validation_invalid_unique_system_field_index": "a unique index over a system field cannot be removed "
    "or changed, other than by a migration with saveNoValidate",
    "validation_missing_unique_constraint": "an identity field needs a unique index of its own",
    "validation_mfa_not_enough_auths": "MFA needs two ways to sign in that are enabled",
    "validation_nil_or_not_empty_required": "it cannot be empty: leave it out or give it a value",
    "validation_max_less_equal_than_required": "more values may be chosen than there are",
    "validation_duplicated_index_definition": "another index is defined in the same way",
    "validation_existing_index_name": "an index of this name exists on another collection",
    "validation_indexes_not_supported": "a view has no indexes",
}
# Import gives the text of these and no code.
_BY_TEXT = {
    "Field type cannot be changed.": "validation_field_type_change",
    "The relation collection cannot be changed.": "validation_field_relation_change",
    "The relation collection doesn't exist.": "validation_field_relation_missing_collection",
    "System fields cannot be deleted or renamed.": "validation_system_field_change",
}
_BY_PATTERN = (
    (
        re.compile(r"UNIQUE constraint failed: _collections\.name"),
        "two collections would have one name, if only between two steps: rename one at a time",
    ),
    (
        re.compile(r"UNIQUE constraint failed: (index ')?(?P<what>[^'(\n]+?)'? ?(\(|$)"),
        "rows repeat values of {what}, which a unique index forbids (empty values count)",
    ),
    (
        re.compile(r"duplicate column name: (?P<what>\S+)"),
        "two fields have the name {what} (case does not count)",
    ),
    (re.compile(r"no such column: (?P<what>\S+)"), "it names the column {what}, which does not exist"),
    (re.compile(r"no such table: (?:main\.)?(?P<what>\S+)"), "it names {what}, which does not exist"),
    (re.compile(r"too many columns"), "a collection has at most 2000 fields"),
    (re.compile(r"sql: no rows in result set"), "it refers to something that this server does not have"),
)


def plain_words(said: str, code: str = "") -> str:
    """Our words with the server's own in brackets; the server's alone where we have none."""
    words = _BY_CODE.get(code) or _BY_CODE.get(_BY_TEXT.get(said, ""))
    if words is None:
        for pattern, text in _BY_PATTERN:
            if found := pattern.search(said):
                words = text.format(**{k: v.strip() for k, v in found.groupdict().items()})
                break
    return f"{words} [{said}]" if words else said
