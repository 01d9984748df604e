"""Words around names and numbers, so that a sentence stays one."""

from __future__ import annotations


def a(noun: str) -> str:
    """The noun with its article: `a text`, `an editor`. As it sounds for the words that we have."""
    # `url` and `unique` begin with the sound of a consonant.
    return f"{'an' if noun[:1].lower() in 'aeio' and noun else 'a'} {noun}"


def counted(number: int, noun: str = "change", verb: str = "") -> str:
    """`1 row`, `2 rows`; with a verb in its plural `1 row holds`, `2 rows hold`."""
    one = number == 1
    said = f"{number} {noun}{'' if one else 's'}"
    return f"{said} {verb}{'s' if one else ''}" if verb else said
