"""Versions of prompts: semantic versions, in their order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

_VERSION = re.compile(
    r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
)


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """`2.3.0` or `2.3.0-rc.1`; a release is higher than its pre-releases."""

    numbers: tuple[int, int, int]
    pre: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Version:
        """ValueError where the text is no version."""
        found = _VERSION.fullmatch(text)
        if not found:
            raise ValueError(f"{text!r} is no version")
        numbers = (int(found[1]), int(found[2]), int(found[3]))
        return cls(numbers, tuple(found[4].split(".")) if found[4] else ())

    def __str__(self) -> str:
        return ".".join(map(str, self.numbers)) + (f"-{'.'.join(self.pre)}" if self.pre else "")

    def __lt__(self, other: Version) -> bool:
        return self._key() < other._key()

    def _key(self) -> tuple[object, ...]:
        # Numeric identifiers sort below alphanumeric ones, and none at all above every one.
        pre = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.pre)
        return (self.numbers, not self.pre, pre)


def is_version(text: str) -> bool:
    return _VERSION.fullmatch(text) is not None
