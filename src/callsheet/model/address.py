"""Addresses: how a declared thing is named everywhere a person or a file can see it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
ADDRESS = re.compile(r"(?P<kind>[A-Z][A-Za-z]*)/(?P<name>[^/\[\]]+)(\[(?P<part>[^\[\]]+)\])?")


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """`Kind/name`, or `Kind/name[part]` where one document makes several remote objects."""

    kind: str
    name: str
    part: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}" + (f"[{self.part}]" if self.part else "")

    @property
    def document(self) -> Address:
        """The address of the document: this one without its part."""
        return Address(self.kind, self.name) if self.part else self

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `Kind/name` or `Kind/name[part]`; ValueError says what an address looks like."""
        return _parse(text)


@lru_cache(maxsize=65536)
def _parse(text: str) -> Address:
    found = ADDRESS.fullmatch(text)
    if not found:
        raise ValueError(
            f"{text!r} is no address; one looks like Assistant/order-agent or Tool/jira[createIssue]"
        )
    return Address(found["kind"], found["name"], found["part"])


def is_name(text: str) -> bool:
    """Whether `text` can be a document's `metadata.name` (a slug of 1 to 63 characters)."""
    return NAME.fullmatch(text) is not None
