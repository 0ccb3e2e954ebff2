"""Whom a protection means: names, and claims of verified tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from callsheet.model.principal import Principal


@dataclass(frozen=True, slots=True)
class Whom:
    """Some principals. Each entry is a glob over the name, or claims that must all match as globs."""

    entries: tuple[str | Mapping[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.entries)

    def allows(self, principal: Principal, *, trusted: bool) -> bool:
        """Whether it is one of them. Claims count only where their issuer is `trusted`."""
        return any(
            fnmatchcase(principal.name, entry)
            if isinstance(entry, str)
            else trusted and all(_claimed(principal.claims.get(key), glob) for key, glob in entry.items())
            for entry in self.entries
        )

    def within(self, other: Whom) -> bool:
        """Whether everybody here is surely in `other` as well; nobody named means everybody."""
        return not other or (
            bool(self) and all(any(_narrower(a, b) for b in other.entries) for a in self.entries)
        )

    @property
    def claims(self) -> frozenset[str]:
        """The claims that are looked at."""
        return frozenset(key for entry in self.entries if isinstance(entry, Mapping) for key in entry)

    def __str__(self) -> str:
        return ", ".join(map(_shown, self.entries)) or "anybody"


EVERYBODY = Whom()


def _claimed(value: Any, glob: str) -> bool:
    values: Iterable[Any] = value if isinstance(value, list) else [value]
    return any(isinstance(each, str | int) and fnmatchcase(str(each), glob) for each in values)


def _narrower(one: str | Mapping[str, str], other: str | Mapping[str, str]) -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return other.items() <= one.items()
    return one == other


def _shown(entry: str | Mapping[str, str]) -> str:
    if isinstance(entry, str):
        return entry
    return "{" + ", ".join(f"{key}: {value}" for key, value in entry.items()) + "}"
