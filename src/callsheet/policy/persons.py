"""Persons: who stands behind a principal, so that nobody counts twice or signs a plan of their own."""

from __future__ import annotations

import unicodedata

from callsheet.model.principal import Principal

# Scripts that are written together, by the first word of their letters' names.
_TOGETHER = {"CJK": "EAST ASIAN", "HIRAGANA": "EAST ASIAN", "KATAKANA": "EAST ASIAN", "HANGUL": "EAST ASIAN"}
# Letters and marks that show nothing: a joiner, Hangul fillers, Khmer vowels, selectors of variants.
_BLANK = ((0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800),
          (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF))  # fmt: skip


def person_of(principal: Principal) -> str:
    """What persons are compared by: the one that the token names, else the name's end after ` by `.

    Not by issuer, so that nobody becomes two by way of two of them.
    """
    return " ".join(_raw(principal).casefold().split())


def same_person(one: Principal, other: Principal) -> bool:
    return person_of(one) == person_of(other)


def unclear(principal: Principal) -> str | None:
    """Why nobody can tell whether it is somebody else, as a verb after the name; None where one can."""
    name = _raw(principal)
    if not name.strip():
        return "has no name"
    if any(_invisible(each) for each in (principal.person or principal.name)):
        return "has a name with characters in it that cannot be seen"
    scripts = {_script(each) for each in name if each.isalpha()}
    if len(scripts) > 1:
        return f"has a name that mixes letters of {' and '.join(each.title() for each in sorted(scripts))}"
    return None


def _raw(principal: Principal) -> str:
    name = principal.person or principal.name.rpartition(" by ")[2]
    return unicodedata.normalize("NFKC", name)


def _invisible(character: str) -> bool:
    code = ord(character)
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or any(
        first <= code <= last for first, last in _BLANK
    )


def _script(letter: str) -> str:
    first = unicodedata.name(letter, "UNKNOWN").partition(" ")[0]
    return _TOGETHER.get(first, first)
